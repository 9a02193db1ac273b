/** Drives a real browser in tests. Knows nothing of chat: any page can be tested with it. */
package io.seleucia.chat.browser;

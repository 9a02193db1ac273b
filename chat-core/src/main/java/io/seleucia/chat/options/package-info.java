/** The options of channels: what each keeps, tells and allows, by patterns of their names. */
package io.seleucia.chat.options;

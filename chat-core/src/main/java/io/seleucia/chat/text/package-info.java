/** Text and its bytes. Hidden. */
package io.seleucia.chat.text;

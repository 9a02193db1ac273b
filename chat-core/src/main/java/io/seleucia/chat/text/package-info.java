/** Text, its bytes, and the words and patterns of files of rules. Hidden. */
package io.seleucia.chat.text;

/** Reading and writing JSON for the wire protocols. Hidden. */
package io.seleucia.chat.protocol.json;

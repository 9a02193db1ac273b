/** Bytes to messages and back: sockets, WebSocket framing and handshake. Knows nothing of chat. */
package io.seleucia.chat.transport;

/** Accepting connections: ports, limits, handshakes, and connections from within the process. */
package io.seleucia.chat.accept;

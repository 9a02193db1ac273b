/** Wire protocols: bytes to commands, events to bytes. {@link io.seleucia.chat.protocol.Protocol} is a plug-in. */
package io.seleucia.chat.protocol;

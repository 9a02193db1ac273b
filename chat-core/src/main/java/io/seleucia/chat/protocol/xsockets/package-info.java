/**
 * The protocol of XSockets.NET: clients call the methods of {@link io.seleucia.chat.protocol.xsockets.Controller controllers},
 * which call their clients through {@link io.seleucia.chat.protocol.xsockets.Caller callers}.
 */
package io.seleucia.chat.protocol.xsockets;

package io.seleucia.chat.protocol.xsockets;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Peer;
import io.seleucia.chat.protocol.Protocol;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * XSockets.NET's protocol: {@code {"c":controller,"t":topic,"d":data}}. A client opens controllers, calls their methods,
 * and is called by them. One object serves a server, from any thread; {@link #open(Peer, Map)} returns an object for each
 * connection.
 *
 * <p>Every server has two controllers: {@code chat}, by which these clients share channels with all others, and {@code
 * generic}.
 */
public final class XSocketsProtocol implements Protocol {
    private final ControllerRegistry controllers;

    /**
     * Makes the protocol of one server.
     *
     * @param controllers the controllers that clients can open
     * @param maxTopics the most topics that a connection may be subscribed to at a time, on all controllers together
     * @throws IllegalArgumentException if two controllers have the same name
     */
    public XSocketsProtocol(Collection<Controller<?>> controllers, int maxTopics) {
        this.controllers = new ControllerRegistry(controllers, maxTopics);
    }

    @Override
    public String name() {
        return ControllerConnection.NAME;
    }

    @Override
    public Protocol open(Peer peer, Map<String, String> parameters) {
        return new ControllerConnection(controllers, peer, parameters);
    }

    @Override
    public boolean hasLineEnds() {
        return false;
    }

    @Override
    public Request decode(Payload message) {
        throw eachHasItsOwn();
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        throw eachHasItsOwn();
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        throw eachHasItsOwn();
    }

    private static IllegalStateException eachHasItsOwn() {
        return new IllegalStateException("each connection must be opened with a protocol object of its own");
    }
}

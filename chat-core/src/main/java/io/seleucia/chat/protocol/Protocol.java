package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A wire protocol: how messages on the wire become {@link Request requests}, and {@link Event events} messages.
 *
 * <p>A protocol knows nothing of sockets, frames or channels' members; it only translates. One object serves all
 * connections that speak it, from many threads at once, unless {@link #open()} gives each its own. What {@link
 * #encode(Event.Push)} returns is shared by all recipients whose protocols have equal {@link #format() formats}.
 */
public interface Protocol {
    /** Its name, by which it is chosen as a WebSocket subprotocol (RFC 6455 §1.9) where it is spoken there. */
    String name();

    /**
     * The object that will speak for one new connection: this one, where the protocol has no state of a connection. A
     * protocol that has some returns a new object, whose {@code decode} and {@code encode} for replies only that
     * connection's inbound loop calls.
     */
    default Protocol open() {
        return this;
    }

    /**
     * Like {@link #open()}, for a protocol that wants more than to translate: to tell its client, or others, something
     * of its own at any time. What it takes from the server it gives back in {@link #ended}.
     *
     * @param peer the connection; nothing can be sent before this method has returned
     * @param parameters what stood in the query of the handshake, decoded, by name; empty where there is none
     */
    default Protocol open(Peer peer, Map<String, String> parameters) {
        return open();
    }

    /** The connection that it was opened for has ended. Called once, by the inbound loop. */
    default void ended() {}

    /**
     * Protocol objects with equal formats encode every push to the same bytes. May change while the connection lives;
     * called by any thread.
     */
    default Object format() {
        return this;
    }

    /** Whether the protocol takes this kind of message, text or binary; if not, the connection is closed with 1003. */
    default boolean takes(Payload message) {
        return message.text();
    }

    /**
     * What a new connection asks for without having said so; executed before anything is read.
     *
     * @param peer the client's address and port
     */
    default List<Request> opening(String peer) {
        return List.of();
    }

    /**
     * Whether every request is answered. Where some are not, a client can't be told that it comes too fast or too
     * early: then it is read no faster than it may send, what the broker can't take is tried again for ten seconds, and
     * a failure for which {@link #encode(Request, Event.Reply)} has no words closes the connection.
     */
    default boolean answersAll() {
        return true;
    }

    /** Whether a client is sent its own messages too. */
    default boolean echoes() {
        return true;
    }

    /**
     * Translates what a client sent. Input that breaks the protocol becomes a {@link
     * io.seleucia.chat.message.Command.Malformed}; this method throws nothing. Text has been checked to be UTF-8.
     */
    Request decode(Payload message);

    /** The answer to a request, or empty where the protocol gives none. */
    Optional<Payload> encode(Request request, Event.Reply reply);

    /** A push, or empty where the protocol has no word for it. May be called by any thread, and must not block. */
    Optional<Payload> encode(Event.Push push);
}

package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A wire protocol: decodes messages on the wire to {@link Request requests}, and encodes {@link Event events}.
 *
 * <p>A protocol knows nothing of sockets, frames or channels' members; it only translates. One object serves all its
 * connections, from many threads at once, unless {@link #open()} returns one for each. All recipients whose protocols have
 * equal {@link #format() formats} share an encoded push.
 */
public interface Protocol {
    /** {@return the protocol's name, which is that of a WebSocket subprotocol (RFC 6455 §1.9)} */
    String name();

    /**
     * Returns the object for a new connection: this one, if the protocol has no state of a connection. Otherwise it is a new
     * object, and only the connection's inbound loop calls its {@code decode} and {@code encode} for replies.
     *
     * @return the connection's protocol object
     */
    default Protocol open() {
        return this;
    }

    /**
     * Returns the object for a new connection, for a protocol that may send pushes of its own at any time. It releases its
     * resources in {@link #ended}.
     *
     * @param peer the connection; nothing can be sent before this method has returned
     * @param parameters the parameters in the query of the handshake, decoded, by name
     * @return the connection's protocol object
     */
    default Protocol open(Peer peer, Map<String, String> parameters) {
        return open();
    }

    /** Releases the resources of the connection, which has ended. Called once, by the inbound loop. */
    default void ended() {}

    /**
     * Reacts to a change of the rules or of the client's login. A protocol that passes messages from client to client by
     * itself must check {@link Peer#mayReceive} again. Called by any thread; may block as that does.
     */
    default void rightsChanged() {}

    /**
     * Returns the format of pushes. Protocol objects with equal formats encode every push to the same bytes. May change
     * during the connection; called by any thread.
     *
     * @return an object that is equal to the formats of all protocol objects that encode pushes alike
     */
    default Object format() {
        return this;
    }

    /**
     * {@return whether the protocol accepts this kind of message, text or binary; if not, the connection is closed with 1003}
     *
     * @param message the message
     */
    default boolean accepts(Payload message) {
        return message.text();
    }

    /**
     * {@return the implicit requests of a new connection, which are executed before anything is read}
     *
     * @param peer the client's address and port
     */
    default List<Request> initialRequests(String peer) {
        return List.of();
    }

    /**
     * {@return whether every request is answered} If not, a client can't be told that it sends too fast or too early: the
     * server then reads no faster than the client may send, repeats what the broker can't take for ten seconds, and closes
     * the connection after a failure that {@link #encode(Request, Event.Reply)} leaves out.
     */
    default boolean acknowledgesRequests() {
        return true;
    }

    /**
     * {@return whether messages to a client may hold line ends} If so, each is a JSON string where the transport has one message a
     * line, as over HTTP.
     */
    default boolean hasLineEnds() {
        return true;
    }

    /** {@return whether a subscribed client is a member, whom presence shows; if not, it is a reader only} */
    default boolean countsAsMember() {
        return true;
    }

    /** {@return whether a client receives its own messages} */
    default boolean echoes() {
        return true;
    }

    /**
     * Decodes a message of a client. Invalid input becomes a {@link io.seleucia.chat.message.Command.Malformed}; this method
     * throws nothing. Text has been checked to be UTF-8.
     *
     * @param message the message
     * @return the request
     */
    Request decode(Payload message);

    /**
     * {@return the reply to a request, or empty if the protocol has none}
     *
     * @param request the request
     * @param reply the reply to it
     */
    Optional<Payload> encode(Request request, Event.Reply reply);

    /**
     * {@return a push, or empty if the protocol has none of its kind} Called by any thread; must not block.
     *
     * @param push the push
     */
    Optional<Payload> encode(Event.Push push);
}

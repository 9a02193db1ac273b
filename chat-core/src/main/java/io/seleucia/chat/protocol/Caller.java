package io.seleucia.chat.protocol;

import java.util.function.Predicate;

/**
 * The client that an object of a controller serves, and through it the others: those connections of this server that
 * have opened the controller. What reaches them looks like a call: a topic, with data as JSON.
 *
 * <p>Any thread may call, at any time, and no method blocks: messages are put into the clients' queues, and a client for
 * which too much waits already is closed as a slow consumer. What one thread sends arrives in its order, and all clients
 * of a controller get what is sent to several of them in the same order. Nothing is sent to a client before its object
 * has been made, nor after it has closed the controller or its connection has ended; its caller still reaches the others.
 *
 * <p>Data is whatever Gson can write: a string, a number, a record, a class with fields, a list, a {@code JsonElement}, or
 * null. Topics have 1 to 128 characters, none of them a control character, and arrive in lower case. All methods throw
 * {@link IllegalArgumentException} if the topic is none, or one of the protocol's own, {@code "0"} to {@code "8"}, and
 * whatever Gson throws if it can't write the data; nothing is sent then.
 *
 * @param <C> the controller's type
 */
public interface Caller<C> {
    /** A random name of the connection, the same for all controllers that it opens. */
    String connectionId();

    /**
     * What the client calls itself over and over, whenever it connects, or a random name if it does not. Nothing proves
     * that it is the same client: whoever knows the name may use it.
     */
    String persistentId();

    /** Sends to this client alone. */
    void invoke(Object data, String topic);

    /** Sends to all clients of the controller, this one included. */
    void invokeToAll(Object data, String topic);

    /**
     * Sends to the clients whose objects are chosen.
     *
     * @param chosen is asked about each object, in this thread; must not block. The objects are others', too, whose own
     *     threads may be changing them
     */
    void invokeTo(Predicate<? super C> chosen, Object data, String topic);

    /** Sends to all clients of the controller but this one. */
    void invokeToOthers(Object data, String topic);

    /** Sends to the clients that have subscribed to the topic on this controller. */
    void publish(Object data, String topic);
}

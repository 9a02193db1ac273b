package io.seleucia.chat.protocol.xsockets;

import java.util.function.Predicate;

/**
 * The client of a controller's object, and through it the other clients of the controller on this server. A message to them
 * looks like a call: a topic, with data as JSON.
 *
 * <p>Any thread may call, at any time. The methods that send do not block: messages are put into the clients' queues, and a
 * client for which too much waits already is closed as a slow consumer. Messages of one thread arrive in order, and all
 * clients of a controller receive messages to several of them in the same order. Nothing is sent to a client before its
 * object is created, nor after it has closed the controller or its connection; its caller still reaches the others.
 *
 * <p>Gson writes the data: a string, a number, a record, a class with fields, a list, a {@code JsonElement}, or null. Topics
 * have 1 to 128 characters without control characters, and arrive in lower case. All methods throw {@link
 * IllegalArgumentException} if the topic is invalid, or one of the protocol's own, {@code "0"} to {@code "8"}, and Gson's
 * exceptions if it can't write the data; nothing is sent then.
 *
 * @param <C> the controller's type
 */
public interface Caller<C> {
    /** {@return a random name of the connection, the same for all controllers that it opens} */
    String connectionId();

    /**
     * {@return the client's own name, which it repeats whenever it connects, or a random name} It proves nothing: any client
     * that knows the name may use it.
     */
    String persistentId();

    /**
     * {@return whether the server's rules allow this client to receive messages in a channel of that name (the right {@code
     * subscribe})} The server checks that, with the controller's name for the channel, before a client opens the controller
     * {@code generic} or subscribes to a topic. A controller that passes on messages by its methods must check it itself.
     * May block as the server's authorizer does.
     *
     * @param channel the channel's name
     */
    boolean mayReceive(String channel);

    /**
     * {@return whether the server's rules allow this client to send messages that are not kept to a channel of that name (the
     * rights {@code publish} and {@code signal})} The server checks that before it passes on a message that no method takes.
     * A controller that passes on messages by its methods must check it itself. May block as the server's authorizer does.
     *
     * @param channel the channel's name
     * @param text the text
     */
    boolean maySend(String channel, String text);

    /**
     * Sends to this client alone.
     *
     * @param data the data, which Gson writes
     * @param topic the topic, in any case
     */
    void invoke(Object data, String topic);

    /**
     * Sends to all clients of the controller, also to this one.
     *
     * @param data the data, which Gson writes
     * @param topic the topic, in any case
     */
    void invokeToAll(Object data, String topic);

    /**
     * Sends to the clients whose objects are chosen.
     *
     * @param chosen called with each object, in this thread; must not block. Other threads may be changing the objects
     * @param data the data, which Gson writes
     * @param topic the topic, in any case
     */
    void invokeTo(Predicate<? super C> chosen, Object data, String topic);

    /**
     * Sends to all clients of the controller but this one.
     *
     * @param data the data, which Gson writes
     * @param topic the topic, in any case
     */
    void invokeToOthers(Object data, String topic);

    /**
     * Sends to the clients that have subscribed to the topic on this controller.
     *
     * @param data the data, which Gson writes
     * @param topic the topic, in any case
     */
    void publish(Object data, String topic);
}

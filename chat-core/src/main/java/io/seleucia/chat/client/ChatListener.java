package io.seleucia.chat.client;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Sender;
import java.net.URI;
import java.time.Duration;

/**
 * The listener of a {@link ChatClient}. One virtual thread makes all calls, in order. They may block: the client then stops
 * reading when enough waits, and loses nothing. An exception is logged, and the next call follows.
 */
public interface ChatListener {
    /**
     * Receives a message of a channel that the client is subscribed to, also its own: each once, and in order.
     *
     * @param message the message
     */
    default void message(Message message) {}

    /**
     * Receives a message to the client, from its inbox: each once, and in order.
     *
     * @param message the message
     */
    default void direct(Message message) {}

    /**
     * Receives another member's signal, which no history holds.
     *
     * @param channel the channel's name
     * @param sender the sender's name
     * @param content the content
     */
    default void signal(String channel, String sender, Content content) {}

    /**
     * Receives a signal, and whether its sender is a guest. By default calls the other method.
     *
     * @param channel the channel's name
     * @param sender the sender's name
     * @param content the content
     */
    default void signal(String channel, Sender sender, Content content) {
        signal(channel, sender.name(), content);
    }

    /**
     * Reports that a client has joined a channel with its first session, if the subscription is with presence.
     *
     * @param channel the channel's name
     * @param client the client's name
     */
    default void joined(String channel, String client) {}

    /**
     * Reports the same, and whether the client is a guest. By default calls the other method.
     *
     * @param channel the channel's name
     * @param client the client's name
     */
    default void joined(String channel, Sender client) {
        joined(channel, client.name());
    }

    /**
     * Reports that a client has left a channel with its last session. Changes are not reported while there is no
     * connection: ask for {@link ChatClient#presence} when {@link #connected} is called.
     *
     * @param channel the channel's name
     * @param client the client's name
     */
    default void left(String channel, String client) {}

    /**
     * Reports the same, and whether the client is a guest. By default calls the other method.
     *
     * @param channel the channel's name
     * @param client the client's name
     */
    default void left(String channel, Sender client) {
        left(channel, client.name());
    }

    /**
     * Reports lost messages, which no history holds or the client can't read. Those behind them follow.
     *
     * @param loss the lost messages
     */
    default void lost(Loss loss) {}

    /**
     * Reports that the client is logged in, for the first time or again. It returns to its channels next.
     *
     * @param server the server's address
     */
    default void connected(URI server) {}

    /**
     * Reports that the connection is lost, or could not be made. The client tries the next server of its list.
     *
     * @param reason the reason, for a person
     * @param retry the time until the next attempt
     */
    default void disconnected(String reason, Duration retry) {}

    /**
     * Reports that the server has ended a subscription, because of a lost right or an operator, or has refused to renew it
     * after a lost connection. The client does not try again by itself.
     *
     * @param channel the channel's name
     * @param reason the reason
     */
    default void removed(String channel, ChatException reason) {}

    /**
     * Reports that the server has refused the client for good. It has ended, and this is the last call.
     *
     * @param reason the reason
     */
    default void ended(ChatException reason) {}
}

package io.seleucia.chat.client;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * The listener of a {@link ChatClient}. One virtual thread makes all calls, in order. They may block: the client then stops
 * reading when enough waits, and loses nothing. An exception is logged, and the next call follows.
 */
public interface ChatListener {
    /**
     * Receives a message of a channel that the client is subscribed to, also its own: each once, and in order. Replies have
     * a {@linkplain io.seleucia.chat.message.Attributes#ref reference}. A message that was deleted before the client
     * received it has no content.
     *
     * @param message the message
     */
    default void message(Message message) {}

    /**
     * Receives a message to the client, from its inbox: each once, and in order. Otherwise like {@link #message}.
     *
     * @param message the message
     */
    default void direct(Message message) {}

    /**
     * Receives the copy of a direct message that this client has sent to another, in this session or a further one. It is in
     * the client's inbox too, among those that {@link #direct} receives, and in order with them.
     *
     * @param message the message; {@link io.seleucia.chat.message.Attributes#to} is the recipient
     */
    default void sent(Message message) {}

    /**
     * Receives an edit: the new content of an earlier message, which its reference names. It has a position of its own, and
     * comes in order with the messages of its channel, or of the inbox {@code @name}. An edit whose content is gone, because
     * its message was deleted, is left out.
     *
     * @param edit the edit
     */
    default void edited(Message edit) {}

    /**
     * Receives a deletion: the content of the earlier message that its reference names is gone everywhere. Otherwise like
     * {@link #edited}.
     *
     * @param deletion the deletion, without content; its sender is {@code operator} if an operator has deleted the message
     */
    default void deleted(Message deletion) {}

    /**
     * Receives a reaction to an earlier message, or one that is {@linkplain io.seleucia.chat.message.Reference#remove taken
     * back}. Otherwise like {@link #edited}.
     *
     * @param reaction the reaction; its content is a short text
     */
    default void reaction(Message reaction) {}

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
     * Reports how far this client has read a channel, if the subscription {@linkplain
     * io.seleucia.chat.message.Command.Interest#read asks for it}: when the subscription begins, also again after a lost
     * connection, and when another session of the client has called {@link ChatClient#read}.
     *
     * @param channel the channel's name
     * @param mark how far, and the number of unread messages
     */
    default void read(String channel, ReadMark mark) {}

    /**
     * Reports how far another member has read a channel, if both subscriptions are with {@linkplain
     * io.seleucia.chat.message.Command.Interest#receipts receipts}.
     *
     * @param channel the channel's name
     * @param client the other client
     * @param offset the offset up to which it has read
     */
    default void receipt(String channel, Sender client, long offset) {}

    /**
     * Reports the description of a channel: when a subscription begins, also again after a lost connection, if the channel has
     * one, and when it is changed. {@link ChatClient#info} tells who has changed it.
     *
     * @param channel the channel's name
     * @param description a JSON object; empty if the description was removed
     */
    default void described(String channel, Optional<Content.Json> description) {}

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

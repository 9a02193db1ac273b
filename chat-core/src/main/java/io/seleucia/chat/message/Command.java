package io.seleucia.chat.message;

/** What a client asks of the server. Every wire protocol decodes to these and to nothing else. */
public sealed interface Command {
    /** Receive what is published in a channel from now on. */
    record Subscribe(String channel) implements Command {}

    /** Receive no more of a channel. */
    record Unsubscribe(String channel) implements Command {}

    /** Receive no more of any channel. */
    record UnsubscribeAll() implements Command {}

    /** Say something in a channel that the session is subscribed to. */
    record Publish(String channel, Content content) implements Command {}

    /** List the channels that the session is subscribed to. */
    record ListChannels() implements Command {}

    /**
     * Input that is no command. It is answered, and the session goes on.
     *
     * @param why the rule that was broken, for a person
     */
    record Malformed(String why) implements Command {}
}

package io.seleucia.chat.examples;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Message;
import java.net.URI;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;

/**
 * Answers in a channel: who says "{@code bot: time}" is told the time, and every other question is repeated. Its own
 * messages it ignores, so that it never talks to itself.
 *
 * <p>{@code Bot ws://host:8600 lobby}
 */
public final class Bot implements ChatListener, AutoCloseable {
    private static final String NAME = "bot";
    private static final String CALL = NAME + ": ";

    private final ChatClient client;

    /** Starts in a channel; it comes back whenever it is thrown out by a server that restarts. */
    public Bot(URI server, String channel) {
        client = ChatClient.builder(server).name(NAME).listener(this).start();
        client.subscribe(channel);
    }

    /** Serves until the process is ended. */
    public static void main(String[] args) throws InterruptedException {
        Bot bot = new Bot(URI.create(args[0]), args[1]);
        Runtime.getRuntime().addShutdownHook(new Thread(bot::close));
        Thread.currentThread().join();
    }

    @Override
    public void message(Message message) {
        String text = message.content().asText();
        if (text.startsWith(CALL) && !message.sender().equals(NAME)) {
            String answer = message.sender() + ": " + answer(text.substring(CALL.length()));
            client.publish(message.channel(), answer); // does not wait: the client sends it until it is acknowledged
        }
    }

    private static String answer(String question) {
        return question.equals("time")
                ? LocalTime.now().truncatedTo(ChronoUnit.SECONDS).toString()
                : "what is " + question + "?";
    }

    @Override
    public void ended(ChatException reason) {
        System.err.println("turned away: " + reason.getMessage());
    }

    @Override
    public void close() {
        client.close();
    }
}

package io.seleucia.chat.examples;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Message;
import java.net.URI;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;

/**
 * Answers questions in a channel: "{@code bot: time}" with the time, and any other by repeating it. Ignores its own messages,
 * so that it never talks to itself.
 *
 * <p>{@code Bot ws://host:8600 lobby}
 */
public final class Bot implements ChatListener, AutoCloseable {
    private static final String NAME = "bot";
    private static final String CALL = NAME + ": ";

    private final ChatClient client;

    /** Starts in a channel. The client returns there when the server restarts. */
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
            client.publish(message.channel(), answer); // the client repeats it until it is acknowledged
        }
    }

    private static String answer(String question) {
        return question.equals("time")
                ? LocalTime.now(ZoneId.systemDefault())
                        .truncatedTo(ChronoUnit.SECONDS)
                        .toString()
                : "what is " + question + "?";
    }

    @Override
    public void ended(ChatException reason) {
        System.err.println("refused: " + reason.getMessage());
    }

    @Override
    public void close() {
        client.close();
    }
}

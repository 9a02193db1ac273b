package io.seleucia.chat.examples;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/**
 * Carries what is said in one channel into another, in both directions, also between two servers. What it has published
 * itself it knows by the sender's name and does not carry back, so nothing goes round in circles.
 *
 * <p>{@code Bridge ws://one:8600 lobby ws://other:8600 hall}
 */
public final class Bridge implements AutoCloseable {
    private static final String NAME = "bridge";

    private final ChatClient one;
    private final ChatClient other;

    /** Starts between two channels. */
    public Bridge(URI oneServer, String oneChannel, URI otherServer, String otherChannel) {
        CompletableFuture<ChatClient> there = new CompletableFuture<>();
        one = ChatClient.builder(oneServer)
                .name(NAME)
                .listener(new Carrying(there, otherChannel))
                .start();
        other = ChatClient.builder(otherServer)
                .name(NAME)
                .listener(new Carrying(CompletableFuture.completedFuture(one), oneChannel))
                .start();
        there.complete(other);
        one.subscribe(oneChannel);
        other.subscribe(otherChannel);
    }

    /** Serves until the process is ended. */
    public static void main(String[] args) throws InterruptedException {
        Bridge bridge = new Bridge(URI.create(args[0]), args[1], URI.create(args[2]), args[3]);
        Runtime.getRuntime().addShutdownHook(new Thread(bridge::close));
        Thread.currentThread().join();
    }

    /** Hears one side, and says it on the other. */
    private record Carrying(CompletableFuture<ChatClient> to, String channel) implements ChatListener {
        @Override
        public void message(Message message) {
            if (!message.sender().equals(NAME)) {
                String text = message.sender() + ": " + message.content().asText();
                // Waiting keeps what is on its way small: a side that is down makes the other one read no further.
                to.join()
                        .publish(channel, new Content.Text(text))
                        .exceptionally(failed -> null)
                        .join();
            }
        }
    }

    @Override
    public void close() {
        one.close();
        other.close();
    }
}

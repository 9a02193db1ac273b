package io.seleucia.chat.examples;

import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/**
 * Copies messages between two channels in both directions, also between two servers. Ignores its own messages, which it
 * recognises by the sender's name, so that nothing goes round in circles.
 *
 * <p>{@code Bridge ws://one:8600 lobby ws://other:8600 hall}
 */
public final class Bridge implements AutoCloseable {
    private static final String NAME = "bridge";

    private final ChatClient one;
    private final ChatClient other;

    /** Starts to copy between two channels. */
    public Bridge(URI oneServer, String oneChannel, URI otherServer, String otherChannel) {
        CompletableFuture<ChatClient> there = new CompletableFuture<>();
        one = ChatClient.builder(oneServer)
                .name(NAME)
                .listener(new Copier(there, otherChannel))
                .start();
        other = ChatClient.builder(otherServer)
                .name(NAME)
                .listener(new Copier(CompletableFuture.completedFuture(one), oneChannel))
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

    /** Copies messages of one side to the other. */
    private record Copier(CompletableFuture<ChatClient> to, String channel) implements ChatListener {
        @Override
        public void message(Message message) {
            if (!message.sender().equals(NAME)) {
                String text = message.sender() + ": " + message.content().asText();
                // Waits, so that while one side is down, the other one is not read.
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

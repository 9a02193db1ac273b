package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Writes down what a client's program is told, in lines: {@code lobby 3 ada: hi}. */
class Recorder implements ChatListener {
    private static final long PATIENCE_SECONDS = 60;

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> connections = new LinkedBlockingQueue<>();
    private final CompletableFuture<ChatException> end = new CompletableFuture<>();

    @Override
    public void message(Message message) {
        lines.add(message.channel() + " " + line(message));
    }

    @Override
    public void direct(Message message) {
        lines.add(message.channel() + " " + line(message));
    }

    @Override
    public void sent(Message message) {
        lines.add("sent to " + message.attributes().to() + " " + line(message));
    }

    @Override
    public void edited(Message edit) {
        lines.add("edited " + reference(edit) + ", " + line(edit));
    }

    @Override
    public void deleted(Message deletion) {
        lines.add("deleted " + reference(deletion) + ", " + line(deletion));
    }

    @Override
    public void reaction(Message reaction) {
        boolean removed = reaction.attributes().ref().orElseThrow().remove();
        lines.add((removed ? "taken back from " : "reaction to ") + reference(reaction) + ", " + line(reaction));
    }

    private static String reference(Message message) {
        return message.channel() + " "
                + message.attributes().ref().orElseThrow().offset();
    }

    private static String line(Message message) {
        return message.position().offset() + " " + message.sender() + ": "
                + message.content().asText();
    }

    @Override
    public void signal(String channel, String sender, Content content) {
        lines.add("signal " + channel + " " + sender + ": " + content.asText());
    }

    @Override
    public void joined(String channel, String client) {
        lines.add("joined " + channel + " " + client);
    }

    @Override
    public void left(String channel, String client) {
        lines.add("left " + channel + " " + client);
    }

    @Override
    public void lost(Loss loss) {
        lines.add("lost " + loss.channel() + " " + loss.after().offset() + " to "
                + loss.until().offset());
    }

    @Override
    public void removed(String channel, ChatException reason) {
        lines.add("removed " + channel + " " + reason.getMessage());
    }

    @Override
    public void connected(URI server) {
        connections.add("connected " + server);
    }

    @Override
    public void disconnected(String reason, Duration retry) {
        connections.add("disconnected " + reason);
    }

    @Override
    public void ended(ChatException reason) {
        end.complete(reason);
    }

    /** The next line about what was said. */
    String next() throws InterruptedException {
        String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(line).as("something within a minute").isNotNull();
        return line;
    }

    /** Whether nothing more was said, so far. */
    boolean isEmpty() {
        return lines.isEmpty();
    }

    /** Waits for a line about a connection that begins so, skipping others, and returns it. */
    String connection(String beginning) throws InterruptedException {
        while (true) {
            String line = connections.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(line).as("%s, within a minute", beginning).isNotNull();
            if (line.startsWith(beginning)) {
                return line;
            }
        }
    }

    /** Why the client has ended, waiting for that. */
    ChatException end() throws Exception {
        return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}

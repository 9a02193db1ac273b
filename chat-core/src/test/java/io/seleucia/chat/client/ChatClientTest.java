package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a program is promised, on a server in memory that is ended and started again on its port. */
class ChatClientTest {
    private static final Limits LIMITS =
            Limits.DEFAULT.withRateMessages(1_000_000).withRateBurst(1_000_000).withDrainTimeout(Duration.ofSeconds(5));

    private final List<ChatClient> clients = new ArrayList<>();
    private InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;
    private final int port;
    private final Recorder ada = new Recorder();
    private final Recorder bob = new Recorder();

    ChatClientTest() throws IOException {
        server = ChatServer.builder().port(0).broker(broker).limits(LIMITS).start();
        port = server.port();
    }

    @AfterEach
    void end() {
        clients.forEach(ChatClient::close);
        server.close();
        broker.close();
    }

    private void stop() {
        server.close();
    }

    private void restart() throws IOException {
        server = ChatServer.builder().port(port).broker(broker).limits(LIMITS).start();
    }

    private ChatClient.Builder builder(String name, ChatListener listener) {
        return ChatClient.builder(URI.create("ws://localhost:" + port + "/"))
                .name(name)
                .listener(listener)
                .closeTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500));
    }

    private ChatClient start(ChatClient.Builder builder) {
        ChatClient client = builder.start();
        clients.add(client);
        return client;
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static ChatException failureOf(CompletableFuture<?> future) {
        try {
            future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ChatException) e.getCause();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("it succeeded");
    }

    @Test
    void whatIsPublishedReachesAllMembersAndIsAcknowledged() throws Exception {
        ChatClient one = start(builder("ada", ada));
        ChatClient two = start(builder("bob", bob));
        assertThat(get(one.subscribe("lobby")).offset()).isZero();
        get(two.subscribe("lobby"));

        Position position = get(two.publish("lobby", "hi ☕"));
        get(two.publish("lobby", new Content.Json("{\"n\":1.0}")));

        assertThat(position.offset()).isEqualTo(1);
        for (Recorder recorder : List.of(ada, bob)) {
            assertThat(recorder.next()).isEqualTo("lobby 1 bob: hi ☕");
            assertThat(recorder.next()).isEqualTo("lobby 2 bob: {\"n\":1.0}");
        }
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However many large messages come at once, a half of the processors is left for what is short. */
@Timeout(60)
class LargeMessagesTest {
    private static final int AT_ONCE = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    private static final int CLIENTS = 4 * AT_ONCE + 12;
    private static final String LARGE = "x".repeat(20_000);

    private final AtomicInteger busy = new AtomicInteger(); // with a large message
    private final AtomicInteger most = new AtomicInteger();
    private final List<TestClient> clients = new ArrayList<>();
    private ChatServer server;

    /** chat.v1, in which a large message takes a while. */
    private final class Slow implements Protocol {
        private final ChatV1 chat = new ChatV1();

        @Override
        public String name() {
            return "slow";
        }

        @Override
        public Protocol open() {
            return new Slow();
        }

        @Override
        public Request decode(Payload message) {
            return message.bytes().length < LARGE.length() ? chat.decode(message) : counted(() -> chat.decode(message));
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            return reply instanceof Event.Page
                    ? counted(() -> chat.encode(request, reply))
                    : chat.encode(request, reply);
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            return push instanceof Event.Received ? counted(() -> chat.encode(push)) : chat.encode(push);
        }

        private <T> T counted(Supplier<T> work) {
            most.accumulateAndGet(busy.incrementAndGet(), Math::max);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2)); // others may run meanwhile
            try {
                return work.get();
            } finally {
                busy.decrementAndGet();
            }
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder()
                .host("localhost")
                .port(0)
                .tcpPort(0)
                .protocol(new Slow())
                .limits(Limits.DEFAULT.withQuotas(Quotas.NONE))
                .start();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(TestClient.connect(server.port(), "slow"));
        }
        askAll("{\"id\":1,\"type\":\"connect\",\"client\":\"guest-%d\"}");
    }

    @AfterEach
    void stop() throws Exception {
        for (TestClient client : clients) {
            client.close();
        }
        server.close();
    }

    /** Has all ask at once, and then waits for the answers. */
    private void askAll(String request) throws Exception {
        for (int i = 0; i < CLIENTS; i++) {
            clients.get(i).send(request.formatted(i));
        }
        for (TestClient client : clients) {
            assertThat(client.next()).startsWith("{\"id\":").doesNotContain("\"error\"");
        }
    }

    /** Returns the epoch. */
    private String publishThree() throws Exception {
        server.publish("wall", "ada", LARGE);
        server.publish("wall", "ada", LARGE);
        return server.publish("wall", "ada", LARGE).epoch();
    }

    @Test
    void whenTheyAreReceived() throws Exception {
        askAll("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"own-%d\"}");
        askAll("{\"id\":3,\"type\":\"ping\",\"more\":\"" + LARGE + "\"}");

        assertThat(most.get()).isBetween(1, AT_ONCE);
    }

    @Test
    void whenAHistoryIsRead() throws Exception {
        publishThree();
        askAll("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"wall\"}");
        askAll("{\"id\":3,\"type\":\"history\",\"channel\":\"wall\",\"limit\":10}");

        assertThat(most.get()).isBetween(1, AT_ONCE);
    }

    @Test
    void whenMissedMessagesAreSent() throws Exception {
        String epoch = publishThree();
        askAll("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"wall\",\"since\":{\"epoch\":\"" + epoch
                + "\",\"offset\":0}}");
        for (TestClient client : clients) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.next()).contains("\"message\"");
            }
        }

        assertThat(most.get()).isBetween(1, AT_ONCE);
    }
}

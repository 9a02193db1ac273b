package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.message.CloseCode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Conversations of which it is known what they come to, in numbers. */
class MetricsTest {
    private ChatServer server;

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder()
                .port(0)
                .tcpPort(0)
                .limits(Limits.DEFAULT
                        .withRateMessages(1_000_000)
                        .withRateBurst(1_000_000)
                        .withQuotas(Quotas.NONE)
                        .withOutboundQueueBytes(100_000))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void beginWithNothing() {
        Metrics metrics = server.metrics();

        assertThat(metrics.connections()).isZero();
        assertThat(metrics.channels()).isZero();
        assertThat(metrics.queuedBytes()).isZero();
        assertThat(metrics.bytesIn()).isZero();
        assertThat(metrics.bytesOut()).isZero();
        assertThat(metrics.connectionsEnded())
                .hasSize(CloseCode.values().length)
                .allSatisfy((code, count) -> assertThat(count).isZero());
        assertThat(metrics.publishing().count()).isZero();
        assertThat(metrics.publishing().total()).isZero();
    }

    @Test
    void countAConversation() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby");
                TestClient eve = TestClient.member(server.port(), "eve", "den")) {
            ada.publish("ada", "lobby", "one");
            ada.publish("ada", "lobby", "two");
            ada.next();
            ada.next();
            bob.next();
            bob.next();
            eve.expectNothingElse();

            eventually( // a member may have a message before its publisher is through with it
                    () -> assertThat(server.metrics().publishing().count()).isEqualTo(2));
            Metrics metrics = server.metrics();
            assertThat(metrics.connections()).isEqualTo(3);
            assertThat(metrics.channels()).isEqualTo(2);
            assertThat(metrics.connectionsBegun()).isEqualTo(3);
            assertThat(metrics.received())
                    .as("subscriptions, publishes, a question")
                    .isEqualTo(6);
            assertThat(metrics.publishing().total()).isPositive();
            assertThat(metrics.delivered()).isEqualTo(4);
            assertThat(metrics.rateLimited()).isZero();
        }
        eventually(() -> {
            Metrics metrics = server.metrics();
            assertThat(metrics.connections()).isZero();
            assertThat(metrics.channels()).isZero();
            assertThat(metrics.connectionsEnded()).containsEntry(CloseCode.NORMAL, 3L);
            assertThat(metrics.slowConsumers()).isZero();
        });
    }

    @Test
    void countEveryByteOfTheWire() throws Exception {
        long before = server.metrics().bytesIn();
        try (TcpClient client = TcpClient.connect(server.tcpPort().orElseThrow())) {
            client.send(new byte[] {0, 0, 0, 8, 0, 0, 0, 0, 0, 2, 'h', 'i'});

            eventually(() -> assertThat(server.metrics().bytesIn() - before).isEqualTo(12));
        }
    }

    @Test
    void countWhoWasTooFast() throws Exception {
        Limits slow = Limits.DEFAULT.withRateMessages(1).withRateBurst(4);
        try (ChatServer strict = ChatServer.builder().port(0).limits(slow).start();
                TestClient ada = TestClient.connect(strict.port())) {
            for (int i = 0; i < 8; i++) {
                ada.send("{\"Kind\":4}");
            }
            int refused = 0;
            for (int i = 0; i < 8; i++) {
                refused += ada.next().contains("too many requests") ? 1 : 0;
            }
            assertThat(refused).isPositive();
            assertThat(strict.metrics().rateLimited()).isEqualTo(refused);
        }
    }

    @Test
    void countWhoCouldRecoverAndWhoCouldNot() throws Exception {
        try (TestClient ada = TestClient.connect(server.port(), "chat.v1")) {
            String start = ada.send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}")
                    .next();
            ada.send("{\"id\":2,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"}");
            ada.next();
            ada.next();
            JsonObject subscribed = JsonParser.parseString(start).getAsJsonObject();
            for (String epoch : List.of(subscribed.get("epoch").getAsString(), "another")) {
                try (TestClient bob = TestClient.connect(server.port(), "chat.v1")) {
                    bob.send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"" + epoch
                            + "\",\"offset\":0}}");
                    assertThat(bob.next()).contains("\"recovered\":" + !epoch.equals("another"));
                }
            }
        }
        Metrics metrics = server.metrics();
        assertThat(metrics.recovered()).isEqualTo(1);
        assertThat(metrics.notRecovered()).isEqualTo(1);
        assertThat(metrics.delivered()).as("once live, once recovered").isEqualTo(2);
    }

    @Test
    void countASlowConsumerAndWhatWaitsForIt() throws Exception {
        RawClient slow = RawClient.member(server.port(), "slow", "lobby");
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            String text = "x".repeat(30_000);
            long waited = 0;
            for (int i = 0; server.metrics().slowConsumers() == 0; i++) {
                ada.publish("ada", "lobby", text).next();
                waited = Math.max(waited, server.metrics().queuedBytes());
                assertThat(i).as("messages that nobody reads").isLessThan(10_000);
            }
            assertThat(waited).isPositive();
        } finally {
            slow.close();
        }
        assertThat(server.metrics().connectionsEnded()).containsEntry(CloseCode.SLOW_CONSUMER, 1L);
    }

    @Test
    void putEachDurationIntoOneBucket() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            ada.publish("ada", "lobby", "hi").next();
        }
        List<Metrics.Bucket> buckets = server.metrics().publishing().buckets();

        assertThat(buckets).extracting(Metrics.Bucket::upTo).isSorted().endsWith(Metrics.Bucket.UNBOUNDED);
        assertThat(buckets.getFirst().upTo()).isEqualTo(Duration.ofNanos(100_000));
        assertThat(buckets).extracting(Metrics.Bucket::count).containsOnlyOnce(1L);
    }
}

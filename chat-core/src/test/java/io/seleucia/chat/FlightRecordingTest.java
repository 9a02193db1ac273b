package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recording of a server tells. */
class FlightRecordingTest {
    @TempDir
    private Path directory;

    @Test
    void tellsWhoCameAndWhoWentAndWhy() throws Exception {
        List<RecordedEvent> events;
        try (Recording recording = new Recording();
                ChatServer server = ChatServer.builder().port(0).start()) {
            recording.start();
            TestClient.member(server.port(), "ada", "lobby").close();
            eventually(() -> assertThat(server.connections()).isZero());
            events = eventsOf(recording);
        }

        RecordedEvent connect = only("seleucia.Connect", events);
        assertThat(connect.getString("session")).matches("ws-\\d+");
        assertThat(connect.getString("address")).matches("127\\.0\\.0\\.1:\\d+|0:0:0:0:0:0:0:1:\\d+");
        RecordedEvent disconnect = only("seleucia.Disconnect", events);
        assertThat(disconnect.getString("session")).isEqualTo(connect.getString("session"));
        assertThat(disconnect.getString("client")).isEqualTo("ada");
        assertThat(disconnect.getInt("code")).isEqualTo(1000);
    }

    @Test
    void tellsWhoDidNotRead() throws Exception {
        Limits limits = Limits.DEFAULT
                .withOutboundQueueBytes(100_000)
                .withRateMessages(1_000_000)
                .withRateBurst(1_000_000)
                .withQuotas(Quotas.NONE);
        List<RecordedEvent> events;
        try (Recording recording = new Recording();
                ChatServer server = ChatServer.builder().port(0).limits(limits).start();
                TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            RawClient slow = RawClient.member(server.port(), "slow", "lobby");
            recording.start();
            for (int i = 0; server.metrics().slowConsumers() == 0; i++) {
                ada.publish("ada", "lobby", "x".repeat(30_000)).next();
                assertThat(i).as("messages that nobody reads").isLessThan(10_000);
            }
            slow.close();
            eventually(() -> assertThat(server.connections()).isEqualTo(1)); // it is counted before it is recorded
            events = eventsOf(recording);
        }

        RecordedEvent slow = only("seleucia.SlowConsumer", events);
        assertThat(slow.getLong("queued")).isBetween(1L, 200_000L);
        assertThat(only("seleucia.Disconnect", events).getInt("code")).isEqualTo(4000);
    }

    @Test
    void tellsOfEachMessageIfItIsAskedTo() throws Exception {
        List<RecordedEvent> unasked;
        List<RecordedEvent> asked;
        try (ChatServer server = ChatServer.builder().port(0).start();
                TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            try (Recording recording = new Recording()) {
                recording.start();
                ada.publish("ada", "lobby", "one").next();
                unasked = eventsOf(recording);
            }
            try (Recording recording = new Recording()) {
                recording.enable("seleucia.Publish");
                recording.start();
                ada.publish("ada", "lobby", "two").next();
                asked = eventsOf(recording);
            }
        }

        assertThat(unasked).noneMatch(event -> event.getEventType().getName().equals("seleucia.Publish"));
        RecordedEvent publish = only("seleucia.Publish", asked);
        assertThat(publish.getString("client")).isEqualTo("ada");
        assertThat(publish.getString("channel")).isEqualTo("lobby");
        assertThat(publish.getLong("offset")).isEqualTo(2);
        assertThat(publish.getBoolean("duplicate")).isFalse();
        assertThat(publish.getDuration()).isPositive();
    }

    @Test
    void tellsHowLongTheBrokerWasAway() throws Exception {
        List<RecordedEvent> events;
        try (RedisProcess redis = RedisProcess.begin();
                Recording recording = new Recording();
                RedisBroker broker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            recording.start();
            redis.kill();
            eventually(() -> assertThat(broker.health().flaw()).isPresent());
            redis.start();
            eventually(() -> assertThat(broker.health().reconnects()).isEqualTo(1));
            events = eventsOf(recording);
        }

        RecordedEvent reconnect = only("seleucia.BrokerReconnect", events);
        assertThat(reconnect.getDuration("outage")).isPositive();
        assertThat(reconnect.getString("broker")).startsWith("127.0.0.1:");
    }

    @Test
    void hasOneCategoryAndAWordForEverything() throws Exception {
        try (ChatServer server = ChatServer.builder().port(0).start()) {
            TestClient.member(server.port(), "ada", "lobby")
                    .publish("ada", "lobby", "hi")
                    .close();
        }
        List<EventType> types = FlightRecorder.getFlightRecorder().getEventTypes().stream()
                .filter(type -> type.getName().startsWith("seleucia."))
                .toList();

        assertThat(types)
                .extracting(EventType::getName)
                .contains("seleucia.Connect", "seleucia.Disconnect", "seleucia.Publish");
        assertThat(types).allSatisfy(type -> {
            assertThat(type.getCategoryNames()).containsExactly("Seleucia");
            assertThat(type.getLabel()).isNotBlank();
            assertThat(type.getDescription()).isNotBlank();
        });
    }

    private List<RecordedEvent> eventsOf(Recording recording) throws Exception {
        recording.stop();
        Path file = directory.resolve("recording.jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file);
    }

    private static RecordedEvent only(String name, List<RecordedEvent> events) {
        List<RecordedEvent> found = events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }
}

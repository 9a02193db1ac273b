package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A Redis with {@code maxmemory} and the policy {@code noeviction} that has no room left. */
class RedisFullTest {
    private static final Content LARGE = new Content.Text("x".repeat(50_000));
    private static final int MORE_THAN_FIT = 400;

    private RedisProcess redis;
    private RedisBroker broker;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin("--save '' --appendonly no --maxmemory 8mb --maxmemory-policy noeviction");
        broker = RedisBrokers.hasty(redis.uri(), 10);
    }

    @AfterEach
    void stop() throws Exception {
        if (redis != null) {
            broker.close();
            redis.close();
        }
    }

    private void fill() {
        assertThatThrownBy(() -> {
                    for (int i = 0; i < MORE_THAN_FIT; i++) {
                        broker.publish("large", "ada", LARGE, "");
                    }
                })
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("OOM");
    }

    @Test
    void refusesMessagesAndSaysSo() throws Exception {
        broker.publish("lobby", "ada", new Content.Text("before"), "");
        fill();

        assertThatThrownBy(() -> broker.publish("new", "ada", LARGE, "k")).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> broker.publish("lobby", "ada", LARGE, "k")).isInstanceOf(UnavailableException.class);
        assertThat(broker.health().flaw().orElseThrow()).contains("is full");
        assertThat((Long) redis.ask("EXISTS", "chat:{new}:log", "chat:{new}:meta"))
                .isZero();

        broker.delete("large");
        assertThat(broker.publish("lobby", "ada", LARGE, "k").position().offset())
                .isEqualTo(2);
        assertThat(broker.health().flaw()).isEmpty();
    }

    @Test
    void goesOnWithReadingAndPresence() throws Exception {
        RecordingListener listener = new RecordingListener();
        broker.publish("lobby", "ada", new Content.Text("before"), "");
        broker.subscribe("lobby", listener);
        broker.join("lobby", "ada");
        fill();

        broker.join("lobby", "bob");
        assertThat(List.of(listener.nextClient(), listener.nextClient())).containsExactly("joined ada", "joined bob");
        assertThat(broker.members("lobby")).isEqualTo(Map.of("ada", 1, "bob", 1));
        assertThat(broker.historyBefore("lobby", Long.MAX_VALUE, 10).messages()).hasSize(1);
        broker.signal("lobby", new Broker.Signal("origin", "ada", new Content.Text("typing")));
        assertThat(listener.nextSignal()).isNotNull();
        broker.revoke("eve", System.currentTimeMillis());
        assertThat(broker.revocations()).containsKey("eve");
        Object beat = redis.ask("HGETALL", "chat:nodes");
        eventually(() -> assertThat(redis.ask("HGETALL", "chat:nodes")).isNotEqualTo(beat)); // servers still live
        broker.leave("lobby", "bob");
        assertThat(broker.members("lobby")).isEqualTo(Map.of("ada", 1));
        broker.deleteFrom("ada");
        assertThat(broker.historyBefore("large", Long.MAX_VALUE, 10).messages())
                .isNotEmpty()
                .allSatisfy(message -> assertThat(message.content()).isEqualTo(Content.NONE));
        assertThat(broker.folded("large", true, 0, 10).messages()).isEmpty();
    }

    @Test
    void deletesMessagesButTakesNoOtherReferences() throws Exception {
        Sender ada = Sender.of("ada");
        broker.publish("lobby", "ada", LARGE, "");
        broker.publish("lobby", ada, reference(1, Reference.Kind.EDIT, LARGE));
        broker.publish("lobby", "ada", LARGE, "");
        fill();

        assertThatThrownBy(() -> broker.publish("lobby", ada, reference(3, Reference.Kind.EDIT, LARGE)))
                .isInstanceOf(UnavailableException.class);
        broker.publish("lobby", ada, reference(1, Reference.Kind.DELETE, Content.NONE));

        assertThat(broker.historyAfter("lobby", 0, 10).messages())
                .extracting(Message::content)
                .containsExactly(Content.NONE, Content.NONE, LARGE, Content.NONE);
        assertThat(redis.ask("KEYS", "chat:{lobby}:fold")).isEqualTo(List.of());
        assertThat((Long) redis.ask("PTTL", "chat:{lobby}:gone")).isPositive();
    }

    private static Draft reference(long offset, Reference.Kind kind, Content content) {
        return new Draft(content, Attributes.NONE.withRef(new Reference(offset, kind)), "", false);
    }
}

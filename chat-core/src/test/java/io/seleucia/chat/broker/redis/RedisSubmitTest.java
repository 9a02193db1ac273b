package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.RedisClient;

/** Publishers with several messages on their way to a Redis that is slow, frozen, killed or refuses. */
@Timeout(120)
class RedisSubmitTest {
    private static final Sender ADA = Sender.of("ada");
    private static final int BUDGET = 1 << 20;
    private static final long LONGEST_MILLIS = 10_000; // of two seconds, on a machine with other things to do

    private final MemoryBudget memory = MemoryBudget.ofBytes(BUDGET);
    private RedisProcess redis;
    private RedisBroker broker;

    @BeforeEach
    void open() throws Exception {
        redis = RedisProcess.begin();
        broker = new RedisBroker(RedisServers.at(redis.uri()), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT, memory);
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        eventuallyGet(() -> broker.publish("settled", "ada", text("hi"), ""));
    }

    @AfterEach
    void close() throws Exception {
        if (broker != null) {
            broker.close();
        }
        if (redis != null) {
            redis.close();
        }
        assertThat(memory.used(Part.WAITING)).isZero();
    }

    @Test
    void acknowledgesOnlyWhatAKilledRedisHasStored() throws Exception {
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            pending.add(submit("" + i));
        }
        Thread killer = Thread.ofPlatform().start(redis::kill);
        for (int i = 100; i < 300; i++) {
            try {
                pending.add(submit("" + i));
            } catch (UnavailableException e) {
                pending.add(null);
            }
        }
        List<String> acknowledged = new ArrayList<>();
        List<Long> offsets = new ArrayList<>();
        for (int i = 0; i < pending.size(); i++) {
            try {
                if (pending.get(i) != null) {
                    offsets.add(pending.get(i).await().position().offset());
                    acknowledged.add("" + i);
                }
            } catch (UnavailableException e) {
                assertThat(pending.get(i).isDone()).isTrue();
            }
        }
        killer.join();
        redis.start();

        List<Message> stored =
                eventuallyGet(() -> broker.historyAfter("lobby", 0, 1_000)).messages();
        assertThat(offsets).isSorted().doesNotHaveDuplicates();
        assertThat(stored)
                .extracting(message -> Integer.parseInt(message.content().asText()))
                .isSorted()
                .doesNotHaveDuplicates();
        assertThat(stored).extracting(message -> message.content().asText()).containsAll(acknowledged);
        eventuallyGet(() -> broker.publish("lobby", "ada", text("and on"), ""));
    }

    @Test
    void failsWithinTwoSecondsWhatAFrozenRedisDoesNotConfirmAndGoesOnAfterIt() throws Exception {
        redis.freeze();
        long began = System.nanoTime();
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        for (int i = 100; i < 120; i++) {
            pending.add(submit("" + i));
        }
        for (Broker.PendingReceipt one : pending) {
            assertThatThrownBy(one::await).isInstanceOf(UnavailableException.class);
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)).isLessThan(LONGEST_MILLIS);
        redis.thaw();

        eventuallyGet(() -> broker.publish("lobby", "ada", text("on"), ""));
        assertThat(broker.historyAfter("lobby", 0, 100).messages()) // some may have been stored all the same
                .extracting(message -> message.content().asText())
                .isSorted()
                .doesNotHaveDuplicates()
                .endsWith("on");
    }

    @Test
    void boundsWhatWaitsForAFrozenRedis() throws Exception {
        redis.freeze();
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        String text = "x".repeat(1_000);

        assertThatThrownBy(() -> {
                    for (int i = 0; i < BUDGET / 1_000; i++) {
                        pending.add(submit(text));
                    }
                })
                .isInstanceOf(UnavailableException.class)
                .hasMessage("too much waits for Redis already");

        assertThat(memory.used(Part.WAITING)).isBetween(BUDGET / 40L, BUDGET / 10L);
        for (Broker.PendingReceipt one : pending) {
            assertThatThrownBy(one::await).isInstanceOf(UnavailableException.class);
        }
        redis.thaw();
        eventually(() -> assertThat(memory.used(Part.WAITING)).isZero());
    }

    @Test
    void anInterruptFailsOnlyTheMessageThatIsAwaited() throws Exception {
        redis.freeze();
        Broker.PendingReceipt first = submit("first");
        Broker.PendingReceipt second = submit("second");
        Thread publisher = Thread.ofVirtual()
                .start(() -> assertThatThrownBy(() -> broker.publish("lobby", "bob", text("third"), ""))
                        .isInstanceOf(UnavailableException.class));
        Broker.PendingReceipt other = broker.submit("hall", ADA, text("first"), "");
        Thread.currentThread().interrupt();

        assertThatThrownBy(first::await).isInstanceOf(UnavailableException.class);
        assertThat(Thread.interrupted()).isTrue();
        publisher.interrupt();
        publisher.join();
        redis.thaw();

        long offset = second.await().position().offset();
        assertThat(offset).isBetween(1L, 2L); // 2 if the first had been sent by then
        assertThat(other.await().position().offset()).isEqualTo(1);
        assertThat(broker.publish("lobby", "ada", text("last"), "").position().offset())
                .isEqualTo(offset + 1);
    }

    @Test
    void anInterruptedPublisherHandsOnWhatWaitsBehindIt() throws Exception {
        redis.freeze();
        Thread publisher = Thread.ofVirtual()
                .start(() -> assertThatThrownBy(() -> broker.publish("lobby", "bob", text("first"), ""))
                        .isInstanceOf(UnavailableException.class));
        eventually(() -> assertThat(publisher.getState()).isEqualTo(Thread.State.TIMED_WAITING));
        Broker.PendingReceipt second = submit("second");
        publisher.interrupt();
        publisher.join();
        redis.thaw();

        assertThat(second.await().position().offset()).isBetween(1L, 2L);
    }

    @Test
    void aKeyThatCannotBeReadFailsItsMessageAlone() throws Exception {
        try (RedisClient client = redis.client()) {
            broker.publish("lobby", ADA, text("first"), "key");
            String key = client.keys("chat:{lobby}:keys:*").iterator().next();
            client.del(key);
            client.hset(key, "another", "type");
        }
        redis.freeze(); // so that all go in one batch behind the first
        List<Broker.PendingReceipt> pending = List.of(
                submit("second"),
                submit("third"),
                broker.submit("lobby", ADA, text("refused"), "key"),
                submit("fourth"));
        redis.thaw();

        assertThat(pending.get(0).await().position().offset()).isEqualTo(2);
        assertThat(pending.get(1).await().position().offset()).isEqualTo(3);
        assertThatThrownBy(pending.get(2)::await)
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("WRONGTYPE");
        assertThat(pending.get(3).await().position().offset()).isEqualTo(4);
    }

    @Test
    void closingFailsWhatWaits() throws Exception {
        redis.freeze();
        List<Broker.PendingReceipt> pending = List.of(submit("first"), submit("second"));
        broker.close();

        for (Broker.PendingReceipt one : pending) {
            assertThatThrownBy(one::await).isInstanceOf(UnavailableException.class);
        }
        assertThatThrownBy(() -> submit("third")).isInstanceOf(ClosedBrokerException.class);
        redis.thaw();
        eventually(() -> assertThat(memory.used(Part.WAITING)).isZero());
    }

    private Broker.PendingReceipt submit(String text) throws UnavailableException {
        return broker.submit("lobby", ADA, text(text), "");
    }

    private static Content text(String text) {
        return new Content.Text(text);
    }
}

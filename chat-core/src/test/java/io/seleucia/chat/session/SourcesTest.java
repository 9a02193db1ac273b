package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SourcesTest {
    private static final int QUEUE = 1_000;
    private static final MemoryBudget MEMORY = MemoryBudget.ofBytes(64 << 20);
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    /** Sources without quotas. */
    static Sources unbounded() {
        return new Sources(quotas(), QUEUE, MEMORY);
    }

    private static Map<Quota, Integer> quotas() {
        Map<Quota, Integer> none = new EnumMap<>(Quota.class);
        for (Quota quota : Quota.values()) {
            none.put(quota, 0);
        }
        return none;
    }

    /** Sources with one quota. */
    static Sources with(Quota quota, int limit) {
        Map<Quota, Integer> quotas = quotas();
        quotas.put(quota, limit);
        return new Sources(quotas, QUEUE, MEMORY);
    }

    private static String guest(String address) {
        return Sources.nameOf(Optional.empty(), "ws-1", address);
    }

    @Test
    void countsANetworkAsOne() {
        assertThat(guest("192.0.2.1:1000")).isEqualTo(guest("192.0.2.1:2000")).isNotEqualTo(guest("192.0.2.2:1000"));
        assertThat(guest("2001:db8:1:2:0:0:0:1:1000")).isEqualTo(guest("2001:db8:1:2:ffff:1:2:3:99"));
        assertThat(guest("2001:db8:1:2:0:0:0:1:1000")).isNotEqualTo(guest("2001:db8:1:3:0:0:0:1:1000"));
        assertThat(guest("memory")).isEqualTo("ws-1");
    }

    @Test
    void takesARequestForAllConnectionsOfASource() {
        Sources sources = with(Quota.MESSAGES, 10);
        Source one = sources.enter("a");
        Source other = sources.enter("a");
        long now = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(one.take(Quota.MESSAGES, now)).isTrue();
            assertThat(other.take(Quota.MESSAGES, now)).isTrue();
        }
        assertThat(one.take(Quota.MESSAGES, now)).isFalse();
        assertThat(sources.enter("b").take(Quota.MESSAGES, now)).isTrue();
        assertThat(other.nanosUntil(Quota.MESSAGES, now)).isBetween(1L, SECOND / 10 + 1);
        assertThat(other.take(Quota.MESSAGES, now + SECOND / 10)).isTrue();
        assertThat(one.take(Quota.MESSAGES, now + SECOND / 10)).isFalse();
    }

    @Test
    void takesAsMuchOfADayForADescriptionAsForTheSameMessageOnEachDayThatItStays() {
        Source source = with(Quota.DAILY_BYTES, 3_000).enter("a");
        long now = System.nanoTime();
        assertThat(source.describe("lobby", 50, now)).isEmpty();
        assertThat(source.publish("lobby", false, 1_499, now)).isEmpty();
        assertThat(source.describe("hall", 50, now)).isEmpty(); // the rest was enough for its beginning
        assertThat(source.describe("lobby", 50, now)).contains(Quota.DAILY_BYTES);

        source.undescribe("hall", 50);

        assertThat(source.publish("lobby", false, 1, now)).isEmpty();
        assertThat(source.describe("lobby", 50, now)).contains(Quota.DAILY_BYTES);
    }

    @Test
    void keepsWhatWasTakenAfterTheLastConnection() {
        Sources sources = with(Quota.DAILY_BYTES, 1_000);
        Source source = sources.enter("a");
        assertThat(source.publish("lobby", false, 2_000, System.nanoTime())).isEmpty();
        sources.leave("a");
        assertThat(sources.resting()).isEqualTo(1);

        Source again = sources.enter("a");
        assertThat(sources.resting()).isZero();
        assertThat(again.publish("lobby", false, 1, System.nanoTime())).contains(Quota.DAILY_BYTES);
    }

    @Test
    void forgetsASourceThatHasTakenNothing() {
        Sources sources = with(Quota.DAILY_BYTES, 1_000);
        sources.enter("a");
        sources.leave("a");
        assertThat(sources.resting()).isZero();
    }

    @Test
    void keepsABoundedNumberOfSources() {
        Sources sources = with(Quota.DAILY_BYTES, 1_000);
        for (int i = 0; i < 20_000; i++) {
            sources.enter("a" + i).publish("lobby", false, 1_000, System.nanoTime());
            sources.leave("a" + i);
        }
        assertThat(sources.resting()).isLessThanOrEqualTo(10_000);
    }

    @Test
    void letsALargeMessagePassAndHasItPaidForAfterwards() {
        Source source = with(Quota.BYTES, 100).enter("a");
        long now = System.nanoTime();
        assertThat(source.send(5_000, now)).isEmpty();
        assertThat(source.send(1, now)).contains(Quota.BYTES);
        assertThat(source.send(1, now + 44 * SECOND)).contains(Quota.BYTES);
        assertThat(source.send(1, now + 46 * SECOND)).isEmpty(); // 4,600 are back, and 500 may be taken ahead
    }

    @Test
    void countsMessagesOfEachChannelByItself() {
        Source source = with(Quota.CHANNEL_MESSAGES, 100).enter("a");
        long now = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            assertThat(source.publish("lobby", false, 1, now)).isEmpty();
        }
        for (int i = 0; i < 10; i++) {
            assertThat(source.publish("@bob", true, 1, now)).isEmpty();
        }
        assertThat(source.publish("lobby", false, 1, now)).contains(Quota.CHANNEL_MESSAGES);
        assertThat(source.publish("@bob", true, 1, now)).contains(Quota.CHANNEL_MESSAGES);
        assertThat(source.publish("hall", false, 1, now)).isEmpty();
        assertThat(source.publish("lobby", false, 1, now + SECOND)).isEmpty();
    }

    @Test
    void boundsLookUpsOfNamesByThoseThatWereUnknown() {
        Source source = with(Quota.UNKNOWN_NAMES, 60).enter("a");
        long now = System.nanoTime();
        for (int i = 0; i < 30; i++) {
            assertThat(source.has(Quota.UNKNOWN_NAMES, now)).isTrue();
            source.take(Quota.UNKNOWN_NAMES, now);
        }
        assertThat(source.has(Quota.UNKNOWN_NAMES, now)).isFalse();
        assertThat(source.isFull(now)).isFalse();
        assertThat(source.has(Quota.UNKNOWN_NAMES, now + SECOND)).isTrue();
    }

    @Test
    void takesNothingOfWhatIsRefused() {
        Map<Quota, Integer> quotas = quotas();
        quotas.put(Quota.BYTES, 1_000);
        quotas.put(Quota.CHANNEL_MESSAGES, 2);
        Source source = new Sources(quotas, QUEUE, MEMORY).enter("a");
        long now = System.nanoTime();
        assertThat(source.publish("lobby", false, 1, now)).isEmpty();
        for (int i = 0; i < 100; i++) {
            assertThat(source.publish("lobby", false, 100, now)).contains(Quota.CHANNEL_MESSAGES);
        }
        assertThat(source.publish("hall", false, 100, now)).isEmpty();
    }

    @Test
    void chargesWhatItCountsUntilTheSourceIsDropped() {
        MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
        Map<Quota, Integer> quotas = quotas();
        quotas.put(Quota.CHANNEL_MESSAGES, 10);
        Sources sources = new Sources(quotas, QUEUE, memory);
        Source source = sources.enter("a");
        long idle = memory.used(Part.CHANNELS);
        assertThat(idle).isPositive();
        long now = System.nanoTime();
        for (int i = 0; i < 500; i++) {
            source.publish("channel-" + i, false, 1, now);
        }
        assertThat(memory.used(Part.CHANNELS)).isBetween(idle + 500 * 150, idle + 500 * 200);
        source.publish("channel-0", false, 1, now);
        assertThat(memory.used(Part.CHANNELS)).isBetween(idle + 500 * 150, idle + 500 * 200);
        source.rest(now + 3_600 * SECOND);
        assertThat(memory.used()).isEqualTo(idle);

        source.publish("lobby", false, 1, System.nanoTime());
        sources.leave("a");
        assertThat(sources.resting()).isEqualTo(1);
        assertThat(memory.used()).isPositive();
        sources.enter("b");
        sources.close();
        sources.leave("b");
        assertThat(memory.used()).isZero();
    }

    @Test
    void keepsFewSourcesWithoutConnectionsWhileMemoryIsShort() {
        MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
        Map<Quota, Integer> quotas = quotas();
        quotas.put(Quota.DAILY_BYTES, 1_000);
        Sources sources = new Sources(quotas, QUEUE, memory);
        memory.charge(Part.RECENT, memory.limit());
        for (int i = 0; i < 100; i++) {
            sources.enter("source-" + i).publish("lobby", false, 500, System.nanoTime());
            sources.leave("source-" + i);
        }
        assertThat(sources.resting()).isLessThan(3);
        sources.close();
        assertThat(memory.used(Part.CHANNELS)).isZero();
    }

    @Test
    void boundsSubscriptionsAtATime() {
        Source source = with(Quota.CHANNELS, 2).enter("a");
        assertThat(source.subscribe()).isTrue();
        assertThat(source.subscribe()).isTrue();
        assertThat(source.subscribe()).isFalse();
        source.unsubscribe(1);
        assertThat(source.subscribe()).isTrue();
    }
}

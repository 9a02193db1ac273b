package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a broker in memory charges to its budget, and what it gives up when that is short. */
@Timeout(120)
class BrokerMemoryTest {
    private static final long BUDGET = 4 << 20;
    private static final Content WORDS = new Content.Text("a few words");

    private final MemoryBudget memory = MemoryBudget.ofBytes(BUDGET);

    @TempDir
    private Path directory;

    @Test
    void boundsWhatManyChannelsTake() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            Position honest = broker.publish("lobby", "ada", WORDS, "").position();
            List<Message> received = new ArrayList<>();
            broker.subscribe("lobby", new Collector(received));
            for (int i = 0; i < 50_000; i++) { // would take 40 MB
                broker.publish("channel-" + i, "eve", WORDS, "");
            }

            assertThat(memory.used()).isLessThan(BUDGET);
            assertThat(broker.publish("lobby", "ada", WORDS, "").position()).isEqualTo(honest.next());
            assertThat(received).hasSize(1);
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void beginsANewEpochInAChannelWhosePositionItForgot() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            Position first = broker.publish("lobby", "ada", WORDS, "").position();
            for (int i = 0; i < 50_000; i++) {
                broker.publish("channel-" + i, "eve", WORDS, "");
            }
            Position again = broker.publish("lobby", "ada", WORDS, "").position();

            assertThat(again.sameEpoch(first)).isFalse();
            assertThat(again.offset()).isEqualTo(1);
        }
    }

    @Test
    void boundsWhatKeysTake() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            Position first = broker.publish("lobby", "ada", WORDS, "key").position();
            for (int i = 0; i < 50_000; i++) { // would take 13 MB
                broker.publish("loud", "eve", WORDS, "a key like others " + i);
            }

            assertThat(memory.used()).isLessThan(BUDGET);
            assertThat(memory.used(Part.KEYS)).isPositive();
            assertThat(broker.publish("lobby", "ada", WORDS, "key")).isEqualTo(new Broker.Receipt(first, true));
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void endsNoOneAndRefusesNothingWhileHistoriesCanBeCut() throws Exception {
        int[] ended = new int[1];
        memory.register(MemoryBudget.Stage.CONNECTIONS, bytes -> ended[0]++);
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            Content much = new Content.Text("x".repeat(10_000));
            for (int i = 0; i < 20_000; i++) { // 200 MB
                broker.publish("channel-" + i % 50, "eve", much, "");
            }

            assertThat(memory.used())
                    .isBetween(BUDGET / 2, BUDGET); // up to 97 % and a message, where relief comes late
            assertThat(ended[0]).isZero();
        }
    }

    @Test
    void refusesMessagesWhenNothingIsLeftToFree() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            broker.publish("lobby", "ada", WORDS, "");
            memory.charge(Part.QUEUES, BUDGET);

            assertThatThrownBy(() -> broker.publish("lobby", "ada", WORDS, ""))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("memory");
            memory.charge(Part.QUEUES, -BUDGET);
            assertThat(broker.publish("lobby", "ada", WORDS, "").position().offset())
                    .isLessThanOrEqualTo(2);
        }
    }

    @Test
    void releasesWhatIsDeletedOrTooOld() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(10), memory)) {
            for (int i = 0; i < 100; i++) {
                broker.publish("lobby", "ada", WORDS, "");
            }
            long ten = memory.used(Part.HISTORIES);
            assertThat(ten).isBetween(1_500L, 3_000L);

            broker.delete("lobby");
            assertThat(memory.used(Part.HISTORIES)).isZero();
        }
    }

    @Test
    void releasesKeysThatHaveExpired() throws Exception {
        Retention brief = Retention.DEFAULT.withKeys(Duration.ofMillis(1));
        try (InMemoryBroker broker = new InMemoryBroker(brief, memory)) {
            broker.publish("lobby", "ada", WORDS, "key");
            long expired = System.nanoTime() + Duration.ofMillis(2).toNanos();
            while (System.nanoTime() - expired < 0) {
                Thread.onSpinWait();
            }
            broker.sweepOnce();

            assertThat(memory.used(Part.KEYS)).isZero();
        }
    }

    @Test
    void releasesWhatMembersTake() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            for (int i = 0; i < 100; i++) {
                broker.join("lobby", "client-" + i);
            }
            assertThat(memory.used(Part.CHANNELS)).isGreaterThan(4_800);

            for (int i = 0; i < 100; i++) {
                broker.leave("lobby", "client-" + i);
            }
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void readsFromTheJournalWhatItCutFromMemory() throws Exception {
        Content much = new Content.Text("x".repeat(10_000));
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER, memory)) {
            for (int i = 0; i < 900; i++) { // 9 MB
                broker.publish("lobby", "ada", much, "");
            }
            assertThat(memory.used()).isLessThan(BUDGET);
            assertThat(memory.used(Part.WAITING)).isZero();

            assertThat(broker.historyAfter("lobby", 0, 5).messages())
                    .extracting(message -> message.position().offset())
                    .containsExactly(1L, 2L, 3L, 4L, 5L);
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void restoresMoreThanTheBudgetHolds() throws Exception {
        Content much = new Content.Text("x".repeat(10_000));
        Position last = Position.NONE;
        try (InMemoryBroker broker =
                InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER, MemoryBudget.ofBytes(1 << 30))) {
            for (int i = 0; i < 900; i++) {
                last = broker.publish("channel-" + i % 3, "ada", much, "").position();
            }
        }
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER, memory)) {
            assertThat(memory.used()).isLessThan(BUDGET);
            assertThat(broker.publish("channel-2", "ada", much, "").position()).isEqualTo(last.next());
        }
    }

    private record Collector(List<Message> messages) implements Broker.Listener {
        @Override
        public void message(Message message) {
            messages.add(message);
        }

        @Override
        public void lost(Position position) {}

        @Override
        public void signal(Broker.Signal signal) {}

        @Override
        public void joined(Sender client) {}

        @Override
        public void left(Sender client) {}
    }
}

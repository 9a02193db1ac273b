package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ErasuresTest {
    private static final Sender ADA = Sender.of("ada");
    private static final Sender EVE = Sender.of("eve");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Position SECRET = new Position("e", 1);

    private final Erasures erasures = new Erasures();
    private long last; // the last offset that was deleted

    private Erasures.Waiting prepare(Sender sender, long age, Erasure erasure) {
        Message deletion = new Message(
                "lobby",
                new Position("e", 1_000_000),
                sender.name(),
                sender.guest(),
                System.currentTimeMillis() - age,
                Content.NONE,
                Attributes.NONE.withRef(new Reference(1, Reference.Kind.DELETE)));
        return erasures.prepare(deletion, erasure);
    }

    private Erasures.Waiting delete(Sender sender, int count) {
        List<Long> offsets =
                LongStream.rangeClosed(last + 1, last + count).boxed().toList();
        last += count;
        return prepare(sender, 0, new Erasure(List.of("e"), offsets));
    }

    @Test
    void hidesWhatADeletionConcernsWhenItIsWritten() {
        Erasures.Waiting deletion = delete(ADA, 2);
        assertThat(erasures.of("lobby", SECRET)).isEmpty();
        assertThat(erasures.before(Long.MAX_VALUE)).isEmpty();
        assertThat(erasures.oldest()).isEmpty();

        deletion.written(7);

        assertThat(erasures.of("lobby", SECRET)).isPresent();
        assertThat(erasures.of("lobby", SECRET.at(3))).isEmpty();
        assertThat(erasures.of("another", SECRET)).isEmpty();
        assertThat(erasures.before(7)).isEmpty();
        assertThat(erasures.before(8)).hasSize(2);
        assertThat(erasures.oldest()).hasValue(7);
        erasures.done(8);
        assertThat(erasures.of("lobby", SECRET)).isEmpty();
    }

    @Test
    void forgetsADeletionThatFails() {
        AtomicLong charged = new AtomicLong();
        erasures.charge(charged::addAndGet);
        Erasures.Waiting deletion = delete(EVE, Erasures.MAX_OF_CLIENT);
        assertThat(charged.get()).isGreaterThan(100L * Erasures.MAX_OF_CLIENT);
        assertThat(erasures.hasRoom(EVE, false)).isFalse();

        deletion.failed();

        assertThat(erasures.of("lobby", SECRET)).isEmpty();
        assertThat(erasures.hasRoom(EVE, false)).isTrue();
        assertThat(charged.get()).isZero();
    }

    @Test
    void needsMemoryOnlyBeforeTheDeletionIsWritten() {
        AtomicLong left = new AtomicLong(Long.MAX_VALUE);
        erasures.charge(bytes -> {
            if (bytes > 0 && left.addAndGet(-bytes) < 0) {
                throw new OutOfMemoryError("made by a test");
            }
        });
        Erasures.Waiting deletion = delete(ADA, 2);
        left.set(200); // enough for one message, but not for two
        assertThatThrownBy(() -> delete(EVE, 2)).isInstanceOf(OutOfMemoryError.class);
        deletion.written(7);

        assertThat(erasures.of("lobby", SECRET)).isPresent();
        assertThat(erasures.of("lobby", SECRET.at(2))).isPresent();
        assertThat(erasures.of("lobby", SECRET.at(3))).isEmpty();
        assertThat(erasures.before(8)).hasSize(2);
        erasures.done(8);
        left.set(Long.MAX_VALUE);
        last = 2;
        delete(ADA, 2).written(8); // nothing is left of the one that failed
        assertThat(erasures.of("lobby", SECRET.at(4)).orElseThrow().by()).isEqualTo("ada");
    }

    @Test
    void refusesNobodyBecauseOfTheDeletionsOfAnother() {
        delete(EVE, Erasures.MAX_OF_CLIENT).written(1);
        assertThat(erasures.hasRoom(EVE, false)).isFalse();
        assertThat(erasures.hasRoom(Sender.ofKey("eve "), false)).isTrue(); // a guest of that name
        assertThat(erasures.hasRoom(ADA, false)).isTrue();
        assertThat(erasures.hasRoom(EVE, true)).isTrue();
    }

    @Test
    void keepsRoomForModerators() {
        for (int i = 0; i < Erasures.MAX_OF_CLIENTS; i += 1_000) {
            delete(Sender.of("client " + i), 1_000).written(1);
        }
        assertThat(erasures.hasRoom(ADA, false)).isFalse();
        assertThat(erasures.hasRoom(ADA, true)).isTrue();
        delete(ADA, Erasures.MAX - Erasures.MAX_OF_CLIENTS).written(1);
        assertThat(erasures.hasRoom(ADA, true)).isFalse();
        erasures.done(2);
        assertThat(erasures.hasRoom(ADA, false)).isTrue();
    }

    @Test
    void needsASegmentOnlyForADeletionThatHasWaitedOrForMany() {
        Erasure one = new Erasure(List.of("e"), List.of(1L));
        prepare(ADA, HOUR.toMillis() - 60_000, one).written(3);
        assertThat(erasures.needSegmentAfter(3, HOUR)).isFalse();
        prepare(ADA, HOUR.toMillis() + 1, new Erasure(List.of("e"), List.of(2L)))
                .written(3);
        assertThat(erasures.needSegmentAfter(3, HOUR)).isTrue();
        assertThat(erasures.needSegmentAfter(4, HOUR)).isFalse(); // its segment is sealed already
        last = 2;
        delete(ADA, Erasures.MANY).written(4);
        assertThat(erasures.needSegmentAfter(4, HOUR)).isTrue();
        assertThat(erasures.needSegmentAfter(5, HOUR)).isFalse();
    }

    @Test
    void keepsTheMemoryOfAStartSmall() {
        for (int segment = 1; segment < 4; segment++) {
            for (int i = 0; i < Erasures.MANY; i++) {
                long offset = ++last;
                Message deletion = new Message(
                        "lobby",
                        new Position("e", 1_000_000),
                        "ada",
                        false,
                        1,
                        Content.NONE,
                        Attributes.NONE.withRef(new Reference(offset, Reference.Kind.DELETE)));
                erasures.addOrSkip(
                        new JournalRecord.Published(deletion, "", new Erasure(List.of("e"), List.of(offset))), segment);
            }
        }
        assertThat(erasures.before(4)).hasSize(Erasures.MANY);
        erasures.done(3);
        assertThat(erasures.before(4)).isEmpty();
        assertThat(erasures.takeSkipped()).containsExactly(3L);
        assertThat(erasures.takeSkipped()).isEmpty();
    }
}

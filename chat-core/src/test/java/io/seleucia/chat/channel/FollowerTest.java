package io.seleucia.chat.channel;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.channel.ScriptedBroker.at;
import static io.seleucia.chat.channel.ScriptedBroker.deleted;
import static io.seleucia.chat.channel.ScriptedBroker.deletion;
import static io.seleucia.chat.channel.ScriptedBroker.message;
import static io.seleucia.chat.channel.ScriptedBroker.messages;
import static io.seleucia.chat.channel.ScriptedBroker.page;
import static io.seleucia.chat.channel.ScriptedBroker.reaction;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.BrokenLog;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FollowerTest {
    private static final int HISTORY = 300;
    private static final int ROOM = 4_000; // for a dozen messages

    private final Broker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(HISTORY));
    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    private final Set<Follower> open = ConcurrentHashMap.newKeySet();
    private final List<Event.Push> told = new CopyOnWriteArrayList<>();
    private final Semaphore may = new Semaphore(0);

    @AfterEach
    void close() {
        may.release(1_000_000);
        broker.close();
    }

    @Test
    void readsFromTheHistoryWhatItHasNoRoomFor() throws Exception {
        try (Follower follower = follow()) {
            publish(200);
            may.release(100);
            eventually(() -> assertThat(told).hasSizeGreaterThan(50));
            publish(50);
            may.release(1_000);
            eventually(() -> assertThat(told).hasSize(250));
            assertThat(offsets())
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 250).boxed().toList());
            publish(1);
            eventually(() -> assertThat(told).hasSize(251));
            assertThat(follower.start().offset()).isZero();
        }
        assertThat(open).isEmpty();
    }

    @Test
    void saysWhatTheHistoryHasForgotten() throws Exception {
        try (Follower follower = follow()) {
            assertThat(follower.start().offset()).isZero();
            publish(1);
            eventually(() -> assertThat(may.hasQueuedThreads()).isTrue()); // so that it reads when all is published
            publish(999);
            may.release(10_000);
            eventually(() -> assertThat(offsets()).endsWith(1_000L));
            Event.Lost lost = (Event.Lost) told.stream()
                    .filter(Event.Lost.class::isInstance)
                    .findFirst()
                    .orElseThrow();
            assertThat(lost.position().offset()).isEqualTo(1_000 - HISTORY);
            List<Long> afterwards = offsets().stream()
                    .filter(offset -> offset > lost.position().offset())
                    .toList();
            assertThat(afterwards)
                    .containsExactlyElementsOf(LongStream.rangeClosed(1_001 - HISTORY, 1_000)
                            .boxed()
                            .toList());
            assertThat(offsets()).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void chargesWhatWaitsUntilItHasBeenTold() throws Exception {
        Follower follower = follow();
        publish(5);
        assertThat(memory.used(Part.QUEUES)).isPositive();
        may.release(5);
        eventually(() -> assertThat(memory.used()).isZero());
        assertThat(told).hasSize(5);
        publish(5);
        follower.close();
        may.release(5);
        eventually(() -> assertThat(memory.used()).isZero());
    }

    @Test
    void readsFromTheHistoryWhatMemoryHasNoRoomFor() throws Exception {
        memory.charge(Part.RECENT, memory.limit());
        try (Follower follower = follow()) {
            publish(5);
            assertThat(memory.used(Part.QUEUES)).isZero();
            may.release(1_000);
            eventually(() -> assertThat(offsets()).containsExactly(1L, 2L, 3L, 4L, 5L));
            assertThat(follower.start().offset()).isZero();
        }
    }

    @Test
    void isToldNothingAfterItIsClosed() throws Exception {
        Follower follower = follow();
        publish(5);
        follower.close();
        may.release(10);
        Follower witness = new Follower(broker, "lobby", push -> {}, ROOM, open, memory).open();
        publish(5);
        witness.close();
        assertThat(told).hasSizeLessThanOrEqualTo(1);
        assertThat(open).isEmpty();
    }

    @Test
    void tellsNothingOfAnEpochThatTheHistoryHasLeft() throws Exception {
        ScriptedBroker scripted = new ScriptedBroker();
        scripted.start = at("E1", 10);
        scripted.pages = after -> page(at("E2", 20), List.of());
        try (Follower follower = new Follower(scripted, "lobby", this::take, ROOM, open, memory).open()) {
            scripted.deliver("E1", 11, 11);
            eventually(() -> assertThat(may.hasQueuedThreads()).isTrue()); // it is being told the first
            scripted.deliver("E1", 12, 40); // more than there is room for
            may.release(2);
            eventually(() -> assertThat(told).hasSize(2));
            scripted.pages = after -> page(at("E2", 21), messages("E2", after + 1, 21));
            may.release(1_000);
            scripted.deliver("E1", 41, 42);
            scripted.listener.lost(at("E2", 15));
            scripted.deliver("E2", 16, 22);
            eventually(() -> assertThat(positions()).endsWith(at("E2", 22)));
            assertThat(positions()).containsExactly(at("E1", 11), at("E2", 20), at("E2", 21), at("E2", 22));
            assertThat(follower.start()).isEqualTo(at("E1", 10));
        }
    }

    @Test
    void readsAgainWhatItCouldNotReadBecauseItsLogFails() throws Exception {
        ScriptedBroker scripted = new ScriptedBroker();
        scripted.start = at("E1", 0);
        AtomicInteger readings = new AtomicInteger();
        scripted.pages = after -> {
            if (readings.incrementAndGet() == 1) {
                throw new UnavailableException("thrown by a test", null);
            }
            return page(at("E1", 40), messages("E1", after + 1, 40));
        };
        may.release(1_000);
        try (BrokenLog log = new BrokenLog(Follower.class);
                Follower follower = new Follower(scripted, "lobby", this::take, 1, open, memory).open()) {
            scripted.deliver("E1", 40, 40); // for which there is no room
            eventually(() -> assertThat(offsets()).endsWith(40L));
            assertThat(offsets())
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 40).boxed().toList());
            assertThat(follower.start()).isEqualTo(at("E1", 0));
            assertThat(log.isLoggable(null)).isFalse();
        }
    }

    @Test
    void tellsNoContentThatHasBeenDeletedWhileItWaited() throws Exception {
        ScriptedBroker scripted = new ScriptedBroker();
        scripted.start = at("E1", 0);
        scripted.pages = after -> page(
                at("E1", 5),
                List.of(
                                message(at("E1", 1)),
                                message(at("E1", 2)),
                                deleted(at("E1", 3)),
                                message(at("E1", 4)),
                                deletion(at("E1", 5), 3))
                        .subList((int) after, 5));
        try (Follower follower = new Follower(scripted, "lobby", this::take, ROOM, open, memory).open()) {
            scripted.deliver("E1", 1, 1);
            eventually(() -> assertThat(may.hasQueuedThreads()).isTrue()); // it is being told the first
            scripted.deliver("E1", 2, 4);
            scripted.listener.message(deletion(at("E1", 5), 3));
            may.release(1_000);
            eventually(() -> assertThat(offsets()).containsExactly(1L, 2L, 3L, 4L, 5L));
            assertThat(told.stream()
                            .map(push -> ((Event.Received) push).message())
                            .filter(Message::isDeleted)
                            .map(Message::position))
                    .containsExactly(at("E1", 3));
            assertThat(follower.start()).isEqualTo(at("E1", 0));
        }
    }

    @Test
    void tellsNothingThatAnOperatorHasErasedWhileItWaited() throws Exception {
        ScriptedBroker scripted = new ScriptedBroker();
        scripted.start = at("E1", 0);
        scripted.pages = after -> page(
                at("E1", 4),
                after < 4
                        ? List.of(message(at("E1", 1)), message(at("E1", 4))).subList(after == 0 ? 0 : 1, 2)
                        : List.of());
        try (Follower follower = new Follower(scripted, "lobby", this::take, ROOM, open, memory).open()) {
            scripted.deliver("E1", 1, 1);
            eventually(() -> assertThat(may.hasQueuedThreads()).isTrue()); // it is being told the first
            scripted.deliver("E1", 2, 2);
            scripted.listener.message(reaction(at("E1", 3), 1));
            scripted.deliver("E1", 4, 4);
            scripted.listener.erased();
            may.release(1_000);
            eventually(() -> assertThat(positions()).containsExactly(at("E1", 1), at("E1", 3), at("E1", 4)));
            assertThat(told.get(1)).isInstanceOf(Event.Lost.class);
            assertThat(follower.start()).isEqualTo(at("E1", 0));
        }
    }

    @Test
    void tellsNoContentThatHasBeenDeletedWhileTheProgramWasBusy() throws Exception {
        ScriptedBroker scripted = new ScriptedBroker();
        scripted.start = at("E1", 0);
        scripted.pages = after -> page(at("E1", 3), messages("E1", after + 1, 3));
        try (Follower follower = new Follower(scripted, "lobby", this::take, 1, open, memory).open()) {
            scripted.deliver("E1", 3, 3); // for which there is no room, so that the history is read
            eventually(() -> assertThat(may.hasQueuedThreads()).isTrue()); // it is being told the first of a page
            scripted.pages = after -> page(
                    at("E1", 4),
                    List.of(message(at("E1", 1)), deleted(at("E1", 2)), message(at("E1", 3)), deletion(at("E1", 4), 2))
                            .subList((int) after, 4));
            scripted.listener.message(deletion(at("E1", 4), 2));
            may.release(1_000);
            eventually(() -> assertThat(offsets()).containsExactly(1L, 2L, 3L, 4L));
            assertThat(((Event.Received) told.get(1)).message().isDeleted()).isTrue();
            assertThat(follower.start()).isEqualTo(at("E1", 0));
        }
    }

    private List<Position> positions() {
        return told.stream()
                .map(push -> switch (push) {
                    case Event.Received received -> received.message().position();
                    case Event.Lost lost -> lost.position();
                    default -> throw new AssertionError(push);
                })
                .toList();
    }

    private Follower follow() throws Exception {
        return new Follower(broker, "lobby", this::take, ROOM, open, memory).open();
    }

    private void take(Event.Push push) {
        may.acquireUninterruptibly();
        told.add(push);
    }

    private void publish(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            broker.publish("lobby", "ada", new Content.Text("message"), "");
        }
    }

    private List<Long> offsets() {
        return told.stream()
                .filter(Event.Received.class::isInstance)
                .map(push -> ((Event.Received) push).message().position().offset())
                .toList();
    }
}

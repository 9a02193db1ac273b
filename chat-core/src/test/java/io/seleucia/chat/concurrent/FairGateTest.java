package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FairGateTest {
    private static final long FOREVER = Long.MAX_VALUE;

    private final List<Thread> threads = new ArrayList<>();
    private final List<String> order = Collections.synchronizedList(new ArrayList<>());

    /** A thread that goes in and out, and waits by the time this returns if it has to. */
    private Thread pass(FairGate<String> gate, String key) {
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                if (gate.enter(key, FOREVER)) {
                    order.add(key);
                    gate.leave(key);
                } else {
                    order.add(key + " refused");
                }
            } catch (InterruptedException e) {
                order.add(key + " interrupted");
            }
        });
        threads.add(thread);
        Eventually.eventually(() -> assertThat(thread.getState())
                .isIn(Thread.State.TIMED_WAITING, Thread.State.WAITING, Thread.State.TERMINATED));
        return thread;
    }

    private void join() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void givesPlacesToKeysInTurn() throws Exception {
        FairGate<String> gate = new FairGate<>(1, 1, 10);
        assertThat(gate.enter("crowd", 0)).isTrue();
        for (int i = 0; i < 5; i++) {
            pass(gate, "crowd");
        }
        pass(gate, "a");
        pass(gate, "b");

        gate.leave("crowd");
        join();

        // Those who waited first are the crowd's, which is inside at this moment and so comes last.
        assertThat(order.subList(0, 3)).containsExactlyInAnyOrder("a", "b", "crowd");
        assertThat(order).hasSize(7);
    }

    @Test
    void refusesAKeyOfWhichTooManyWait() throws Exception {
        FairGate<String> gate = new FairGate<>(1, 1, 2);
        assertThat(gate.enter("a", 0)).isTrue();
        pass(gate, "a");
        pass(gate, "a");

        assertThat(gate.enter("a", FOREVER)).isFalse();
        Thread other = pass(gate, "b");
        gate.leave("a");

        other.join();
        join();
        assertThat(order).containsExactlyInAnyOrder("a", "a", "b");
    }

    @Test
    void leavesRoomForOthersWhereOneKeyHasAllItMayHave() throws Exception {
        FairGate<String> gate = new FairGate<>(3, 2, 2);
        assertThat(gate.enter("a", 0)).isTrue();
        assertThat(gate.enter("a", 0)).isTrue();
        assertThat(gate.enter("a", 0)).isFalse();

        assertThat(gate.enter("b", 0)).isTrue();
        assertThat(gate.enter("b", 0)).isFalse();

        gate.leave("a");
        assertThat(gate.enter("b", 0)).isTrue();
    }

    @Test
    void losesNoPlaceToThoseWhoGiveUp() throws Exception {
        FairGate<String> gate = new FairGate<>(1, 1, 10);
        assertThat(gate.enter("a", 0)).isTrue();
        Thread first = pass(gate, "b");
        pass(gate, "b");
        assertThat(gate.enter("b", 1)).isFalse();

        first.interrupt();
        first.join();
        gate.leave("a");
        join();

        assertThat(order).containsExactly("b interrupted", "b");
        assertThat(gate.enter("c", 0)).isTrue();
    }

    /** Callers that give up while they are given a place, at random. */
    @Test
    void keepsItsBoundsInACrowd() throws Exception {
        FairGate<String> gate = new FairGate<>(3, 2, 100);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch begin = new CountDownLatch(1);
        for (int i = 0; i < 200; i++) {
            String key = "key " + i % 5;
            long patience = i % 4 == 0 ? TimeUnit.MICROSECONDS.toNanos(50 * i) : FOREVER;
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    begin.await();
                    for (int j = 0; j < 20; j++) {
                        if (gate.enter(key, patience)) {
                            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                            Thread.yield();
                            inside.decrementAndGet();
                            gate.leave(key);
                        }
                    }
                } catch (InterruptedException e) {
                    // It was told to give up.
                }
            }));
        }
        begin.countDown();
        for (int i = 1; i < threads.size(); i += 7) {
            threads.get(i).interrupt();
        }
        join();

        assertThat(most.get()).isBetween(1, 3);
        for (String key : List.of("key 0", "key 1", "key 2")) {
            assertThat(gate.enter(key, 0)).as("all places are free again").isTrue();
        }
    }
}

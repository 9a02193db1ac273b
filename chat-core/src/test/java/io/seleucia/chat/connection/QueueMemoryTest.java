package io.seleucia.chat.connection;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Frames;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What outbound queues charge, and that they release it. */
@Timeout(120)
class QueueMemoryTest {
    private static final int NODE = 40;
    private static final Frame LAST = Frames.control((byte) 'x');

    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 30);

    @Test
    void chargesNothingForTheFirstFew() {
        OutboundQueue queue = Queues.ofBytes(1 << 20, memory);

        for (int i = 0; i < 4; i++) {
            queue.offer(Frames.ofLength(1_024));
        }

        assertThat(memory.used()).isZero();
    }

    @Test
    void chargesAFrameUntilTheNextTake() throws InterruptedException {
        OutboundQueue queue = Queues.ofBytes(1 << 20, memory);
        Frame large = Frames.ofLength(100_000);
        queue.offer(large);
        assertThat(memory.used(Part.QUEUES)).isEqualTo(NODE + large.memory());

        Queues.take(queue);
        queue.poll(); // while it is being written
        assertThat(memory.used(Part.QUEUES)).isEqualTo(NODE + large.memory());

        queue.offer(Frames.ofLength(1));
        Queues.take(queue);
        assertThat(memory.used()).isZero();
    }

    @Test
    void releasesWhatWasWrittenWhileMoreIsWritten() throws InterruptedException {
        OutboundQueue queue = Queues.ofBytes(1 << 20, memory);
        for (int i = 0; i < 10; i++) {
            queue.offer(Frames.ofLength(10_000));
        }
        long each = memory.used() / 10;

        Queues.take(queue);
        for (int i = 0; i < 5; i++) {
            queue.poll();
        }

        assertThat(memory.used()).isEqualTo(6 * each); // four wait, and two may be in the hands of the transport
    }

    @Test
    void chargesTheBytesOfSharedFramesOnce() {
        List<OutboundQueue> queues = new ArrayList<>();
        Frame shared = Frames.ofLength(50_000);
        for (int i = 0; i < 1_000; i++) {
            queues.add(Queues.ofBytes(1 << 20, memory));
            queues.getLast().offer(shared);
        }
        assertThat(memory.used()).isEqualTo(1_000 * NODE + shared.memory());

        queues.removeFirst().release();
        assertThat(memory.used()).isEqualTo(999 * NODE + shared.memory());

        queues.forEach(OutboundQueue::release);
        assertThat(memory.used()).isZero();
    }

    @Test
    void chargesManyTinyFramesByWhatTheyTake() {
        OutboundQueue queue = Queues.ofBytes(1 << 20, memory);

        for (int i = 0; i < 1_032; i++) {
            queue.offer(Frames.ofLength(2));
        }

        assertThat(memory.used()).isEqualTo(1_000L * (NODE + Frames.ofLength(2).memory()));
    }

    @Test
    void chargesWhatOvertakes() throws InterruptedException {
        OutboundQueue queue = Queues.ofBytes(10, memory);

        for (int i = 0; i < 132; i++) {
            queue.offer(Frames.control((byte) 'p'));
        }
        assertThat(memory.used()).isGreaterThanOrEqualTo(100L * NODE);

        Queues.take(queue);
        while (queue.poll() != null) {}
        queue.close(LAST, false);
        Queues.take(queue);
        queue.release();
        assertThat(memory.used()).isZero();
    }

    @Test
    void releasesAFrameThatIsRefused() {
        OutboundQueue queue = Queues.ofBytes(100_000, memory);
        queue.offer(Frames.ofLength(60_000));
        long before = memory.used();

        assertThat(queue.offer(Frames.ofLength(60_000))).isFalse();

        assertThat(memory.used()).isEqualTo(before);
    }

    @Test
    void doesNotGrowLongWhenMemoryIsFull() {
        OutboundQueue queue = Queues.ofBytes(1 << 20, memory);
        memory.charge(Part.HISTORIES, 1 << 30);

        assertThat(queue.offer(Frames.ofLength(70_000))).isTrue();
        assertThat(queue.offer(Frames.ofLength(60_000))).isFalse();

        memory.charge(Part.HISTORIES, -(1 << 30));
        assertThat(queue.offer(Frames.ofLength(60_000))).isTrue();
    }

    @Test
    void hasAThreadWaitWhileMemoryIsFull() throws InterruptedException {
        OutboundQueue queue = Queues.ofBytes(1 << 20, memory);
        memory.charge(Part.HISTORIES, 1 << 30);
        queue.put(Frames.ofLength(100_000)); // nothing waits, and so it is taken
        Thread waiting = Thread.startVirtualThread(() -> put(queue, Frames.ofLength(10)));
        eventually(() -> assertThat(waiting.getState()).isEqualTo(Thread.State.WAITING));

        Queues.take(queue);

        waiting.join();
        assertThat(Queues.take(queue).length()).isEqualTo(10);
    }

    private static void put(OutboundQueue queue, Frame frame) {
        try {
            queue.put(frame);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void refusesFramesAfterItsEnd() {
        OutboundQueue queue = Queues.ofBytes(100_000, memory);
        queue.offer(Frames.ofLength(60_000));

        queue.release();

        assertThat(queue.offer(Frames.ofLength(10))).isFalse();
        assertThat(memory.used()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void releasesAllWhateverManyThreadsDo(boolean discard) throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            race(round, discard);
            assertThat(memory.used()).as("round %d", round).isZero();
        }
    }

    /** Many offer private and shared frames to several queues, whose loops take, fall behind, and end at any moment. */
    private void race(int seed, boolean discard) throws InterruptedException {
        Frame[] shared = new Frame[50];
        for (int i = 0; i < shared.length; i++) {
            shared[i] = Frames.ofLength(1 + i * 100);
        }
        List<OutboundQueue> queues = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        CountDownLatch start = new CountDownLatch(1);
        for (int i = 0; i < 4; i++) {
            OutboundQueue queue = Queues.ofBytes(60_000, memory);
            queues.add(queue);
            Random random = new Random(seed * 31L + i);
            threads.add(Thread.ofVirtual().unstarted(() -> consume(queue, random)));
            threads.add(Thread.ofVirtual().unstarted(() -> {
                await(start);
                for (int n = random.nextInt(300); n > 0; n--) {
                    Thread.yield();
                }
                queue.close(LAST, discard);
            }));
        }
        for (int i = 0; i < 4; i++) {
            Random random = new Random(seed * 17L + i);
            threads.add(Thread.ofVirtual().unstarted(() -> {
                await(start);
                for (int n = 0; n < 300; n++) {
                    Frame frame = random.nextInt(3) == 0
                            ? Frames.ofLength(random.nextInt(9_000))
                            : shared[random.nextInt(shared.length)];
                    queues.forEach(queue -> queue.offer(frame));
                    Thread.yield();
                }
            }));
        }
        threads.forEach(Thread::start);
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        queues.forEach(OutboundQueue::release); // as the inbound loop does at the end
    }

    private static void consume(OutboundQueue queue, Random random) {
        try {
            boolean broken = false;
            while (!queue.finished() && !broken) {
                Queues.take(queue);
                for (int n = random.nextInt(5); n > 0 && queue.poll() != null; n--) {
                    Thread.yield();
                }
                broken = random.nextInt(200) == 0; // as a write that fails
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(CountDownLatch start) {
        try {
            start.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

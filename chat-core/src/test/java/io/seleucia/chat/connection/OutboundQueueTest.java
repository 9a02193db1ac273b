package io.seleucia.chat.connection;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Frames;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class OutboundQueueTest {
    private static final MemoryBudget MEMORY = MemoryBudget.ofBytes(1 << 30);
    private static final Frame LAST = Frames.control((byte) 'x');

    @Test
    void givesFramesInOrder() throws InterruptedException {
        var queue = Queues.ofBytes(100, MEMORY);
        Frame[] frames = frames(5);
        assertThat(queue.offer(frames[0])).isTrue();
        assertThat(queue.offer(frames[1])).isTrue();
        assertThat(queue.offer(frames[2])).isTrue();

        assertThat(Queues.take(queue)).isSameAs(frames[0]);
        assertThat(queue.offer(frames[3])).isTrue();
        assertThat(Queues.take(queue)).isSameAs(frames[1]);
        assertThat(queue.poll()).isSameAs(frames[2]);
        assertThat(queue.offer(frames[4])).isTrue();
        assertThat(Queues.take(queue)).isSameAs(frames[3]);
        assertThat(Queues.take(queue)).isSameAs(frames[4]);
    }

    @Test
    void givesNothingWhereNothingWaits() {
        var queue = Queues.ofBytes(100, MEMORY);

        assertThat(queue.poll()).isNull();
        assertThat(queue.bytes()).isZero();
        assertThat(queue.finished()).isFalse();
    }

    @Test
    void takesAsManyBytesAsItsBound() {
        var queue = Queues.ofBytes(10, MEMORY);

        assertThat(queue.offer(Frames.ofLength(4))).isTrue();
        assertThat(queue.offer(Frames.ofLength(6))).isTrue();
        assertThat(queue.offer(Frames.ofLength(1))).isFalse();
    }

    @Test
    void refusesFrameOverItsBound() {
        var queue = Queues.ofBytes(10, MEMORY);

        assertThat(queue.offer(Frames.ofLength(11))).isFalse();
        assertThat(queue.offer(Frames.ofLength(10))).isTrue();
    }

    @Test
    void staysAsItIsWhenItRefuses() {
        var queue = Queues.ofBytes(10, MEMORY);
        Frame[] frames = {Frames.ofLength(6), Frames.ofLength(5), Frames.ofLength(4)};

        assertThat(queue.offer(frames[0])).isTrue();
        assertThat(queue.offer(frames[1])).isFalse();
        assertThat(queue.offer(frames[2])).isTrue();
        assertThat(queue.poll()).isSameAs(frames[0]);
        assertThat(queue.poll()).isSameAs(frames[2]);
        assertThat(queue.poll()).isNull();
    }

    @Test
    void hasRoomAgainForWhatWasGiven() {
        var queue = Queues.ofBytes(10, MEMORY);
        queue.offer(Frames.ofLength(4));
        queue.offer(Frames.ofLength(6));

        queue.poll(); // 4 bytes; the other 6 are still to be written
        assertThat(queue.offer(Frames.ofLength(5))).isFalse();
        assertThat(queue.offer(Frames.ofLength(4))).isTrue();
        queue.poll(); // 6 bytes
        assertThat(queue.offer(Frames.ofLength(7))).isFalse();
        assertThat(queue.offer(Frames.ofLength(6))).isTrue();
        queue.poll();
        queue.poll();
        assertThat(queue.offer(Frames.ofLength(10))).isTrue();
    }

    @Test
    void hasRoomForControlFramesHoweverMuchDataWaits() {
        var queue = Queues.ofBytes(2, MEMORY);

        assertThat(queue.offer(Frames.ofLength(2))).isTrue();
        assertThat(queue.offer(Frames.control((byte) 1, (byte) 2))).isTrue();
        assertThat(queue.offer(Frames.ofLength(1))).isFalse();
        queue.poll(); // the control frame, which overtakes
        queue.poll();
        assertThat(queue.offer(Frames.ofLength(2))).isTrue();
    }

    @Test
    void boundsControlFramesToo() {
        var queue = Queues.ofBytes(2, MEMORY);
        int room = 64 * 1024;
        for (int i = 0; i < room / 2; i++) {
            assertThat(queue.offer(Frames.control((byte) 1, (byte) 2))).isTrue();
        }
        assertThat(queue.offer(Frames.control((byte) 3))).isFalse();
        queue.poll();
        assertThat(queue.offer(Frames.control((byte) 3))).isTrue();
    }

    @Test
    void letsControlFramesOvertakeData() {
        var queue = Queues.ofBytes(100, MEMORY);
        Frame[] data = frames(3);
        Frame ping = Frames.control((byte) 1);
        Frame pong = Frames.control((byte) 2);
        offerAll(queue, data[0], ping, data[1], pong, data[2]);

        assertThat(drained(queue)).containsExactly(ping, pong, data[0], data[1], data[2]);
    }

    @Test
    void givesWhatWaitsBeforeTheLastFrame() throws InterruptedException {
        var queue = Queues.ofBytes(100, MEMORY);
        Frame[] frames = frames(4);
        offerAll(queue, frames[0], frames[1]);
        queue.poll();
        offerAll(queue, frames[2], frames[3]);

        queue.close(LAST, false);

        assertThat(Queues.take(queue)).isSameAs(frames[1]);
        assertThat(Queues.take(queue)).isSameAs(frames[2]);
        assertThat(Queues.take(queue)).isSameAs(frames[3]);
        assertThat(queue.finished()).isFalse();
        assertThat(Queues.take(queue)).isSameAs(LAST);
        assertThat(queue.finished()).isTrue();
        assertThat(queue.poll()).isNull();
    }

    @Test
    void discardsWhatWaitsForTheLastFrame() throws InterruptedException {
        var queue = Queues.ofBytes(100, MEMORY);
        offerAll(queue, frames(3));
        queue.poll();
        offerAll(queue, Frames.control((byte) 1));

        queue.close(LAST, true);

        assertThat(Queues.take(queue)).isSameAs(LAST);
        assertThat(queue.finished()).isTrue();
        assertThat(queue.poll()).isNull();
        assertThat(queue.bytes()).isZero();
    }

    @Test
    void givesTheLastFrameThoughTheBoundIsReached() {
        var queue = Queues.ofBytes(10, MEMORY);
        offerAll(queue, Frames.ofLength(10));

        queue.close(LAST, false);

        assertThat(drained(queue)).hasSize(2).last().isSameAs(LAST);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void acceptsNothingAfterTheClose(boolean discard) {
        var queue = Queues.ofBytes(100, MEMORY);

        queue.close(LAST, discard);

        assertThat(queue.offer(Frames.ofLength(1))).isFalse();
        assertThat(drained(queue)).containsExactly(LAST);
        assertThat(queue.offer(Frames.ofLength(1))).isFalse();
        assertThat(queue.poll()).isNull();
    }

    @Test
    void closesOnce() {
        var queue = Queues.ofBytes(100, MEMORY);
        Frame[] frames = frames(2);
        offerAll(queue, frames);

        queue.close(LAST, false);
        queue.close(Frames.ofLength(3), true);

        assertThat(drained(queue)).containsExactly(frames[0], frames[1], LAST);
    }

    @Test
    void waitsForFrame() throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        Consumer consumer = new Consumer(queue);
        consumer.awaitIdle();
        Frame frame = Frames.ofLength(1);

        assertThat(queue.offer(frame)).isTrue();
        assertThat(consumer.next()).isSameAs(frame);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void waitsForTheClose(boolean discard) throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        Consumer consumer = new Consumer(queue);
        consumer.awaitIdle();

        queue.close(LAST, discard);

        assertThat(consumer.next()).isSameAs(LAST);
        assertThat(queue.finished()).isTrue();
    }

    @Test
    void holdsNothingWhileItsConsumerWaits() throws Exception {
        var queue = Queues.ofBytes(10, MEMORY);
        Consumer consumer = new Consumer(queue);
        consumer.awaitIdle();

        assertThat(queue.bytes()).isZero();
        assertThat(queue.offer(Frames.ofLength(11))).isFalse();
        assertThat(queue.offer(Frames.ofLength(10))).isTrue();
        assertThat(consumer.next().length()).isEqualTo(10);
    }

    @Test
    void canBeInterrupted() throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        Consumer consumer = new Consumer(queue);
        consumer.awaitIdle();

        consumer.thread.interrupt();

        assertThatThrownBy(consumer::next).hasCauseInstanceOf(InterruptedException.class);
        Frame frame = Frames.ofLength(1);
        assertThat(queue.offer(frame)).isTrue();
        assertThat(queue.poll()).isSameAs(frame);
    }

    @Test
    void waitsAgainAfterAnInterrupt() throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread consumer = Thread.ofVirtual().start(() -> {
            assertThatThrownBy(() -> Queues.take(queue)).isInstanceOf(InterruptedException.class);
            interrupted.countDown();
            assertThatCode(() -> Queues.take(queue)).doesNotThrowAnyException();
        });
        awaitWaiting(consumer);

        consumer.interrupt();

        assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
        try {
            awaitWaiting(consumer);
        } finally {
            queue.close(LAST, false);
        }
    }

    @Test
    void wakesItsConsumerForEachFrame() throws Exception {
        var queue = Queues.ofBytes(1, MEMORY);
        Semaphore taken = new Semaphore(0);
        CompletableFuture<List<Frame>> consumer = consume(queue, taken);
        for (int i = 0; i < 20_000; i++) {
            assertThat(queue.offer(Frames.ofLength(1))).isTrue();
            assertThat(taken.tryAcquire(30, TimeUnit.SECONDS))
                    .as("frame %d is taken", i)
                    .isTrue();
        }
        queue.close(LAST, false);

        assertThat(consumer.get(30, TimeUnit.SECONDS)).hasSize(20_001);
    }

    @Test
    void losesNothingAndKeepsTheOrderOfEachProducer() throws Exception {
        int producers = 8;
        int each = 25_000;
        var queue = Queues.ofBytes(Long.MAX_VALUE, MEMORY);
        CompletableFuture<List<Frame>> consumer = consume(queue, new Semaphore(0));

        produce(producers, producer -> {
            for (int i = 0; i < each; i++) {
                assertThat(queue.offer(numbered(producer, i))).isTrue();
            }
        });
        queue.close(LAST, false);

        List<Frame> frames = consumer.get(30, TimeUnit.SECONDS);
        assertThat(frames.removeLast()).isSameAs(LAST);
        assertThat(frames).hasSize(producers * each);
        assertNumbersRise(frames, producers);
    }

    @Test
    void losesNothingAtItsBound() throws Exception {
        int producers = 4;
        int each = 10_000;
        var queue = Queues.ofBytes(10 * Long.BYTES, MEMORY);
        CompletableFuture<List<Frame>> consumer = consume(queue, new Semaphore(0));

        produce(producers, producer -> {
            for (int i = 0; i < each; i++) {
                Frame frame = numbered(producer, i);
                while (!queue.offer(frame)) {
                    Thread.yield();
                }
            }
        });
        queue.close(LAST, false);

        List<Frame> frames = consumer.get(30, TimeUnit.SECONDS);
        assertThat(frames.removeLast()).isSameAs(LAST);
        assertThat(frames).hasSize(producers * each);
        assertNumbersRise(frames, producers);
    }

    @Test
    void leavesHalfOfItsRoomToThoseWhoCannotWait() throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        Thread patient = putting(queue, IntStream.range(0, 20).mapToObj(i -> Frames.ofLength(10)));

        awaitWaiting(patient);

        assertThat(queue.bytes()).isEqualTo(50);
        assertThat(queue.offer(Frames.ofLength(50))).isTrue();
        assertThat(queue.offer(Frames.ofLength(1))).isFalse();
        queue.close(LAST, false);
        patient.join();
    }

    @ParameterizedTest
    @ValueSource(ints = {51, 100, 101})
    void takesALongFrameOfThoseWhoWaitWhenNothingElseWaits(int length) throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        Frame before = Frames.ofLength(1);
        Frame frame = Frames.ofLength(length);
        queue.offer(before);
        Thread patient = putting(queue, Stream.of(frame));
        awaitWaiting(patient);

        assertThat(queue.poll()).isSameAs(before);
        patient.join();
        assertThat(queue.poll()).isSameAs(frame);
    }

    @Test
    void asksTheGateOfAFrameAgainWhenThereIsRoom() throws Exception {
        var queue = Queues.ofBytes(100, MEMORY);
        Frame before = Frames.ofLength(60);
        queue.offer(before);
        AtomicBoolean open = new AtomicBoolean(true);
        Gate gate = step -> open.get() && Gate.OPEN.pass(step);
        FutureTask<Boolean> putting = new FutureTask<>(() -> queue.put(Frames.ofLength(60), gate));
        Thread patient = Thread.ofVirtual().start(putting);
        awaitWaiting(patient);

        open.set(false);
        assertThat(queue.poll()).isSameAs(before);

        assertThat(putting.get()).isFalse();
        assertThat(queue.poll()).isNull();
        Frame next = Frames.ofLength(60);
        assertThat(queue.put(next, Gate.OPEN)).isTrue();
        assertThat(queue.poll()).isSameAs(next);
        queue.close(LAST, false);
        assertThat(queue.put(next, Gate.OPEN)).as("the gate was open").isTrue();
    }

    private static Thread putting(OutboundQueue queue, Stream<Frame> frames) {
        return Thread.ofVirtual()
                .start(() -> frames.forEach(frame -> {
                    try {
                        queue.put(frame);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }));
    }

    /** No more than its bound ever waits here, so that it has no reason to refuse. */
    @Test
    void neverRefusesWhatItHasRoomFor() throws Exception {
        var queue = Queues.ofBytes(6, MEMORY);
        Semaphore room = new Semaphore(6);
        CompletableFuture<List<Frame>> consumer = consume(queue, room);
        Frame frame = Frames.ofLength(1);
        int refused = 0;
        for (int i = 0; i < 500_000; i++) {
            room.acquire();
            if (!queue.offer(frame)) {
                refused++;
                room.release();
            }
        }
        queue.close(LAST, false);

        assertThat(consumer.get(30, TimeUnit.SECONDS)).hasSize(500_001 - refused);
        assertThat(refused).isZero();
    }

    /** A thread that takes one frame. */
    private static final class Consumer {
        private final CompletableFuture<Frame> frame = new CompletableFuture<>();
        private final Thread thread;

        Consumer(OutboundQueue queue) {
            thread = Thread.ofVirtual().start(() -> {
                try {
                    frame.complete(Queues.take(queue));
                } catch (InterruptedException e) {
                    frame.completeExceptionally(e);
                }
            });
        }

        void awaitIdle() {
            awaitWaiting(thread);
        }

        Frame next() throws InterruptedException, ExecutionException, TimeoutException {
            return frame.get(30, TimeUnit.SECONDS);
        }
    }

    /** All frames up to the last, taken by a virtual thread that releases a permit for each. */
    private static CompletableFuture<List<Frame>> consume(OutboundQueue queue, Semaphore permits) {
        CompletableFuture<List<Frame>> all = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            List<Frame> frames = new ArrayList<>();
            try {
                while (!queue.finished()) {
                    frames.add(Queues.take(queue));
                    permits.release();
                }
                all.complete(frames);
            } catch (InterruptedException e) {
                all.completeExceptionally(e);
            }
        });
        return all;
    }

    private interface Producer {
        void produce(int producer);
    }

    private static void produce(int producers, Producer producer) throws Exception {
        List<CompletableFuture<Void>> running = IntStream.range(0, producers)
                .mapToObj(i -> CompletableFuture.runAsync(
                        () -> producer.produce(i), task -> Thread.ofVirtual().start(task)))
                .toList();
        for (CompletableFuture<Void> one : running) {
            one.get(30, TimeUnit.SECONDS);
        }
    }

    private static void assertNumbersRise(List<Frame> frames, int producers) {
        int[] next = new int[producers];
        for (Frame frame : frames) {
            ByteBuffer numbers = ByteBuffer.wrap(Frames.bytes(frame));
            int producer = numbers.getInt();
            assertThat(numbers.getInt()).as("of producer %d", producer).isEqualTo(next[producer]++);
        }
    }

    private static List<Frame> drained(OutboundQueue queue) {
        List<Frame> frames = new ArrayList<>();
        for (Frame frame = queue.poll(); frame != null; frame = queue.poll()) {
            frames.add(frame);
        }
        return frames;
    }

    private static void offerAll(OutboundQueue queue, Frame... frames) {
        for (Frame frame : frames) {
            assertThat(queue.offer(frame)).isTrue();
        }
    }

    private static Frame[] frames(int number) {
        return IntStream.range(0, number).mapToObj(i -> Frames.of((byte) i)).toArray(Frame[]::new);
    }

    private static Frame numbered(int producer, int number) {
        return Frames.of(
                ByteBuffer.allocate(Long.BYTES).putInt(producer).putInt(number).array());
    }

    private static void awaitWaiting(Thread thread) {
        eventually(() -> assertThat(thread.getState()).isEqualTo(Thread.State.WAITING));
    }
}

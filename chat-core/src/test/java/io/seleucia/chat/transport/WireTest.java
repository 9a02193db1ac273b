package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WireTest {
    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    private final Pipe pipe = new Pipe();
    private final Wire wire = new Wire(pipe, Integer.MAX_VALUE, new WireBytes(), memory);
    private final WriteBatch batch = new WriteBatch();

    @Test
    void readsAllThatHasComeAtOnce() throws IOException {
        pipe.coming.add(new byte[] {1, 2, 3});

        assertThat(wire.read()).isEqualTo(1);
        assertThat(wire.read()).isEqualTo(2);
        assertThat(wire.read()).isEqualTo(3);

        assertThat(pipe.asked).containsExactly(8 * 1024);
    }

    @Test
    void asksForNoMoreThanHasCome() throws IOException {
        pipe.coming.addAll(List.of(new byte[] {1}, new byte[] {2}));
        wire.read();

        wire.read();

        assertThat(pipe.waits).isEqualTo(1); // the first read tries, the second one knows that nothing is left
        assertThat(pipe.asked).hasSize(2);
    }

    @Test
    void readsIntoItsOwnBufferAfterWaitsInVain() throws IOException {
        byte[] nothing = {};
        pipe.coming.addAll(List.of(nothing, nothing, nothing, new byte[] {1}, nothing, nothing, new byte[] {2, 3}));
        pipe.whileWaiting = () -> { // another connection gets the buffer that was given back
            Pipe others = new Pipe();
            others.coming.add(new byte[] {9, 9});
            assertThat(new Wire(others, Integer.MAX_VALUE, new WireBytes(), memory).read())
                    .isEqualTo(9);
        };

        assertThat(new int[] {wire.read(), wire.read(), wire.read()}).containsExactly(1, 2, 3);
    }

    @Test
    void readsALargePayloadAfterWaitsInVain() throws IOException {
        byte[] nothing = {};
        byte[] half = new byte[8 * 1024];
        half[100] = 7;
        pipe.coming.addAll(List.of(nothing, nothing, half, nothing, half));

        byte[] all = wire.readAll(2 * half.length, new IncomingMemory(memory));

        assertThat(all[100] + all[half.length + 100]).isEqualTo(14);
        assertThat(memory.used(Part.INCOMING)).as("the message alone").isEqualTo(all.length);
    }

    @Test
    void holdsNoBufferWhileItWaits() throws IOException {
        pipe.coming.addAll(List.of(new byte[] {1}, new byte[] {2}));
        wire.read();
        assertThat(memory.used(Part.INCOMING)).isPositive();

        wire.read();

        assertThat(pipe.chargedWhileWaiting).containsExactly(0L);
    }

    @Test
    void holdsNoBufferOnceAFrameIsComplete() throws IOException {
        pipe.coming.add(new byte[] {1, 2});
        wire.begin();
        wire.read();
        wire.complete();
        assertThat(memory.used(Part.INCOMING)).isPositive(); // of the next frame there is a byte

        wire.read();
        wire.complete();

        assertThat(memory.used(Part.INCOMING)).isZero();
    }

    @Test
    void writesAllThatWaitsAtOnce() throws IOException {
        wire.write(Frames.of((byte) 1), waiting(Frames.of((byte) 2, (byte) 3), Frames.of((byte) 4))::next);

        assertThat(pipe.written).containsExactly(new byte[] {1, 2, 3, 4});
    }

    @Test
    void writesNoMoreAtOnceThanItsBufferHolds() throws IOException {
        wire.write(
                Frames.ofLength(10_000),
                new Waiting(Collections.nCopies(9, Frames.ofLength(10_000)).iterator())::next);

        assertThat(pipe.written).extracting(bytes -> bytes.length).containsExactly(60_000, 40_000);
    }

    @Test
    void triesToWriteOneBatch() throws IOException {
        Waiting waiting =
                new Waiting(Collections.nCopies(9, Frames.ofLength(10_000)).iterator());

        assertThat(wire.tryWrite(Frames.ofLength(10_000), waiting::within, batch))
                .isTrue();

        assertThat(pipe.written).extracting(bytes -> bytes.length).containsExactly(60_000);
        assertThat(waiting.within(10_000)).as("the seventh is left").isNotNull();
    }

    @Test
    void keepsTheRestThatTheKernelDoesNotTake() throws IOException {
        pipe.room = 3;
        Waiting waiting = waiting(Frames.of((byte) 3, (byte) 4), Frames.of((byte) 5));

        assertThat(wire.tryWrite(Frames.of((byte) 1, (byte) 2), waiting::within, batch))
                .isFalse();
        assertThat(wire.writingSince()).isNotZero();
        assertThat(memory.used(Part.QUEUES)).isEqualTo(2);

        pipe.room = Integer.MAX_VALUE;
        wire.write(Frames.of((byte) 6), () -> null);
        assertThat(pipe.all()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(wire.writingSince()).isZero();
        assertThat(memory.used(Part.QUEUES)).isZero();
    }

    @Test
    void keepsTheRestOfASingleFrameWithoutACopy() throws IOException {
        pipe.room = 1;

        assertThat(wire.tryWrite(Frames.of((byte) 1, (byte) 2), longest -> null, batch))
                .isFalse();
        assertThat(memory.used(Part.QUEUES)).isZero();

        pipe.room = Integer.MAX_VALUE;
        wire.writeRest();
        wire.writeRest(); // nothing is left
        assertThat(pipe.all()).containsExactly(1, 2);
    }

    @Test
    void leavesAFrameThatIsLongerThanABatchToTheThreadThatMayWait() throws IOException {
        Frame frame = Frames.ofLength(64 * 1024 + 1);

        assertThat(wire.tryWrite(frame, longest -> null, batch)).isFalse();
        assertThat(pipe.written).isEmpty();

        wire.writeRest();
        assertThat(pipe.all()).hasSize(frame.length());
    }

    @Test
    void releasesTheRestThatIsNeverWritten() throws IOException {
        pipe.room = 0;
        wire.tryWrite(Frames.of((byte) 1), waiting(Frames.of((byte) 2))::within, batch);
        assertThat(memory.used(Part.QUEUES)).isPositive();

        wire.release();

        assertThat(memory.used(Part.QUEUES)).isZero();
    }

    @Test
    void aFrameForManyIsWrittenAlikeToAll() throws IOException {
        Frame frame = Frames.of((byte) 1, (byte) 2);
        for (int i = 0; i < 2; i++) {
            pipe.room = 1; // of the batch's memory, the position moves on
            wire.tryWrite(frame, longest -> null, batch);
            pipe.room = Integer.MAX_VALUE;
            wire.writeRest();
        }
        wire.tryWrite(frame, waiting(Frames.of((byte) 3))::within, batch);
        wire.tryWrite(frame, longest -> null, batch);

        assertThat(pipe.all()).containsExactly(1, 2, 1, 2, 1, 2, 3, 1, 2);
    }

    @Test
    void aBatchThatFailsLeavesNoBytesToTheNext() throws IOException {
        Frame frame = Frames.of((byte) 1, (byte) 2);
        wire.tryWrite(frame, longest -> null, batch);
        Iterator<Frame> then = List.of(Frames.of((byte) 8)).iterator();
        assertThatThrownBy(() -> wire.tryWrite(Frames.of((byte) 9, (byte) 9), longest -> then.next(), batch))
                .isInstanceOf(NoSuchElementException.class);

        wire.tryWrite(frame, longest -> null, batch);

        assertThat(pipe.all()).containsExactly(1, 2, 1, 2);
    }

    @Test
    void theClockOfAFrameStandsStillBeforeAWait() throws IOException {
        pipe.coming.addAll(List.of(new byte[] {1}, new byte[] {2}));
        List<Long> clocks = new ArrayList<>();
        wire.beforeWaiting(() -> clocks.add(wire.readingSince()));
        wire.read();
        wire.begin();
        long began = wire.readingSince();

        wire.read();

        assertThat(clocks).containsExactly(0L);
        assertThat(wire.readingSince()).isGreaterThan(began);
    }

    private static Waiting waiting(Frame... frames) {
        return new Waiting(List.of(frames).iterator());
    }

    /** The frames that wait in a queue. */
    private static final class Waiting {
        private final Iterator<Frame> frames;
        private Frame first;

        Waiting(Iterator<Frame> frames) {
            this.frames = frames;
        }

        Frame next() {
            return frames.hasNext() ? frames.next() : null;
        }

        Frame within(int longest) {
            first = first == null ? next() : first;
            if (first == null || first.length() > longest) {
                return null;
            }
            Frame taken = first;
            first = null;
            return taken;
        }
    }

    @FunctionalInterface
    private interface IoAction {
        void run() throws IOException;
    }

    /** A link of which a test says what comes and how much it takes without blocking. */
    private final class Pipe implements Link {
        private final ArrayDeque<byte[]> coming = new ArrayDeque<>(); // each after a wait, but for the first
        private final List<Integer> asked = new ArrayList<>();
        private final List<Long> chargedWhileWaiting = new ArrayList<>();
        private final List<byte[]> written = new ArrayList<>();
        private int room = Integer.MAX_VALUE;
        private int waits;
        private IoAction whileWaiting = () -> {};

        @Override
        public void await() throws IOException {
            waits++;
            whileWaiting.run();
            chargedWhileWaiting.add(memory.used(Part.INCOMING));
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            asked.add(length);
            byte[] next = coming.remove();
            System.arraycopy(next, 0, target, offset, next.length);
            return next.length;
        }

        @Override
        public int write(byte[] bytes, int offset, int length) {
            written.add(Arrays.copyOfRange(bytes, offset, offset + length));
            return length;
        }

        @Override
        public boolean writesUnblocked() {
            return true;
        }

        @Override
        public void tryWrite(ByteBuffer bytes) {
            byte[] taken = new byte[Math.min(room, bytes.remaining())];
            bytes.get(taken);
            written.add(taken);
        }

        @Override
        public void shutdownOutput() {}

        @Override
        public void close() {}

        @Override
        public String peer() {
            return "a test";
        }

        private int[] all() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            written.forEach(all::writeBytes);
            byte[] bytes = all.toByteArray();
            return IntStream.range(0, bytes.length).map(i -> bytes[i]).toArray();
        }
    }
}

package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class WireTest {
    private final List<Integer> asked = new ArrayList<>(); // the room that each read of the socket was given
    private final List<byte[]> written = new ArrayList<>(); // what each write to the socket was given
    private final Wire wire = wireOf(new Drip());

    @Test
    void readsAHandshakeAtOnce() throws IOException {
        wire.await();

        assertThat(asked).containsExactly(512);
    }

    @Test
    void waitsWithLittleRoomOnceSettled() throws IOException {
        wire.settle();

        wire.await();
        wire.await(); // what has come is still there

        assertThat(asked).containsExactly(16);
    }

    @Test
    void makesRoomWhileBytesComeAgainAndAgain() throws IOException {
        wire.settle();

        for (int i = 0; i < 10; i++) {
            assertThat(wire.read()).isEqualTo('x');
        }

        assertThat(asked.subList(0, 8)).containsOnly(16);
        assertThat(asked.subList(8, 10)).containsOnly(512);
    }

    @Test
    void writesAllThatWaitsAtOnce() throws IOException {
        Iterator<Frame> waiting =
                List.of(Frames.of((byte) 2, (byte) 3), Frames.of((byte) 4)).iterator();

        wire.write(Frames.of((byte) 1), () -> waiting.hasNext() ? waiting.next() : null);

        assertThat(written).containsExactly(new byte[] {1, 2, 3, 4});
    }

    @Test
    void writesNoMoreAtOnceThanItsBufferHolds() throws IOException {
        Iterator<Frame> waiting =
                Collections.nCopies(9, Frames.ofLength(10_000)).iterator();

        wire.write(Frames.ofLength(10_000), () -> waiting.hasNext() ? waiting.next() : null);

        assertThat(written).extracting(bytes -> bytes.length).containsExactly(60_000, 40_000);
    }

    private static Wire wireOf(Socket socket) {
        try {
            return new Wire(socket, Integer.MAX_VALUE, new WireBytes(), MemoryBudget.ofBytes(1 << 20));
        } catch (IOException e) {
            throw new AssertionError("nothing here fails", e);
        }
    }

    /** Gives a byte at a time, without a pause. */
    private final class Drip extends Socket {
        @Override
        public void setTcpNoDelay(boolean on) {}

        @Override
        public InputStream getInputStream() {
            return new InputStream() {
                @Override
                public int read() {
                    return 'x';
                }

                @Override
                public int read(byte[] target, int offset, int length) {
                    asked.add(length);
                    target[offset] = 'x';
                    return 1;
                }
            };
        }

        @Override
        public OutputStream getOutputStream() {
            return new OutputStream() {
                @Override
                public void write(int one) {
                    throw new AssertionError("byte by byte");
                }

                @Override
                public void write(byte[] bytes, int from, int length) {
                    written.add(Arrays.copyOfRange(bytes, from, from + length));
                }
            };
        }
    }
}

package io.seleucia.chat.connection;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.BrokenLog;
import io.seleucia.chat.Limits;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.transport.Connection;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Frames;
import io.seleucia.chat.transport.Framing;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServedConnectionTest {
    private static final Logger LOG = System.getLogger(ServedConnectionTest.class.getName());
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final ConnectionLimits LIMITS =
            new ConnectionLimits(Limits.DEFAULT.maxMessageBytes(), 1_000, MINUTE, MINUTE, MINUTE, MINUTE);

    private final long start = System.nanoTime();
    private final Semaphore served = new Semaphore(0); // one for each message
    private final Peer peer = new Peer();
    private final ServedConnection connection =
            new ServedConnection(peer, new ConnectionContext(LIMITS, MemoryBudget.ofBytes(1 << 20), List.of()));
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean faulty;
    private int behind; // messages since the loop last waited
    private final List<Integer> caughtUp = new CopyOnWriteArrayList<>();
    private Thread inbound;

    @BeforeEach
    void run() {
        connection.serve(new ConnectionHandler() {
            @Override
            public void received(Payload message) {
                served.acquireUninterruptibly();
                behind++;
            }

            @Override
            public void caughtUp() {
                caughtUp.add(behind);
                behind = 0;
            }

            @Override
            public void check() {
                if (faulty) {
                    throw new AssertionError("thrown by a test");
                }
            }

            @Override
            public void ended() {
                ended.countDown();
                if (faulty) {
                    throw new AssertionError("thrown by a test");
                }
            }
        });
        inbound = Thread.ofVirtual().start(() -> Loop.attempt(LOG, "a connection", connection::run));
    }

    @AfterEach
    void end() throws InterruptedException {
        served.release();
        peer.writes.release(1_000);
        connection.end(CloseCode.NORMAL, true);
        peer.abort();
        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void writesAllThatCameDuringOneWriteInTheNext() {
        connection.offer(Frames.ofLength(1));
        eventually(() -> assertThat(peer.batches).hasSize(1));
        for (int i = 0; i < 100; i++) {
            connection.offer(Frames.ofLength(2));
        }

        peer.writes.release(2);

        eventually(() -> assertThat(peer.batches).extracting(List::size).containsExactly(1, 100));
    }

    @Test
    void tellsTheHandlerBeforeItWaitsForMore() {
        eventually(() -> assertThat(caughtUp).containsExactly(0)); // before the first
        peer.unread = true;
        served.release(3);
        peer.says.release(2);
        eventually(() -> {
            assertThat(served.availablePermits()).isEqualTo(1);
            assertThat(peer.says.hasQueuedThreads()).isTrue();
        });
        peer.unread = false;
        peer.says.release();

        eventually(() -> assertThat(caughtUp).containsExactly(0, 3));
    }

    @Test
    void anErrorWhileWritingEndsTheConnection() throws Exception {
        peer.faulty = true;
        connection.offer(Frames.ofLength(1));

        assertThat(inbound.join(Duration.ofSeconds(30))).isTrue();
        assertThat(connection.closeCode()).isEqualTo(CloseCode.INTERNAL_ERROR);
        assertThat(peer.released).isTrue();
    }

    @Test
    void anErrorOfTheReceiverAtTheEndLeavesNothingBehind() throws Exception {
        faulty = true;
        connection.offer(Frames.ofLength(1));
        eventually(() -> assertThat(peer.batches).hasSize(1)); // else the last frame would be written with it
        connection.end(CloseCode.NORMAL, false);
        peer.writes.release(2);
        peer.sendsNoMore();

        assertThat(inbound.join(Duration.ofSeconds(30))).isTrue();
        assertThat(peer.batches).hasSize(2); // the last frame was waited for
        assertThat(peer.released).isTrue();
    }

    @Test
    void aLogThatFailsLeavesNothingBehind() throws Exception {
        try (BrokenLog log = new BrokenLog(ServedConnection.class)) {
            peer.writes.release(10);
            peer.sendsNoMore();

            assertThat(inbound.join(Duration.ofSeconds(30))).isTrue();
            assertThat(ended.getCount()).isZero();
            assertThat(peer.released).isTrue();
            assertThat(log.isLoggable(null)).isFalse();
        }
    }

    @Test
    void endsAConnectionWhoseDeadlinesCannotBeKept() throws Exception {
        faulty = true;
        peer.writes.release(1);
        connection.check(System.nanoTime());
        peer.sendsNoMore();

        assertThat(inbound.join(Duration.ofSeconds(30))).isTrue();
        assertThat(connection.closeCode()).isEqualTo(CloseCode.INTERNAL_ERROR);
        assertThat(peer.released).isTrue();
    }

    @Test
    void awaitsNoPongWhileItReadsNothing() {
        peer.writes.release(1_000);
        peer.says.release();
        eventually(() -> assertThat(served.hasQueuedThreads()).isTrue());

        check(MINUTE.multipliedBy(2)); // asks for a sign of life, though it could not be heard
        check(MINUTE.multipliedBy(4));
        check(MINUTE.multipliedBy(6));
        eventually(() -> assertThat(pings()).isEqualTo(3));
        assertThat(connection.hasEnded()).isFalse();

        served.release();
        eventually(() -> assertThat(peer.says.hasQueuedThreads()).isTrue());
        check(MINUTE.multipliedBy(7));
        assertThat(connection.hasEnded()).as("a minute after it began to read").isFalse();
        check(MINUTE.multipliedBy(7).plusSeconds(1));
        assertThat(connection.closeCode()).isEqualTo(CloseCode.TIMED_OUT);
    }

    @Test
    void awaitsNoPongBeforeThePingIsWritten() {
        connection.offer(Frames.ofLength(1));
        eventually(() -> assertThat(peer.batches).hasSize(1)); // which the peer does not take

        check(MINUTE.multipliedBy(2));
        check(MINUTE.multipliedBy(4));
        assertThat(connection.hasEnded()).isFalse();

        peer.writes.release(1_000);
        eventually(() -> assertThat(pings()).isEqualTo(2));
        check(MINUTE.multipliedBy(5).plusSeconds(1));
        assertThat(connection.closeCode()).isEqualTo(CloseCode.TIMED_OUT);
    }

    @Test
    void awaitsNoPongWhileAWriteHasItsOwnDeadline() {
        peer.writes.release(1_000);
        check(MINUTE.multipliedBy(2));
        eventually(() -> assertThat(pings()).isEqualTo(1));

        for (int minutes = 3; minutes < 10; minutes++) { // it takes a piece a minute
            peer.writingSince = start + MINUTE.multipliedBy(minutes).toNanos();
            check(MINUTE.multipliedBy(minutes));
            assertThat(connection.hasEnded()).isFalse();
        }

        eventually(() -> assertThat(pings()).isEqualTo(4));
        peer.writingSince = 0;
        check(MINUTE.multipliedBy(11));
        assertThat(connection.closeCode()).isEqualTo(CloseCode.TIMED_OUT);
    }

    private void check(Duration later) {
        connection.check(start + later.toNanos());
    }

    private long pings() {
        return peer.batches.stream()
                .flatMap(List::stream)
                .filter(Frame::control)
                .count();
    }

    /** Says something, and takes a write, whenever it is allowed to; was last heard at the start. */
    private final class Peer implements Connection {
        private final Semaphore says = new Semaphore(0);
        private final Semaphore writes = new Semaphore(0);
        private final List<List<Frame>> batches = new CopyOnWriteArrayList<>();
        private volatile boolean unread;
        private Runnable beforeWaiting;
        private volatile boolean aborted;
        private volatile boolean faulty;
        private volatile boolean released;
        private volatile long writingSince;

        private void sendsNoMore() {
            abort();
        }

        @Override
        public void beforeWaiting(Runnable action) {
            beforeWaiting = action;
        }

        @Override
        public void await() throws IOException {
            if (!unread) {
                beforeWaiting.run();
            }
            says.acquireUninterruptibly();
            if (aborted) {
                throw new EOFException("the end");
            }
        }

        @Override
        public void write(Frame first, Supplier<Frame> waiting) {
            if (faulty) {
                throw new AssertionError("thrown by a test");
            }
            List<Frame> batch = new ArrayList<>();
            for (Frame next = first; next != null; next = waiting.get()) {
                batch.add(next);
            }
            batches.add(batch);
            writes.acquireUninterruptibly();
        }

        @Override
        public Optional<Payload> read(Consumer<Frame> answers) {
            return Optional.of(Payload.of("hi"));
        }

        @Override
        public boolean hasUnread() {
            return unread;
        }

        @Override
        public Framing framing() {
            return payload -> Frames.ofLength(payload.bytes().length);
        }

        @Override
        public Frame ping() {
            return Frames.control((byte) 9);
        }

        @Override
        public Frame closeFrame(CloseCode code) {
            return Frames.ofLength(4);
        }

        @Override
        public void finish() {}

        @Override
        public void abort() {
            aborted = true;
            says.release();
        }

        @Override
        public void release() {
            released = true;
        }

        @Override
        public long lastReadNanos() {
            return start;
        }

        @Override
        public long readingSince() {
            return 0;
        }

        @Override
        public long writingSince() {
            return writingSince;
        }

        @Override
        public String name() {
            return "fake-1";
        }

        @Override
        public String peer() {
            return "nowhere";
        }
    }
}

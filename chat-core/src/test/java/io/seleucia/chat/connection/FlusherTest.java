package io.seleucia.chat.connection;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Limits;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.transport.Frame;
import io.seleucia.chat.transport.Frames;
import io.seleucia.chat.transport.Poller;
import io.seleucia.chat.transport.TcpConnection;
import io.seleucia.chat.transport.Wire;
import io.seleucia.chat.transport.WireBytes;
import io.seleucia.chat.transport.WriteBatch;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class FlusherTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final int QUEUE_BYTES = 1 << 24;

    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 28);
    private final Poller poller = new Poller();
    private final Flusher flusher = new Flusher();
    private final ConnectionContext context = new ConnectionContext(
            new ConnectionLimits(Limits.DEFAULT.maxMessageBytes(), QUEUE_BYTES, MINUTE, MINUTE, MINUTE, MINUTE),
            memory,
            List.of(flusher));
    private final List<Member> members = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (Member member : members) {
            member.socket.close();
            assertThat(member.ended.await(60, TimeUnit.SECONDS)).isTrue();
        }
        flusher.close();
        poller.close();
    }

    /** A peer, and the server's connection to it. */
    private final class Member {
        private final Socket socket = new Socket();
        private final CountDownLatch ended = new CountDownLatch(1);
        private final ServedConnection served;

        Member() throws IOException {
            try (ServerSocketChannel port = ServerSocketChannel.open()) {
                port.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                socket.setReceiveBufferSize(8 * 1024);
                socket.setSoTimeout(120_000);
                socket.connect(port.getLocalAddress());
                SocketChannel channel = port.accept();
                Wire wire = Wire.over(channel, poller, Integer.MAX_VALUE, new WireBytes(), memory);
                served = new ServedConnection(new TcpConnection(wire, 1 << 16, MINUTE), context);
            }
            served.serve(new ConnectionHandler() {
                @Override
                public void received(Payload message) {
                    served.answer(Frames.of(message.bytes()));
                }

                @Override
                public void ended() {
                    ended.countDown();
                }
            });
            members.add(this);
            Thread.ofVirtual().start(served::run);
        }

        /** Reads the numbers of one producer, slowly now and then, and checks their order. */
        private CompletableFuture<Void> reads(int producers, int each, Random random) {
            CompletableFuture<Void> all = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try {
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    int[] next = new int[producers];
                    for (int i = 0; i < producers * each; i++) {
                        int producer = in.readInt();
                        assertThat(in.readInt()).as("of producer %d", producer).isEqualTo(next[producer]++);
                        in.skipNBytes(in.readInt());
                        if (random.nextInt(500) == 0) {
                            LockSupport.parkNanos(2_000_000); // so that the kernel's buffers fill up
                        }
                    }
                    all.complete(null);
                } catch (IOException | AssertionError e) {
                    all.completeExceptionally(e);
                }
            });
            return all;
        }
    }

    private static Frame numbered(int producer, int number, int padding) {
        return Frames.of(ByteBuffer.allocate(12 + padding)
                .putInt(producer)
                .putInt(number)
                .putInt(padding)
                .array());
    }

    @Test
    void losesNothingAndKeepsTheOrder() throws Exception {
        int producers = 3;
        int each = 4_000;
        for (int i = 0; i < 5; i++) {
            new Member();
        }
        List<CompletableFuture<Void>> reading = members.stream()
                .map(member -> member.reads(producers, each, new Random()))
                .toList();
        AtomicInteger refused = new AtomicInteger();
        for (int producer = 0; producer < producers; producer++) {
            int by = producer;
            Thread.ofVirtual().start(() -> {
                Random random = new Random();
                for (int i = 0; i < each; i++) {
                    Frame frame =
                            numbered(by, i, random.nextInt(50) == 0 ? random.nextInt(100_000) : random.nextInt(200));
                    for (Member member : members) {
                        while (member.served.queuedBytes() > QUEUE_BYTES / 2) {
                            LockSupport.parkNanos(1_000_000);
                        }
                        member.served.offer(frame);
                        if (member.served.hasEnded()) {
                            refused.incrementAndGet();
                        }
                    }
                }
            });
        }
        for (CompletableFuture<Void> one : reading) {
            one.get(240, TimeUnit.SECONDS);
        }
        assertThat(refused).hasValue(0);
        eventually(() -> assertThat(memory.used(Part.QUEUES)).isZero());
    }

    @Test
    void aPeerThatDoesNotReadDelaysNoOther() throws Exception {
        Member silent = new Member();
        Member other = new Member();
        for (int i = 0; i < 100; i++) {
            silent.served.offer(numbered(0, i, 50_000));
        }
        eventually(() -> assertThat(silent.served.connection().writingSince()).isNotZero());

        other.served.offer(numbered(0, 0, 0));

        other.reads(1, 1, new Random()).get(60, TimeUnit.SECONDS);
        assertThat(silent.served.connection().writingSince()).isNotZero();
        silent.reads(1, 100, new Random()).get(60, TimeUnit.SECONDS); // and what it has left unread still comes
    }

    @Test
    void writesAllThatWaitsBeforeTheEnd() throws Exception {
        for (int round = 0; round < 200; round++) {
            Member member = new Member();
            for (int i = 0; i < 10; i++) {
                member.served.offer(numbered(0, i, 1_000));
            }
            member.served.end(CloseCode.RESTART, false);

            member.reads(1, 10, new Random()).get(60, TimeUnit.SECONDS);
            assertThat(member.socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aBrokenConnectionEnds() throws Exception {
        Member member = new Member();
        member.socket.setSoLinger(true, 0); // a reset
        member.socket.close();

        eventually(() -> {
            member.served.offer(numbered(0, 0, 0));
            assertThat(member.ended.getCount()).isZero();
        });
    }

    @Test
    void answersStandBetweenWholeFrames() throws Exception {
        Member member = new Member();
        int rounds = 2_000;
        Thread.ofVirtual().start(() -> {
            for (int i = 0; i < rounds; i++) {
                member.served.offer(numbered(0, i, 100));
            }
        });
        CompletableFuture<Void> reading = member.reads(2, rounds, new Random());
        for (int i = 0; i < rounds; i++) { // each is an answer of the second kind
            member.socket
                    .getOutputStream()
                    .write(ByteBuffer.allocate(16)
                            .putInt(12)
                            .putInt(1)
                            .putInt(i)
                            .putInt(0)
                            .array());
        }
        reading.get(120, TimeUnit.SECONDS);
    }

    @Test
    void theLoopsWriteThemselvesOnceItIsClosed() throws Exception {
        Member member = new Member();
        flusher.close();

        for (int i = 0; i < 10; i++) {
            member.served.offer(numbered(0, i, 0));
        }

        member.reads(1, 10, new Random()).get(60, TimeUnit.SECONDS);
    }

    @Test
    void goesOnToTheEndOfTheListThatHasMore() throws Exception {
        List<String> flushed = new ArrayList<>();
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(4);
        Flushed slow = new Flushed("first", 1, flushed, all) {
            @Override
            boolean flush(WriteBatch batch) {
                try {
                    started.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return super.flush(batch);
            }
        };
        flusher.add(slow);
        flusher.add(new Flushed("much", 2, flushed, all));
        flusher.add(new Flushed("little", 1, flushed, all));
        started.countDown();

        assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(flushed).containsExactly("first", "much", "little", "much");
    }

    private static class Flushed extends Flusher.Flushable {
        private final String name;
        private final List<String> flushed;
        private final CountDownLatch all;
        private int left;

        Flushed(String name, int times, List<String> flushed, CountDownLatch all) {
            this.name = name;
            this.left = times;
            this.flushed = flushed;
            this.all = all;
        }

        @Override
        boolean flush(WriteBatch batch) {
            flushed.add(name);
            all.countDown();
            return --left > 0;
        }

        @Override
        void leave() {}
    }
}

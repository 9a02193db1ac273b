package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Connections that come and go in all the ways there are, a few at a time and thousands in all, after which the server
 * is as it was before the first. {@code -Dsoak.connections} sets how many, {@code -Dsoak.seconds} how long at the most.
 */
class SoakTest {
    private static final int CONNECTIONS = Integer.getInteger("soak.connections", LongForm.RUNS ? 4_000 : 1_000);
    private static final int WARM_UP = Math.min(5_000, CONNECTIONS / 4);
    private static final Duration LIMIT = Duration.ofSeconds(Integer.getInteger("soak.seconds", 120));
    private static final int AT_ONCE = 32;
    private static final int SLOW_ONE_IN = 100; // those the server has to cut off, which takes it a while
    private static final Duration PACE = Duration.ofMillis(10);
    private static final String CHANNEL = "lobby";
    private static final List<String> FLOODED = List.of("flood-1", "flood-2", "flood-3", "flood-4");
    private static final Limits LIMITS = Limits.DEFAULT
            .withOutboundQueueBytes(64 * 1024)
            .withRateMessages(1_000_000)
            .withRateBurst(1_000_000)
            .withQuotas(Quotas.NONE)
            .withFrameTimeout(Duration.ofSeconds(1))
            .withPongTimeout(Duration.ofSeconds(2))
            .withWriteTimeout(Duration.ofSeconds(1));

    // What the JDK and pools of buffers may take more at one time than at another, and what a connection may leave.
    private static final long HEAP_NOISE = 512 * 1024;
    private static final long HEAP_PER_CONNECTION = 256;
    private static final int ROUNDS = 3;

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT.withMessages(10));
    private ChatServer server;
    private int port;

    /** One connection's life, from the client's side. */
    @FunctionalInterface
    private interface Life {
        void live(int number) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = ChatServer.builder().port(0).broker(broker).limits(LIMITS).start();
        port = server.port();
    }

    @AfterEach
    void stop() {
        server.close();
        broker.close();
    }

    /**
     * A buffer pool that grows once makes the heap grow in one round; a leak makes it grow in all of them. So one round
     * without growth is proof.
     */
    @Test
    void leavesNothingBehind() throws Exception {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        run(WARM_UP, deadline);
        long allowed = 0;
        long grown = Long.MAX_VALUE;
        long before = usedHeap();
        for (int round = 1; grown > allowed && round <= ROUNDS; round++) {
            long began = System.nanoTime();
            int lived = run(CONNECTIONS, deadline);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            long after = usedHeap();
            grown = after - before;
            allowed = HEAP_NOISE + HEAP_PER_CONNECTION * lived;
            System.out.printf("%,d connections: %s, heap %,d -> %,d bytes%n", lived, took, before, after);
            before = after;
        }
        assertThat(grown)
                .as("bytes that a round of connections left in the heap")
                .isLessThanOrEqualTo(allowed);
    }

    @Test
    void leavesNothingOfChannelsThatNobodyPublishedTo() throws Exception {
        int channels = 20_000;
        try (RawClient client = RawClient.open(port)) {
            goThroughChannels(client, channels / 4);
            long before = usedHeap();
            goThroughChannels(client, channels);
            assertThat(usedHeap() - before)
                    .as("bytes that %s channels left in the heap", channels)
                    .isLessThan(HEAP_NOISE + HEAP_PER_CONNECTION / 4 * channels);
        }
    }

    private static void goThroughChannels(RawClient client, int channels) throws IOException {
        for (int i = 0; i < channels; i++) {
            String channel = "channel-" + i + "-of-" + channels;
            client.send(RawClient.subscribe("ada", channel)).send(RawClient.unsubscribe("ada", channel));
            assertThat(client.read(RawClient.TEXT)).contains("Subscribed");
            assertThat(client.read(RawClient.TEXT)).contains("UNSUBSCRIBE SUCCESSFUL");
        }
    }

    /** So many connections, or as many as there is time for, and then none, nor anything of them. Gives how many. */
    private int run(int connections, long deadline) throws Exception {
        AtomicInteger last = new AtomicInteger();
        AtomicInteger lived = new AtomicInteger();
        Callable<Void> worker = () -> {
            for (int number = last.incrementAndGet();
                    number <= connections && System.nanoTime() - deadline < 0;
                    number = last.incrementAndGet()) {
                lifeOf(number).live(number);
                lived.incrementAndGet();
            }
            return null;
        };
        try (ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE)) {
            for (Future<Void> done : workers.invokeAll(Collections.nCopies(AT_ONCE, worker))) {
                done.get();
            }
        }
        eventually(() -> assertThat(server.connections()).isZero());
        assertThat(broker.members(CHANNEL)).isEmpty();
        assertThat(FLOODED)
                .allSatisfy(channel -> assertThat(broker.members(channel)).isEmpty());
        return lived.get();
    }

    private Life lifeOf(int number) {
        if (number % SLOW_ONE_IN == 0) {
            return number / SLOW_ONE_IN % 2 == 0 ? this::readsNothing : this::stopsWithinFrame;
        }
        List<Life> lives = List.of(
                this::comesAndGoes,
                this::talksAndGoes,
                this::hasItsOwnChannel,
                this::saysNothing,
                this::vanishes,
                this::isReset,
                this::isResetWhileMessagesCome,
                this::goesWithinHandshake,
                this::isResetWithinHandshake,
                this::goesWithinFrame,
                this::isResetWithinFrame,
                this::breaksTheRules);
        return lives.get(number % lives.size());
    }

    private void comesAndGoes(int number) throws IOException {
        member(number).closePolitely();
    }

    private void talksAndGoes(int number) throws IOException {
        RawClient client = member(number).send(RawClient.publish("client-" + number, CHANNEL, "hi"));
        String text = client.read(RawClient.TEXT);
        while (!text.contains("Sender : client-" + number + ",")) {
            text = client.read(RawClient.TEXT);
        }
        client.closePolitely();
    }

    private void hasItsOwnChannel(int number) throws IOException {
        RawClient.member(port, "client-" + number, "channel-" + number).closePolitely();
    }

    private void saysNothing(int number) throws IOException {
        RawClient.open(port).closePolitely();
    }

    private void vanishes(int number) throws IOException {
        member(number).close();
    }

    private void isReset(int number) throws IOException {
        member(number).reset();
    }

    private void isResetWhileMessagesCome(int number) throws IOException {
        member(number)
                .send(RawClient.publish("client-" + number, CHANNEL, "hi"))
                .reset();
    }

    private void goesWithinHandshake(int number) throws IOException {
        RawClient.connect(port).send(beginOf(RawClient.handshake(), number)).close();
    }

    private void isResetWithinHandshake(int number) throws IOException {
        RawClient.connect(port).send(beginOf(RawClient.handshake(), number)).reset();
    }

    private void goesWithinFrame(int number) throws IOException {
        member(number)
                .send(beginOf(RawClient.publish("client", CHANNEL, "hi"), number))
                .close();
    }

    private void isResetWithinFrame(int number) throws IOException {
        member(number)
                .send(beginOf(RawClient.publish("client", CHANNEL, "hi"), number))
                .reset();
    }

    private void breaksTheRules(int number) throws IOException {
        RawClient client = member(number).send((byte) 0xff, (byte) 0xff);
        assertThat(client.readCloseCode()).isEqualTo(1002);
        client.close();
    }

    private void stopsWithinFrame(int number) throws IOException {
        RawClient client = member(number).send((byte) 0x81, (byte) 0xff);
        assertThat(client.readCloseCode()).isEqualTo(4001);
        client.close();
    }

    private void readsNothing(int number) throws IOException {
        String channel = FLOODED.get(number % FLOODED.size());
        byte[] message = RawClient.publish("client-" + number, channel, "x".repeat(4_000));
        try (RawClient client = RawClient.member(port, "client-" + number, channel)) {
            for (int sent = 0; sent < 1_500; sent++) { // more than the sockets' buffers and the queue hold
                client.send(message);
            }
            for (int waited = 0; waited < 6_000; waited++) {
                client.send(RawClient.frame(RawClient.PONG));
                LockSupport.parkNanos(PACE.toNanos());
            }
            throw new AssertionError("a slow consumer is not cut off");
        } catch (SocketException e) {
            assertThat(e).hasMessageMatching("Broken pipe|Connection reset.*"); // cut off, as it must be
        }
    }

    private RawClient member(int number) throws IOException {
        return RawClient.member(port, "client-" + number, CHANNEL);
    }

    private static byte[] beginOf(byte[] bytes, int number) {
        return Arrays.copyOf(bytes, 1 + number % (bytes.length - 1));
    }

    /** What is used when nothing more can be freed. */
    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        long used = Long.MAX_VALUE;
        for (int unchanged = 0; unchanged < 3; ) {
            System.gc();
            long now = runtime.totalMemory() - runtime.freeMemory();
            unchanged = now < used - 16 * 1024 ? 0 : unchanged + 1;
            used = Math.min(used, now);
        }
        return used;
    }
}

package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Pipeline;

/** What waits for Redis, and what is kept besides, is charged to the memory budget and bounded by a share of it. */
@Timeout(120)
class RedisMemoryTest {
    private static final int BUDGET = 1 << 20;
    private static final int REQUEST = 10_000;

    private final MemoryBudget memory = MemoryBudget.ofBytes(BUDGET);

    /** A server that takes connections and never answers. */
    private final ServerSocket silent;

    private final RedisPipeline pipeline;

    RedisMemoryTest() throws Exception {
        silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        HostAndPort address = new HostAndPort("localhost", silent.getLocalPort());
        RedisConnectionFactory access =
                new RedisConnectionFactory(RedisServers.at(URI.create("redis://" + address)), "a-test");
        pipeline = new RedisPipeline(address, access, 0, new RedisHealth("a test"), false, () -> {}, memory);
    }

    @AfterEach
    void close() throws Exception {
        pipeline.close();
        silent.close();
    }

    @Test
    void boundsWhatWaitsForARedisThatDoesNotAnswer() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> asked = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                asked.add(threads.submit(() -> run(REQUEST)));
            }
            eventually(() -> assertThat(memory.used(Part.WAITING)).isEqualTo(5L * REQUEST));

            assertThatThrownBy(() -> run(REQUEST))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessage("too much waits for Redis already");
            assertThat(memory.used(Part.WAITING)).isEqualTo(5L * REQUEST);

            pipeline.close();
            for (Future<?> one : asked) {
                assertThatThrownBy(one::get).isNotNull();
            }
            eventually(() -> assertThat(memory.used()).isZero());
        }
    }

    @Test
    void takesALargeRequestWhenNothingElseWaits() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> large = threads.submit(() -> run(BUDGET / 2));

            eventually(() -> assertThat(memory.used(Part.WAITING)).isEqualTo(BUDGET / 2));
            pipeline.close();
            assertThatThrownBy(large::get).isNotNull();
            eventually(() -> assertThat(memory.used()).isZero());
            assertThatThrownBy(() -> run(REQUEST)).isInstanceOf(RedisPipeline.NotSentException.class);
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void chargesWhatWaitsAsideUntilTheFeedEnds() {
        ChannelFeed feed = new ChannelFeed("lobby", null, memory);
        for (int i = 1; i <= 5; i++) {
            feed.receive(new MessageCodec.Live.Published(message(i, 10_000)));
        }
        assertThat(memory.used(Part.WAITING)).isBetween(50_000L, 55_000L);

        for (int i = 6; i <= 100; i++) {
            feed.receive(new MessageCodec.Live.Published(message(i, 10_000)));
            assertThat(memory.used(Part.WAITING)).isLessThanOrEqualTo(256 * 1024);
        }
        feed.end();
        feed.receive(new MessageCodec.Live.Published(message(101, 10_000)));

        assertThat(memory.used()).isZero();
    }

    @Test
    void putsNothingAsideWhileMemoryIsShort() {
        ChannelFeed feed = new ChannelFeed("lobby", null, memory);
        feed.receive(new MessageCodec.Live.Published(message(1, 1_000)));
        memory.charge(Part.QUEUES, BUDGET / 100 * 95);

        feed.receive(new MessageCodec.Live.Published(message(2, 1_000)));

        assertThat(memory.used(Part.WAITING)).isZero();
    }

    @Test
    void keepsThePositionsShownLastInAFiftiethOfTheBudget() {
        ShownPositions receipts = new ShownPositions(memory);
        receipts.note("lobby", new Position("e", 1));
        for (int i = 0; i < 1_000; i++) {
            receipts.note("channel-" + i, new Position("e", 1));
            receipts.note("lobby", new Position("e", 2 + i));
        }

        assertThat(memory.used(Part.CHANNELS)).isPositive().isLessThanOrEqualTo(BUDGET / 50);
        assertThat(receipts.newest("lobby")).isEqualTo(new Position("e", 1_001));
        assertThat(receipts.newest("channel-999")).isEqualTo(new Position("e", 1));
        assertThat(receipts.newest("channel-0")).isEqualTo(Position.NONE);
        receipts.close();
        receipts.note("lobby", new Position("e", 5_000));
        assertThat(memory.used()).isZero();
    }

    private static Message message(int offset, int length) {
        return new Message("lobby", new Position("e", offset), "ada", 0, new Content.Text("x".repeat(length)));
    }

    private long run(int bytes) throws UnavailableException {
        return pipeline.run(
                new RedisPipeline.Request<>(bytes, Pipeline::dbSize),
                System.nanoTime() + Duration.ofSeconds(60).toNanos());
    }
}

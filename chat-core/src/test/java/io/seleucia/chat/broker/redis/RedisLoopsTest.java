package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisDataException;

/** What is thrown in the loops that talk with Redis costs what it was about. */
@Timeout(120)
class RedisLoopsTest {
    private static RedisProcess redis;

    private final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);
    private final LoggedLines log = new LoggedLines(); // and keeps from the output what is thrown on purpose

    @BeforeAll
    static void begin() throws Exception {
        redis = RedisProcess.begin();
    }

    @AfterAll
    static void end() throws Exception {
        redis.close();
    }

    @AfterEach
    void close() {
        log.close();
    }

    @Test
    void failsARequestThatThrowsAndAnswersTheNext() throws Exception {
        try (RedisPipeline pipeline =
                new RedisPipeline(address(), access(), 0, new RedisHealth("a test"), false, () -> {}, memory)) {
            for (int i = 0; i < 6; i++) { // so that each lane has some
                assertThatThrownBy(() -> ask(pipeline, pipe -> {
                            pipe.dbSize();
                            throw new AssertionError("thrown by a test");
                        }))
                        .isInstanceOf(UnavailableException.class)
                        .hasMessageContaining("thrown by a test");
                assertThatThrownBy(() -> ask(pipeline, pipe -> {
                            pipe.dbSize();
                            return () -> {
                                throw new StackOverflowError("thrown by a test");
                            };
                        }))
                        .isInstanceOf(UnavailableException.class)
                        .hasMessageContaining("thrown by a test");
                assertThat(RedisLoopsTest.<Long>ask(pipeline, Pipeline::dbSize)).isNotNegative();
            }
        }
        assertThat(log.lines()).contains("reading a reply of Redis failed");
    }

    private static <T> T ask(RedisPipeline pipeline, Function<Pipeline, Supplier<T>> command)
            throws UnavailableException {
        return pipeline.run(
                new RedisPipeline.Request<>(1, command),
                System.nanoTime() + Duration.ofSeconds(30).toNanos());
    }

    @Test
    void aListenerThatFailsCostsOthersNothing() throws Exception {
        RecordingListener other = new RecordingListener();
        try (RedisBroker broker = new RedisBroker(redis.uri(), "faults:", Retention.DEFAULT)) {
            Broker.Subscription faulty = eventuallyGet(() -> broker.subscribe("lobby", new Faulty()));
            Broker.Subscription good = broker.subscribe("lobby", other);
            for (String text : List.of("one", "two")) {
                broker.signal("lobby", new Broker.Signal("nobody", "ada", new Content.Text(text)));
                broker.publish("lobby", "ada", new Content.Text(text), "");
            }
            eventually(() -> assertThat(log.lines())
                    .filteredOn("a listener of channel lobby failed"::equals)
                    .hasSize(4));
            for (String text : List.of("one", "two")) {
                assertThat(other.nextSignal().content().asText()).isEqualTo(text);
                assertThat(other.nextMessage().content().asText()).isEqualTo(text);
            }
            faulty.close();
            good.close();
        }
    }

    private static class Faulty implements Broker.Listener {
        @Override
        public void message(Message message) {
            throw new AssertionError("thrown by a test");
        }

        @Override
        public void lost(Position position) {
            throw new AssertionError("thrown by a test");
        }

        @Override
        public void signal(Broker.Signal signal) {
            throw new StackOverflowError("thrown by a test");
        }

        @Override
        public void joined(Sender client) {}

        @Override
        public void left(Sender client) {}
    }

    @Test
    void aReceiverThatFailsIsToldAgain() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        Subscriber.Receiver receiver = new Subscriber.Receiver() {
            @Override
            public void received(ChannelFeed feed, MessageCodec.Live live) {}

            @Override
            public void subscribed(ChannelFeed feed) {
                told.add("subscribed");
                if (told.size() < 3) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError("thrown by a test");
                }
            }

            @Override
            public void connected(HostAndPort server) {}

            @Override
            public void unsubscribed() {}

            @Override
            public void refused(HostAndPort server, JedisDataException why) {}

            @Override
            public void commandsConnected(HostAndPort server) {}
        };
        try (Subscriber subscriber = new Subscriber(
                address(), access(), new RedisKeys("faults:"), false, "a-probe", new RedisHealth("a test"), receiver)) {
            eventuallyGet(() -> {
                subscriber.add(new ChannelFeed("lobby", null, memory));
                return true;
            });
            eventually(() -> assertThat(told).hasSizeGreaterThanOrEqualTo(3));
        }
    }

    @Test
    void anInterruptOfACallerClosesNoConnection() throws Exception {
        AtomicInteger connected = new AtomicInteger();
        List<String> subscribed = new CopyOnWriteArrayList<>();
        Subscriber.Receiver receiver = new Subscriber.Receiver() {
            @Override
            public void received(ChannelFeed feed, MessageCodec.Live live) {}

            @Override
            public void subscribed(ChannelFeed feed) {
                subscribed.add(feed.channel());
            }

            @Override
            public void connected(HostAndPort server) {
                connected.incrementAndGet();
            }

            @Override
            public void unsubscribed() {}

            @Override
            public void refused(HostAndPort server, JedisDataException why) {}

            @Override
            public void commandsConnected(HostAndPort server) {}
        };
        try (Subscriber subscriber = new Subscriber(
                address(), access(), new RedisKeys("faults:"), false, "a-probe", new RedisHealth("a test"), receiver)) {
            eventually(() -> assertThat(connected).hasValue(1));
            redis.freeze();
            try {
                Thread caller = Thread.ofVirtual().start(() -> {
                    for (int i = 0; i < 1_000; i++) { // 20 MB, more than the kernel takes
                        ChannelFeed feed = new ChannelFeed("x".repeat(20_000) + i, null, memory);
                        assertThatCode(() -> subscriber.add(feed)).doesNotThrowAnyException();
                    }
                });
                eventually(() -> assertThat(caller.getState()).isIn(Thread.State.WAITING, Thread.State.TERMINATED));
                caller.interrupt();
            } finally {
                redis.thaw();
            }
            subscriber.add(new ChannelFeed("last", null, memory));
            eventually(() -> assertThat(subscribed).contains("last"));
            assertThat(connected).hasValue(1);
        }
    }

    private static HostAndPort address() {
        return new HostAndPort("localhost", redis.port());
    }

    private static RedisConnectionFactory access() {
        return new RedisConnectionFactory(RedisServers.at(redis.uri()), "a-test");
    }
}

package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How far clients have read, where Redis ends, or comes back with what it knew earlier. */
@Concurrent
class RedisReadMarksTest {
    private static final Sender BOB = Sender.of("bob");
    private static final String MARKS = "chat:{lobby}:read";

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened.reversed()) {
            one.close();
        }
    }

    private RedisProcess redis(String flags) throws Exception {
        RedisProcess redis = flags.isEmpty() ? RedisProcess.begin() : RedisProcess.begin(flags);
        opened.add(redis);
        return redis;
    }

    private RedisBroker broker(RedisProcess redis) throws Exception {
        RedisBroker broker = new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
        opened.add(broker);
        assertThat(broker.awaitReachable(Duration.ofSeconds(60))).isTrue();
        return broker;
    }

    private static Position publish(RedisBroker broker, int count) throws Exception {
        Position last = Position.NONE;
        for (int i = 0; i < count; i++) {
            String key = UUID.randomUUID().toString();
            last = eventuallyGet(() -> broker.publish("lobby", "ada", new Content.Text("hi"), key))
                    .position();
        }
        return last;
    }

    private static ReadMark read(RedisBroker broker, Sender client, long offset) throws Exception {
        Broker.Reader reader = new Broker.Reader("session", client, false);
        return eventuallyGet(() -> broker.markRead("lobby", reader, offset));
    }

    private static ReadMark mark(RedisBroker broker) throws Exception {
        return eventuallyGet(() -> broker.readMark("lobby", BOB));
    }

    private static ReadMark at(long offset, int unread) {
        return new ReadMark(offset, unread, false);
    }

    @Test
    void areKeptOverARestartOfRedisAndOfServers() throws Exception {
        RedisProcess redis = redis("");
        RedisBroker broker = broker(redis);
        publish(broker, 3);
        read(broker, BOB, 2);

        redis.kill();
        redis.start();

        assertThat(mark(broker)).isEqualTo(at(2, 1));
        assertThat(mark(broker(redis))).isEqualTo(at(2, 1));
        assertThat(read(broker, BOB, 1)).isEqualTo(at(2, 1));
    }

    @Test
    void stayWhereAnEpochContinuesAnother() throws Exception {
        RedisProcess redis = redis("--save '' --appendonly no");
        RedisBroker broker = broker(redis);
        Position first = publish(broker, 5);
        read(broker, BOB, 4);
        byte[] dump = redis.dump();
        publish(broker, 3);
        read(broker, BOB, 8);

        redis.putBack(dump);
        Position second = publish(broker, 2);
        assertThat(second.epoch()).isNotEqualTo(first.epoch());
        assertThat(mark(broker)).isEqualTo(at(4, 3));
        redis.putBack(dump);
        Position third = publish(broker, 2);
        assertThat(List.of(first.epoch(), second.epoch(), third.epoch())).doesNotHaveDuplicates();
        assertThat(mark(broker)).isEqualTo(at(4, 3));
        assertThat(read(broker, BOB, 6)).isEqualTo(at(6, 1));

        byte[] later = redis.dump();
        publish(broker, 1);
        redis.putBack(later);
        assertThat(publish(broker, 1).epoch()).isNotEqualTo(third.epoch());
        assertThat(mark(broker)).isEqualTo(at(6, 2));
    }

    @Test
    void endWithTheirEpochWhereNothingContinuesIt() throws Exception {
        RedisProcess redis = redis("--save '' --appendonly no");
        RedisBroker broker = broker(redis);
        publish(broker, 3);
        read(broker, BOB, 3);

        redis.ask("DEL", "chat:{lobby}:meta");

        Position fresh = publish(broker, 3);
        assertThat(fresh.offset()).isEqualTo(3);
        assertThat(mark(broker)).isEqualTo(at(0, 3));
        assertThat(read(broker, BOB, 1)).isEqualTo(at(1, 2));
    }

    @Test
    void leaveNoKeyBehindWhereNothingWasPublished() throws Exception {
        RedisProcess redis = redis("");
        RedisBroker broker = broker(redis);

        assertThat(read(broker, BOB, 5)).isEqualTo(at(0, 0));
        assertThat(mark(broker)).isEqualTo(at(0, 0));

        assertThat((List<?>) redis.ask("KEYS", "chat:{lobby}*")).isEmpty();
    }

    @Test
    void expireWithThePosition() throws Exception {
        RedisProcess redis = redis("");
        RedisBroker broker = broker(redis);
        publish(broker, 1);
        read(broker, BOB, 1);

        long lifetime = Retention.DEFAULT.positions().toMillis();
        assertThat((Long) redis.ask("PTTL", MARKS)).isBetween(lifetime - 60_000, lifetime + lifetime / 500);
        redis.ask("PEXPIRE", MARKS, "1000000");
        mark(broker);
        assertThat((Long) redis.ask("PTTL", MARKS)).isGreaterThan(lifetime - 60_000);
    }

    @Test
    void areAHundredThousandInAChannelAtTheMost() throws Exception {
        RedisProcess redis = redis("--save '' --appendonly no");
        RedisBroker broker = broker(redis);
        publish(broker, 2);
        String fill = "for i = ARGV[1], ARGV[1] + 999 do redis.call('HSET', KEYS[1], 'client ' .. i, 'e 1 ' .. i) end";
        for (int first = 0; first < 100_000; first += 1_000) {
            redis.ask("EVAL", fill, "1", MARKS, Integer.toString(first));
        }

        read(broker, BOB, 1);
        assertThat(redis.ask("HLEN", MARKS)).isEqualTo(100_000L);
        read(broker, BOB, 2);

        assertThat(redis.ask("HLEN", MARKS)).isEqualTo(100_000L);
        assertThat(mark(broker)).isEqualTo(at(2, 0));
    }

    @Test
    void areRefusedByAFullRedisAndThenAsTheyWere() throws Exception {
        RedisProcess redis = redis("");
        RedisBroker broker = broker(redis);
        publish(broker, 3);
        read(broker, BOB, 1);

        redis.ask("CONFIG", "SET", "maxmemory", "1");
        eventually(() -> assertThat(isRefused(broker)).isTrue());
        assertThat(redis.ask("HGET", MARKS, "bob").toString()).contains(" 1 ");
        redis.ask("CONFIG", "SET", "maxmemory", "0");
        assertThat(read(broker, BOB, 3)).isEqualTo(at(3, 0));
    }

    private static boolean isRefused(RedisBroker broker) {
        try {
            broker.markRead("lobby", new Broker.Reader("session", BOB, false), 2);
            return false;
        } catch (UnavailableException e) {
            return true;
        }
    }

    @Test
    void areNeverSetBackWhileSessionsReadOnTwoServersAndRedisComesAndGoes() throws Exception {
        int messages = 200;
        RedisProcess redis = redis("");
        List<RedisBroker> servers = List.of(broker(redis), broker(redis));
        publish(servers.getFirst(), messages);
        List<Queue<Long>> told = List.of(new ConcurrentLinkedQueue<>(), new ConcurrentLinkedQueue<>());
        for (int i = 0; i < 2; i++) {
            servers.get(i).subscribe("lobby", new Told(told.get(i)));
        }
        AtomicLong reached = new AtomicLong();
        AtomicBoolean stop = new AtomicBoolean();
        try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int number = 0; number < 6; number++) {
                RedisBroker server = servers.get(number % 2);
                Random random = new Random(number);
                all.add(readers.submit(() -> {
                    while (!stop.get()) {
                        long before = reached.get();
                        long offset = Math.max(1, Math.min(messages, before + random.nextInt(20) - 17));
                        long now = read(server, BOB, offset).offset();
                        assertThat(now).isGreaterThanOrEqualTo(Math.max(before, offset));
                        reached.accumulateAndGet(now, Math::max);
                    }
                    return null;
                }));
            }
            for (int kill = 1; kill <= 3; kill++) {
                long some = kill * 20L;
                eventually(() -> assertThat(reached.get()).isGreaterThan(some));
                redis.kill();
                redis.start();
            }
            stop.set(true);
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(mark(servers.getLast()).offset()).isGreaterThanOrEqualTo(reached.get());
        for (Queue<Long> offsets : told) {
            assertThat(List.copyOf(offsets)).isNotEmpty().isSorted().doesNotHaveDuplicates();
        }
    }

    private record Told(Queue<Long> offsets) implements Broker.Listener {
        @Override
        public void message(Message message) {}

        @Override
        public void lost(Position position) {}

        @Override
        public void read(Broker.Reader reader, ReadMark mark) {
            offsets.add(mark.offset());
        }
    }

    /** The message that tells of a mark must be one that servers of earlier versions have been delivered already. */
    @Test
    void areToldAtAnOffsetThatEarlierVersionsIgnore() throws Exception {
        RedisProcess redis = redis("");
        RedisBroker broker = broker(redis);
        Position last = publish(broker, 2);
        RecordingListener listener = new RecordingListener();
        broker.subscribe("lobby", listener);

        redis.ask(
                "PUBLISH",
                "chat:{lobby}:live",
                "{\"epoch\":\"" + last.epoch()
                        + "\",\"offset\":0,\"time\":1,\"sender\":\"ada\",\"unknown\":{},\"data\":\"\"}");
        read(broker, BOB, 2);

        assertThat(listener.nextRead().mark()).isEqualTo(at(2, 0));
        assertThat(publish(broker, 1)).isEqualTo(listener.nextMessage().position());
    }
}

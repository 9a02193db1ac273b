package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.faults.FaultyProxy;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is told and what is not given again when Redis comes back with what it knew at some earlier time. */
@Concurrent
class RedisRestoreTest {
    private static final long SETTLING_MILLIS = 1_200;

    private RedisProcess redis;
    private final List<RedisBroker> opened = new ArrayList<>();
    private RedisBroker broker;
    private final RecordingListener listener = new RecordingListener();

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin("--save '' --appendonly no");
        broker = open(redis.uri());
    }

    @AfterEach
    void stop() throws Exception {
        opened.forEach(Broker::close);
        if (redis != null) {
            redis.close();
        }
    }

    @Test
    void aDumpMayBePutBackTwice() throws Exception {
        broker.subscribe("lobby", listener);
        Position fifth = publish(5);
        byte[] dump = redis.dump();
        Position eighth = publish(3);
        awaitMessages(8);

        redis.putBack(dump);
        Position first = publish(3).at(fifth.offset());
        assertThat(listener.nextLoss()).isEqualTo(first);
        assertThat(awaitMessages(3)).isEqualTo(first.at(8));
        redis.putBack(dump);
        Position second = publish(1).at(fifth.offset());

        assertThat(listener.nextLoss()).isEqualTo(second);
        assertThat(listener.nextMessage().position()).isEqualTo(second.next());
        assertThat(List.of(eighth.epoch(), first.epoch(), second.epoch())).doesNotHaveDuplicates();
        assertThat(broker.historyAfter("lobby", eighth.offset(), 10).position())
                .as("a client that was shown the eighth is not where it was")
                .isEqualTo(second.next());
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void aDumpMayBePutBackAfterAnEmptyStart() throws Exception {
        broker.subscribe("lobby", listener);
        Position second = publish(2);
        byte[] dump = redis.dump();
        publish(2);
        awaitMessages(4);

        redis.startEmpty();
        Position fresh = publish(1);
        assertThat(listener.nextLoss()).isEqualTo(fresh.at(0));
        assertThat(listener.nextMessage().position()).isEqualTo(fresh);
        redis.putBack(dump);
        Position next = publish(1);

        assertThat(next.offset()).isEqualTo(3);
        assertThat(List.of(second.epoch(), fresh.epoch(), next.epoch())).doesNotHaveDuplicates();
        assertThat(listener.nextLoss().next()).isEqualTo(next);
        assertThat(listener.nextMessage().position()).isEqualTo(next);
    }

    @Test
    void aServerThatComesLateFindsThatOthersHaveTheOffsetsOfWhatItsIdleMembersKnow() throws Exception {
        publish(1);
        byte[] dump = redis.dump();
        Position known = publish(3);
        broker.close();
        try (FaultyProxy proxy = new FaultyProxy(redis.uri().getPort())) {
            RedisBroker late = open(URI.create("redis://127.0.0.1:" + proxy.port()));
            Broker.Subscription idle = late.subscribe("lobby", listener);
            assertThat(idle.start()).isEqualTo(known);

            proxy.blackHole();
            redis.putBack(dump);
            RedisBroker other = open(redis.uri());
            Position same = publish(other, 3);
            assertThat(same).as("only the late server could tell").isEqualTo(known);
            proxy.pass();
            proxy.cut();

            Position loss = listener.nextLoss();
            assertThat(loss.epoch()).isNotEqualTo(known.epoch());
            assertThat(publish(other, 1)).isEqualTo(loss.next());
            assertThat(listener.nextMessage().position()).isEqualTo(loss.next());
        }
    }

    @Test
    void allAreToldBeforeTheNextIsPublished() throws Exception {
        RedisBroker publisher = open(redis.uri());
        Position first = publish(publisher, 1);
        byte[] dump = redis.dump();
        publish(publisher, 1);
        broker.subscribe("lobby", listener); // where nothing is delivered
        publisher.close();

        redis.putBack(dump);
        long began = System.nanoTime();
        try (RedisBroker another = new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT)) {
            Position next = publish(another, 1);

            assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(SETTLING_MILLIS));
            Position loss = listener.nextLoss();
            assertThat(loss.epoch()).isNotEqualTo(first.epoch());
            assertThat(publish(another, 1).epoch()).isEqualTo(loss.epoch());
            assertThat(next.offset()).isEqualTo(2);
        }
    }

    @Test
    void whatWasAcknowledgedCountsAsShownWithoutAnyMember() throws Exception {
        publish(1);
        byte[] dump = redis.dump();
        Position second = publish(1);

        redis.putBack(dump);
        Position next = publish(1);

        assertThat(next.epoch()).isNotEqualTo(second.epoch());
        Position end = broker.historyAfter("lobby", 0, 10).position();
        assertThat(end).isEqualTo(next);
    }

    @Test
    void aServerTellsWhatItHasAcknowledgedThoughNothingElseIsAskedThere() throws Exception {
        publish(1);
        byte[] dump = redis.dump();
        Position second = publish(1);

        redis.putBack(dump);

        assertThat(publishedAtAnotherServer().epoch()).isNotEqualTo(second.epoch());
    }

    @Test
    void aServerTellsWhatItHasAcknowledgedOnceRedisHasLoadedItsData() throws Exception {
        broker.subscribe("another channel", listener); // has Redis asked as soon as it takes connections
        publish(1);
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) { // keys with more bytes than it loads before it looks who has asked something
            String bytes =
                    random.ints(2_000, 'a', 'z').mapToObj(Character::toString).collect(Collectors.joining());
            redis.ask("SET", "filler-" + i, bytes);
        }
        byte[] dump = redis.dump();
        Position second = publish(1);

        redis.putBack(dump, "--key-load-delay", "200000", "--loading-process-events-interval-bytes", "1024");

        assertThat(publishedAtAnotherServer().epoch()).isNotEqualTo(second.epoch());
    }

    private Position publishedAtAnotherServer() throws Exception {
        eventually(() -> assertThat(broker.health().flaw()).isEmpty());
        return publish(open(redis.uri()), 1);
    }

    @Test
    void aRepeatedAcknowledgementCountsAsShown() throws Exception {
        publish(1);
        byte[] dump = redis.dump();
        String key = UUID.randomUUID().toString();
        RedisBroker other = open(redis.uri());
        Position second =
                broker.publish("lobby", "ada", new Content.Text("hi"), key).position();
        Broker.Receipt repeated = other.publish("lobby", "ada", new Content.Text("hi"), key);
        assertThat(repeated).isEqualTo(new Broker.Receipt(second, true));
        broker.close();

        redis.putBack(dump);

        assertThat(publish(other, 1).epoch()).isNotEqualTo(second.epoch());
    }

    @Test
    void nothingIsLostWhereNothingWas() throws Exception {
        broker.subscribe("lobby", listener);
        Position first = publish(1);
        assertThat(listener.nextMessage().position()).isEqualTo(first);

        redis.putBack(redis.dump());
        Position second = publish(1);

        assertThat(second).isEqualTo(first.next());
        assertThat(listener.nextMessage().position()).isEqualTo(second);
    }

    private RedisBroker open(URI uri) throws Exception {
        RedisBroker one = new RedisBroker(uri, RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
        opened.add(one);
        assertThat(one.awaitReachable(Duration.ofSeconds(60))).isTrue();
        return one;
    }

    /** Waits for some messages, one after the other; gives the last one's place. */
    private Position awaitMessages(int messages) throws Exception {
        Position last = listener.nextMessage().position();
        for (int i = 1; i < messages; i++) {
            Position next = listener.nextMessage().position();
            assertThat(next).isEqualTo(last.next());
            last = next;
        }
        return last;
    }

    /** Publishes some messages, each as often as it takes; gives the last one's place. */
    private Position publish(int messages) throws Exception {
        return publish(broker, messages);
    }

    private static Position publish(RedisBroker to, int messages) throws Exception {
        Position last = Position.NONE;
        for (int i = 0; i < messages; i++) {
            String key = UUID.randomUUID().toString();
            last = eventuallyGet(() -> to.publish("lobby", "ada", new Content.Text("hi"), key))
                    .position();
        }
        return last;
    }
}

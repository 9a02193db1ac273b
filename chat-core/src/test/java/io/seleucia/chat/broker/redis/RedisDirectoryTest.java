package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.CurrentOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisClient;

/** The directory and the descriptions as they are in Redis. */
class RedisDirectoryTest {
    private static final Sender ADA = Sender.of("ada");
    private static RedisProcess redis;

    private RedisBroker broker;

    @BeforeAll
    static void startRedis() throws Exception {
        redis = RedisProcess.begin();
    }

    @AfterAll
    static void stopRedis() throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        redis.ask("FLUSHALL");
        broker = new RedisBroker(RedisServers.at(redis.uri()), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
        assertThat(broker.awaitReachable(Duration.ofSeconds(60))).isTrue();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private static List<?> keys() {
        return (List<?>) redis.ask("KEYS", "*");
    }

    private static List<String> texts(List<?> all) {
        return all.stream().map(String.class::cast).toList();
    }

    private static List<?> directory() {
        return (List<?>) redis.ask("ZRANGE", "chat:directory", "0", "-1");
    }

    private static List<String> names(Broker broker) {
        try {
            return broker.list("", "", 100, name -> true).page().stream()
                    .map(ChannelEntry::channel)
                    .toList();
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyKeyExpires() throws Exception {
        broker.join("lobby", ADA);
        broker.describe("lobby", ADA, Optional.of(new Content.Json("{\"n\":1}")));
        eventually(() -> assertThat(names(broker)).containsExactly("lobby"));

        for (Object key : keys()) {
            assertThat((Long) redis.ask("PTTL", (String) key)).as("%s", key).isPositive();
        }
        assertThat(texts(keys())).contains("chat:{lobby}:info", "chat:directory");
    }

    @Test
    void aRemovalOfNoDescriptionLeavesNoKey() throws Exception {
        broker.describe("lobby", ADA, Optional.empty());

        assertThat(texts(keys())).doesNotContain("chat:{lobby}:info");
    }

    /** The message that tells of a description must be one that servers of earlier versions have been delivered already. */
    @Test
    void tellsADescriptionAtAnOffsetThatEarlierVersionsIgnore() throws Exception {
        RecordingListener listener = new RecordingListener();
        Position start = broker.subscribe("lobby", listener).start();
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        JedisPubSub subscriber = new JedisPubSub() {
            @Override
            public void onSubscribe(String channel, int count) {
                told.add("subscribed");
            }

            @Override
            public void onMessage(String channel, String message) {
                told.add(message);
            }
        };
        try (RedisClient client = redis.client()) {
            Thread thread = Thread.ofVirtual().start(() -> client.subscribe(subscriber, "chat:{lobby}:live"));
            assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("subscribed");

            ChannelInfo info = broker.describe("lobby", new Sender("a\"da", true), Optional.of(new Content.Json("{}")));
            ChannelInfo removed = broker.describe("lobby", ADA, Optional.empty());

            assertThat(told.poll(30, TimeUnit.SECONDS))
                    .isEqualTo("{\"epoch\":\"" + start.epoch() + "\",\"offset\":0,\"time\":" + info.time()
                            + ",\"sender\":\"a\\\"da\",\"guest\":true,\"info\":{},\"data\":\"\"}");
            assertThat(told.poll(30, TimeUnit.SECONDS))
                    .contains("\"offset\":0,")
                    .contains("\"info\":null");
            assertThat(listener.nextInfo()).isEqualTo(info);
            assertThat(listener.nextInfo()).isEqualTo(removed);
            assertThat(listener.isEmpty()).isTrue();
            subscriber.unsubscribe();
            thread.join();
        }
    }

    @Test
    void readsAboutAsMuchAsItIsAskedFor() throws Exception {
        for (int i = 0; i < 300; i++) {
            broker.join("channel-%03d".formatted(i), ADA);
        }
        eventually(() -> assertThat(directory()).hasSize(300));
        assertThat(broker.list("", "", 1, name -> true).page()).hasSize(1);
        redis.ask("CONFIG", "RESETSTAT");

        assertThat(broker.list("", "channel-100", 1, name -> true).page()).hasSize(1);

        Matcher scripts =
                Pattern.compile("cmdstat_evalsha:calls=(\\d+)").matcher((String) redis.ask("INFO", "commandstats"));
        assertThat(scripts.find()).isTrue();
        assertThat(Integer.parseInt(scripts.group(1))).isLessThan(50); // with those of presence
    }

    @Test
    void removesTheNamesOfChannelsThatHaveNothing() throws Exception {
        broker.join("lobby", ADA);
        eventually(() -> assertThat(texts(directory())).containsExactly("lobby"));
        redis.ask("ZADD", "chat:directory", "0", "gone", "0", "gone too");
        assertThat(names(broker)).containsExactly("lobby");
        assertThat(texts(directory())).containsExactly("lobby");
    }

    @Test
    void aSweepRemovesThemToo() throws Exception {
        RedisParts parts = new RedisParts(RedisServers.at(redis.uri())).start();
        try (parts) {
            RedisDirectory directory = new RedisDirectory(
                    new Commands(parts.topology),
                    parts.keys,
                    new ChannelRetention(Retention.DEFAULT, new CurrentOptions()),
                    () -> "",
                    List.of(),
                    parts.memory,
                    parts.closed);
            broker.join("lobby", ADA);
            eventually(() -> assertThat(texts(directory())).containsExactly("lobby"));
            redis.ask("ZADD", "chat:directory", "0", "a", "0", "z");

            eventually(() -> {
                directory.sweep();
                assertThat(texts(directory())).containsExactly("lobby");
            });
        }
    }

    @Test
    void countsNoClientsOfDeadServers() throws Exception {
        broker.join("lobby", ADA);
        eventually(() -> assertThat(names(broker)).containsExactly("lobby"));
        RedisParts parts = new RedisParts(RedisServers.at(redis.uri())).start();
        try (parts) {
            String server = ((String) redis.ask("HGET", "chat:{lobby}:presence", "c:ada")).replaceFirst("=.*", "");
            RedisDirectory directory = new RedisDirectory(
                    new Commands(parts.topology),
                    parts.keys,
                    new ChannelRetention(Retention.DEFAULT, new CurrentOptions()),
                    () -> "another " + server,
                    List.of(),
                    parts.memory,
                    parts.closed);
            redis.ask("HSET", "chat:{lobby}:presence", "c:bob", server + "=1 alive=1");

            ChannelEntry lobby = directory.list("", "", 10, name -> true).page().getFirst();

            assertThat(lobby.clients()).isEqualTo(1);
        }
    }

    @Test
    void survivesKeysThatOthersHaveWritten() throws Exception {
        broker.join("lobby", ADA);
        eventually(() -> assertThat(names(broker)).containsExactly("lobby"));
        redis.ask("SET", "chat:{lobby}:log", "text");
        redis.ask("HSET", "chat:{lobby}:info", "json", "no json", "by", "ada", "time", "1");

        assertThat(broker.list("", "", 10, name -> true).page())
                .containsExactly(new ChannelEntry("lobby", 1, 0, Optional.empty()));
        assertThat(broker.info("lobby")).isEmpty();
    }

    @Test
    void tellsADescriptionThatWasMissed() throws Exception {
        RecordingListener listener = new RecordingListener();
        broker.subscribe("lobby", listener);
        ChannelInfo first = broker.describe("lobby", ADA, Optional.of(new Content.Json("{\"n\":1}")));
        assertThat(listener.nextInfo()).isEqualTo(first);
        long later = first.time() + 1;
        redis.ask("HSET", "chat:{lobby}:info", "json", "{\"n\":2}", "by", "bob ", "time", Long.toString(later));

        redis.ask("CLIENT", "KILL", "TYPE", "pubsub");

        assertThat(listener.nextInfo())
                .isEqualTo(new ChannelInfo(Optional.of(new Content.Json("{\"n\":2}")), new Sender("bob", true), later));
    }
}

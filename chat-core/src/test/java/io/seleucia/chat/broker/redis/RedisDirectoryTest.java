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
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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
                    Retention.DEFAULT,
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
                    Retention.DEFAULT,
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

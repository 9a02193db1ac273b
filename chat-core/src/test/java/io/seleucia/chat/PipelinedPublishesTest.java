package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static io.seleucia.chat.RawClient.CLOSE;
import static io.seleucia.chat.RawClient.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that send many publishes at once to a server over a Redis that is slow, killed, or well. */
@Timeout(120)
class PipelinedPublishesTest {
    private static final int FIRST = 10; // request id
    private static final int MESSAGES = 120;

    private RedisProcess redis;
    private RedisBroker broker;
    private ChatServer server;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin();
        broker = new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        eventuallyGet(() -> broker.publish("settled", "ada", new Content.Text("hi"), ""));
        server = ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT.withRateBurst(100_000).withQuotas(Quotas.NONE))
                .start();
    }

    @AfterEach
    void stop() throws Exception {
        if (server != null) {
            server.close();
        }
        if (broker != null) {
            broker.close();
        }
        if (redis != null) {
            redis.close();
        }
    }

    @Test
    void sendsThemToRedisTogether() throws Exception {
        try (RawClient ada = member("ada")) {
            long before = scripts();
            redis.freeze(); // so that all have come before it answers the first
            ada.send(publishes(30));
            redis.thaw();

            assertThat(offsets(replies(ada, 30)))
                    .isEqualTo(LongStream.rangeClosed(1, 30).boxed().toList());
            assertThat(scripts() - before).isLessThan(15);
        }
    }

    @Test
    void answersEachInOrderWhileRedisIsKilled() throws Exception {
        List<JsonObject> replies;
        try (RawClient ada = member("ada")) {
            Thread killer = Thread.ofPlatform().unstarted(redis::kill);
            ada.send(publishes(MESSAGES));
            killer.start();
            replies = replies(ada, MESSAGES);
            killer.join();
        }
        redis.start();

        List<Message> stored =
                eventuallyGet(() -> broker.historyAfter("lobby", 0, 1_000)).messages();
        List<Integer> numbers = stored.stream()
                .map(message -> Integer.parseInt(message.content().asText()))
                .toList();
        assertThat(numbers).isSorted().doesNotHaveDuplicates();
        for (JsonObject reply : replies) {
            if (reply.get("type").getAsString().equals("published")) {
                assertThat(stored.get(reply.get("offset").getAsInt() - 1)
                                .content()
                                .asText())
                        .isEqualTo(reply.get("id").getAsString());
            } else {
                assertThat(reply.get("code").getAsString()).isEqualTo("unavailable");
            }
        }
    }

    @Test
    void readsNoFurtherWhileRedisIsSlow() throws Exception {
        try (RawClient ada = member("ada")) {
            redis.freeze();
            int sent = 200;
            ada.send(publishes(sent));
            List<JsonObject> replies = replies(ada, 40); // the first wait fails after two seconds, and those behind it
            redis.thaw();
            replies.addAll(replies(ada, FIRST + 40, sent - 40));

            assertThat(replies.getFirst().get("code").getAsString()).isEqualTo("unavailable");
            assertThat(replies.getLast().get("type").getAsString()).isEqualTo("published");
            assertThat(offsets(replies)).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void answersWhatHasComeThoughTheNextHasComeInPart() throws Exception {
        byte[] two = publishes(2);
        int first = two.length / 2;
        try (RawClient ada = member("ada")) {
            for (int extra = 1; extra < first; extra += 7) {
                ada.send(Arrays.copyOf(two, first + extra));
                assertThat(replies(ada, 1)).allMatch(reply -> reply.has("offset"));
                ada.send(Arrays.copyOfRange(two, first + extra, two.length));
                assertThat(replies(ada, FIRST + 1, 1)).allMatch(reply -> reply.has("offset"));
            }
        }
    }

    @Test
    void finishesThemWhenTheClientHasClosed() throws Exception {
        try (RawClient ada = member("ada")) {
            redis.freeze();
            ada.send(publishes(20));
            ada.send(RawClient.frame(CLOSE));
            redis.thaw();

            assertThat(replies(ada, 20)).allMatch(reply -> reply.has("offset"));
            ada.awaitEnd();
        }
        eventually(() -> assertThat(server.sessions()).isEmpty());
        assertThat(broker.historyAfter("lobby", 0, 100).messages()).hasSize(20);
    }

    @Test
    void answersThemBeforeTheServerEndsTheConnection() throws Exception {
        try (RawClient ada = member("ada")) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.write(publishes(20));
            all.write(RawClient.frame(0x82, (byte) 1)); // binary, which chat.v1 does not take
            ada.send(all.toByteArray());

            assertThat(replies(ada, 20)).allMatch(reply -> reply.has("offset"));
            assertThat(ada.readCloseCode()).isEqualTo(1003);
        }
    }

    @Test
    void finishesThemWhenTheClientIsGone() throws Exception {
        try (RawClient ada = member("ada")) {
            redis.freeze();
            ada.send(publishes(20));
        }
        redis.thaw();

        eventually(() -> assertThat(server.sessions()).isEmpty());
    }

    private RawClient member(String name) throws IOException {
        RawClient client = RawClient.connect(server.port())
                .send(("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                + "Sec-WebSocket-Protocol: chat.v1\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII))
                .readHandshake();
        client.send(frame("{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}"));
        client.send(frame("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}"));
        assertThat(replies(client, 1, 2)).allMatch(reply -> !reply.has("code"));
        return client;
    }

    private static byte[] frame(String text) {
        return RawClient.frame(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] publishes(int messages) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int id = FIRST; id < FIRST + messages; id++) {
            all.write(frame("{\"id\":%d,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"%<d\"}".formatted(id)));
        }
        return all.toByteArray();
    }

    private static List<JsonObject> replies(RawClient client, int count) throws IOException {
        return replies(client, FIRST, count);
    }

    /** Receives replies, whose ids must follow each other. */
    private static List<JsonObject> replies(RawClient client, int first, int count) throws IOException {
        List<JsonObject> replies = new ArrayList<>();
        while (replies.size() < count) {
            JsonObject frame = JsonParser.parseString(client.read(TEXT)).getAsJsonObject();
            if (frame.has("id")) {
                assertThat(frame.get("id").getAsInt()).isEqualTo(first + replies.size());
                replies.add(frame);
            }
        }
        return replies;
    }

    private static List<Long> offsets(List<JsonObject> replies) {
        return replies.stream()
                .filter(reply -> reply.has("offset"))
                .map(reply -> reply.get("offset").getAsLong())
                .toList();
    }

    /** Returns the number of scripts that Redis has run. */
    private long scripts() {
        String stats = (String) redis.ask("INFO", "commandstats");
        return stats.lines()
                .filter(line -> line.startsWith("cmdstat_eval"))
                .mapToLong(line -> Long.parseLong(line.replaceAll(".*:calls=(\\d+),.*", "$1")))
                .sum();
    }
}

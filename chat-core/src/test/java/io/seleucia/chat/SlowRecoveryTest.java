package io.seleucia.chat;

import static io.seleucia.chat.RawClient.PING;
import static io.seleucia.chat.RawClient.PONG;
import static io.seleucia.chat.RawClient.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that lives and takes what it is sent, but slowly, and the deadlines and bounds of the server. */
@Timeout(120)
class SlowRecoveryTest {
    private static final int MESSAGES = 128;
    private static final String TEXT_16K = "x".repeat(16 * 1024); // 2 MiB in all
    private static final String TEXT_2K = "y".repeat(2 * 1024);
    private static final long NANOS_PER_BYTE = 1_400; // 0.7 MB a second
    private static final Duration INTERVAL = Duration.ofMillis(200);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final Limits LIMITS =
            Limits.DEFAULT.withPingInterval(INTERVAL).withPongTimeout(TIMEOUT).withOutboundQueueBytes(128 * 1024);

    /** Its messages, by channel and in the order in which they came. */
    private final List<Long> history = new ArrayList<>();

    private final List<Long> live = new ArrayList<>();
    private long inboxed;
    private long published;

    @Test
    void recoversForLongerThanAPongMayTakeWhileOtherChannelsAreLive() throws Exception {
        try (ChatServer server = ChatServer.builder().port(0).limits(LIMITS).start()) {
            Position start = server.publish("history", "test", "begin");
            for (int i = 0; i < MESSAGES; i++) {
                server.publish("history", "test", TEXT_16K);
            }
            long began = System.nanoTime();
            try (RawClient client = member(server)) {
                client.send(request("{\"id\":3,\"type\":\"subscribe\",\"channel\":\"history\",\"since\":{\"epoch\":\""
                        + start.epoch() + "\",\"offset\":1}}"));
                while (history.size() < MESSAGES) {
                    take(client, receiveSlowly(client));
                    if (history.size() / 3 > published) { // as fast as the client takes it, beside the history
                        published++;
                        server.publish(published % 8 == 0 ? "@slow" : "live", "test", TEXT_2K);
                    }
                }
                long took = System.nanoTime() - began;
                client.send(request("{\"id\":4,\"type\":\"ping\"}"));
                while (take(client, receiveSlowly(client)) != 4) {
                    // What is left of the live channels.
                }

                assertThat(took).isGreaterThan(INTERVAL.plus(TIMEOUT).toNanos());
                assertThat(history).isEqualTo(numbers(2, MESSAGES + 1));
                assertThat(inboxed).isEqualTo(published / 8);
                assertThat(live).isEqualTo(numbers(1, published - inboxed));
            }
        }
    }

    private static List<Long> numbers(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    private RawClient member(ChatServer server) throws IOException {
        RawClient client = RawClient.connect(server.port());
        String handshake = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replace("Host:", "Sec-WebSocket-Protocol: chat.v1\r\nHost:");
        client.send(handshake.getBytes(StandardCharsets.US_ASCII)).readHandshake();
        client.send(request("{\"id\":1,\"type\":\"connect\",\"client\":\"slow\"}"));
        client.send(request("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"live\"}"));
        while (take(client, client.receive()) != 2) {
            // The answer to the login comes before.
        }
        return client;
    }

    private static byte[] request(String json) {
        return RawClient.frame(TEXT, json.getBytes(StandardCharsets.UTF_8));
    }

    private static RawClient.Received receiveSlowly(RawClient client) throws IOException {
        RawClient.Received received = client.receive();
        LockSupport.parkNanos(received.payload().length() * NANOS_PER_BYTE);
        return received;
    }

    /** Takes a frame as a client does. Returns the id of the request that it answers, or 0. */
    private long take(RawClient client, RawClient.Received received) throws IOException {
        if (received.first() == PING) {
            client.send(RawClient.frame(PONG, received.payload().getBytes(StandardCharsets.ISO_8859_1)));
            return 0;
        }
        assertThat(received.first()).as(received::payload).isEqualTo(TEXT);
        JsonObject frame = JsonParser.parseString(received.payload()).getAsJsonObject();
        switch (frame.get("type").getAsString()) {
            case "message" ->
                ("live".equals(frame.get("channel").getAsString()) ? live : history)
                        .add(frame.get("offset").getAsLong());
            case "direct" -> assertThat(frame.get("offset").getAsLong()).isEqualTo(++inboxed);
            case "error" -> throw new AssertionError(received.payload());
            default -> {
                // An answer.
            }
        }
        return frame.has("id") ? frame.get("id").getAsLong() : 0;
    }
}

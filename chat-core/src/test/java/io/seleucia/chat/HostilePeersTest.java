package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Peers that keep no rules, while two that do go on talking in the same channel. Whatever happens, these two get every
 * message in order, nothing stays of the others when they are gone, and the log has a line for each at the most.
 */
class HostilePeersTest {
    private static final String CHANNEL = "lobby";
    private static final int MANY = 1_000_000;
    private static final Duration PACE = Duration.ofMillis(10); // of those who send byte by byte
    private static final Limits LIMITS =
            Limits.DEFAULT.withMaxConnectionsPerAddress(10_000).withQuotas(Quotas.NONE);

    @AutoClose
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);

    @TempDir
    private Path directory;

    private final List<RawClient> hostile = new ArrayList<>();
    private int port;

    /** What hostile peers do. They may leave their connections to the server to end. */
    @FunctionalInterface
    private interface Attack {
        void run() throws Exception;
    }

    @AfterEach
    void hangUp() throws IOException {
        for (RawClient client : hostile) {
            client.close();
        }
    }

    @Test
    void halfOpenHandshakesHarmNobody() throws Exception {
        byte[] handshake = RawClient.handshake();
        assertHarmless(LIMITS.withHandshakeTimeout(Duration.ofSeconds(2)), 0, () -> {
            for (int i = 0; i < 2_000; i++) {
                hostile(RawClient.connect(port)).send(Arrays.copyOf(handshake, i % handshake.length));
            }
        });
    }

    @Test
    void handshakesByteByByteHarmNobody() throws Exception {
        assertHarmless(LIMITS.withHandshakeTimeout(Duration.ofSeconds(1)), 0, () -> {
            for (int i = 0; i < 50; i++) {
                hostile(RawClient.connect(port));
            }
            trickle("GET / HTTP/1.1\r\nX-Long: " + "x".repeat(10_000));
        });
    }

    @Test
    void framesByteByByteHarmNobody() throws Exception {
        int peers = 50;
        Limits limits = LIMITS.withFrameTimeout(Duration.ofSeconds(1)).withPongTimeout(Duration.ofSeconds(2));
        assertHarmless(limits, peers, () -> {
            for (int i = 0; i < peers; i++) {
                hostile(RawClient.member(port, "mallory", CHANNEL))
                        .send((byte) 0x81, (byte) 0xfe, (byte) 0xff, (byte) 0);
            }
            trickle("x".repeat(10_000));
        });
    }

    @Test
    void messagesThatNeverEndHarmNobody() throws Exception {
        int peers = 20;
        Limits limits = LIMITS.withFrameTimeout(Duration.ofMillis(500)).withPongTimeout(Duration.ofSeconds(2));
        assertHarmless(limits, peers, () -> {
            for (int i = 0; i < peers; i++) {
                hostile(RawClient.member(port, "mallory", CHANNEL)).send(RawClient.frame(0x01, (byte) 'x'));
            }
            byte[] more = RawClient.frame(0x00, (byte) 'x'); // each whole at once, and none of them the last
            for (int i = 0; sendToAll(more); i++) {
                assertThat(i).as("frames that the server waited for").isLessThan(3_000);
                LockSupport.parkNanos(PACE.toNanos());
            }
        });
    }

    @Test
    void aPageFromElsewhereWhoseNamePointsHereGetsNothing() throws Exception {
        String foreign = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replace("Host: localhost", "Host: evil.example:8600\r\nOrigin: http://evil.example:8600");
        assertHarmless(LIMITS, 1, () -> {
            RawClient page = hostile(RawClient.connect(port)).send(foreign.getBytes(StandardCharsets.US_ASCII));
            assertThat(page.readLine()).isEqualTo("HTTP/1.1 421 Misdirected Request");
            hangUp();
        });
    }

    @Test
    void receiversThatNeverReadHarmNobody() throws Exception {
        int peers = 20;
        Limits limits = LIMITS.withOutboundQueueBytes(256 * 1024)
                .withRateMessages(MANY)
                .withRateBurst(MANY)
                .withQuotas(Quotas.NONE)
                .withWriteTimeout(Duration.ofSeconds(2));
        assertHarmless(limits, peers, () -> {
            for (int i = 0; i < peers; i++) {
                hostile(RawClient.member(port, "mallory", CHANNEL));
            }
            String text = "x".repeat(16 * 1024);
            try (TestClient loud = TestClient.member(port, "loud", CHANNEL)) {
                for (int i = 0; broker.members(CHANNEL).containsKey("mallory"); i++) {
                    assertThat(i).as("messages until they are closed").isLessThan(10_000);
                    loud.publish("loud", CHANNEL, text);
                    assertThat(nextOf("loud", loud)).endsWith(text);
                }
            }
        });
    }

    @Test
    void floodsOfPingsAreAnsweredAndHarmNobody() throws Exception {
        byte[] pings = repeat(RawClient.frame(RawClient.PING, (byte) 'p'), 1_000);
        assertHarmless(LIMITS, 0, () -> {
            RawClient flooder = hostile(RawClient.member(port, "mallory", CHANNEL));
            for (int round = 0; round < 100; round++) {
                flooder.send(pings);
                for (int i = 0; i < 1_000; i++) {
                    assertThat(flooder.read(RawClient.PONG)).isEqualTo("p");
                }
            }
            flooder.closePolitely();
        });
    }

    @Test
    void floodsOfPingsWhosePongsNobodyReadsHarmNobody() throws Exception {
        int peers = 4;
        byte[] pings = repeat(RawClient.frame(RawClient.PING), 1_000);
        Limits limits = LIMITS.withOutboundQueueBytes(64 * 1024)
                .withPongTimeout(Duration.ofSeconds(2))
                .withWriteTimeout(Duration.ofSeconds(2));
        assertHarmless(limits, peers, () -> {
            for (int i = 0; i < peers; i++) {
                hostile(RawClient.member(port, "mallory", CHANNEL));
            }
            for (int round = 0; sendToAll(pings); round++) {
                assertThat(round).as("rounds until they are cut off").isLessThan(100_000);
            }
        });
    }

    @Test
    void floodsOfRequestsAreRefusedThenClosedAndHarmNobody() throws Exception {
        byte[] requests = repeat(RawClient.frame(RawClient.TEXT, "{\"Kind\":4}".getBytes(StandardCharsets.UTF_8)), 100);
        assertHarmless(LIMITS.withPongTimeout(Duration.ofSeconds(2)), 1, () -> {
            long began = System.nanoTime();
            RawClient flooder = hostile(RawClient.open(port));
            flooder.send(requests);
            RawClient.Received last = flooder.receive();
            int granted = 0;
            for (int answered = 1; last.first() == RawClient.TEXT; answered++) {
                assertThat(answered).as("answers until the flooder is closed").isLessThan(100 * MANY);
                granted += last.payload().contains("too many requests, slow down") ? 0 : 1;
                if (answered % 100 == 0) {
                    flooder.send(requests);
                }
                last = flooder.receive();
            }
            long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();
            assertThat(granted).isLessThanOrEqualTo((int) (LIMITS.rateBurst() + (seconds + 1) * LIMITS.rateMessages()));
            assertThat(last.closeCode()).isEqualTo(4400);
        });
    }

    @Test
    void floodsOfConnectionsFromOneAddressLeaveRoomForOthers() throws Exception {
        int allowed = 50;
        Limits limits = LIMITS.withMaxConnectionsPerAddress(allowed).withMaxConnections(2 * allowed);
        assertHarmless(limits, 0, () -> {
            for (int i = 0; i < 10 * allowed; i++) {
                hostile(RawClient.connectFrom("127.0.0.2", port)).send(RawClient.handshake());
            }
            int admitted = 0;
            for (RawClient client : hostile) {
                String status = client.readLine();
                assertThat(status).containsAnyOf(" 101 ", " 503 ");
                admitted += status.contains(" 101 ") ? 1 : 0;
            }
            assertThat(admitted).isEqualTo(allowed);
            RawClient.member(port, "carol", CHANNEL).closePolitely();
            hangUp();
        });
    }

    @Test
    void garbageAfterTheHandshakeHarmsNobody() throws Exception {
        int peers = 300;
        Random random = new Random(6455);
        Limits limits = LIMITS.withFrameTimeout(Duration.ofSeconds(1))
                .withPingInterval(Duration.ofSeconds(2))
                .withPongTimeout(Duration.ofSeconds(4)); // for the two, on a busy machine
        assertHarmless(limits, peers, () -> {
            for (int i = 0; i < peers; i++) {
                byte[] garbage = new byte[1 + random.nextInt(2_000)];
                random.nextBytes(garbage);
                if (i % 2 == 0) {
                    garbage[0] = (byte) 0x81; // gets further than the first byte
                }
                hostile(RawClient.member(port, "mallory", CHANNEL)).send(garbage);
            }
        });
    }

    @Test
    void resetsAtEveryPointOfAConversationHarmNobody() throws Exception {
        byte[] handshake = RawClient.handshake();
        byte[] all = concat(
                handshake,
                RawClient.subscribe("mallory", CHANNEL),
                RawClient.publish("mallory", CHANNEL, "hi"),
                RawClient.frame(RawClient.PING, (byte) 'p'),
                RawClient.frame(0x01, (byte) '{'), // a text in two fragments
                RawClient.frame(0x80, (byte) '}'),
                RawClient.frame(RawClient.CLOSE, (byte) 0x03, (byte) 0xe8));
        assertHarmless(LIMITS, 0, () -> {
            for (int sent = 0; sent <= all.length; sent++) {
                RawClient.connect(port).send(Arrays.copyOf(all, sent)).reset();
            }
            for (int sent = handshake.length; sent <= all.length; sent++) {
                RawClient.connect(port)
                        .send(Arrays.copyOf(all, sent))
                        .readHandshake()
                        .reset();
            }
            RawClient closed = RawClient.connect(port).send(all).readHandshake();
            assertThat(closed.readCloseCode()).isEqualTo(1000);
            closed.reset();
        });
    }

    /** Lets the peers attack while the two talk; {@code incidents} is how many lines of log that may be worth. */
    private void assertHarmless(Limits limits, int incidents, Attack attack) throws Exception {
        try (VirtualThreads threads = new VirtualThreads(directory);
                LoggedLines log = new LoggedLines();
                ChatServer server = ChatServer.builder()
                        .port(0)
                        .broker(broker)
                        .limits(limits)
                        .start()) {
            port = server.port();
            try (Conversation conversation = new Conversation(port, CHANNEL)) {
                conversation.goesOn();
                long threadsBefore = threads.count();

                attack.run();

                conversation.goesOn();
                eventually(() -> assertThat(server.connections()).isEqualTo(2));
                assertThat(broker.members(CHANNEL)).isEqualTo(Map.of("ada", 1, "bob", 1));
                eventually(() -> assertThat(threads.count()).isLessThanOrEqualTo(threadsBefore));
                conversation.goesOn();
            }
            assertThat(log.stackTraces()).isEmpty();
            assertThat(log.lines()).hasSizeLessThanOrEqualTo(incidents);
        }
    }

    private RawClient hostile(RawClient client) {
        hostile.add(client);
        return client;
    }

    /** Sends to all hostile peers byte after byte, without long pauses, until the server has cut off the last one. */
    private void trickle(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; sendToAll(bytes[i]); i++) {
            assertThat(i).as("bytes that the server waited for").isLessThan(bytes.length - 1);
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    /** Sends to the hostile peers that are still connected; false when none is. */
    private boolean sendToAll(byte... bytes) throws IOException {
        for (RawClient client : List.copyOf(hostile)) {
            try {
                client.send(bytes);
            } catch (SocketException e) {
                client.close(); // the server was faster, which is what the test waits for
                hostile.remove(client);
            }
        }
        return !hostile.isEmpty();
    }

    private static String nextOf(String sender, TestClient client) throws InterruptedException {
        String text = client.next();
        while (!text.contains(", Sender : " + sender + ",")) {
            text = client.next();
        }
        return text;
    }

    private static byte[] repeat(byte[] bytes, int times) {
        return concat(Collections.nCopies(times, bytes).toArray(byte[][]::new));
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}

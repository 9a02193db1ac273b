package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that misuse HTTP while two others talk: nobody else is harmed, and nothing of them stays. */
class HostileHttpPeersTest {
    private static final String CHANNEL = "lobby";
    private static final String PAGE = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String STREAM = "GET /http/chat.v1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String UNKNOWN = "/http/send/AAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA";
    private static final Duration PACE = Duration.ofMillis(10); // of those who send byte by byte
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final Limits LIMITS = Limits.DEFAULT
            .withMaxConnectionsPerAddress(10_000)
            .withHandshakeTimeout(SHORT)
            .withFrameTimeout(SHORT)
            .withQuotas(Quotas.NONE);

    @AutoClose
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);

    @TempDir
    private Path directory;

    private final List<RawClient> hostile = new ArrayList<>();
    private ChatServer server;

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

    /** What connections hold, apart from what the broker keeps for channels. */
    private long held() {
        Map<Part, Long> parts = server.memory().parts();
        return parts.get(Part.CONNECTIONS) + parts.get(Part.QUEUES) + parts.get(Part.INCOMING);
    }

    private RawClient connect() throws IOException {
        RawClient client = RawClient.connect(server.port());
        hostile.add(client);
        return client;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String post(String target, int length) {
        return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n";
    }

    private void assertHarmless(int incidents, Attack attack) throws Exception {
        try (VirtualThreads threads = new VirtualThreads(directory);
                LoggedLines log = new LoggedLines();
                ChatServer started = ChatServer.builder()
                        .port(0)
                        .broker(broker)
                        .page("/", "text/plain", new byte[50_000])
                        .limits(LIMITS)
                        .start()) {
            server = started;
            try (Conversation conversation = new Conversation(server.port(), CHANNEL)) {
                conversation.goesOn();
                long threadsBefore = threads.count();
                long memoryBefore = held();

                attack.run();

                conversation.goesOn();
                eventually(() -> assertThat(server.connections()).isEqualTo(2));
                assertThat(broker.members(CHANNEL)).isEqualTo(Map.of("ada", 1, "bob", 1));
                eventually(() -> assertThat(threads.count()).isLessThanOrEqualTo(threadsBefore));
                eventually(() -> assertThat(held()).as("%s", server.memory()).isLessThan(memoryBefore + 16 * 1024));
                conversation.goesOn();
            }
            assertThat(log.stackTraces()).isEmpty();
            assertThat(log.lines()).hasSizeLessThanOrEqualTo(incidents);
        }
    }

    /** Sends to all hostile peers byte after byte, until the server has cut off the last one. */
    private void trickle(String text) throws IOException {
        byte[] all = bytes(text);
        for (int i = 0; !hostile.isEmpty(); i++) {
            assertThat(i).as("bytes that the server waited for").isLessThan(all.length);
            for (RawClient client : List.copyOf(hostile)) {
                try {
                    client.send(all[i]);
                } catch (SocketException e) {
                    client.close(); // the server was faster, which is what the test waits for
                    hostile.remove(client);
                }
            }
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    @Test
    void headsOfLaterRequestsByteByByteHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            for (int i = 0; i < 50; i++) {
                RawClient peer = connect().send(bytes(PAGE));
                assertThat(peer.readLine()).startsWith("HTTP/1.1 200 ");
            }
            trickle("GET / HTTP/1.1\r\nX-Long: " + "x".repeat(10_000));
        });
    }

    @Test
    void bodiesByteByByteHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            for (int i = 0; i < 50; i++) {
                connect().send(bytes(post(UNKNOWN + "?n=1", 50_000)));
            }
            trickle("x".repeat(10_000));
        });
    }

    @Test
    void chunksByteByByteHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            for (int i = 0; i < 50; i++) {
                connect()
                        .send(bytes("POST " + UNKNOWN
                                + "?n=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"));
            }
            trickle("1\r\nx\r\n".repeat(2_000));
        });
    }

    @Test
    void largeBodiesThatNeverEndHoldBoundedMemory() throws Exception {
        assertHarmless(0, () -> {
            byte[] most = bytes("x".repeat(60_000) + "\n" + "y".repeat(60_000));
            for (int i = 0; i < 100; i++) {
                connect().send(bytes(post(UNKNOWN + "?n=1", 125_000))).send(most);
            }
            assertThat(server.memory().total()).isLessThan(100L * 400_000);
        });
    }

    @Test
    void requestsThatAreSentAheadAndNeverReadHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            byte[] many = bytes(PAGE.repeat(200));
            for (int i = 0; i < 50; i++) {
                RawClient peer = connect();
                Thread.ofVirtual().start(() -> {
                    try {
                        peer.send(many);
                    } catch (IOException e) {
                        // The server has cut it off, as it must.
                    }
                });
            }
        });
    }

    @Test
    void floodsOfPostsToUnknownSessionsHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            try (StreamClient own = StreamClient.events(ChatV1OverHttpTest.at(server), "chat.v1", false)) {
                String key = own.session().substring(0, own.session().indexOf('.')) + ".AAAAAAAAAAAAAAAAAAAAAA";
                byte[] many = bytes((post("/http/send/" + key + "?n=1", 1) + "x").repeat(500));
                for (int i = 0; i < 20; i++) {
                    RawClient peer = connect().send(many);
                    assertThat(peer.readLine()).startsWith("HTTP/1.1 404 ");
                    peer.close();
                }
            }
        });
    }

    @Test
    void repeatedPostsAreAnsweredAndHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            try (StreamClient own = StreamClient.events(ChatV1OverHttpTest.at(server), "chat.v1", false)) {
                byte[] many = bytes((post("/http/send/" + own.session() + "?n=1", 0)).repeat(1_000));
                RawClient peer = connect().send(many);
                int answered = 0;
                while (answered < 1_000) {
                    answered += peer.readLine().equals("HTTP/1.1 204 No Content") ? 1 : 0;
                }
                peer.close();
            }
        });
    }

    @Test
    void streamsThatNobodyReadsAreEndedAndHarmNobody() throws Exception {
        assertHarmless(20, () -> {
            String frames = "{\"id\":1,\"type\":\"connect\",\"client\":\"mallory\"}\n"
                    + "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"flood\"}\n";
            for (int i = 0; i < 5; i++) {
                RawClient peer = connect().send(bytes(STREAM));
                String line = "";
                while (!line.startsWith("data: ")) {
                    line = peer.readLine('\n');
                }
                String target = line.replaceAll(".*\"send\":\"([^\"]+)\".*", "$1") + "?n=1";
                RawClient sender = connect().send(bytes(post(target, frames.length()) + frames));
                assertThat(sender.readLine()).startsWith("HTTP/1.1 204 ");
                sender.close();
            }
            String large = "x".repeat(50_000);
            for (int i = 0; i < 100; i++) {
                server.publish("flood", "ada", large);
            }
        });
    }

    @Test
    void resetsAtEveryPointOfARequestHarmNobody() throws Exception {
        assertHarmless(0, () -> {
            String body = "{\"id\":1,\"type\":\"ping\"}";
            byte[] request = bytes(PAGE + post(UNKNOWN + "?n=1", body.length()) + body + STREAM);
            for (int length = 1; length <= request.length; length += 3) {
                connect().send(Arrays.copyOf(request, length)).reset();
            }
        });
    }
}

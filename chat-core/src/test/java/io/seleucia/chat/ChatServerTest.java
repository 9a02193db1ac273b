package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The server as its clients see it: the ctesiphon protocol to the letter, and what happens to those who misbehave. */
class ChatServerTest {
    private static final int PING = 0x89;

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;

    @BeforeEach
    void start() throws IOException {
        start(Limits.DEFAULT);
    }

    private void start(Limits limits) throws IOException {
        stopServer();
        server = ChatServer.builder().port(0).broker(broker).limits(limits).start();
    }

    @AfterEach
    void stop() {
        stopServer();
        broker.close();
    }

    private void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void walksThroughTheArticle() throws Exception {
        try (TestClient client = TestClient.connect(server.port())) {
            client.send(
                    "{\"Kind\":0,\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\",\\\"Channel\\\":\\\"mychannel\\\"}\"}");
            assertThat(client.next())
                    .isEqualTo("{\"Kind\":100,\"Payload\":\"Subscribed to channel : mychannel SUCCESSFULLY !\"}");

            client.send("{\"Kind\":3,\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\",\\\"Channel\\\":\\\"mychannel\\\","
                    + "\\\"Message\\\":\\\"hi\\\"}\"}");
            assertThat(client.next()).isEqualTo("Channel : mychannel, Sender : adrian, Message : hi");

            client.send("{\"Kind\":4}");
            assertThat(client.next())
                    .isEqualTo(
                            "{\"Kind\":100,\"Payload\":\"[{\\\"Name\\\":\\\"mychannel\\\",\\\"Value\\\":\\\"set\\\"}]\"}");

            client.send(
                    "{\"Kind\":1,\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\",\\\"Channel\\\":\\\"mychannel\\\"}\"}");
            assertThat(client.next()).isEqualTo("{\"Kind\":100,\"Payload\":\" UNSUBSCRIBE SUCCESSFUL\"}");

            client.send("{\"Kind\":1,\"Payload\":\"{\\\"ClientId\\\":\\\"adrian\\\"}\"}");
            assertThat(client.next()).isEqualTo("{\"Kind\":100,\"Payload\":\" UNSUBSCRIBE UNSUCCESSFUL\"}");
        }
    }

    @Test
    void speaksTheSubprotocolThatWasAskedFor() throws Exception {
        try (TestClient client = TestClient.connect(server.port(), "ctesiphon")) {
            client.expectNothingElse();
        }
    }

    @Test
    void reachesEveryMemberInOrder() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            for (int i = 0; i < 100; i++) {
                ada.publish("ada", "lobby", "message " + i);
            }
            for (int i = 0; i < 100; i++) {
                String expected = "Channel : lobby, Sender : ada, Message : message " + i;
                assertThat(ada.next()).isEqualTo(expected);
                assertThat(bob.next()).isEqualTo(expected);
            }
            ada.expectNothingElse();
            bob.expectNothingElse();
        }
    }

    @Test
    void keepsChannelsApart() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "den")) {
            ada.publish("ada", "lobby", "hi");
            assertThat(ada.next()).endsWith("hi");
            bob.expectNothingElse();
        }
    }

    @Test
    void publishesOnlyWhereSubscribed() throws Exception {
        try (TestClient ada = TestClient.connect(server.port());
                TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            ada.publish("ada", "lobby", "hi");
            assertThat(ada.nextResult())
                    .isEqualTo(
                            "Can not send message. Client : ada does not exist or is not subscribed to channel : lobby");
            bob.expectNothingElse();
        }
    }

    @Test
    void refusesASecondSubscriptionToAChannelAndASecondClientId() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            assertThat(ada.subscribe("ada", "lobby").nextResult())
                    .isEqualTo("Error: ALREADY SUBSCRIBED TO CHANNEL lobby");
            assertThat(ada.subscribe("bob", "den").nextResult()).isEqualTo("Error: ClientId mismatch ! ");
            assertThat(ada.publish("bob", "lobby", "hi").nextResult()).isEqualTo("Error: ClientId mismatch ! ");
            assertThat(ada.unsubscribe("bob", "lobby").nextResult()).isEqualTo("Error: ClientId mismatch ! ");
            assertThat(ada.unsubscribe("ada", "lobby").nextResult()).isEqualTo(" UNSUBSCRIBE SUCCESSFUL");
            assertThat(ada.subscribe("bob", "lobby").nextResult()).isEqualTo("Error: ClientId mismatch ! ");
        }
    }

    @Test
    void letsSeveralConnectionsBearOneClientId() throws Exception {
        try (TestClient one = TestClient.member(server.port(), "ada", "lobby");
                TestClient two = TestClient.member(server.port(), "ada", "lobby")) {
            one.publish("ada", "lobby", "hi");
            assertThat(one.next()).endsWith("hi");
            assertThat(two.next()).endsWith("hi");
            assertThat(broker.members("lobby")).isEqualTo(Map.of("ada", 2));
        }
    }

    @Test
    void sendsNothingMoreOfAChannelAfterUnsubscribing() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            assertThat(bob.unsubscribe("bob", "lobby").nextResult()).isEqualTo(" UNSUBSCRIBE SUCCESSFUL");
            ada.publish("ada", "lobby", "hi");
            assertThat(ada.next()).endsWith("hi");
            bob.expectNothingElse();
        }
    }

    @Test
    void answersWhatIsNoRequestAndStaysOpen() throws Exception {
        try (TestClient ada = TestClient.connect(server.port())) {
            for (String bad : new String[] {
                "hello",
                "",
                "[]",
                "{}",
                "{\"Kind\":99}",
                "{\"Kind\":0}",
                "{\"Kind\":0,\"Payload\":\"{}\"}",
                "{\"Kind\":0,\"Payload\":{\"ClientId\":\"ada\",\"Channel\":\"lobby\"}}",
                "{\"Kind\":3,\"Payload\":\"{\\\"ClientId\\\":\\\"ada\\\",\\\"Channel\\\":\\\"lobby\\\"}\"}",
                "[".repeat(10_000)
            }) {
                assertThat(ada.send(bad).nextResult()).as(bad).startsWith("Error: ");
            }
            assertThat(ada.subscribe("ada", "x".repeat(129)).nextResult()).startsWith("Error: a channel's name");
            assertThat(ada.subscribe("x".repeat(65), "lobby").nextResult()).startsWith("Error: a client id");
            assertThat(ada.subscribe("ada", "@bob").nextResult()).startsWith("Error: a channel's name");
            assertThat(ada.subscribe("ada", "👋".repeat(128)).nextResult()).startsWith("Subscribed");
            ada.expectNothingElse();
        }
    }

    @Test
    void limitsTheChannelsOfASession() throws Exception {
        start(Limits.DEFAULT.withMaxChannels(2));
        try (TestClient ada = TestClient.member(server.port(), "ada", "one")) {
            assertThat(ada.subscribe("ada", "two").nextResult()).startsWith("Subscribed");
            assertThat(ada.subscribe("ada", "three").nextResult()).isEqualTo("Error: at most 2 channels");
        }
    }

    @Test
    void limitsTheRateOfRequests() throws Exception {
        start(Limits.DEFAULT.withRateMessages(1).withRateBurst(3));
        try (TestClient ada = TestClient.connect(server.port())) {
            for (int i = 0; i < 3; i++) {
                ada.expectNothingElse();
            }
            assertThat(ada.send("{\"Kind\":4}").nextResult()).isEqualTo("Error: too many requests, slow down");
        }
    }

    @Test
    void closesOnBinaryMessages() throws Exception {
        TestClient ada = TestClient.connect(server.port());
        ada.sendBinary(new byte[] {1, 2, 3});
        assertThat(ada.closeCode()).isEqualTo(1003);
    }

    @Test
    void closesOnMessagesOverTheLimit() throws Exception {
        try (TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            TestClient ada = TestClient.member(server.port(), "ada", "lobby");
            ada.publish("ada", "lobby", "x".repeat(64 * 1024));
            assertThat(ada.closeCode()).isEqualTo(1009);
            bob.expectNothingElse();
        }
    }

    @Test
    void forgetsAClientThatVanishes() throws Exception {
        TestClient ada = TestClient.member(server.port(), "ada", "lobby");
        try (TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            assertThat(broker.members("lobby")).hasSize(2);
            ada.abort();
            eventually(() -> assertThat(broker.members("lobby")).isEqualTo(Map.of("bob", 1)));
            eventually(() -> assertThat(server.connections()).isEqualTo(1));
            bob.publish("bob", "lobby", "still here");
            assertThat(bob.next()).endsWith("still here");
        }
    }

    @Test
    void closesAClientThatNeverReadsAndNobodyElseNotices() throws Exception {
        start(Limits.DEFAULT
                .withOutboundQueueBytes(64 * 1024)
                .withRateMessages(1_000_000)
                .withRateBurst(1_000_000)
                .withQuotas(Quotas.NONE)
                .withWriteTimeout(Duration.ofMillis(500)));
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                Socket deaf = rawMember("deaf", "lobby")) {
            assertThat(broker.members("lobby")).hasSize(2);
            String text = "x".repeat(16 * 1024);
            for (int i = 0; broker.members("lobby").containsKey("deaf"); i++) {
                assertThat(i).as("messages until the slow consumer is closed").isLessThan(10_000);
                ada.publish("ada", "lobby", text);
                assertThat(ada.next()).endsWith(text);
            }
            eventually(() -> assertThat(server.connections()).isEqualTo(1));
            assertThat(deaf.isConnected()).isTrue();
        }
    }

    @Test
    void tellsASlowConsumerThatReadsAgainWhyItWasClosed() throws Exception {
        start(Limits.DEFAULT
                .withWriteTimeout(Duration.ofMinutes(1)) // or a busy machine lets it read too late
                .withPongTimeout(Duration.ofMinutes(1))
                .withOutboundQueueBytes(64 * 1024)
                .withRateMessages(1_000_000)
                .withRateBurst(1_000_000)
                .withQuotas(Quotas.NONE));
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                Socket slow = rawMember("slow", "lobby")) {
            slow.setSoTimeout(30_000);
            // Reads nothing until far more was sent than queue and sockets hold, which ends the session.
            String text = "x".repeat(60 * 1024);
            for (int i = 0; i < 400; i++) {
                ada.publish("ada", "lobby", text);
                assertThat(ada.next()).endsWith(text);
            }
            assertThat(lastCloseCode(slow)).isEqualTo(4000);
        }
    }

    /** Reads frames until a Close, and gives its code. */
    private static int lastCloseCode(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        while (true) {
            int first = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            if (length == 126) {
                length = in.readUnsignedShort();
            }
            byte[] payload = in.readNBytes(length);
            if (first == 0x88) {
                return (payload[0] & 0xff) << 8 | payload[1] & 0xff;
            }
        }
    }

    @Test
    void findsADeadPeerByItsSilence() throws Exception {
        Duration longEnough = Duration.ofSeconds(4); // for the one that lives, on a busy machine
        start(Limits.DEFAULT.withPingInterval(Duration.ofSeconds(1)).withPongTimeout(longEnough));
        try (Socket silent = rawMember("silent", "lobby");
                TestClient alive = TestClient.member(server.port(), "alive", "lobby")) {
            silent.setSoTimeout(30_000);
            DataInputStream in = new DataInputStream(silent.getInputStream());
            assertThat(in.readUnsignedByte()).isEqualTo(PING);
            assertThat(in.readUnsignedByte()).isZero();
            assertThat(lastCloseCode(silent)).isEqualTo(4001);
            eventually(() -> assertThat(broker.members("lobby")).isEqualTo(Map.of("alive", 1)));
            alive.expectNothingElse(); // the JDK's client answers pings by itself
        }
    }

    @Test
    void cutsAHandshakeThatTakesTooLong() throws Exception {
        start(Limits.DEFAULT.withHandshakeTimeout(Duration.ofMillis(500)));
        try (Socket slow = new Socket("localhost", server.port())) {
            slow.setSoTimeout(30_000);
            slow.getOutputStream().write("GET / HT".getBytes(StandardCharsets.US_ASCII));
            assertThat(slow.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void closesWhereAFrameTakesTooLong() throws Exception {
        start(Limits.DEFAULT.withFrameTimeout(Duration.ofSeconds(1)));
        try (Socket slow = rawMember("slow", "lobby")) {
            slow.setSoTimeout(30_000);
            slow.getOutputStream().write(new byte[] {(byte) 0x81, (byte) 0x85, 0, 0, 0, 0, 'h'});
            assertThat(lastCloseCode(slow)).isEqualTo(4001);
        }
    }

    @Test
    void refusesConnectionsOverTheLimits() throws Exception {
        start(Limits.DEFAULT.withMaxConnectionsPerAddress(1));
        try (TestClient first = TestClient.connect(server.port())) {
            first.expectNothingElse();
            try (Socket second = new Socket("localhost", server.port())) {
                second.setSoTimeout(30_000);
                byte[] status = second.getInputStream().readNBytes(12);
                assertThat(new String(status, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 503");
            }
        }
        eventually(() -> assertThat(server.connections()).isZero());
        Eventually.eventuallyGet(() -> {
                    TestClient next = TestClient.connect(server.port());
                    next.expectNothingElse();
                    return next;
                })
                .close();
    }

    @Test
    void answersACloseWithItsCode() throws Exception {
        try (Socket client = rawMember("ada", "lobby")) {
            client.setSoTimeout(30_000);
            client.getOutputStream().write(new byte[] {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, 0x0f, (byte) 0xa1});
            assertThat(lastCloseCode(client)).isEqualTo(4001);
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void drainsBeforeItEnds() throws Exception {
        TestClient ada = TestClient.member(server.port(), "ada", "lobby");
        TestClient bob = TestClient.member(server.port(), "bob", "lobby");
        for (int i = 0; i < 50; i++) {
            ada.publish("ada", "lobby", "message " + i);
        }
        assertThat(ada.next()).endsWith("message 0");

        CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);

        assertThat(ada.closeCode()).isEqualTo(1012);
        assertThat(bob.closeCode()).isEqualTo(1012);
        closing.get(60, TimeUnit.SECONDS);
        assertThat(server.connections()).isZero();
        assertThat(broker.members("lobby")).isEmpty();
        assertThat(bob.next()).endsWith("message 0");
    }

    @Test
    void cutsOffWhoDoesNotLeaveWhenItEnds() throws Exception {
        start(Limits.DEFAULT.withDrainTimeout(Duration.ofMillis(200)).withPongTimeout(Duration.ofMinutes(1)));
        try (Socket stubborn = rawMember("stubborn", "lobby")) {
            server.close();
            assertThat(server.connections()).isZero();
            assertThat(stubborn.isConnected()).isTrue();
        }
    }

    /** A member that does nothing by itself: it answers no pings, and reads only where the test does. */
    private Socket rawMember(String client, String channel) throws Exception {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(8 * 1024);
        socket.connect(new InetSocketAddress("localhost", server.port()));
        socket.getOutputStream()
                .write(("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            head.append((char) socket.getInputStream().read());
        }
        assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
        byte[] request = ("{\"Kind\":0,\"Payload\":\"{\\\"ClientId\\\":\\\"" + client + "\\\",\\\"Channel\\\":\\\""
                        + channel + "\\\"}\"}")
                .getBytes(StandardCharsets.UTF_8);
        socket.getOutputStream().write(new byte[] {(byte) 0x81, (byte) (0x80 | request.length), 0, 0, 0, 0});
        socket.getOutputStream().write(request);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int first = in.readUnsignedByte();
        while (first == PING) {
            assertThat(in.readUnsignedByte()).isZero();
            first = in.readUnsignedByte();
        }
        assertThat(first).isEqualTo(0x81);
        assertThat(new String(in.readNBytes(in.readUnsignedByte()), StandardCharsets.UTF_8))
                .contains("SUCCESSFULLY");
        return socket;
    }
}

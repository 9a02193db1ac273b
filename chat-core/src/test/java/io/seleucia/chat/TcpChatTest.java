package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TcpChat as its clients see it, to the letter, alone and among clients of other protocols. */
@Concurrent
class TcpChatTest {
    private static final String TAKEN = "Nickname already taken.";
    private static final int MANY = 1_000_000;

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;
    private int port;
    private int tcpPort;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        start(ChatServer.builder());
    }

    private void start(ChatServerBuilder builder) throws IOException {
        stopServer();
        server = builder.port(0).tcpPort(0).broker(broker).start();
        port = server.port();
        tcpPort = server.tcpPort().orElseThrow();
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
    void broadcastsToTheLetter() throws Exception {
        try (TcpClient ada = TcpClient.connect(tcpPort);
                TcpClient bob = TcpClient.called("bob", tcpPort)) {
            ada.send(hex("00000018 00000003 ffeeddccbbaa99887766554433221100 03 616461"));
            assertThat(ada.readBytes(24)).isEqualTo(hex("00000014 00000004 ffeeddccbbaa99887766554433221100"));

            ada.send(hex("0000000b 00000000 0005 68c3a42021"));

            assertThat(bob.readBytes(19)).isEqualTo(hex("0000000f 00000001 03 616461 0005 68c3a42021"));
        }
    }

    @Test
    void refusesToTheLetter() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TcpClient bob = TcpClient.connect(tcpPort)) {
            bob.send(hex("00000018 00000003 ffeeddccbbaa99887766554433221100 03 616461"));

            assertThat(bob.readBytes(24 + 2 + 23))
                    .isEqualTo(hex("0000002d 00000005 ffeeddccbbaa99887766554433221100 0017"
                            + "4e69636b6e616d6520616c72656164792074616b656e2e"));
            assertThat(ada.rename("ada")).isEqualTo("ack");
        }
    }

    @Test
    void callsAClientByItsAddressUntilItHasANickname() throws Exception {
        try (TcpClient ada = TcpClient.connect(tcpPort);
                TestClient bob = TestClient.member(port, "bob", "lobby")) {
            ada.say("from an address");
            assertThat(bob.next()).isEqualTo(line(ada.address(), "from an address"));
            assertThat(broker.members("lobby")).isEqualTo(Map.of("bob", 1, ada.address(), 1));

            assertThat(ada.rename(ada.address())).isEqualTo("ack");
            assertThat(ada.rename("ada")).isEqualTo("ack");
            ada.say("from a name");
            assertThat(bob.next()).isEqualTo(line("ada", "from a name"));
            assertThat(broker.members("lobby")).isEqualTo(Map.of("bob", 1, "ada", 1));
            assertThat(broker.members("@" + ada.address())).isEmpty();
        }
        eventually(() -> assertThat(broker.members("lobby")).isEmpty());
        assertThat(broker.members("@ada")).isEmpty();
    }

    @Test
    void refusesANicknameThatAnotherBearsInAnyProtocol() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TestClient bob = TestClient.member(port, "bob", "den");
                ChatV1Contract.Client carol = ChatV1Contract.connected(port, "carol");
                TcpClient late = TcpClient.connect(tcpPort)) {
            assertThat(late.rename("ada")).isEqualTo(TAKEN);
            assertThat(late.rename("bob")).isEqualTo(TAKEN);
            assertThat(late.rename("carol")).isEqualTo(TAKEN);
            assertThat(late.rename(ada.address())).isEqualTo("ack");

            assertThat(ada.rename("eve")).isEqualTo("ack");
            assertThat(late.rename("ada")).isEqualTo("ack");
            assertThat(ada.rename("ada")).isEqualTo(TAKEN);
            bob.expectNothingElse();
            carol.expectNoPush();
        }
    }

    @Test
    void freesANicknameWhenItsBearerLeaves() throws Exception {
        try (TcpClient late = TcpClient.connect(tcpPort)) {
            try (TcpClient ada = TcpClient.called("ada", tcpPort)) {
                assertThat(late.rename("ada")).isEqualTo(TAKEN);
                ada.send(TcpClient.message(TcpClient.KEEPALIVE));
            }
            eventually(() -> assertThat(rename(late, "ada")).isEqualTo("ack"));
        }
    }

    private static String rename(TcpClient client, String nickname) {
        try {
            return client.rename(nickname);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void refusesNicknamesThatAreNoClientIds() throws Exception {
        try (TcpClient ada = TcpClient.connect(tcpPort)) {
            assertThat(ada.rename("")).isEqualTo("a client id must have 1 to 64 characters");
            assertThat(ada.rename("x".repeat(65))).isEqualTo("a client id must have 1 to 64 characters");
            assertThat(ada.rename("a\nb")).isEqualTo("a client id must not have control characters");
            assertThat(ada.rename("é".repeat(64))).isEqualTo("ack");
        }
    }

    @Test
    void showsARenameToMembersWithPresence() throws Exception {
        try (ChatV1Contract.Client bob = ChatV1Contract.connected(port, "bob")) {
            bob.ask("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"presence\":true}");
            try (TcpClient ada = TcpClient.called("ada", tcpPort)) {
                assertThat(bob.push("joined").get("client").getAsString()).isEqualTo(ada.address());
                assertThat(bob.push("left").get("client").getAsString()).isEqualTo(ada.address());
                assertThat(bob.push("joined").get("client").getAsString()).isEqualTo("ada");
            }
            assertThat(bob.push("left").get("client").getAsString()).isEqualTo("ada");
        }
    }

    @Test
    void sendsNobodysOwnMessagesBackButThoseOfNamesakes() throws Exception {
        start(ChatServer.builder()
                .limits(Limits.DEFAULT
                        .withRateMessages(MANY)
                        .withRateBurst(MANY)
                        .withQuotas(Quotas.NONE)));
        int messages = 300;
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TestClient namesake = TestClient.member(port, "ada", "lobby")) {
            Thread both = Thread.ofVirtual().start(() -> {
                for (int i = 0; i < messages; i++) {
                    namesake.publish("ada", "lobby", "namesake " + i);
                }
            });
            for (int i = 0; i < messages; i++) {
                ada.say("own " + i);
            }
            for (int i = 0; i < messages; i++) {
                assertThat(ada.nextBroadcast()).isEqualTo("ada: namesake " + i);
            }
            both.join();
            assertThat(ada.rename("ada")).isEqualTo("ack");
        }
    }

    @Test
    void talksWithAllProtocolsInOneChannel() throws Exception {
        String lengthy = "long 😀 ".repeat(5_000) + "\n\"end\"";
        try (TcpClient tcp = TcpClient.called("tcp", tcpPort);
                TestClient ctesiphon = TestClient.member(port, "ctesiphon", "lobby");
                ChatV1Contract.Client v1 = ChatV1Contract.member(port, "v1", "lobby")) {
            for (String text : List.of("hi", "", "😀 é \u0000", lengthy)) {
                tcp.say(text);
                assertThat(ctesiphon.next()).isEqualTo(line("tcp", text));
                assertThat(data(v1)).isEqualTo(text);

                ctesiphon.publish("ctesiphon", "lobby", text);
                assertThat(tcp.nextBroadcast()).isEqualTo("ctesiphon: " + text);
                assertThat(ctesiphon.next()).isEqualTo(line("ctesiphon", text));
                assertThat(data(v1)).isEqualTo(text);
            }
            v1.ask("{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":{\"a\":[1, true]}}");
            assertThat(tcp.nextBroadcast()).isEqualTo("v1: {\"a\":[1,true]}");
            for (int i = 0; i < 100; i++) {
                tcp.say("number " + i);
            }
            assertThat(v1.push("message").get("sender").getAsString()).isEqualTo("v1");
            for (int i = 0; i < 100; i++) {
                assertThat(data(v1)).isEqualTo("number " + i);
            }
        }
    }

    @Test
    void cutsALongNameAtACharacter() throws Exception {
        String name = "😀".repeat(64); // 256 bytes
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TestClient bob = TestClient.member(port, name, "lobby")) {
            bob.publish(name, "lobby", "hi");

            assertThat(ada.nextBroadcast()).isEqualTo("😀".repeat(63) + ": hi");
        }
    }

    @Test
    void refusesTextThatIsTooLongAtItsSender() throws Exception {
        start(ChatServer.builder().limits(Limits.DEFAULT.withMaxMessageBytes(200_000)));
        String longest = "é".repeat(32_767) + "x";
        String tooLong = longest + "x";
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                ChatV1Contract.Client v1 = ChatV1Contract.member(port, "v1", "lobby");
                TestClient ctesiphon =
                        TestClient.member(port, "ctesiphon", "lobby").join("ctesiphon", "den")) {
            assertThat(publish(v1, tooLong).get("code").getAsString()).isEqualTo("too_large");
            ctesiphon.publish("ctesiphon", "lobby", tooLong);
            assertThat(ctesiphon.nextResult()).isEqualTo("Error: a text in lobby must have at most 65535 bytes");
            ctesiphon.publish("ctesiphon", "den", tooLong);
            assertThat(ctesiphon.next()).endsWith(tooLong);

            assertThat(publish(v1, longest).get("type").getAsString()).isEqualTo("published");
            assertThat(ada.nextBroadcast()).isEqualTo("v1: " + longest);
            ada.say(longest);
            assertThat(ctesiphon.next()).isEqualTo(line("v1", longest));
            assertThat(ctesiphon.next()).isEqualTo(line("ada", longest));
        }
    }

    @Test
    void showsEditsAsTextsAndNoOtherAnnotations() throws Exception {
        start(ChatServer.builder().limits(Limits.DEFAULT.withMaxMessageBytes(200_000)));
        String longest = "é".repeat(32_766) + "x";
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                ChatV1Contract.Client v1 = ChatV1Contract.member(port, "v1", "lobby")) {
            publish(v1, "one");
            assertThat(ada.nextBroadcast()).isEqualTo("v1: one");
            assertThat(refer(v1, "edit", longest + "x").get("code").getAsString())
                    .isEqualTo("too_large");
            refer(v1, "edit", longest);
            assertThat(ada.nextBroadcast()).isEqualTo("v1: * " + longest);
            refer(v1, "reaction", "!");
            refer(v1, "reply", "two");
            assertThat(ada.nextBroadcast()).isEqualTo("v1: two");
            v1.ask("{\"id\":9,\"type\":\"publish\",\"channel\":\"lobby\",\"ref\":{\"offset\":1,\"kind\":\"delete\"}}");
            publish(v1, "three");
            assertThat(ada.nextBroadcast()).isEqualTo("v1: three");
        }
    }

    private static JsonObject refer(ChatV1Contract.Client client, String kind, String text)
            throws InterruptedException {
        return client.ask("{\"id\":9,\"type\":\"publish\",\"channel\":\"lobby\",\"ref\":{\"offset\":1,\"kind\":\""
                + kind + "\"},\"data\":\"" + text + "\"}");
    }

    private static JsonObject publish(ChatV1Contract.Client client, String text) throws InterruptedException {
        return client.ask("{\"id\":9,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"" + text + "\"}");
    }

    @Test
    void saysThatAnotherServerLetTooMuchThrough() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort)) {
            broker.publish("lobby", "bob", new Content.Text("x".repeat(65_536)), "");

            assertThat(ada.nextBroadcast())
                    .isEqualTo(": a message of bob has 65536 bytes, and is too long to be shown here");
        }
    }

    @Test
    void skipsWhatItDoesNotKnow() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TcpClient bob = TcpClient.called("bob", tcpPort)) {
            ada.send(hex("00000006 00000063 ffff")); // a type 99
            ada.send(hex("00000004 ffffffff"));
            ada.send(hex("00000008 00000001 03616461")); // a broadcast, which is the server's to send
            ada.send(hex("00000004 00000002 00000006 00000002 ffff")); // keepalives
            ada.send(hex("00000014 00000004 ffeeddccbbaa99887766554433221100")); // an ack of nothing
            ada.send(hex("00000018 00000005 ffeeddccbbaa99887766554433221100 00026e6f"));
            ada.send(hex("0000000a 00000000 00026869 ffff")); // a text with something behind it

            assertThat(bob.nextBroadcast()).isEqualTo("ada: hi");
        }
    }

    @Test
    void readsByteByByte() throws Exception {
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TcpClient bob = TcpClient.called("bob", tcpPort)) {
            for (byte one : TcpClient.chat("drop by drop")) {
                ada.send(one);
            }

            assertThat(bob.nextBroadcast()).isEqualTo("ada: drop by drop");
        }
    }

    @Test
    void isInTheChannelThatWasSet() throws Exception {
        start(ChatServer.builder().tcpChannel("hall"));
        try (TcpClient ada = TcpClient.called("ada", tcpPort);
                TestClient bob = TestClient.member(port, "bob", "hall")) {
            bob.publish("bob", "hall", "hi");

            assertThat(ada.nextBroadcast()).isEqualTo("bob: hi");
        }
        assertThatThrownBy(() -> ChatServer.builder().tcpChannel("@ada"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a channel's name must not start with @");
    }

    @Test
    void sendsKeepalivesWhenNothingElseWasSent() throws Exception {
        Duration keepalive = Duration.ofMillis(400);
        start(ChatServer.builder().tcpTimes(keepalive, Duration.ofMinutes(1)));
        long began = System.nanoTime();
        try (TcpClient ada = TcpClient.called("ada", tcpPort)) {
            for (int i = 0; i < 3; i++) {
                assertThat(ada.readBytes(8)).isEqualTo(hex("00000004 00000002"));
            }
            assertThat(System.nanoTime() - began)
                    .isGreaterThan(keepalive.multipliedBy(5).dividedBy(2).toNanos());
        }
    }

    @Test
    void sendsTheFirstKeepaliveAfterFiveSeconds() throws Exception {
        try (TcpClient ada = TcpClient.connect(tcpPort)) {
            long began = System.nanoTime();
            assertThat(ada.readBytes(8)).isEqualTo(hex("00000004 00000002"));
            assertThat((System.nanoTime() - began) / 1e9).isBetween(4.5, 30.0);
        }
    }

    @Test
    @ReadsLog
    void keepsThoseWhoSendKeepalivesAndClosesTheSilent() throws Exception {
        Duration silence = Duration.ofSeconds(3);
        start(ChatServer.builder().tcpTimes(Duration.ofMillis(100), silence));
        try (LoggedLines log = new LoggedLines();
                TcpClient silent = TcpClient.connect(tcpPort);
                TcpClient ada = TcpClient.called("ada", tcpPort)) {
            long began = System.nanoTime();
            while (System.nanoTime() - began < silence.multipliedBy(2).toNanos()) {
                assertThat(ada.receive().type()).isEqualTo(TcpClient.KEEPALIVE);
                ada.send(TcpClient.message(TcpClient.KEEPALIVE));
            }
            silent.awaitEnd();
            assertThat(ada.rename("still here")).isEqualTo("ack");
            eventually(() ->
                    assertThat(log.lines()).singleElement().asString().contains(silent.address(), "4001 timed out"));
        }
    }

    @Test
    void drains() throws Exception {
        Thread closing;
        TestClient bob = TestClient.member(port, "bob", "lobby");
        try (TcpClient ada = TcpClient.called("ada", tcpPort)) {
            bob.publish("bob", "lobby", "a last word");
            assertThat(bob.next()).endsWith("a last word");
            eventually(() -> assertThat(server.metrics().delivered()).isEqualTo(2)); // to ada too, who reads later
            closing = Thread.ofVirtual().start(server::close);

            assertThat(ada.nextBroadcast()).isEqualTo("bob: a last word");
            assertThat(ada.atEnd()).isTrue();
            assertThat(bob.closeCode()).isEqualTo(1012);
        }
        assertThat(closing.join(Duration.ofSeconds(30))).isTrue();
        assertThat(server.connections()).isZero();
        assertThatThrownBy(() -> TcpClient.connect(tcpPort)).isInstanceOf(IOException.class);
    }

    @Test
    void sharesTheLimitOfConnectionsWithTheOtherPort() throws Exception {
        start(ChatServer.builder().limits(Limits.DEFAULT.withMaxConnectionsPerAddress(1)));
        try (TcpClient ada = TcpClient.called("ada", tcpPort)) {
            assertThat(TcpClient.connect(tcpPort).atEnd()).isTrue();
            assertThat(RawClient.connect(port).readLine()).startsWith("HTTP/1.1 503");
            assertThat(server.connections()).isEqualTo(1);
            assertThat(ada.rename("still here")).isEqualTo("ack");
        }
    }

    @Test
    void saysWhichPortIsTaken() {
        assertThatThrownBy(() ->
                        ChatServer.builder().port(0).tcpPort(tcpPort).start().close())
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("can't listen on localhost:" + tcpPort);
    }

    @Test
    void hasNoTcpPortUnlessItIsAskedFor() throws Exception {
        try (ChatServer other = ChatServer.builder().port(0).start()) {
            assertThat(other.tcpPort()).isEmpty();
        }
    }

    @Test
    void speaksTls() throws Exception {
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        start(ChatServer.builder().tlsKeystore(key.keystore(), key.passwordFile()));
        try (TcpClient ada = TcpClient.connect(tcpPort, key.trusting());
                TcpClient bob = TcpClient.connect(tcpPort, key.trusting())) {
            assertThat(ada.rename("ada")).isEqualTo("ack");
            assertThat(bob.rename("bob")).isEqualTo("ack");
            ada.say("secret " + "x".repeat(40_000));
            assertThat(bob.nextBroadcast()).isEqualTo("ada: secret " + "x".repeat(40_000));

            bob.send(hex("00000000"));
            assertThat(bob.atEnd()).isTrue();
            assertThat(TcpClient.connect(tcpPort).send(TcpClient.chat("plain")).awaitEnd())
                    .isNotNull();
        }
    }

    private static String line(String sender, String text) {
        return "Channel : lobby, Sender : " + sender + ", Message : " + text;
    }

    private static String data(ChatV1Contract.Client client) throws InterruptedException {
        return client.push("message").get("data").getAsString();
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }
}

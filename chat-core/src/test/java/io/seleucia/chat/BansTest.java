package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A ban keeps out an account, a guest name or an address, on all servers of a broker and in every protocol. */
class BansTest {
    private static final String HOST = "127.0.0.1";

    /** Tokens, and guests besides. */
    private static final Authenticator ACCOUNTS = new Authenticator() {
        private final Tokens tokens = Tokens.signedWith(TokenMaker.SECRET);

        @Override
        public Optional<User> authenticate(Credentials credentials, String address) throws IOException {
            return tokens.authenticate(credentials, address);
        }

        @Override
        public Optional<Boolean> hasAccount(String name) {
            return Optional.of(false); // so that guests may take any names
        }
    };

    private static ChatServer server(Broker broker) throws IOException {
        return ChatServer.builder()
                .host(HOST)
                .port(0)
                .tcpPort(0)
                .broker(broker)
                .authenticator(ACCOUNTS)
                .guests(true)
                .webSocket("/raw", (socket, message) -> socket.send(message))
                .start();
    }

    private static Ban ban(Ban.Kind kind, String subject) {
        return new Ban(kind, subject, Instant.now().plus(Duration.ofHours(1)), "spam");
    }

    private static String connectAs(TestClient client, String name) throws Exception {
        return client.send("{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}")
                .next();
    }

    private static String logIn(TestClient client, String token) throws Exception {
        return client.send("{\"id\":1,\"type\":\"connect\",\"token\":\"" + token + "\"}")
                .next();
    }

    private static String handshake(int port, String field) throws Exception {
        String head = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replace("\r\n\r\n", "\r\n" + field + "\r\n");
        try (RawClient client = RawClient.connect(port).send(head.getBytes(StandardCharsets.US_ASCII))) {
            return client.readLine();
        }
    }

    @Test
    void keepsAnAccountOutOfAllServersAndProtocols() throws Exception {
        String token = TokenMaker.token("ada");
        String query = "/?access_token=" + token;
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer here = server(broker);
                ChatServer there = server(broker)) {
            TestClient chat = TestClient.connect(there.port(), "chat.v1");
            assertThat(logIn(chat, token)).contains("connected");
            TestClient ctesiphon = TestClient.connect(here.port(), "ctesiphon", query);
            TestClient controllers = TestClient.connect(there.port(), "XSocketsNET", query);
            TestClient raw = TestClient.connectTo(here.port(), "/raw" + query.substring(1));
            TestClient bob = TestClient.connect(here.port(), "chat.v1");
            assertThat(logIn(bob, TokenMaker.token("bob"))).contains("connected");

            Ban ban = ban(Ban.Kind.ACCOUNT, "ada");
            here.ban(ban);

            assertThat(chat.closeCode()).isEqualTo(4403);
            assertThat(ctesiphon.closeCode()).isEqualTo(4403);
            assertThat(controllers.closeCode()).isEqualTo(4403);
            assertThat(raw.closeCode()).isEqualTo(4403);
            for (ChatServer server : new ChatServer[] {here, there}) {
                assertThat(handshake(server.port(), "Authorization: Bearer " + token + "\r\n"))
                        .isEqualTo("HTTP/1.1 403 Forbidden");
                TestClient again = TestClient.connect(server.port(), "chat.v1");
                assertThat(logIn(again, token)).contains("\"forbidden\"").contains("this account is banned until 20");
                assertThat(again.closeCode()).isEqualTo(4403);
            }
            assertThat(bob.send("{\"id\":2,\"type\":\"ping\"}").next()).contains("pong");
            assertThat(there.bans()).containsExactly(ban);

            there.unban(Ban.Kind.ACCOUNT, "ada");
            assertThat(here.bans()).isEmpty();
            eventually(() -> assertLogsIn(here, token));
            bob.close();
        }
    }

    private static void assertLogsIn(ChatServer server, String token) {
        try (TestClient client = TestClient.connect(server.port(), "chat.v1")) {
            assertThat(logIn(client, token)).contains("connected");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void keepsAGuestNameFromBeingTakenInAllProtocols() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer here = server(broker);
                ChatServer there = server(broker)) {
            TestClient chat = TestClient.connect(here.port(), "chat.v1");
            assertThat(connectAs(chat, "Bill")).contains("connected");
            TestClient ctesiphon = TestClient.member(there.port(), "bill", "lobby");
            TcpClient tcp = TcpClient.connect(there.tcpPort().orElseThrow());
            assertThat(tcp.rename("BILL")).isEqualTo("ack");

            here.ban(ban(Ban.Kind.GUEST, "Bill"));

            assertThat(chat.closeCode()).isEqualTo(4403);
            assertThat(ctesiphon.closeCode()).isEqualTo(4403);
            tcp.awaitEnd().close();
            try (TestClient again = TestClient.connect(there.port(), "chat.v1")) {
                assertThat(connectAs(again, "BiIl")) // with an I for an l
                        .contains("\"forbidden\"")
                        .contains("this name is banned until 20");
                assertThat(connectAs(again, "carl")).contains("connected");
            }
            try (TestClient again = TestClient.connect(here.port())) {
                assertThat(again.subscribe("bill", "lobby").next()).contains("Error: this name is banned until 20");
            }
            try (TcpClient again = TcpClient.connect(here.tcpPort().orElseThrow())) {
                assertThat(again.rename("bill")).startsWith("this name is banned until 20");
                assertThat(again.rename("carla")).isEqualTo("ack");
            }
            // an account of that name is another's affair
            assertLogsIn(there, TokenMaker.token("bill"));

            there.unban(Ban.Kind.GUEST, "BILL");
            try (TestClient again = TestClient.connect(there.port(), "chat.v1")) {
                assertThat(connectAs(again, "Bill")).contains("connected");
            }
        }
    }

    @Test
    void keepsAnAddressOutBeforeItsHandshake() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer here = server(broker);
                ChatServer there = server(broker);
                TestClient inProcess = TestClient.over(here.connect("chat.v1"))) {
            TestClient chat = TestClient.connect(here.port(), "chat.v1");
            TestClient raw = TestClient.connectTo(there.port(), "/raw");
            TcpClient tcp = TcpClient.connect(there.tcpPort().orElseThrow());
            assertThat(tcp.rename("ada")).isEqualTo("ack");
            assertThat(connectAs(inProcess, "carl")).contains("connected");

            here.ban(ban(Ban.Kind.ADDRESS, HOST));

            assertThat(chat.closeCode()).isEqualTo(4403);
            assertThat(raw.closeCode()).isEqualTo(4403);
            tcp.awaitEnd().close();
            for (ChatServer server : new ChatServer[] {here, there}) {
                assertThat(handshake(server.port(), "")).isEqualTo("HTTP/1.1 403 Forbidden");
                TcpClient.connect(server.tcpPort().orElseThrow()).awaitEnd().close();
            }
            assertThat(inProcess.send("{\"id\":2,\"type\":\"ping\"}").next()).contains("pong");

            here.unban(Ban.Kind.ADDRESS, HOST);
            assertThat(handshake(here.port(), "")).isEqualTo("HTTP/1.1 101 Switching Protocols");
        }
    }

    @Test
    void endsByItself() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = server(broker)) {
            String token = TokenMaker.token("ada");
            TestClient client = TestClient.connect(server.port(), "chat.v1");
            server.ban(new Ban(Ban.Kind.ACCOUNT, "ada", Instant.now().plusSeconds(3), ""));
            assertThat(logIn(client, token)).contains("forbidden");
            assertThat(client.closeCode()).isEqualTo(4403);

            eventually(() -> assertLogsIn(server, token));
            assertThat(server.bans()).isEmpty();
        }
    }

    @Test
    void outlivesARestartWithAJournal(@TempDir Path directory) throws Exception {
        Ban ban = ban(Ban.Kind.GUEST, "Ada");
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            server.ban(ban);
            server.ban(ban(Ban.Kind.GUEST, "bob"));
            server.unban(Ban.Kind.GUEST, "bob");
        }
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            assertThat(server.bans()).containsExactly(ban);
            try (TestClient bob = TestClient.connect(server.port(), "chat.v1")) {
                assertThat(connectAs(bob, "bob")).contains("connected");
            }
            eventually(() -> assertBanned(server, "ada"));
        }
    }

    private static void assertBanned(ChatServer server, String name) {
        try (TestClient client = TestClient.connect(server.port(), "chat.v1")) {
            assertThat(connectAs(client, name)).contains("forbidden");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void reachesServersOverRedisAndThoseThatStartLater() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker hereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker thereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(hereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            assertThat(thereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            try (ChatServer here = server(hereBroker);
                    ChatServer there = server(thereBroker)) {
                TestClient ada = TestClient.connect(there.port(), "chat.v1");
                assertThat(connectAs(ada, "ada")).contains("connected");

                here.ban(ban(Ban.Kind.GUEST, "ada"));

                assertThat(ada.closeCode()).isEqualTo(4403);
                assertBanned(there, "ada");
                try (ChatServer later = server(thereBroker)) {
                    eventually(() -> assertBanned(later, "ada"));
                }
            }
        }
    }

    @Test
    void refusesWhatCanNotBeBanned() throws Exception {
        try (ChatServer server = ChatServer.builder().withoutPort().start()) {
            Instant past = Instant.now().minusSeconds(1);
            Instant far = Instant.now().plus(Duration.ofDays(368));
            for (Instant until : new Instant[] {past, far}) {
                assertThatThrownBy(() -> server.ban(new Ban(Ban.Kind.GUEST, "ada", until, "")))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("a ban must end in the future, within 367 days");
            }
            assertThat(server.bans()).isEmpty();
        }
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.faults.FaultyProxy;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A revoked login is void on all servers that share a broker, also where that is learnt late. */
class RevocationTest {
    private static ChatServer server(Broker broker) throws IOException {
        return ChatServer.builder()
                .host("127.0.0.1")
                .port(0)
                .broker(broker)
                .authenticator(Tokens.signedWith(TokenMaker.SECRET))
                .start();
    }

    /** Logs in, and gives the type of the answer. */
    private static String login(TestClient client, String token) throws Exception {
        String answer = client.send("{\"id\":1,\"type\":\"connect\",\"token\":\"" + token + "\"}")
                .next();
        return JsonParser.parseString(answer).getAsJsonObject().get("type").getAsString();
    }

    private static TestClient loggedIn(ChatServer server, String token) throws Exception {
        TestClient client = TestClient.connect(server.port(), "chat.v1");
        assertThat(login(client, token)).isEqualTo("connected");
        return client;
    }

    private static void assertRefused(ChatServer server, String token) throws Exception {
        try (TestClient client = TestClient.connect(server.port(), "chat.v1")) {
            assertThat(login(client, token)).isEqualTo("error");
        }
    }

    /** A token of the next second, which nothing up to now revokes. */
    private static String fresh(String user) throws Exception {
        Instant next = Instant.now().plusSeconds(1);
        eventually(() -> assertThat(Instant.now()).isAfterOrEqualTo(next));
        return TokenMaker.token(user);
    }

    @Test
    void reachesAllServersOfOneBroker() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer here = server(broker);
                ChatServer there = server(broker);
                TestClient bob = loggedIn(there, TokenMaker.token("bob"))) {
            String old = TokenMaker.token("ada");
            TestClient ada = loggedIn(here, old);
            TestClient again = loggedIn(there, old);

            here.revoke("ada");

            assertThat(ada.closeCode()).isEqualTo(4401);
            assertThat(again.closeCode()).isEqualTo(4401);
            assertRefused(here, old);
            assertRefused(there, old);
            loggedIn(there, fresh("ada")).close();
            assertThat(bob.send("{\"id\":2,\"type\":\"ping\"}").next()).contains("pong");

            try (ChatServer later = server(broker)) {
                assertRefused(later, old);
                loggedIn(later, TokenMaker.token("ada")).close();
            }
        }
    }

    @Test
    void outlivesARestartWithAJournal(@TempDir Path directory) throws Exception {
        String old = TokenMaker.token("ada");
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            server.revoke("ada");
            assertRefused(server, old);
        }
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            assertRefused(server, old);
        }
    }

    /** Neither what operators delete nor what comes after it takes a revocation back. */
    @Test
    void outlivesDeletionsAndOtherOrders(@TempDir Path directory) throws Exception {
        String old = TokenMaker.token("ada");
        Retention one = Retention.DEFAULT.withMessages(1);
        try (InMemoryBroker broker = InMemoryBroker.open(one, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            server.revoke("ada");
            server.revoke("bob");
            server.disconnect("carl");
            broker.delete("@");
            try (ChatServer later = server(broker)) {
                assertRefused(later, old);
            }
        }
        try (InMemoryBroker broker = InMemoryBroker.open(one, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            assertRefused(server, old);
            server.revoke("dora"); // which writes the file anew
        }
        try (InMemoryBroker broker = InMemoryBroker.open(one, directory, Fsync.NEVER);
                ChatServer server = server(broker)) {
            assertRefused(server, old);
        }
    }

    @Test
    void reachesAServerThatWasCutOffFromRedisOrStartsLater() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker hereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker thereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(hereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            assertThat(thereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            try (ChatServer here = server(hereBroker);
                    ChatServer there = server(thereBroker)) {
                String old = TokenMaker.token("ada");
                TestClient ada = loggedIn(here, old);
                TestClient again = loggedIn(there, old);

                here.revoke("ada");
                assertThat(ada.closeCode()).isEqualTo(4401);
                assertThat(again.closeCode()).isEqualTo(4401);
                eventually(() -> assertRefusedNow(there, old));

                redis.kill();
                assertThatThrownBy(() -> here.revoke("bob")).isInstanceOf(UnavailableException.class);
                // One that starts without Redis does not know who is revoked, and lets nobody in with a token yet.
                try (RedisBroker laterBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                        ChatServer later = server(laterBroker);
                        TestClient early = TestClient.connect(later.port(), "chat.v1")) {
                    early.send("{\"id\":1,\"type\":\"connect\",\"token\":\"" + old + "\"}");
                    redis.start();
                    assertThat(early.next()).contains("unauthorized");
                    assertRefused(later, old);
                }
            }
        }
    }

    private static void assertRefusedNow(ChatServer server, String token) {
        try {
            assertRefused(server, token);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void reachesAServerWhoseConnectionToRedisWasDown() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                FaultyProxy network = new FaultyProxy(redis.uri().getPort());
                RedisBroker hereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker thereBroker =
                        new RedisBroker(URI.create("redis://127.0.0.1:" + network.port()), "chat:", Retention.DEFAULT);
                ChatServer here = server(hereBroker);
                ChatServer there = server(thereBroker)) {
            assertThat(thereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            String old = TokenMaker.token("ada");
            TestClient ada = loggedIn(there, old);
            network.blackHole();

            here.revoke("ada");
            assertThat(ada.send("{\"id\":2,\"type\":\"ping\"}").next()).contains("pong"); // it does not know yet
            network.cut();
            network.pass();

            assertThat(ada.closeCode()).isEqualTo(4401);
            assertRefused(there, old);
        }
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A guest's name is its own while it is reserved. */
@Concurrent
class GuestNamesTest {
    private static final String SECRET = "client-made_secret-of-22";

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;

    private void start(Duration hold) throws Exception {
        server = ChatServer.builder()
                .port(0)
                .tcpPort(0)
                .broker(broker)
                .guestNames(GuestNames.RESERVED)
                .guestNameHold(hold)
                .start();
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
        broker.close();
    }

    private TestClient connect() throws Exception {
        return TestClient.connect(server.port(), "chat.v1");
    }

    private static JsonObject connect(TestClient client, String name, String more) throws Exception {
        String request = "{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"" + more + "}";
        return JsonParser.parseString(client.send(request).next()).getAsJsonObject();
    }

    private static String resume(String secret) {
        return ",\"resume\":\"" + secret + "\"";
    }

    private static String text(JsonObject reply, String member) {
        return reply.get(member).getAsString();
    }

    private static void assertTaken(JsonObject reply) {
        assertThat(text(reply, "code")).isEqualTo("name_taken");
        assertThat(text(reply, "message")).isEqualTo("name taken: another guest is called ada: take another name");
    }

    @Test
    void refusesASecondGuestWithoutTheSecretOfTheFirst() throws Exception {
        start(Duration.ofMinutes(10));
        try (TestClient ada = connect();
                TestClient eve = connect()) {
            String secret = text(connect(ada, "ada", ""), "resume");
            assertThat(secret).matches("[A-Za-z0-9_-]{22}");

            assertTaken(connect(eve, "ada", ""));
            assertTaken(connect(eve, "ada", resume(SECRET)));
            assertThat(text(connect(eve, "ada", resume("short")), "code")).isEqualTo("bad_request");
            assertThat(text(connect(eve, "ada", resume("x".repeat(200))), "code"))
                    .isEqualTo("bad_request");
            assertThat(text(connect(eve, "ada", resume(secret)), "resume")).isEqualTo(secret);
        }
        try (TestClient eve = connect()) {
            assertTaken(connect(eve, "ada", ""));
            assertThat(text(connect(eve, "eve", ""), "type")).isEqualTo("connected");
        }
    }

    @Test
    void keepsASecretThatAClientBrings() throws Exception {
        start(Duration.ofMinutes(10));
        try (TestClient ada = connect();
                TestClient eve = connect()) {
            assertThat(text(connect(ada, "ada", resume(SECRET)), "resume")).isEqualTo(SECRET);
            assertTaken(connect(eve, "ada", ""));
        }
        try (TestClient ada = connect()) {
            assertThat(text(connect(ada, "ada", resume(SECRET)), "resume")).isEqualTo(SECRET);
        }
    }

    @Test
    void oneSecretShowsWhoseMessageItIs() throws Exception {
        start(Duration.ofMinutes(10));
        try (TestClient ada = connect();
                TestClient again = connect()) {
            String secret = text(connect(ada, "ada", ""), "resume");
            connect(again, "ada", resume(secret));
            for (TestClient session : List.of(ada, again)) {
                ask(session, "\"type\":\"subscribe\",\"channel\":\"lobby\"");
            }
            ask(ada, "\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"");
            assertThat(text(ask(again, delete(1)), "type")).isEqualTo("published");
        }
    }

    private static String delete(long offset) {
        return "\"type\":\"publish\",\"channel\":\"lobby\",\"ref\":{\"offset\":" + offset + ",\"kind\":\"delete\"}";
    }

    private static JsonObject ask(TestClient client, String fields) throws Exception {
        client.send("{\"id\":7," + fields + "}");
        JsonObject answer = JsonParser.parseString(client.next()).getAsJsonObject();
        while (!answer.has("id")) {
            answer = JsonParser.parseString(client.next()).getAsJsonObject();
        }
        return answer;
    }

    @Test
    void anAddressReservesABoundedNumberOfNewNames() throws Exception {
        start(Duration.ofMinutes(10));
        String code = "";
        int reserved = 0;
        while (code.isEmpty()) {
            try (TestClient guest = connect()) {
                JsonObject reply = connect(guest, "guest " + reserved, resume(SECRET));
                code = reply.has("code") ? text(reply, "code") : "";
            }
            reserved += code.isEmpty() ? 1 : 0;
            assertThat(reserved).isLessThan(10_000);
        }

        assertThat(code).isEqualTo("rate_limited");
        assertThat(reserved).isGreaterThanOrEqualTo(1_000);
        assertThat(broker.hold("guest " + reserved, "another", Duration.ofMinutes(1)))
                .as("the name that was refused")
                .isEqualTo(Broker.Hold.BEGUN);
        try (TestClient guest = connect()) { // a name that it has
            assertThat(text(connect(guest, "guest 0", resume(SECRET)), "type")).isEqualTo("connected");
        }
    }

    @Test
    void holdsANameForAWhileAfterItsSessionHasEnded() throws Exception {
        start(Duration.ofSeconds(2)); // which a busy machine renews in time
        try (TestClient eve = connect()) {
            try (TestClient ada = connect()) {
                connect(ada, "ada", "");
                broker.hold("clock", "one", Duration.ofSeconds(3)); // longer than a hold, which is renewed
                await(() -> broker.hold("clock", "another", Duration.ofMillis(1)) != Broker.Hold.REFUSED);
                assertTaken(connect(eve, "ada", ""));
            }
            await(() -> connect(eve, "ada", "").has("resume"));
        }
    }

    @Test
    void keepsProtocolsApartThatCanShowNoSecret() throws Exception {
        start(Duration.ofMinutes(10));
        try (TestClient ada = connect();
                TestClient old = TestClient.connect(server.port());
                TestClient same = TestClient.connect(server.port())) {
            connect(ada, "ada", "");
            String refusal = "Error: name taken: another guest is called ada: take another name";
            assertThat(old.subscribe("ada", "lobby").nextResult()).isEqualTo(refusal);
            assertThat(old.subscribe("bob", "lobby").nextResult()).contains("SUCCESSFULLY");
            assertThat(same.subscribe("bob", "lobby").nextResult()).contains("SUCCESSFULLY");
            try (TestClient bob = connect()) {
                assertThat(text(connect(bob, "bob", ""), "code")).isEqualTo("name_taken");
            }
        }
    }

    @Test
    void freesANicknameWhenItsBearerLeaves() throws Exception {
        start(Duration.ofMinutes(10));
        int port = server.tcpPort().orElseThrow();
        try (TestClient ada = connect();
                TcpClient cyd = TcpClient.connect(port)) {
            connect(ada, "ada", "");
            assertThat(cyd.rename("ada")).isEqualTo("Nickname already taken.");
            try (TcpClient bob = TcpClient.called("bob", port);
                    TestClient eve = connect()) {
                assertThat(cyd.rename("bob")).isEqualTo("Nickname already taken.");
                assertThat(text(connect(eve, "bob", ""), "code")).isEqualTo("name_taken");
                assertThat(bob.rename("bobby")).isEqualTo("ack");
                assertThat(cyd.rename("bob")).isEqualTo("ack");
            }
            await(() -> cyd.rename("bobby").equals("ack"));
            try (TestClient bob = connect()) {
                await(() -> connect(bob, "bob", "").has("resume"));
            }
        }
    }

    /** Waits for a condition. */
    private static void await(Callable<Boolean> condition) throws Exception {
        eventuallyGet(() -> {
            if (!condition.call()) {
                throw new IllegalStateException("it has not come about");
            }
            return true;
        });
    }

    @Test
    void leavesNothingBehindForRefusedClaims() throws Exception {
        start(Duration.ofMinutes(10));
        try (TestClient ada = connect();
                TestClient eve = connect()) {
            connect(ada, "ada", "");
            long before = broker.memory().orElseThrow().used(Part.CHANNELS);
            for (int i = 0; i < 20; i++) {
                assertTaken(connect(eve, "ada", i % 2 == 0 ? "" : resume(SECRET)));
            }
            assertThat(broker.memory().orElseThrow().used(Part.CHANNELS)).isEqualTo(before);
        }
    }

    @Test
    void holdsNamesOnAllServersOfOneRedis() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker hereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker thereBroker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(hereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            assertThat(thereBroker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            try (ChatServer here = reserving(hereBroker);
                    ChatServer there = reserving(thereBroker);
                    TestClient eve = TestClient.connect(there.port(), "chat.v1")) {
                String secret;
                try (TestClient ada = TestClient.connect(here.port(), "chat.v1")) {
                    secret = text(connect(ada, "ada", ""), "resume");
                    assertTaken(connect(eve, "ada", ""));
                }
                assertTaken(connect(eve, "ada", ""));
                assertThat(text(connect(eve, "ada", resume(secret)), "resume")).isEqualTo(secret);
                try (var client = redis.client()) {
                    assertThat(client.get("chat:{@ada}:hold")).matches("[0-9a-f]{64}");
                    assertThat(client.keys("chat:*:hold")).hasSize(1);
                }
            }
        }
    }

    private static ChatServer reserving(RedisBroker broker) throws Exception {
        return ChatServer.builder()
                .port(0)
                .broker(broker)
                .guestNames(GuestNames.RESERVED)
                .start();
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.broker.redis.RedisServers;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** Requests that are refused, and those that only read, must leave nothing in Redis: clients can repeat them for ever. */
@Concurrent
class RefusedRequestsTest {
    private static final int TIMES = 1_000;
    private static final int MANY = 1_000_000;
    private static final long MINUTES = Duration.ofMinutes(11).toMillis();

    private RedisProcess redis;
    private RedisClient keys;
    private RedisBroker broker;
    private ChatServer server;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin();
        keys = redis.client();
        broker = new RedisBroker(RedisServers.at(redis.uri()), "chat:", Retention.DEFAULT);
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        server = ChatServer.builder()
                .host("127.0.0.1")
                .port(0)
                .tcpPort(0)
                .broker(broker)
                .authorizer(Rules.parse(List.of("deny * * closed-*", "deny * direct hidden-*", "allow * * *")))
                .limits(Limits.DEFAULT
                        .withRateMessages(MANY)
                        .withRateBurst(MANY)
                        .withQuotas(Quotas.NONE))
                .start();
        eventually(() -> assertThat(keys()).contains("chat:{@}:meta")); // which the server follows, as all do
    }

    @AfterEach
    void stop() throws Exception {
        if (redis != null) {
            server.close();
            broker.close();
            keys.close();
            redis.close();
        }
    }

    private TreeSet<String> keys() {
        TreeSet<String> all = new TreeSet<>(keys.keys("*"));
        all.remove("chat:nodes"); // which is of servers, and not of clients
        all.remove("chat:directory"); // one key for all channels that have members, written a little later
        return all;
    }

    private static InMemoryClient ask(InMemoryClient client, String request, String answer) throws Exception {
        client.send(request);
        assertThat(client.receive()).as(request).contains(answer);
        return client;
    }

    private InMemoryClient ada() throws Exception {
        InMemoryClient ada = server.connect("chat.v1");
        ask(ada, "{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}", "connected");
        return ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}", "subscribed");
    }

    private static void repeat(InMemoryClient client, IntFunction<String> request, String answer) throws Exception {
        for (int i = 0; i < TIMES; i++) {
            ask(client, request.apply(i), answer);
        }
    }

    @Test
    void leaveNothingBehindInChatV1() throws Exception {
        try (InMemoryClient ada = ada()) {
            TreeSet<String> before = keys();

            repeat(ada, i -> "{\"id\":3,\"type\":\"direct\",\"to\":\"nobody-" + i + "\",\"data\":1}", "no_such_user");
            repeat(ada, i -> "{\"id\":3,\"type\":\"direct\",\"to\":\"hidden-" + i + "\",\"data\":1}", "forbidden");
            repeat(ada, i -> "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"closed-" + i + "\"}", "forbidden");
            repeat(ada, i -> "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"@other-" + i + "\"}", "bad_request");
            repeat(ada, i -> "{\"id\":3,\"type\":\"history\",\"channel\":\"@other-" + i + "\"}", "forbidden");
            for (String type : List.of("history", "presence", "unsubscribe")) {
                repeat(
                        ada,
                        i -> "{\"id\":3,\"type\":\"" + type + "\",\"channel\":\"room-" + i + "\"}",
                        "not_subscribed");
            }
            for (String type : List.of("publish", "signal")) {
                repeat(
                        ada,
                        i -> "{\"id\":3,\"type\":\"" + type + "\",\"channel\":\"room-" + i
                                + "\",\"data\":1,\"key\":\"k\"}",
                        "not_subscribed");
            }
            repeat(ada, i -> "{\"id\":3,\"type\":\"connect\",\"client\":\"other-" + i + "\"}", "bad_request");
            repeat(
                    ada,
                    i -> "{\"id\":3,\"type\":\"search\",\"channel\":\"room-" + i + "\",\"text\":\"hi\"}",
                    "not_subscribed");
            for (String kind : List.of("reply", "edit", "reaction", "delete")) {
                String data = kind.equals("delete") ? "" : ",\"data\":\"!\"";
                for (String to : List.of("publish\",\"channel\":\"lobby", "direct\",\"to\":\"ada")) {
                    repeat(
                            ada,
                            i -> "{\"id\":3,\"type\":\"" + to + "\",\"key\":\"" + i + "\",\"ref\":{\"offset\":"
                                    + (i + 1) + ",\"kind\":\"" + kind + "\"}" + data + "}",
                            "bad_request");
                }
            }

            assertThat(keys()).isEqualTo(before);
            assertThat(keys.zrange("chat:directory", 0, -1)).isSubsetOf("lobby");
        }
    }

    @Test
    void leaveNothingBehindForGuestsWithoutANameWhoRead() throws Exception {
        TreeSet<String> before = keys();
        for (int i = 0; i < TIMES; i++) {
            try (InMemoryClient guest = server.connect("chat.v1")) {
                ask(guest, "{\"id\":1,\"type\":\"history\",\"channel\":\"@guest-" + i + "\"}", "forbidden");
                ask(guest, "{\"id\":2,\"type\":\"direct\",\"to\":\"nobody-" + i + "\",\"data\":1}", "no_such_user");
            }
        }
        assertThat(keys()).isEqualTo(before);
    }

    @Test
    void leaveNothingBehindInCtesiphon() throws Exception {
        try (InMemoryClient bob = server.connect("ctesiphon")) {
            ask(bob, TestClient.request(0, TestClient.payload("bob", "lobby")), "SUCCESSFULLY");
            TreeSet<String> before = keys();

            repeat(bob, i -> TestClient.request(0, TestClient.payload("bob", "closed-" + i)), "Error");
            repeat(bob, i -> TestClient.request(0, TestClient.payload("other-" + i, "lobby")), "mismatch");
            repeat(bob, i -> TestClient.request(1, TestClient.payload("bob", "room-" + i)), "UNSUCCESSFUL");
            repeat(
                    bob,
                    i -> {
                        var payload = TestClient.payload("bob", "room-" + i);
                        payload.addProperty("Message", "hi");
                        return TestClient.request(3, payload);
                    },
                    "Can not send message");

            assertThat(keys()).isEqualTo(before);
        }
    }

    @Test
    void leaveNothingBehindInControllers() throws Exception {
        try (InMemoryClient cyd = server.connect("XSocketsNET")) {
            ask(cyd, "{\"c\":\"chat\",\"t\":\"1\",\"d\":\"\"}", "\"2\"");
            TreeSet<String> before = keys();

            repeat(cyd, i -> "{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"closed-" + i + "\"}}", "\"4\"");
            repeat(
                    cyd,
                    i -> "{\"c\":\"chat\",\"t\":\"say\",\"d\":{\"channel\":\"room-" + i + "\",\"text\":\"hi\"}}",
                    "\"4\"");
            repeat(cyd, i -> "{\"c\":\"chat\",\"t\":\"leave\",\"d\":{\"channel\":\"room-" + i + "\"}}", "\"4\"");

            assertThat(keys()).isEqualTo(before);
        }
    }

    @Test
    void leaveNothingBehindInTcpChat() throws Exception {
        int port = server.tcpPort().orElseThrow();
        try (TcpClient dee = TcpClient.called("dee", port);
                TcpClient eve = TcpClient.called("eve", port)) {
            TreeSet<String> before = keys();
            for (int i = 0; i < TIMES; i++) {
                assertThat(eve.rename("dee")).isEqualTo("Nickname already taken.");
            }
            assertThat(keys()).isEqualTo(before);
            assertThat(dee.rename("dee")).isEqualTo("ack");
        }
    }

    /** A position must be the same for as long as its channel is followed, and a while after. */
    @Test
    void subscriptionsWithoutMessagesLeaveWhatEndsInMinutes() throws Exception {
        TreeSet<String> before = keys();
        for (int i = 0; i < TIMES / 10; i++) {
            try (InMemoryClient guest = server.connect("chat.v1")) {
                ask(guest, "{\"id\":1,\"type\":\"connect\",\"client\":\"guest " + i + "\"}", "connected");
                ask(guest, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"room-" + i + "\"}", "subscribed");
                ask(guest, "{\"id\":3,\"type\":\"history\",\"channel\":\"room-" + i + "\"}", "\"messages\":[]");
            }
        }
        eventually(() -> assertThat(server.connections()).isZero());
        assertThat(keys())
                .filteredOn(key -> !before.contains(key))
                .allSatisfy(key ->
                        assertThat(keys.pttl(key)).as("expiry of %s", key).isBetween(1L, MINUTES));
    }

    @Test
    void positionsThatWerePublishedStay() throws Exception {
        try (InMemoryClient ada = ada()) {
            ask(ada, "{\"id\":3,\"type\":\"direct\",\"to\":\"ada\",\"data\":1}", "\"");
            eventually(() -> assertThat(keys.pttl("chat:{@ada}:meta"))
                    .isGreaterThan(Duration.ofDays(29).toMillis()));
        }
    }
}

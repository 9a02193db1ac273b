package io.seleucia.chat.server.management;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.InMemoryClient;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

/** What several servers that share a broker know of each other's sessions. */
class ServersTest {
    /** A server with a management port. */
    private record Node(ChatServer server, Management management) implements AutoCloseable {
        static Node on(Broker broker) throws IOException {
            ChatServer server = ChatServer.builder().port(0).broker(broker).start();
            Management management = new Management(Access.local(), 0);
            management.serve(server, new RecentLines(new SimpleFormatter()), List::of, Optional.empty());
            return new Node(server, management);
        }

        JsonObject get(String path) {
            try {
                Http http = new Http(URI.create(management.url()).getPort());
                Http.Reply reply = http.get(path);
                assertThat(reply.status()).as(reply.body()).isEqualTo(200);
                return reply.json();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void awaitServers(int number) {
            eventually(() -> {
                JsonObject all = get("/api/servers");
                assertThat(all.getAsJsonArray("servers")).hasSize(number);
                assertThat(all.getAsJsonArray("silent")).isEmpty();
            });
        }

        TestClient member(String name) throws Exception {
            return TestClient.member(server.port(), name, "lobby");
        }

        @Override
        public void close() {
            management.close();
            server.close();
        }
    }

    private static List<String> names(JsonObject page) {
        List<String> names = new ArrayList<>();
        page.getAsJsonArray("sessions")
                .forEach(one -> names.add(one.getAsJsonObject().get("client").getAsString()));
        return names;
    }

    @Test
    void listSessionsOfAllPageByPageInOneOrder() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                Node one = Node.on(broker);
                Node two = Node.on(broker)) {
            one.awaitServers(2);
            List<TestClient> clients = new ArrayList<>();
            for (String name : List.of("ann", "cid", "eve", "gus")) {
                clients.add(one.member(name));
            }
            for (String name : List.of("bob", "dan", "eve", "eve")) {
                clients.add(two.member(name));
            }
            for (Node node : List.of(one, two)) {
                List<String> seen = new ArrayList<>();
                String next = "";
                do {
                    JsonObject page = node.get("/api/sessions/all?limit=3" + next);
                    assertThat(page.get("total").getAsInt()).isEqualTo(8);
                    assertThat(page.get("servers").getAsInt()).isEqualTo(2);
                    assertThat(names(page)).isNotEmpty().hasSizeLessThanOrEqualTo(3);
                    seen.addAll(names(page));
                    next = page.has("after") ? "&after=" + page.get("after").getAsString() : "";
                } while (!next.isEmpty());
                assertThat(seen).containsExactly("ann", "bob", "cid", "dan", "eve", "eve", "eve", "gus");
            }
            JsonObject found = one.get("/api/sessions/all?contains=AN");
            assertThat(names(found)).containsExactly("ann", "dan");
            JsonArray rows = found.getAsJsonArray("sessions");
            assertThat(rows.get(0).getAsJsonObject().get("server").getAsString())
                    .endsWith(":" + one.server.port());
            assertThat(rows.get(1).getAsJsonObject().get("server").getAsString())
                    .endsWith(":" + two.server.port());
            assertThat(names(one.get("/api/sessions/all?sort=since&limit=200"))).hasSize(8);
            assertThat(names(one.get("/api/sessions/all?sort=queued&limit=2"))).containsExactly("ann", "bob");
            for (TestClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void skipNoSessionIfAnswersAreCut() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                Node one = Node.on(broker);
                Node two = Node.on(broker)) {
            one.awaitServers(2);
            List<String> expected = new ArrayList<>();
            List<InMemoryClient> clients = new ArrayList<>();
            for (int i = 100; i < 280; i++) {
                InMemoryClient client = (i % 3 == 0 ? one : two).server.connect("chat.v1");
                client.send("{\"id\":1,\"type\":\"connect\",\"client\":\"client" + i + "\"}");
                for (int channel = 0; channel < 9; channel++) {
                    client.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel + "x".repeat(120) + "\"}");
                }
                for (int reply = 0; reply < 10; reply++) {
                    client.receive();
                }
                clients.add(client);
                expected.add("client" + i);
            }
            List<String> seen = new ArrayList<>();
            int pages = 0;
            String next = "";
            do {
                JsonObject page = two.get("/api/sessions/all?limit=200" + next);
                JsonObject first = page.getAsJsonArray("sessions").get(0).getAsJsonObject();
                assertThat(first.getAsJsonArray("channels")).hasSize(8);
                assertThat(first.get("moreChannels").getAsInt()).isEqualTo(1);
                seen.addAll(names(page));
                pages++;
                next = page.has("after") ? "&after=" + page.get("after").getAsString() : "";
            } while (!next.isEmpty());

            assertThat(seen).isEqualTo(expected);
            assertThat(pages).as("an answer has 64 KiB").isGreaterThan(1);
            for (InMemoryClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void nameThoseThatDoNotAnswer() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                Node one = Node.on(broker)) {
            one.awaitServers(1);
            broker.join(Names.SERVERS_CHANNEL, Sender.of("server-that-hangs"));

            JsonObject all = one.get("/api/servers");

            assertThat(all.getAsJsonArray("servers")).hasSize(1);
            assertThat(all.getAsJsonArray("silent")).hasToString("[\"server-that-hangs\"]");
            assertThat(one.get("/api/sessions/all").get("silent").getAsInt()).isEqualTo(1);
        }
    }

    @Test
    void ignoreSignalsThatAreNone() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                Node one = Node.on(broker);
                Node two = Node.on(broker)) {
            one.awaitServers(2);
            for (String text : List.of(
                    "",
                    "[]",
                    "{}",
                    "{\"ask\":{}}",
                    "{\"ask\":1}",
                    "{\"ask\":1,\"question\":{}}",
                    "{\"ask\":1,\"question\":{\"list\":\"sessions\"}}",
                    "{\"to\":null}",
                    "{\"ask\":1,\"question\":{\"list\":\"sessions\",\"sort\":\"x\",\"limit\":\"x\"}}",
                    "[".repeat(90_000),
                    "x".repeat(100_000))) {
                broker.signal(
                        Names.SERVERS_CHANNEL, new Broker.Signal("x", Sender.of("x"), Content.ofJsonOrText(text)));
            }
            two.awaitServers(2);
        }
    }

    @Test
    void seeEachOtherOverRedisAndThemselvesWithoutIt() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker first = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker second = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(first.awaitReachable(Duration.ofSeconds(30))).isTrue();
            assertThat(second.awaitReachable(Duration.ofSeconds(30))).isTrue();
            try (Node one = Node.on(first);
                    Node two = Node.on(second);
                    TestClient ada = one.member("ada");
                    TestClient bob = two.member("bob")) {
                eventually(() -> assertThat(names(one.get("/api/sessions/all"))).containsExactly("ada", "bob"));
                eventually(() -> assertThat(names(two.get("/api/sessions/all"))).containsExactly("ada", "bob"));
                assertThat(one.get("/api/directory?contains=OBB").toString()).contains("\"clients\":2");

                redis.kill();

                eventually(() -> {
                    JsonObject alone = one.get("/api/sessions/all");
                    assertThat(alone.get("reached").getAsBoolean()).isFalse();
                    assertThat(names(alone)).containsExactly("ada");
                });
                redis.start();
                eventually(() -> assertThat(names(one.get("/api/sessions/all"))).containsExactly("ada", "bob"));
                ada.expectNothingElse();
                bob.expectNothingElse();
            }
        }
    }
}

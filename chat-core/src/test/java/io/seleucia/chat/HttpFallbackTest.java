package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.message.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What sessions over HTTP and readers of channels are promised, besides their protocol. */
@Concurrent
class HttpFallbackTest {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String CONNECT = "{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}";
    private static final String SUBSCRIBE = "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}";

    private static ChatServerBuilder server() {
        return ChatServer.builder().port(0);
    }

    private static StreamClient open(ChatServer server) throws Exception {
        return StreamClient.events(ChatV1OverHttpTest.at(server), "chat.v1", false);
    }

    private static StreamClient member(ChatServer server) throws Exception {
        StreamClient ada = open(server);
        ada.send(CONNECT + "\n" + SUBSCRIBE);
        assertThat(ada.next()).contains("\"connected\"");
        assertThat(ada.next()).contains("\"subscribed\"");
        return ada;
    }

    private static String publish(int id) {
        return "{\"id\":" + id + ",\"type\":\"publish\",\"channel\":\"lobby\",\"data\":" + id + "}";
    }

    private static HttpRequest.Builder request(ChatServer server, String target) {
        return HttpRequest.newBuilder(ChatV1OverHttpTest.at(server).resolve(target));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void carriesOutAPostOnceHoweverOftenItComes() throws Exception {
        try (ChatServer server = server().start();
                StreamClient ada = member(server)) {
            List<CompletableFuture<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                CompletableFuture<Integer> answer = new CompletableFuture<>();
                answers.add(answer);
                Thread.ofVirtual().start(() -> {
                    try {
                        answer.complete(
                                ada.post(2, publish(3) + "\n" + publish(4)).statusCode());
                    } catch (Exception e) {
                        answer.completeExceptionally(e);
                    }
                });
            }
            for (CompletableFuture<Integer> answer : answers) {
                assertThat(answer.get()).isEqualTo(204);
            }
            assertThat(ada.post(3, publish(5)).statusCode()).isEqualTo(204);
            List<String> messages = new ArrayList<>();
            while (messages.size() < 3) {
                String frame = ada.next();
                if (frame.contains("\"message\"")) {
                    messages.add(frame.replaceAll(".*\"data\":", ""));
                }
            }
            assertThat(messages).containsExactly("3}", "4}", "5}");
            assertThat(server.broker().historyAfter("lobby", 0, 10).messages()).hasSize(3);
        }
    }

    @Test
    void waitsForPostsThatWereOvertakenAndThenGivesUp() throws Exception {
        try (ChatServer server = server().start();
                StreamClient ada = open(server)) {
            CompletableFuture<HttpResponse<String>> second = HTTP.sendAsync(
                    request(server, "/http/send/" + ada.session() + "?n=2")
                            .POST(HttpRequest.BodyPublishers.ofString(SUBSCRIBE))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(ada.post(1, CONNECT).statusCode()).isEqualTo(204);
            assertThat(second.get().statusCode()).isEqualTo(204);

            HttpResponse<String> ahead = ada.post(4, publish(3));
            assertThat(ahead.statusCode()).isEqualTo(409);
            assertThat(ahead.body()).contains("before number 4 is missing");
            assertThat(ada.post(3, publish(3)).statusCode()).isEqualTo(204);
            assertThat(ada.post(4, publish(4)).statusCode()).isEqualTo(204);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "n=0", "n=-1", "n=01", "n=x", "n=99999999999999999"})
    void refusesPostsWithoutANumber(String query) throws Exception {
        try (ChatServer server = server().start();
                StreamClient ada = open(server)) {
            assertThat(send(request(server, "/http/send/" + ada.session() + "?" + query)
                                    .POST(HttpRequest.BodyPublishers.noBody()))
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void endsASessionThatSendsTooLargeAFrame() throws Exception {
        try (ChatServer server = server().start();
                StreamClient whole = open(server);
                StreamClient announced = open(server)) {
            assertThat(whole.post(1, "x".repeat(65_537)).statusCode()).isEqualTo(413);
            assertThat(whole.closing().get("code").getAsInt()).isEqualTo(1009);
            assertThat(announced.post(1, "x".repeat(1_000_000)).statusCode()).isEqualTo(413);
            assertThat(announced.closing().get("code").getAsInt()).isEqualTo(1009);
            assertThat(whole.post(1, CONNECT).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void takesAFrameOfTheLargestSize() throws Exception {
        try (ChatServer server = server().start();
                StreamClient ada = open(server)) {
            assertThat(ada.post(1, "x".repeat(65_536)).statusCode()).isEqualTo(204);
            assertThat(ada.next()).contains("bad_request");
        }
    }

    @Test
    void refusesTextThatIsNotUtf8() throws Exception {
        try (ChatServer server = server().start();
                StreamClient ada = open(server)) {
            HttpResponse<String> answer = send(request(server, "/http/send/" + ada.session() + "?n=1")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[] {'"', (byte) 0xff, '"'})));
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(ada.closing().get("code").getAsInt()).isEqualTo(1007);
        }
    }

    @Test
    void forgetsAKeyWithItsStream() throws Exception {
        try (ChatServer server = server().start()) {
            StreamClient ada = member(server);
            assertThat(ada.session()).matches("[\\w-]{11}\\.[\\w-]{22}");
            ada.close();
            eventually(() -> assertThat(server.sessions()).isEmpty());
            eventually(() -> assertThat(server.memory().total()).isLessThan(64 * 1024));
            assertThat(ada.post(2, publish(3)).statusCode()).isEqualTo(404);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "x.y", "AAAAAAAAAAA.", "..", "AAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAA", "%41"})
    void knowsNoSessionOfAnotherKey(String key) throws Exception {
        try (ChatServer server = server().start()) {
            assertThat(send(request(server, "/http/send/" + key + "?n=1").POST(HttpRequest.BodyPublishers.noBody()))
                            .statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void saysThatTheServerRestarts() throws Exception {
        ChatServer server = server().start();
        try (StreamClient ada = member(server)) {
            server.close();
            assertThat(ada.next()).isEqualTo("{\"type\":\"goodbye\",\"code\":\"restart\",\"reconnect\":true}");
            assertThat(ada.closing())
                    .isEqualTo(JsonParser.parseString(
                            "{\"code\":1012,\"reason\":\"server restarts\",\"reconnect\":true}"));
        }
    }

    @Test
    void closesIdleConnectionsWhenItStops() throws Exception {
        ChatServer server = server().page("/", "text/plain", new byte[1]).start();
        try (RawClient idle =
                RawClient.connect(server.port()).send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes())) {
            assertThat(idle.readLine()).startsWith("HTTP/1.1 200 ");
            long began = System.nanoTime();
            server.close();
            idle.awaitEnd();
            assertThat(System.nanoTime() - began).isLessThan(20_000_000_000L);
        }
    }

    @Test
    void endsAClientThatAnswersPingsNoLonger() throws Exception {
        Limits limits = Limits.DEFAULT
                .withPingInterval(java.time.Duration.ofMillis(200))
                .withPongTimeout(java.time.Duration.ofSeconds(1));
        try (ChatServer server = server().limits(limits).start();
                StreamClient vanished =
                        StreamClient.events(ChatV1OverHttpTest.at(server), "chat.v1?pings=true", false);
                StreamClient other = open(server)) {
            assertThat(vanished.nextEvent().name()).isEqualTo("ping");
            assertThat(vanished.post(1, "").statusCode()).isEqualTo(204);
            assertThat(vanished.nextEvent().name()).isEqualTo("ping");
            assertThat(vanished.closing().get("code").getAsInt()).isEqualTo(4001);
            assertThat(other.post(1, CONNECT).statusCode()).isEqualTo(204);
        }
    }

    @Test
    void limitsTheRateAsForFramesOfAWebSocket() throws Exception {
        Limits limits = Limits.DEFAULT.withRateMessages(1).withRateBurst(5);
        try (ChatServer server = server().limits(limits).start();
                StreamClient ada = open(server)) {
            ada.send("{\"id\":1,\"type\":\"ping\"}\n".repeat(20).strip());
            List<String> replies = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                replies.add(ada.next());
            }
            assertThat(replies)
                    .filteredOn(reply -> reply.contains("rate_limited"))
                    .hasSizeGreaterThan(10);
        }
    }

    @Test
    void countsStreamsAndPostsAsConnections() throws Exception {
        Limits limits = Limits.DEFAULT.withMaxConnectionsPerAddress(2);
        try (ChatServer server = server().limits(limits).start();
                StreamClient ada = open(server);
                StreamClient bob = open(server)) {
            assertThat(server.connections()).isEqualTo(2);
            assertThat(ada.session()).isNotEqualTo(bob.session());
            assertThat(send(request(server, "/http/chat.v1")).statusCode()).isEqualTo(503);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /http/unknown, 404",
        "GET, /http/, 404",
        "GET, /http/chat.v1/x, 404",
        "HEAD, /http/chat.v1, 405",
        "POST, /http/chat.v1, 405",
        "GET, /http/send/x?n=1, 405",
        "DELETE, /http/channel/lobby, 405",
        "GET, /http/channel/@ada, 400",
        "GET, /http/channel/%ff, 400",
        "GET, /http/channel/, 400",
    })
    void answersOtherRequests(String method, String target, int status) throws Exception {
        try (ChatServer server = server().start()) {
            assertThat(send(request(server, target).method(method, HttpRequest.BodyPublishers.noBody()))
                            .statusCode())
                    .isEqualTo(status);
        }
    }

    @Test
    void sendsNoOtherTypes() throws Exception {
        try (ChatServer server = server().start()) {
            assertThat(send(request(server, "/http/chat.v1").header("Accept", "text/html"))
                            .statusCode())
                    .isEqualTo(406);
        }
    }

    @Test
    void canBeSwitchedOff() throws Exception {
        try (ChatServer server = server().httpFallback(false).start()) {
            assertThat(send(request(server, "/http/chat.v1")).statusCode()).isEqualTo(400);
        }
    }

    @Test
    void letsPagesOfAllowedOriginsInWithoutCookies() throws Exception {
        String origin = "https://a.example";
        try (ChatServer server = server().allowedOrigins(Set.of(origin)).start()) {
            HttpResponse<String> preflight = send(request(server, "/http/send/x")
                    .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                    .header("Origin", origin)
                    .header("Access-Control-Request-Method", "POST"));
            assertThat(preflight.statusCode()).isEqualTo(204);
            assertThat(preflight.headers().firstValue("Access-Control-Allow-Methods"))
                    .hasValue("GET, POST");
            assertThat(preflight.headers().firstValue("Access-Control-Allow-Headers"))
                    .hasValue("Content-Type, Authorization, Last-Event-ID");
            HttpResponse<String> refused = send(request(server, "/http/send/x?n=1")
                    .header("Origin", origin)
                    .POST(HttpRequest.BodyPublishers.noBody()));
            for (HttpResponse<String> answer : List.of(preflight, refused)) {
                assertThat(answer.headers().firstValue("Access-Control-Allow-Origin"))
                        .hasValue(origin);
                assertThat(answer.headers().firstValue("Vary")).hasValue("Origin");
                assertThat(answer.headers().map()).doesNotContainKey("access-control-allow-credentials");
            }
            for (String method : List.of("GET", "POST", "OPTIONS")) {
                HttpResponse<String> foreign = send(request(server, "/http/chat.v1")
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .header("Origin", "https://evil.example"));
                assertThat(foreign.statusCode()).isEqualTo(403);
                assertThat(foreign.headers().map()).doesNotContainKey("access-control-allow-origin");
            }
        }
    }

    @Test
    void showsAReaderWhatIsPublished() throws Exception {
        try (ChatServer server = server().start()) {
            Position first = server.publish("tea room", "ada", "one");
            URI at = ChatV1OverHttpTest.at(server);
            String id;
            try (StreamClient reader = StreamClient.reader(at, "tea%20room")) {
                StreamClient.Event start = reader.nextEvent();
                assertThat(start).isEqualTo(new StreamClient.Event(first.epoch() + ":1", "", ""));
                server.publish("tea room", "ada", "two");
                StreamClient.Event event = reader.nextEvent();
                id = event.id();
                assertThat(id).isEqualTo(first.epoch() + ":2");
                JsonObject message = JsonParser.parseString(event.data()).getAsJsonObject();
                assertThat(message.get("type").getAsString()).isEqualTo("message");
                assertThat(message.get("channel").getAsString()).isEqualTo("tea room");
                assertThat(message.get("data").getAsString()).isEqualTo("two");
            }
            server.publish("tea room", "ada", "three");
            server.publish("tea room", "ada", "four");
            try (StreamClient reader = StreamClient.reader(at, "tea%20room", "Last-Event-ID", id)) {
                assertThat(reader.nextEvent().data()).contains("\"three\"");
                assertThat(reader.nextEvent().data()).contains("\"four\"");
                server.publish("tea room", "ada", "five");
                assertThat(reader.nextEvent().data()).contains("\"five\"");
            }
        }
    }

    @Test
    void tellsAReaderWhatIsLost() throws Exception {
        try (ChatServer server = server().start()) {
            Position last = server.publish("lobby", "ada", "one");
            for (String id : List.of("other:1", last.epoch() + ":7")) {
                try (StreamClient reader =
                        StreamClient.reader(ChatV1OverHttpTest.at(server), "lobby", "Last-Event-ID", id)) {
                    StreamClient.Event lost = reader.nextEvent();
                    assertThat(lost.name()).isEqualTo("lost");
                    assertThat(lost.id()).isEqualTo(last.epoch() + ":1");
                    assertThat(lost.data()).isEqualTo("{\"epoch\":\"" + last.epoch() + "\",\"offset\":1}");
                }
            }
            assertThat(send(request(server, "/http/channel/lobby").header("Last-Event-ID", "nonsense"))
                            .statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void countsNoReaderAsMember() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        ServerListener listener = new ServerListener() {
            @Override
            public void occupied(String channel) {
                told.add("occupied " + channel);
            }

            @Override
            public void vacated(String channel) {
                told.add("vacated " + channel);
            }
        };
        try (ChatServer server = server().listener(listener).start();
                StreamClient reader = StreamClient.reader(ChatV1OverHttpTest.at(server), "lobby")) {
            reader.nextEvent();
            assertThat(server.channels()).isEmpty();
            assertThat(server.broker().members("lobby")).isEmpty();
            try (StreamClient ada = member(server)) {
                eventually(() -> assertThat(told).containsExactly("occupied lobby"));
                assertThat(server.channels()).containsEntry("lobby", 1);
                ada.send(publish(3));
                assertThat(reader.nextEvent().data()).contains("\"message\"");
            }
            eventually(() -> assertThat(told).containsExactly("occupied lobby", "vacated lobby"));
        }
    }

    @Test
    void asksTheRulesWhatAReaderMayRead() throws Exception {
        Set<Authorizer.Action> allowed = java.util.concurrent.ConcurrentHashMap.newKeySet();
        try (ChatServer server = server().authorizer((user, action, channel, content) -> allowed.contains(action))
                .start()) {
            assertThat(send(request(server, "/http/channel/lobby")).statusCode())
                    .isEqualTo(403);
            allowed.add(Authorizer.Action.SUBSCRIBE);
            assertThat(send(request(server, "/http/channel/lobby").header("Last-Event-ID", "e:1"))
                            .statusCode())
                    .isEqualTo(403);
            try (StreamClient reader = StreamClient.reader(ChatV1OverHttpTest.at(server), "lobby")) {
                reader.nextEvent();
                allowed.clear();
                server.reviewRights();
                assertThat(reader.closing().get("reconnect").getAsBoolean()).isFalse();
            }
        }
    }

    @Test
    void wantsTheLoginOfAHandshake() throws Exception {
        try (ChatServer server = server().authenticator((credentials, address) -> java.util.Optional.empty())
                .guests(false)
                .start()) {
            assertThat(send(request(server, "/http/channel/lobby")).statusCode())
                    .isEqualTo(401);
            assertThat(send(request(server, "/http/chat.v1").header("Authorization", "Bearer nothing"))
                            .statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void opensToProxiesThatSpeakHttp10() throws Exception {
        try (ChatServer server = server().start();
                RawClient proxy = RawClient.connect(server.port())
                        .send("GET /http/chat.v1 HTTP/1.0\r\nHost: localhost\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII))) {
            List<String> head = new ArrayList<>();
            for (String line = proxy.readLine(); !line.isEmpty(); line = proxy.readLine()) {
                head.add(line);
            }
            assertThat(head).contains("Content-Type: text/event-stream", "X-Accel-Buffering: no");
            assertThat(head).noneMatch(line -> line.startsWith("Transfer-Encoding"));
        }
    }

    @Test
    void worksOverTls(@TempDir Path directory) throws Exception {
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        try (ChatServer server =
                        server().tlsKeystore(key.keystore(), key.passwordFile()).start();
                HttpClient client = HttpClient.newBuilder()
                        .sslContext(key.trusting())
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            URI at = URI.create("https://localhost:" + server.port() + "/");
            HttpResponse<InputStream> stream = client.send(
                    HttpRequest.newBuilder(at.resolve("/http/chat.v1")).build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            try (BufferedReader in = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
                assertThat(in.readLine()).isEqualTo("event: open");
                String target = in.readLine().replaceAll(".*\"send\":\"([^\"]+)\".*", "$1");
                HttpRequest post = HttpRequest.newBuilder(at.resolve(target + "?n=1"))
                        .POST(HttpRequest.BodyPublishers.ofString(CONNECT))
                        .build();
                assertThat(client.send(post, HttpResponse.BodyHandlers.discarding())
                                .statusCode())
                        .isEqualTo(204);
                in.readLine();
                assertThat(in.readLine()).contains("\"connected\"");
                server.disconnect("ada");
                assertThat(in.lines()).contains("event: close");
            }
        }
    }

    @Test
    void endsAStreamThatIsFollowedByARequest() throws Exception {
        try (ChatServer server = server().start();
                RawClient peer = RawClient.connect(server.port())
                        .send("GET /http/chat.v1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET"
                                .getBytes(StandardCharsets.US_ASCII))) {
            List<String> lines = new ArrayList<>();
            try {
                while (true) {
                    lines.add(peer.readLine());
                }
            } catch (IOException e) {
                assertThat(String.join("\n", lines)).contains("\"code\":1002");
            }
        }
    }
}

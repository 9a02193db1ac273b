package io.seleucia.chat.server.management;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The operator's port as it is from outside: what is asked over HTTP, and what comes of it in the chat. */
class ManagementTest {
    private static final String TOKEN = "correct horse battery";

    @TempDir
    private Path directory;

    private final RecentLines log = new RecentLines(new SimpleFormatter());
    private volatile List<String> warnings = List.of();
    private ChatServer server;
    private Management management;
    private Http http;

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder().port(0).start();
        manage(Access.local());
    }

    private void manage(Access access) throws IOException {
        management = new Management(access, 0);
        management.serve(server, log, () -> warnings);
        http = new Http(URI.create(management.url()).getPort());
    }

    @AfterEach
    void stop() {
        management.close();
        server.close();
    }

    @Test
    void saysThatItIsHealthy() throws Exception {
        Http.Reply reply = http.get("/health");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json())
                .hasToString("{\"ok\":true,\"draining\":false,\"degraded\":false,\"provenSecondsAgo\":0.0}");
    }

    @Test
    void saysThatItDrains() throws Exception {
        server.close();

        Http.Reply reply = http.get("/health");

        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.json().get("draining").getAsBoolean()).isTrue();
        assertThat(reply.json().get("why").getAsString()).contains("draining");
    }

    @Test
    void isLiveWhileItIsNotReady() throws Exception {
        assertThat(http.get("/live").status()).isEqualTo(200);
        assertThat(http.get("/live").json()).hasToString("{\"live\":true}");
        assertThat(http.get("/ready").status()).isEqualTo(200);
        assertThat(http.get("/ready").json()).hasToString("{\"ready\":true}");

        server.close();

        assertThat(http.get("/live").status()).isEqualTo(200);
        assertThat(http.get("/ready").status()).isEqualTo(503);
        assertThat(http.get("/ready").json().get("why").getAsString()).contains("draining");
        assertThat(http.get("/ready", "Host: evil.example").json()).hasToString("{\"ready\":false}");
    }

    @Test
    void tellsOtherHostsNoDetails() throws Exception {
        server.close();
        assertThat(http.get("/health").json().has("why")).isTrue();
        Http.Reply reply = http.get("/health", "Host: 10.0.0.7:8601");
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.json().has("why")).isFalse();
    }

    @Test
    void answersTheProbesOfHttp10() throws Exception {
        for (String probe : new String[] {"GET /ready", "HEAD /live", "GET /health"}) {
            try (Socket socket =
                    new Socket("localhost", URI.create(management.url()).getPort())) {
                socket.setSoTimeout(60_000);
                socket.getOutputStream().write((probe + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .startsWith("HTTP/1.1 200 ");
            }
        }
    }

    @Test
    void isUnhealthyWhileRedisIsGone() throws Exception {
        management.close();
        server.close();
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker broker = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            server = ChatServer.builder().port(0).broker(broker).start();
            manage(Access.local());
            assertThat(http.get("/health").status()).isEqualTo(200);

            redis.kill();

            eventually(() -> assertThat(reply("/health").status()).isEqualTo(503));
            JsonObject gone = reply("/health").json();
            assertThat(gone.get("why").getAsString()).contains("can't be reached");
            assertThat(gone.get("provenSecondsAgo").getAsDouble()).isPositive();
            assertThat(http.post("/api/publish", "{\"channel\":\"lobby\",\"text\":\"hi\"}")
                            .status())
                    .isEqualTo(503);
            assertThat(reply("/metrics").body()).contains("\nseleucia_broker_up 0\n");

            redis.start();

            eventually(() -> assertThat(reply("/health").status()).isEqualTo(200));
            assertThat(reply("/metrics").body())
                    .contains("\nseleucia_broker_up 1\n", "\nseleucia_broker_reconnects_total 1\n");
            server.close();
        }
    }

    private Http.Reply reply(String path) {
        try {
            return http.get(path);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void listsSessionsPageByPage() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby");
                TestClient eve = TestClient.member(server.port(), "eve", "den")) {
            JsonObject all = http.get("/api/sessions").json();
            assertThat(all.get("total").getAsInt()).isEqualTo(3);
            JsonObject first = all.getAsJsonArray("sessions").get(0).getAsJsonObject();
            assertThat(first.get("client").getAsString()).isEqualTo("ada");
            assertThat(first.get("session").getAsString()).matches("ws-\\d+");
            assertThat(first.get("protocol").getAsString()).isEqualTo("ctesiphon");
            assertThat(first.get("address").getAsString()).matches("[0-9a-f.:]+:\\d+");
            assertThat(first.get("since").getAsString()).endsWith("Z");
            assertThat(first.getAsJsonArray("channels")).hasToString("[\"lobby\"]");
            assertThat(first.get("queuedBytes").getAsLong()).isZero();

            assertThat(clients("?offset=1&limit=1")).isEqualTo("bob ");
            assertThat(clients("?channel=den")).isEqualTo("eve ");
            assertThat(clients("?client=bob")).isEqualTo("bob ");
            assertThat(clients("?client=nobody")).isEmpty();
            assertThat(clients("?sort=queued&limit=2")).isEqualTo("ada bob ");
            assertThat(clients("?sort=since")).hasSize("ada bob eve ".length());
            for (TestClient client : new TestClient[] {ada, bob, eve}) {
                client.expectNothingElse();
            }
        }
    }

    private String clients(String query) throws IOException {
        StringBuilder clients = new StringBuilder();
        JsonArray sessions = http.get("/api/sessions" + query).json().getAsJsonArray("sessions");
        sessions.forEach(session -> clients.append(
                        session.getAsJsonObject().get("client").getAsString())
                .append(' '));
        return clients.toString();
    }

    @Test
    void listsChannelsAndWhoIsThere() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            ada.join("ada", "den & höhle");
            bob.expectNothingElse();

            assertThat(http.get("/api/channels").body())
                    .isEqualTo("{\"total\":2,\"offset\":0,\"channels\":[{\"channel\":\"lobby\",\"sessions\":2},"
                            + "{\"channel\":\"den & höhle\",\"sessions\":1}]}");
            assertThat(http.get("/api/channels?contains=H%C3%96H")
                            .json()
                            .get("total")
                            .getAsInt())
                    .isEqualTo(1);
            assertThat(http.get("/api/members?channel=den+%26+h%C3%B6hle").body())
                    .isEqualTo("{\"total\":1,\"offset\":0,\"members\":[{\"client\":\"ada\",\"sessions\":1}]}");
            for (String page : List.of("after=ada", "offset=1", "offset=1&limit=1")) {
                assertThat(http.get("/api/members?channel=lobby&" + page).body())
                        .endsWith("\"members\":[{\"client\":\"bob\",\"sessions\":1}]}")
                        .startsWith("{\"total\":2,");
            }
            assertThat(http.get("/api/members?channel=lobby&offset=7").body())
                    .isEqualTo("{\"total\":2,\"offset\":7,\"members\":[]}");
        }
    }

    @Test
    void listsTheChannelsOfAllServersWithTheirDescriptions() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "den & h\u00f6hle")) {
            server.publish("lobby", "ada", "hi");
            server.broker().describe("lobby", Sender.of("ada"), Optional.of(new Content.Json("{\"topic\":\"tea\"}")));

            assertThat(http.get("/api/directory?limit=1").body())
                    .isEqualTo("{\"channels\":[{\"channel\":\"den & h\u00f6hle\",\"clients\":1}],\"more\":true}");
            assertThat(http.get("/api/directory?prefix=lo").body())
                    .matches("\\{\"channels\":\\[\\{\"channel\":\"lobby\",\"clients\":0,\"time\":\"20.*Z\","
                            + "\"info\":\\{\"topic\":\"tea\"}}]}");
            assertThat(http.get("/api/directory?after=lobby").body()).isEqualTo("{\"channels\":[]}");
            ada.expectNothingElse();
        }
    }

    @Test
    void publishesAndReadsTheHistory() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            JsonObject position = http.post("/api/publish", "{\"channel\":\"lobby\",\"text\":\"tea \\u2615\"}")
                    .json();

            assertThat(position.get("offset").getAsLong()).isEqualTo(1);
            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : operator, Message : tea ☕");
            http.post("/api/publish", "{\"channel\":\"lobby\",\"text\":\"two\",\"sender\":\"root\"}");
            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : root, Message : two");
        }
        JsonObject history = http.get("/api/history?channel=lobby&limit=1").json();
        assertThat(history.get("offset").getAsLong()).isEqualTo(2);
        assertThat(history.getAsJsonArray("messages")).hasSize(1);
        JsonObject newest = history.getAsJsonArray("messages").get(0).getAsJsonObject();
        assertThat(newest.get("text").getAsString()).isEqualTo("two");
        assertThat(newest.get("sender").getAsString()).isEqualTo("root");
        assertThat(http.get("/api/history?channel=lobby&before=2").body())
                .contains("tea ☕")
                .doesNotContain("two");
    }

    @Test
    void readsAHistoryForward() throws Exception {
        for (int i = 1; i <= 25; i++) {
            server.publish("lobby", "ada", i + "x".repeat(60_000));
        }
        List<String> seen = new ArrayList<>();
        long after = 0;
        while (after >= 0) {
            JsonObject page = http.get("/api/history?limit=1000&channel=lobby&after=" + after)
                    .json();
            page.getAsJsonArray("messages")
                    .forEach(message -> seen.add(
                            message.getAsJsonObject().get("text").getAsString().replace("x", "")));
            after = page.has("after") ? page.get("after").getAsLong() : -1;
        }

        assertThat(seen)
                .isEqualTo(
                        IntStream.rangeClosed(1, 25).mapToObj(String::valueOf).toList());
    }

    @Test
    void endsTheSessionsOfAClient() throws Exception {
        try (TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            TestClient ada = TestClient.member(server.port(), "ada", "lobby");

            assertThat(http.post("/api/disconnect", "{\"client\":\"ada\"}").body())
                    .isEqualTo("{\"done\":true}");

            assertThat(ada.closeCode()).isEqualTo(4403);
            bob.expectNothingElse();
        }
        assertThat(http.post("/api/revoke", "{\"user\":\"ada\"}").body()).isEqualTo("{\"done\":true}");
    }

    @Test
    void bansListsAndLifts() throws Exception {
        TestClient ada = TestClient.member(server.port(), "ada", "lobby");

        assertThat(http.post("/api/ban", "{\"guest\":\"ada\",\"seconds\":3600,\"reason\":\"spam\"}")
                        .body())
                .isEqualTo("{\"done\":true}");
        assertThat(http.post("/api/ban", "{\"address\":\"2001:db8::1\"}").body())
                .isEqualTo("{\"done\":true}");

        assertThat(ada.closeCode()).isEqualTo(4403);
        JsonObject bans = http.get("/api/bans").json();
        assertThat(bans.get("total").getAsInt()).isEqualTo(2);
        JsonObject guest = bans.getAsJsonArray("bans").get(0).getAsJsonObject();
        assertThat(guest.get("guest").getAsString()).isEqualTo("ada");
        assertThat(guest.get("reason").getAsString()).isEqualTo("spam");
        assertThat(Instant.parse(guest.get("until").getAsString()))
                .isBetween(Instant.now().plusSeconds(1_800), Instant.now().plusSeconds(3_600));
        JsonObject address = bans.getAsJsonArray("bans").get(1).getAsJsonObject();
        assertThat(address.get("address").getAsString()).isEqualTo("2001:db8:0:0::/64");

        assertThat(http.post("/api/unban", "{\"guest\":\"Ada\"}").body()).isEqualTo("{\"done\":true}");
        assertThat(http.post("/api/unban", "{\"address\":\"2001:db8:0:0::/64\"}")
                        .body())
                .isEqualTo("{\"done\":true}");
        assertThat(http.get("/api/bans").json().get("total").getAsInt()).isZero();
        TestClient.member(server.port(), "ada", "lobby").close();
    }

    @Test
    void deletesWhatWasSaidInAChannelOrByASender() throws Exception {
        for (String channel : new String[] {"lobby", "den"}) {
            server.publish(channel, "ada", "of ada");
            server.publish(channel, "bob", "of bob");
        }

        assertThat(http.post("/api/delete", "{\"sender\":\"ada\"}").body()).isEqualTo("{\"done\":true}");

        for (String channel : new String[] {"lobby", "den"}) {
            assertThat(http.get("/api/history?channel=" + channel).body())
                    .contains("of bob")
                    .doesNotContain("of ada");
        }
        assertThat(http.post("/api/delete", "{\"channel\":\"den\"}").body()).isEqualTo("{\"done\":true}");
        assertThat(http.get("/api/history?channel=den").json().getAsJsonArray("messages"))
                .isEmpty();
        assertThat(http.get("/api/history?channel=lobby").json().getAsJsonArray("messages"))
                .hasSize(2); // one is the deletion of ada's
    }

    @Test
    void deletesOneMessageAndTellsWhoHasDeletedIt() throws Exception {
        server.publish("lobby", "ada", "of ada");
        server.publish("lobby", "bob", "of bob");

        assertThat(http.post("/api/delete", "{\"channel\":\"lobby\",\"offset\":1}")
                        .body())
                .isEqualTo("{\"done\":true}");

        JsonArray messages = http.get("/api/history?channel=lobby").json().getAsJsonArray("messages");
        JsonObject deleted = messages.get(0).getAsJsonObject();
        assertThat(deleted.has("text")).isFalse();
        assertThat(deleted.getAsJsonObject("deleted").get("by").getAsString()).isEqualTo("operator");
        assertThat(messages.get(1).getAsJsonObject().get("text").getAsString()).isEqualTo("of bob");
        JsonObject deletion = messages.get(2).getAsJsonObject();
        assertThat(deletion.get("sender").getAsString()).isEqualTo("operator");
        assertThat(deletion.get("ref")).hasToString("{\"offset\":1,\"kind\":\"delete\"}");
        for (int offset : new int[] {1, 9}) {
            Http.Reply reply = http.post("/api/delete", "{\"channel\":\"lobby\",\"offset\":" + offset + "}");
            assertThat(reply.status()).isEqualTo(404);
            assertThat(reply.error()).contains("message");
        }
    }

    @Test
    void givesTheNewestLinesOfTheLog() throws Exception {
        for (int i = 1; i <= 501; i++) {
            LogRecord record = new LogRecord(Level.INFO, "line " + i + " " + "x".repeat(5_000));
            log.publish(record);
        }

        JsonArray lines = http.get("/api/log").json().getAsJsonArray("lines");
        assertThat(lines).hasSize(500);
        assertThat(lines.get(0).getAsJsonObject().get("number").getAsLong()).isEqualTo(2);
        String text = lines.get(0).getAsJsonObject().get("text").getAsString();
        assertThat(text).contains("line 2 x").hasSizeBetween(4_000, 4_010);
        assertThat(http.get("/api/log?after=500").json().getAsJsonArray("lines"))
                .hasSize(1);
        assertThat(http.get("/api/log?after=501").json().getAsJsonArray("lines"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET    | /nothing                        | 404 | there is nothing at this path
            GET    | /api                            | 404 | there is nothing at this path
            GET    | /console.html/../../Main.class  | 404 | there is nothing at this path
            GET    | /api/publish                    | 405 | only POST is allowed here
            POST   | /api/sessions                   | 405 | only GET is allowed here
            DELETE | /api/sessions                   | 405 | only GET is allowed here
            POST   | /metrics                        | 405 | only GET is allowed here
            POST   | /health                         | 405 | only GET is allowed here
            POST   | /live                           | 405 | only GET is allowed here
            PUT    | /ready                          | 405 | only GET is allowed here
            GET    | /api/sessions?limit=1001        | 400 | limit must be a whole number from 0 to 1000
            GET    | /api/sessions?offset=-1         | 400 | offset must be a whole number from 0 to 2147483647
            GET    | /api/sessions?sort=name         | 400 | sort must be client, since or queued
            GET    | /api/history                    | 400 | the parameter channel is missing
            GET    | /api/history?channel=a&before=2&after=1 | 400 | give either before or after
            GET    | /api/sessions/all?sort=name     | 400 | sort must be client, since or queued
            GET    | /api/sessions/all?limit=201     | 400 | limit must be a whole number from 1 to 200
            GET    | /api/sessions/all?after=eyJhIjoxfQ | 400 | after must be the value that the page before has given
            GET    | /api/log?level=fatal            | 400 | level must be debug, info, warning or error
            GET    | /api/users                      | 404 | this server has no users file: set users-file
            GET    | /api/history?channel=%40ada     | 400 | a channel's name must not start with @
            GET    | /api/history?channel=%4         | 400 | the request is not valid HTTP
            GET    | /api/history?channel=a&before=0 | 400 | before must be a whole number from 1 to 9223372036854775807
            GET    | /api/members?channel=@          | 400 | a channel's name must not start with @
            """)
    void saysWhatIsWrongWithARequest(String method, String path, int status, String error) throws Exception {
        Http.Reply reply = http.send(method, path, "", "Content-Type: application/json", "Content-Length: 0");

        assertThat(reply.status()).isEqualTo(status);
        if (!path.endsWith("%4")) { // which the JDK's server refuses by itself
            assertThat(reply.error()).isEqualTo(error);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /api/publish    | {"channel":"lobby"}               | the field text is missing
            /api/publish    | {"channel":"","text":"hi"}        | channel must be a text that is not empty
            /api/publish    | {"channel":7,"text":"hi"}         | channel must be a text that is not empty
            /api/publish    | {"channel":"a","text":"\\ud800"}  | text must be valid Unicode: it contains an unpaired surrogate
            /api/publish    | {"channel":"@","text":"hi"}       | @ is the channel of the servers, and no client's inbox
            /api/disconnect | {"client":"a\\u0000"}             | a client id must not have control characters
            /api/disconnect | {"client":"a\\u202eb"}            | a client id must not have format characters, such as those that show nothing
            /api/publish    | {"channel":" a","text":"hi"}      | a channel's name must not begin or end with white space
            /api/disconnect | []                                | the body must be a JSON object
            /api/disconnect | {"client":                        | the body is not valid JSON
            /api/revoke     | {}                                | the field user is missing
            /api/ban        | {}                                | give exactly one of account, guest and address
            /api/ban        | {"account":"a","guest":"a"}       | give exactly one of account, guest and address
            /api/ban        | {"guest":"a","seconds":0}         | seconds must be a whole number from 1 to 31708800
            /api/ban        | {"guest":"a","seconds":"9"}       | seconds must be a whole number from 1 to 31708800
            /api/unban      | {"guest":" a"}                    | a client id must not begin or end with white space
            /api/delete     | {}                                | give either channel or sender
            /api/delete     | {"channel":"a","sender":"b"}      | give either channel or sender
            /api/delete     | {"sender":"b","offset":1}         | give the channel of the message
            /api/delete     | {"channel":"a","offset":0}        | offset must be a whole number from 1 to 9223372036854775807
            /api/delete     | {"channel":"a","offset":null}     | offset must be a whole number from 1 to 9223372036854775807
            /api/delete     | {"channel":"@"}                    | @ is the channel of the servers, and no client's inbox
            /api/delete     | {"channel":"a\\n"}                 | a channel's name must not have control characters
            """)
    void saysWhatIsWrongWithAChange(String path, String body, String error) throws Exception {
        Http.Reply reply = http.post(path, body);

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).isEqualTo(error);
    }

    @Test
    void takesNoEndlessBody() throws Exception {
        Http.Reply reply = http.post("/api/publish", "{\"channel\":\"lobby\",\"text\":\"" + "x".repeat(65_536) + "\"}");

        assertThat(reply.status()).isEqualTo(413);
        assertThat(reply.error()).isEqualTo("the body has more than 65536 bytes");
    }

    @Test
    void doesNotWaitLongForARequest() throws Exception {
        try (Socket slow = new Socket("localhost", URI.create(management.url()).getPort())) {
            slow.setSoTimeout(60_000);
            slow.getOutputStream().write("GET /health HTTP/1.1\r\nHost:".getBytes(StandardCharsets.US_ASCII));

            assertThat(slow.getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: evil.example",
                "Host: localhost.evil.example:8601",
                "Host: 127.0.0.1.evil.example",
                "Host: ",
                "Origin: http://evil.example",
                "Origin: null",
                "Origin: http://localhost:1",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site"
            })
    void keepsPagesOfOthersOut(String header) throws Exception {
        for (String path : new String[] {"/", "/metrics", "/api/status"}) {
            assertThat(http.get(path, header).status()).as(path).isEqualTo(403);
        }
        for (String probe : new String[] {"/live", "/ready", "/health"}) {
            assertThat(http.get(probe, header).status()).as(probe).isEqualTo(header.startsWith("Host:") ? 200 : 403);
        }
    }

    @Test
    void letsSomebodyInWhoFollowsALink() throws Exception {
        String[] arriving = {"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"};

        assertThat(http.get("/", arriving).status()).isEqualTo(200);
        assertThat(http.get("/api/status", arriving).status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Host: localhost", "Host: LOCALHOST:8601", "Host: 127.0.0.1:1", "Host: [::1]:8601"})
    void isCalledLocalhostHoweverThatIsWritten(String header) throws Exception {
        assertThat(http.get("/api/status", header).status()).isEqualTo(200);
    }

    @Test
    void takesChangesFromItsOwnPageOnly() throws Exception {
        String body = "{\"channel\":\"lobby\",\"text\":\"hi\"}";
        for (String type :
                new String[] {"text/plain", "application/x-www-form-urlencoded", "text/plain;application/json"}) {
            Http.Reply reply = http.send("POST", "/api/publish", body, "Content-Type: " + type);
            assertThat(reply.status()).as(type).isEqualTo(415);
        }
        assertThat(http.send("POST", "/api/publish", body).status()).isEqualTo(415);
        String own = management.url().replaceFirst("/$", "");
        assertThat(http.send(
                                "POST",
                                "/api/publish",
                                body,
                                "Content-Type: application/json; charset=utf-8",
                                "Origin: " + own,
                                "Sec-Fetch-Site: same-origin")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void asksForItsToken() throws Exception {
        management.close();
        manage(Access.withToken(Files.writeString(directory.resolve("token"), TOKEN + "\n"), "localhost"));

        for (String path : new String[] {"/metrics", "/api/status", "/api/nothing"}) {
            Http.Reply reply = http.get(path);
            assertThat(reply.status()).as(path).isEqualTo(401);
            assertThat(reply.headers()).containsIgnoringCase("WWW-Authenticate: Bearer");
            assertThat(reply.error()).contains("token");
            assertThat(http.get(path, "Authorization: Bearer " + TOKEN + "x").status())
                    .isEqualTo(401);
        }
        assertThat(http.post("/api/publish", "{\"channel\":\"lobby\",\"text\":\"hi\"}")
                        .status())
                .isEqualTo(401);
        assertThat(http.get("/").status()).isEqualTo(200);
        assertThat(http.get("/console.js").status()).isEqualTo(200);
        assertThat(http.get("/health").status()).isEqualTo(200);

        http.with("Authorization: Bearer " + TOKEN);
        assertThat(http.get("/metrics").status()).isEqualTo(200);
        assertThat(http.get("/api/status").status()).isEqualTo(200);
        assertThat(http.post("/api/publish", "{\"channel\":\"lobby\",\"text\":\"hi\"}")
                        .status())
                .isEqualTo(200);
        assertThat(http.get("/api/status", "Host: admin.example").status())
                .as("behind a proxy")
                .isEqualTo(200);
        assertThat(http.get("/api/status", "Origin: http://evil.example").status())
                .isEqualTo(403);
    }

    @Test
    void answersWhileOthersConnectAndSayNothing() throws Exception {
        int port = URI.create(management.url()).getPort();
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 400; i++) {
                idle.add(new Socket("localhost", port));
            }

            assertThat(http.get("/health").status()).isEqualTo(200);
            assertThat(http.get("/api/status").status()).isEqualTo(200);

            idle.getFirst().setSoTimeout(60_000);
            assertThat(idle.getFirst().getInputStream().read())
                    .as("the one that waited longest had to go")
                    .isEqualTo(-1);
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void slowsDownWhoGuessesItsToken() throws Exception {
        management.close();
        manage(Access.withToken(Files.writeString(directory.resolve("token"), TOKEN), "localhost"));
        byte[] guess = ("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong but long\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        List<Socket> guessers = new ArrayList<>();
        try (LoggedLines logged = new LoggedLines()) {
            for (int i = 0; i < 40; i++) {
                Socket guesser =
                        new Socket("localhost", URI.create(management.url()).getPort());
                guessers.add(guesser);
                guesser.getOutputStream().write(guess);
            }

            eventually(() -> assertThat(answered(guessers)).isGreaterThanOrEqualTo(3));
            assertThat(answered(guessers)).as("of 40 at once").isLessThan(20);
            assertThat(http.get("/health").status()).as("without a token").isEqualTo(200);
            assertThat(logged.lines())
                    .isNotEmpty()
                    .allMatch(line -> line.startsWith("wrong token for the management port from 127.0.0.1"));
            assertThat(logged.lines().toString()).doesNotContain("wrong but long");
        } finally {
            for (Socket guesser : guessers) {
                guesser.close();
            }
        }
    }

    private static int answered(List<Socket> sockets) {
        try {
            int answered = 0;
            for (Socket socket : sockets) {
                answered += socket.getInputStream().available() > 0 ? 1 : 0;
            }
            return answered;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void givesLongHistoriesInPages() throws Exception {
        String text = "\u001b".repeat(10_000); // six bytes each in an answer
        for (int i = 1; i <= 25; i++) {
            server.publish("lobby", "ada", i + text);
        }

        List<Integer> seen = new ArrayList<>();
        String next = "";
        do {
            Http.Reply reply = http.get("/api/history?limit=1000&channel=lobby" + next);
            JsonObject page = reply.json();
            assertThat(reply.body().length()).isLessThan(600_000);
            List<Integer> numbers = new ArrayList<>();
            page.getAsJsonArray("messages")
                    .forEach(message -> numbers.add(Integer.valueOf(
                            message.getAsJsonObject().get("text").getAsString().replace("\u001b", ""))));
            assertThat(numbers).isNotEmpty();
            assertThat(page.get("offset").getAsLong()).isEqualTo(25);
            seen.addAll(0, numbers);
            next = page.has("before") ? "&before=" + page.get("before").getAsLong() : "";
        } while (!next.isEmpty());

        assertThat(seen).isEqualTo(IntStream.rangeClosed(1, 25).boxed().toList());
    }

    @Test
    void givesAMessageThatIsLargerThanAPage() throws Exception {
        management.close();
        server.close();
        server = ChatServer.builder()
                .port(0)
                .limits(Limits.DEFAULT.withMaxMessageBytes(2_000_000))
                .start();
        manage(Access.local());
        server.publish("lobby", "ada", "small");
        server.publish("lobby", "ada", "x".repeat(1_000_000));

        JsonObject page = http.get("/api/history?channel=lobby").json();

        assertThat(page.getAsJsonArray("messages")).hasSize(1);
        assertThat(page.get("before").getAsLong()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET /health HTTP/2.0           | 400
            GET  /health HTTP/1.1          | 400
            GET //evil.example HTTP/1.1    | 400
            GET health HTTP/1.1            | 400
            GET /health                    | 400
            """)
    void takesNothingButHttp(String line, int status) throws Exception {
        try (Socket socket =
                new Socket("localhost", URI.create(management.url()).getPort())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write((line + "\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 " + status + " ");
        }
    }

    @Test
    void takesNoBodyOfUnknownLengthAndNoFieldTwice() throws Exception {
        assertThat(http.send("POST", "/api/publish", "", "Transfer-Encoding: chunked")
                        .status())
                .isEqualTo(411);
        assertThat(http.get("/health", "Host: localhost", "Host: evil.example").status())
                .isEqualTo(400);
        assertThat(http.get("/health", "X: " + "x".repeat(20_000)).status()).isEqualTo(431);
    }

    @Test
    void saysThatItServesWithThePreviousContentOfAFile() throws Exception {
        management.close();
        manage(Access.withToken(Files.writeString(directory.resolve("token"), TOKEN), "localhost"));
        warnings = List.of("keeping the previous content of rules: it is gone");

        assertThat(http.get("/health").status()).isEqualTo(200);
        assertThat(http.get("/health").body()).contains("\"degraded\":true").doesNotContain("rules");
        assertThat(http.with("Authorization: Bearer " + TOKEN).get("/health").body())
                .contains("\"warnings\":[\"" + warnings.getFirst() + "\"]");
    }

    @Test
    void tellsStrangersNotWhyItIsUnhealthy() throws Exception {
        management.close();
        manage(Access.withToken(Files.writeString(directory.resolve("token"), TOKEN), "localhost"));
        server.close();

        assertThat(http.get("/health").status()).isEqualTo(503);
        assertThat(http.get("/health").body()).doesNotContain("why");
        assertThat(http.with("Authorization: Bearer " + TOKEN).get("/health").body())
                .contains("why");
    }

    @Test
    void takesNoTokenThatCanBeGuessed() throws Exception {
        Path file = Files.writeString(directory.resolve("token"), "short\n");
        assertThatThrownBy(() -> Access.withToken(file, "localhost"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("must have at least 16 characters");
        assertThatThrownBy(() -> Access.withToken(directory.resolve("none"), "localhost"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void letsPagesRunNothingFromElsewhere() throws Exception {
        for (String path : new String[] {"/", "/console.css", "/console.js", "/icon.svg", "/api/status"}) {
            Http.Reply reply = http.get(path);
            assertThat(reply.status()).as(path).isEqualTo(200);
            assertThat(reply.headers())
                    .containsIgnoringCase("Content-Security-Policy: default-src 'none'; script-src 'self'")
                    .containsIgnoringCase("X-Content-Type-Options: nosniff");
        }
        assertThat(http.get("/").headers()).containsIgnoringCase("Content-Type: text/html; charset=utf-8");
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logging in, in every protocol, with accounts of an embedding program. */
@Concurrent
class LoginTest {
    private static final String CONNECT_ADA =
            "{\"id\":1,\"type\":\"connect\",\"user\":\"ada\",\"password\":\"söcret\"}";
    private static final Limits LIMITS = Limits.DEFAULT.withLoginTimeout(Duration.ofSeconds(60));

    /** Three accounts, two with passwords, and tokens. */
    private static final class Accounts implements Authenticator {
        private final Map<String, String> passwords = Map.of("ada", "söcret", "bob", "other");
        private final Tokens tokens = Tokens.signedWith(TokenMaker.SECRET);
        private final Set<String> added = ConcurrentHashMap.newKeySet();
        private final Set<String> gone = ConcurrentHashMap.newKeySet();

        @Override
        public Optional<User> authenticate(Credentials credentials, String address) {
            assertThat(address).isEqualTo("127.0.0.1");
            return switch (credentials) {
                case Credentials.Password given ->
                    given.password().equals(passwords.get(given.user()))
                            ? Optional.of(new User(given.user()))
                            : Optional.empty();
                case Credentials.Token token -> tokens.authenticate(token, address);
            };
        }

        @Override
        public Optional<Boolean> hasAccount(String name) {
            return Optional.of(passwords.containsKey(name) || name.equals("eve") || added.contains(name));
        }

        @Override
        public Optional<Boolean> hasAccountLike(String skeleton) {
            return Optional.of(Stream.of(passwords.keySet(), added)
                    .flatMap(Set::stream)
                    .anyMatch(name -> Names.skeleton(name).equals(skeleton)));
        }

        @Override
        public boolean holds(User user) {
            return !gone.contains(user.name());
        }
    }

    private final Accounts accounts = new Accounts();
    private ChatServer server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private int start(boolean guests) throws IOException {
        return start(ChatServer.builder().authenticator(accounts).guests(guests).limits(LIMITS));
    }

    private int start(ChatServerBuilder builder) throws IOException {
        server = builder.host("127.0.0.1").port(0).start();
        return server.port();
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private static TestClient connect(int port, String subprotocol) throws Exception {
        return TestClient.connect(port, subprotocol);
    }

    /** Returns the answer; passes over the copies of what the client has sent. */
    private static JsonObject ask(TestClient client, String request) throws Exception {
        client.send(request);
        JsonObject answer;
        do {
            answer = JsonParser.parseString(client.next()).getAsJsonObject();
        } while (answer.has("to"));
        return answer;
    }

    private static void assertError(JsonObject answer, String code) {
        assertThat(answer.get("type").getAsString()).as(answer.toString()).isEqualTo("error");
        assertThat(answer.get("code").getAsString()).isEqualTo(code);
    }

    /** The status line of the answer to a handshake with such fields. */
    private static String handshake(int port, String target, String... fields) throws Exception {
        String head = new String(RawClient.handshake(), StandardCharsets.US_ASCII)
                .replace("GET / ", "GET " + target + " ")
                .replace("\r\n\r\n", "\r\n" + String.join("", fields) + "\r\n");
        try (RawClient client = RawClient.connect(port).send(head.getBytes(StandardCharsets.ISO_8859_1))) {
            StringBuilder answer = new StringBuilder(client.readLine());
            for (String line = client.readLine(); !line.isEmpty(); line = client.readLine()) {
                if (line.startsWith("WWW-Authenticate") || line.startsWith("Retry-After")) {
                    answer.append(" | ").append(line);
                }
            }
            return answer.toString();
        }
    }

    @Test
    void everyRequestButALoginIsUnauthorizedWithoutOne() throws Exception {
        int port = start(false);
        try (TestClient chat = connect(port, "chat.v1");
                TestClient ctesiphon = connect(port, "ctesiphon");
                TestClient controllers = connect(port, "XSocketsNET")) {
            assertError(ask(chat, "{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}"), "unauthorized");
            assertError(ask(chat, "{\"id\":2,\"type\":\"ping\"}"), "unauthorized");
            assertError(ask(chat, "{\"id\":3,\"type\":\"connect\",\"client\":\"ada\"}"), "unauthorized");
            assertError(ask(chat, "{\"id\":4,\"type\":\"refresh\",\"token\":\"x\"}"), "unauthorized");
            JsonObject half = ask(chat, "{\"id\":5,\"type\":\"connect\",\"user\":\"ada\"}");
            assertError(half, "unauthorized");
            assertThat(half.get("message").getAsString()).contains("password is missing");

            ctesiphon.subscribe("ada", "lobby");
            assertThat(ctesiphon.nextResult()).isEqualTo("Error: log in first");
            ctesiphon.publish("ada", "lobby", "hi");
            assertThat(ctesiphon.nextResult()).isEqualTo("Error: log in first");
            assertThat(ctesiphon.send("{\"Kind\":4}").nextResult()).isEqualTo("Error: log in first");

            assertThat(controllers.send("{\"c\":\"chat\",\"t\":\"1\",\"d\":{}}").next())
                    .isEqualTo("{\"c\":\"chat\",\"t\":\"0\",\"d\":\"{\\\"message\\\":\\\"log in first\\\"}\"}");
            assertThat(controllers
                            .send("{\"c\":\"chat\",\"t\":\"say\",\"d\":{}}")
                            .next())
                    .startsWith("{\"c\":\"chat\",\"t\":\"0\"");
        }
        assertThat(server.channels()).isEmpty();
    }

    @Test
    void thereIsNoTcpPortWithoutGuests() throws Exception {
        start(ChatServer.builder().authenticator(accounts).tcpPort(0));

        assertThat(server.tcpPort()).isEmpty();
    }

    @Test
    void somebodyMustBeLetIn() {
        assertThatThrownBy(() -> ChatServer.builder().guests(false).start()).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat.v1", "ctesiphon", "XSocketsNET"})
    void whoDoesNotLogInIsClosed(String subprotocol) throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .limits(Limits.DEFAULT.withLoginTimeout(Duration.ofMillis(300))));

        assertThat(connect(port, subprotocol).closeCode()).isEqualTo(4401);
    }

    @Test
    void logsInWithAPassword() throws Exception {
        int port = start(false);
        try (TestClient ada = connect(port, "chat.v1");
                TestClient wrong = connect(port, "chat.v1")) {
            assertThat(ask(ada, CONNECT_ADA).get("client").getAsString()).isEqualTo("ada");
            assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}")
                            .get("type")
                            .getAsString())
                    .isEqualTo("subscribed");
            assertError(ask(ada, CONNECT_ADA), "bad_request");
            assertError(ask(ada, "{\"id\":3,\"type\":\"refresh\",\"token\":\"x\"}"), "unauthorized");

            assertError(ask(wrong, CONNECT_ADA.replace("söcret", "secret")), "unauthorized");
            assertError(ask(wrong, CONNECT_ADA.replace("ada", "nobody")), "unauthorized");
            assertError(ask(wrong, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}"), "unauthorized");
            assertThat(ask(wrong, CONNECT_ADA).get("type").getAsString()).isEqualTo("connected");
        }
    }

    @Test
    void logsInWithAToken() throws Exception {
        int port = start(false);
        try (TestClient ada = connect(port, "chat.v1")) {
            String connect = "{\"id\":1,\"type\":\"connect\",\"token\":\"" + TokenMaker.token("ada") + "\"}";
            assertError(ask(ada, connect.replace("\"}", "x\"}")), "unauthorized");
            assertThat(ask(ada, connect).get("client").getAsString()).isEqualTo("ada");
        }
    }

    @Test
    void aLoginIsOneOrTheOther() throws Exception {
        int port = start(true);
        try (TestClient client = connect(port, "chat.v1")) {
            assertError(ask(client, CONNECT_ADA.replace("}", ",\"token\":\"x\"}")), "bad_request");
            assertError(ask(client, "{\"id\":1,\"type\":\"connect\",\"password\":\"x\"}"), "bad_request");
            assertError(ask(client, "{\"id\":1,\"type\":\"connect\"}"), "bad_request");
        }
    }

    @Test
    void theNameIsTheAccounts() throws Exception {
        int port = start(true);
        try (TestClient ada = connect(port, "chat.v1")) {
            assertError(ask(ada, CONNECT_ADA.replace("}", ",\"client\":\"bob\"}")), "forbidden");
            assertThat(ask(ada, "{\"id\":2,\"type\":\"connect\",\"client\":\"ada\"}")
                            .get("client")
                            .getAsString())
                    .isEqualTo("ada");
        }
    }

    @Test
    void aHandshakeLogsInToEveryProtocol() throws Exception {
        int port = start(false);
        try (TestClient chat = TestClient.connect(port, "chat.v1", "/", basic("ada", "söcret"));
                TestClient ctesiphon = TestClient.connect(port, "ctesiphon", "/", "Bearer " + TokenMaker.token("bob"));
                TestClient controllers =
                        TestClient.connect(port, "XSocketsNET", "/?x=1&access_token=" + TokenMaker.token("eve"))) {
            // The name is there from the beginning, and connect opens the inbox.
            assertThat(ask(chat, "{\"id\":1,\"type\":\"connect\"}")
                            .get("client")
                            .getAsString())
                    .isEqualTo("ada");
            ask(chat, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");

            ctesiphon.subscribe("ada", "lobby");
            assertThat(ctesiphon.nextResult()).isEqualTo("Error: ClientId mismatch ! ");
            ctesiphon.join("bob", "lobby").publish("bob", "lobby", "hi");
            assertThat(ctesiphon.next()).isEqualTo("Channel : lobby, Sender : bob, Message : hi");
            assertThat(JsonParser.parseString(chat.next())
                            .getAsJsonObject()
                            .get("sender")
                            .getAsString())
                    .isEqualTo("bob");

            controllers.send("{\"c\":\"chat\",\"t\":\"1\",\"d\":{}}").next();
            controllers
                    .send("{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"den\"}}")
                    .next();
            controllers.send("{\"c\":\"chat\",\"t\":\"say\",\"d\":{\"channel\":\"den\",\"text\":\"hi\"}}");
            assertThat(controllers.next()).contains("\\\"sender\\\":\\\"eve\\\"");
        }
    }

    @Test
    void aHandshakeWithTheWrongCredentialsIsRefused() throws Exception {
        int port = start(true);
        String challenge = "HTTP/1.1 401 Unauthorized | WWW-Authenticate: Basic realm=\"chat\", charset=\"UTF-8\""
                + " | WWW-Authenticate: Bearer realm=\"chat\"";

        assertThat(handshake(port, "/", "Authorization: " + basic("ada", "no") + "\r\n"))
                .isEqualTo(challenge);
        assertThat(handshake(port, "/", "Authorization: Bearer x\r\n")).isEqualTo(challenge);
        assertThat(handshake(port, "/", "Authorization: Digest x\r\n")).isEqualTo(challenge);
        assertThat(handshake(port, "/", "Authorization: Basic ?\r\n")).isEqualTo(challenge);
        assertThat(handshake(port, "/", "Authorization: Basic YWRh\r\n")).isEqualTo(challenge);
        assertThat(handshake(port, "/", "Authorization:\r\n")).isEqualTo(challenge);
        assertThat(handshake(port, "/?access_token=x")).isEqualTo(challenge);
        assertThat(handshake(port, "/")).startsWith("HTTP/1.1 101 ");
        assertThat(handshake(
                        port,
                        "/",
                        "Authorization: bAsIc " + basic("ada", "söcret").substring(6) + "\r\n"))
                .startsWith("HTTP/1.1 101 ");
    }

    @Test
    void aFieldOfAProxyIsIgnoredAndCountsAsNoFailure() throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .ignoreAuthorization()
                .limits(LIMITS.withLoginTimeout(Duration.ofSeconds(2))));
        String field = "Authorization: " + basic("proxy", "its own") + "\r\n";

        for (int i = 0; i < 10; i++) {
            assertThat(handshake(port, "/", field)).startsWith("HTTP/1.1 101 ");
        }
        assertThat(handshake(port, "/?access_token=x", field)).startsWith("HTTP/1.1 401 ");
        assertThat(handshake(port, "/?access_token=" + TokenMaker.token("ada"), field))
                .startsWith("HTTP/1.1 101 ");
        try (TestClient ada = TestClient.connect(port, "chat.v1", "/", basic("ada", "söcret"))) {
            assertError(ask(ada, "{\"id\":1,\"type\":\"ping\"}"), "unauthorized");
            assertThat(ask(ada, CONNECT_ADA).get("type").getAsString()).isEqualTo("connected");
        }
    }

    @Test
    void whatAHandshakeCarriesIsNoLoginWhereThereIsNone() throws Exception {
        int port = start(ChatServer.builder());

        assertThat(handshake(port, "/?access_token=x", "Authorization: Basic x\r\n"))
                .startsWith("HTTP/1.1 101 ");
        try (TestClient client = connect(port, "chat.v1")) {
            assertError(ask(client, CONNECT_ADA), "unauthorized");
        }
    }

    @Test
    void aGuestCantBearTheNameOfAnAccount() throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .guests(true)
                .limits(LIMITS)
                .tcpPort(0));
        try (TestClient chat = connect(port, "chat.v1");
                TestClient ctesiphon = connect(port, "ctesiphon");
                TcpClient tcp = TcpClient.connect(server.tcpPort().orElseThrow())) {
            assertError(ask(chat, "{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}"), "name_taken");
            assertThat(ask(chat, "{\"id\":2,\"type\":\"connect\",\"client\":\"carl\"}")
                            .get("type")
                            .getAsString())
                    .isEqualTo("connected");
            ctesiphon.subscribe("eve", "lobby");
            assertThat(ctesiphon.nextResult())
                    .isEqualTo("Error: name taken: a guest can't be called eve: log in, or take another name");
            ctesiphon.join("dora", "lobby");
            assertThat(tcp.rename("bob")).isEqualTo("Nickname already taken.");
            assertThat(tcp.rename("emil")).isEqualTo("ack");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Ada", "\u0430da", "\uff41da", "ada\u0301", "Operator", "0perator", "server", "REDIS", "r00t"})
    void aGuestCantLookLikeAnAccountOrTheServer(String name) throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .guests(true)
                .reservedNames(List.of("root"))
                .limits(LIMITS)
                .tcpPort(0));
        String code = name.equals("ada\u0301") ? null : "name_taken"; // another letter
        try (TestClient chat = connect(port, "chat.v1");
                TestClient ctesiphon = connect(port, "ctesiphon");
                TcpClient tcp = TcpClient.connect(server.tcpPort().orElseThrow())) {
            JsonObject answer = ask(chat, "{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}");
            assertThat(answer.has("code") ? answer.get("code").getAsString() : null)
                    .isEqualTo(code);
            if (code != null) {
                ctesiphon.subscribe(name, "lobby");
                assertThat(ctesiphon.nextResult()).startsWith("Error: name taken: a guest can't be called " + name);
                assertThat(tcp.rename(name)).isEqualTo("Nickname already taken.");
            }
        }
    }

    /** An issuer may let its users choose what they are called. */
    @ParameterizedTest
    @ValueSource(strings = {"operator", "Server", "guest-ada", "Gu\u0435st-ada"})
    void aTokenCantBearAReservedName(String name) throws Exception {
        int port = start(false);
        String token = TokenMaker.token(name);
        try (TestClient chat = connect(port, "chat.v1")) {
            assertError(ask(chat, "{\"id\":1,\"type\":\"connect\",\"token\":\"" + token + "\"}"), "unauthorized");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"frida", "Frida", "fr\u0456da"})
    void aGuestIsEndedWhoseNameBecomesAnAccounts(String account) throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .guests(true)
                .limits(LIMITS)
                .tcpPort(0));
        TestClient chat = connect(port, "chat.v1");
        TestClient ctesiphon = connect(port, "ctesiphon");
        try (TestClient other = connect(port, "chat.v1");
                TcpClient tcp = TcpClient.connect(server.tcpPort().orElseThrow())) {
            ask(other, "{\"id\":1,\"type\":\"connect\",\"client\":\"gustav\"}");
            assertThat(tcp.rename("frida")).isEqualTo("ack");
            accounts.added.add(account);
            tcp.awaitEnd();
            accounts.added.clear();

            ask(chat, "{\"id\":1,\"type\":\"connect\",\"client\":\"frida\"}");
            accounts.added.add(account);
            assertThat(chat.closeCode()).isEqualTo(4401);
            accounts.added.clear();

            ctesiphon.join("frida", "lobby");
            accounts.added.add(account);
            assertThat(ctesiphon.closeCode()).isEqualTo(4401);
            assertThat(ask(other, "{\"id\":2,\"type\":\"ping\"}").get("type").getAsString())
                    .isEqualTo("pong");
        }
    }

    @Test
    void whereAccountsAreNotKnownGuestsBearNamesThatNoUserCan() throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(Tokens.signedWith(TokenMaker.SECRET))
                .guests(true));
        try (TestClient guest = connect(port, "chat.v1");
                TestClient tcp = connect(port, "ctesiphon")) {
            assertError(ask(guest, "{\"id\":1,\"type\":\"connect\",\"client\":\"carl\"}"), "name_taken");
            assertThat(ask(guest, "{\"id\":2,\"type\":\"connect\",\"client\":\"guest-carl\"}")
                            .get("type")
                            .getAsString())
                    .isEqualTo("connected");
            tcp.join("guest-dora", "lobby");
            assertError(ask(guest, "{\"id\":3,\"type\":\"direct\",\"to\":\"carl\",\"data\":1}"), "no_such_user");
            assertThat(ask(guest, "{\"id\":4,\"type\":\"direct\",\"to\":\"guest-dora\",\"data\":1}")
                            .get("type")
                            .getAsString())
                    .isEqualTo("published");
        }
    }

    @ParameterizedTest
    @CsvSource({"false, carl, false", "false, eve, true", "true, eve, true", "true, carl, true", "true, nobody, false"})
    void directMessagesGoToAccountsOrToGuestsWhoAreThere(boolean guests, String to, boolean known) throws Exception {
        int port = start(guests);
        try (TestClient carl = connect(port, "chat.v1");
                TestClient ada = connect(port, "chat.v1")) {
            ask(carl, "{\"id\":1,\"type\":\"connect\",\"client\":\"carl\"}");
            ask(ada, CONNECT_ADA);

            JsonObject answer = ask(ada, "{\"id\":2,\"type\":\"direct\",\"to\":\"" + to + "\",\"data\":\"hi\"}");

            if (known) {
                assertThat(answer.get("channel").getAsString()).isEqualTo("@" + to);
            } else {
                assertError(answer, "no_such_user");
            }
        }
    }

    @Test
    @ReadsLog
    void anAuthenticatorThatHangsOrThrowsCostsOneLogin() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        Authenticator strange = (credentials, address) -> {
            switch (((Credentials.Password) credentials).user()) {
                case "hangs" -> {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                    }
                }
                case "throws" -> throw new IllegalStateException("a fault of the authenticator");
                case "unknown" -> throw new IOException("the accounts are out of reach");
                default -> {
                    return Optional.of(new User("ada"));
                }
            }
            return Optional.empty();
        };
        try (LoggedLines log = new LoggedLines()) {
            int port = start(ChatServer.builder()
                    .authenticator(strange)
                    .guests(true)
                    .limits(Limits.DEFAULT.withLoginTimeout(Duration.ofSeconds(5))));
            try (TestClient hangs = connect(port, "chat.v1");
                    TestClient others = connect(port, "chat.v1")) {
                hangs.send(CONNECT_ADA.replace("ada", "hangs"));
                assertError(ask(others, CONNECT_ADA.replace("ada", "throws")), "internal");
                JsonObject unknown = ask(others, CONNECT_ADA.replace("ada", "unknown"));
                assertError(unknown, "unavailable");
                assertThat(unknown.get("message").getAsString()).isEqualTo("the accounts are out of reach");
                assertThat(ask(others, CONNECT_ADA).get("type").getAsString()).isEqualTo("connected");
                assertError(JsonParser.parseString(hangs.next()).getAsJsonObject(), "unavailable");
                interrupted.await();
                assertThat(handshake(port, "/", "Authorization: " + basic("unknown", "") + "\r\n"))
                        .isEqualTo("HTTP/1.1 503 Service Unavailable | Retry-After: 10");
            }
            assertThat(log.stackTraces()).hasSize(1);
            assertThat(log.lines()).noneMatch(line -> line.contains("söcret"));
        }
    }

    @Test
    void aCrowdFromOneAddressIsCheckedAFewAtATime() throws Exception {
        int few = 32;
        CountDownLatch inside = new CountDownLatch(few);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        server = ChatServer.builder()
                .withoutPort()
                .limits(LIMITS)
                .authenticator((credentials, address) -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    inside.countDown();
                    try {
                        inside.await(); // for as many as are checked at a time
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    } finally {
                        running.decrementAndGet();
                    }
                    return Optional.of(new User("ada"));
                })
                .start();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 3 * few; i++) {
                threads.submit(() -> server.connect("chat.v1", Map.of("access_token", "x")));
            }
        }

        assertThat(server.connections()).as("all are let in").isEqualTo(3 * few);
        assertThat(most.get()).isEqualTo(few);
    }

    @Test
    void failedTokensMakeTheirAddressWait() throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .guests(true)
                .limits(LIMITS.withLoginTimeout(Duration.ofSeconds(2))));
        Eventually.eventually(() -> {
            try {
                assertThat(handshake(port, "/?access_token=guess", ""))
                        .isEqualTo("HTTP/1.1 429 Too Many Requests | Retry-After: 10");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(handshake(port, "/", "Authorization: Bearer guess\r\n"))
                .isEqualTo("HTTP/1.1 429 Too Many Requests | Retry-After: 10");
        try (TestClient client = connect(port, "chat.v1")) {
            assertThat(ask(client, CONNECT_ADA).get("type").getAsString())
                    .as("passwords are counted apart")
                    .isEqualTo("connected");
        }
    }

    @Test
    @ReadsLog
    void failedTriesMakeTheirAddressWaitAndAreLoggedWithoutNames() throws Exception {
        try (LoggedLines log = new LoggedLines()) {
            int port = start(ChatServer.builder()
                    .authenticator(accounts)
                    .guests(true)
                    .limits(LIMITS.withLoginTimeout(Duration.ofSeconds(2))));
            try (TestClient client = connect(port, "chat.v1")) {
                Eventually.eventually(() -> {
                    try {
                        assertError(ask(client, CONNECT_ADA.replace("söcret", "wrong")), "rate_limited");
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
                assertThat(handshake(port, "/", "Authorization: " + basic("ada", "wrong") + "\r\n"))
                        .isEqualTo("HTTP/1.1 429 Too Many Requests | Retry-After: 10");
            }
            assertThat(log.lines()).anyMatch(line -> line.matches("a login from 127.0.0.1 failed.*"));
            assertThat(log.lines()).noneMatch(line -> line.contains("ada") || line.contains("wrong"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat.v1", "ctesiphon", "XSocketsNET"})
    void aSilentSessionEndsWithItsToken(String subprotocol) throws Exception {
        int port = start(ChatServer.builder()
                .authenticator((credentials, address) ->
                        Optional.of(new User("ada").withExpires(Instant.now().plusSeconds(1)))));

        assertThat(TestClient.connect(port, subprotocol, "/?access_token=x").closeCode())
                .isEqualTo(4401);
    }

    @Test
    void aRefreshedSessionGoesOn() throws Exception {
        int port = start(ChatServer.builder().authenticator(SOON_OVER));
        try (TestClient ada = connect(port, "chat.v1")) {
            ask(ada, "{\"id\":1,\"type\":\"connect\",\"token\":\"" + TokenMaker.token("soon") + "\"}");

            JsonObject refreshed =
                    ask(ada, "{\"id\":2,\"type\":\"refresh\",\"token\":\"" + TokenMaker.token("ada") + "\"}");

            assertThat(refreshed.get("type").getAsString()).isEqualTo("refreshed");
            assertThat(refreshed.get("expires").getAsLong()).isBetween(1L, 90L);
            Instant over = Instant.now().plusSeconds(9);
            Eventually.eventually(() -> assertThat(Instant.now()).isAfter(over));
            assertThat(ask(ada, "{\"id\":9,\"type\":\"ping\"}").get("type").getAsString())
                    .isEqualTo("pong");
        }
    }

    /** Takes tokens; that of "soon" is ada's, and about to expire. */
    private static final Authenticator SOON_OVER = (credentials, address) -> Tokens.signedWith(TokenMaker.SECRET)
            .authenticate(credentials, address)
            .map(user -> user.name().equals("soon")
                    ? new User("ada").withExpires(Instant.now().plusSeconds(8))
                    : user);

    @Test
    void aRefreshNeedsATokenOfTheSameUser() throws Exception {
        int port = start(false);
        try (TestClient ada = connect(port, "chat.v1")) {
            ask(ada, "{\"id\":1,\"type\":\"connect\",\"token\":\"" + TokenMaker.token("ada") + "\"}");
            String refresh = "{\"id\":2,\"type\":\"refresh\",\"token\":\"%s\"}";

            assertError(ask(ada, refresh.formatted(TokenMaker.token("bob"))), "forbidden");
            assertError(ask(ada, refresh.formatted("x")), "unauthorized");
            assertError(ask(ada, "{\"id\":3,\"type\":\"refresh\"}"), "bad_request");
            assertThat(ask(ada, refresh.formatted(TokenMaker.token("ada")))
                            .get("type")
                            .getAsString())
                    .isEqualTo("refreshed");
        }
    }

    @Test
    void aLoginThatHoldsNoLongerEnds() throws Exception {
        int port = start(false);
        TestClient ada = connect(port, "chat.v1");
        try (TestClient bob = connect(port, "chat.v1")) {
            ask(ada, CONNECT_ADA);
            ask(bob, CONNECT_ADA.replace("ada", "bob").replace("söcret", "other"));

            accounts.gone.add("ada");

            assertThat(ada.next()).isEqualTo("{\"type\":\"goodbye\",\"code\":\"unauthorized\",\"reconnect\":false}");
            assertThat(ada.closeCode()).isEqualTo(4401);
            assertThat(ask(bob, "{\"id\":2,\"type\":\"ping\"}").get("type").getAsString())
                    .isEqualTo("pong");
        }
    }

    @Test
    void rawWebSocketsNeedALoginInTheHandshake() throws Exception {
        int port = start(ChatServer.builder()
                .authenticator(accounts)
                .limits(LIMITS)
                .webSocket(
                        "/who",
                        (socket, message) -> socket.send(
                                Payload.of(socket.user().map(User::name).orElse("nobody")))));

        assertThat(handshake(port, "/who")).startsWith("HTTP/1.1 401 ");
        String token = TokenMaker.token("ada");
        TestClient ada = TestClient.connectTo(port, "/who?access_token=" + token);
        assertThat(ada.send("?").next()).isEqualTo("ada");

        server.revoke("ada");

        assertThat(ada.closeCode()).isEqualTo(4401);
        assertThat(handshake(port, "/who?access_token=" + token)).startsWith("HTTP/1.1 401 ");
    }
}

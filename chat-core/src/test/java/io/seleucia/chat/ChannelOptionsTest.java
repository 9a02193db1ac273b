package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.text.ParseException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the options of channels do, as clients meet them. */
@Concurrent
class ChannelOptionsTest {
    private static final String SUBSCRIBE_WITH_PRESENCE =
            "\"type\":\"subscribe\",\"channel\":\"lobby\",\"presence\":true";

    private final CurrentOptions options = new CurrentOptions();
    private ChatServer server;

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder()
                .port(0)
                .tcpPort(0)
                .channelOptions(options)
                .guests(true)
                .authenticator(new Authenticator() {
                    @Override
                    public Optional<User> authenticate(Credentials credentials, String address) {
                        return credentials instanceof Credentials.Password password
                                ? Optional.of(new User(password.user()))
                                : Optional.empty();
                    }

                    @Override
                    public Optional<Boolean> hasAccount(String name) {
                        return Optional.of(name.equals("ada") || name.equals("mod"));
                    }
                })
                .authorizer(Rules.parse(List.of("allow mod * *", "allow mod moderate *", "allow * * *")))
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void options(String... lines) throws ParseException {
        options.change(ChannelRules.parse(List.of(lines)));
    }

    private InMemoryClient guest(String name) throws IOException {
        return connected("\"client\":\"" + name + "\"");
    }

    private InMemoryClient user(String name) throws IOException {
        return connected("\"user\":\"" + name + "\",\"password\":\"secret\"");
    }

    private InMemoryClient connected(String who) throws IOException {
        InMemoryClient client = server.connect("chat.v1");
        assertThat(ask(client, "\"type\":\"connect\"," + who)).contains("\"connected\"");
        return client;
    }

    private InMemoryClient member(InMemoryClient client) throws IOException {
        assertThat(ask(client, "\"type\":\"subscribe\",\"channel\":\"lobby\"")).contains("\"subscribed\"");
        return client;
    }

    /** Sends a request and returns its reply, without the pushes before it. */
    private static String ask(InMemoryClient client, String fields) throws IOException {
        client.send("{\"id\":7," + fields + "}");
        String reply = client.receive();
        while (!reply.startsWith("{\"id\":7,")) {
            reply = client.receive();
        }
        return reply;
    }

    private static String publish(InMemoryClient client, String text) throws IOException {
        return ask(client, "\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"" + text + "\"");
    }

    private static String refer(InMemoryClient client, int offset, String kind, String data) throws IOException {
        String ref = "\"ref\":{\"offset\":" + offset + ",\"kind\":\"" + kind + "\"}";
        return ask(client, "\"type\":\"publish\",\"channel\":\"lobby\"," + ref + data);
    }

    @Test
    void historyMayBeShortOrMissing() throws Exception {
        options("lobby history-size=2", "whisper history-size=0");
        try (InMemoryClient ada = member(user("ada"))) {
            for (int i = 1; i <= 5; i++) {
                publish(ada, "text " + i);
            }
            server.publish("whisper", "program", "gone");

            assertThat(ask(ada, "\"type\":\"history\",\"channel\":\"lobby\""))
                    .contains("text 4", "text 5")
                    .doesNotContain("text 3");
            assertThat(ask(ada, "\"type\":\"subscribe\",\"channel\":\"whisper\""))
                    .contains("\"offset\":1");
            assertThat(ask(ada, "\"type\":\"history\",\"channel\":\"whisper\""))
                    .contains("\"offset\":1", "\"messages\":[]");
        }
    }

    @Test
    void aMemberOfAChannelWithoutHistoryGetsItsMessagesAndCantRecover() throws Exception {
        options("lobby history-size=0");
        try (InMemoryClient ada = member(user("ada"))) {
            server.publish("lobby", "program", "one");
            assertThat(ada.receive()).contains("one", "\"offset\":1");
            server.publish("lobby", "program", "two");
            String second = ada.receive();
            String epoch = ask(ada, "\"type\":\"history\",\"channel\":\"lobby\"")
                    .replaceFirst(".*\"epoch\":\"([^\"]*)\".*", "$1");

            assertThat(second).contains("two", "\"offset\":2");
            assertThat(sinceOf(epoch, 1)).contains("\"recovered\":false", "\"offset\":2");
            assertThat(sinceOf(epoch, 2)).contains("\"recovered\":true", "\"offset\":2");
        }
    }

    private String sinceOf(String epoch, int offset) throws IOException {
        try (InMemoryClient bob = guest("bob" + offset)) {
            return ask(
                    bob,
                    "\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"" + epoch + "\",\"offset\":"
                            + offset + "}");
        }
    }

    @Test
    void theNewestMessagesComeToANewMember() throws Exception {
        options("lobby cache=2");
        try (InMemoryClient ada = member(user("ada"));
                InMemoryClient bob = guest("bob")) {
            publish(ada, "one");
            publish(ada, "two");
            publish(ada, "three");
            assertThat(refer(ada, 3, "reaction", ",\"data\":\"+\"")).contains("published");

            assertThat(ask(bob, "\"type\":\"subscribe\",\"channel\":\"lobby\""))
                    .contains("\"offset\":1")
                    .doesNotContain("recovered");
            assertThat(bob.receive()).contains("\"offset\":2", "two");
            assertThat(bob.receive()).contains("\"offset\":3", "three");
            assertThat(bob.receive()).contains("\"offset\":4", "reaction");
            publish(ada, "four");
            assertThat(bob.receive()).contains("\"offset\":5", "four");
        }
    }

    @Test
    void theNewestMessagesComeInEveryProtocol() throws Exception {
        options("lobby cache=1");
        server.publish("lobby", "program", "old");
        server.publish("lobby", "program", "newest");

        try (TestClient cyrus = TestClient.connect(server.port());
                TcpClient tom = TcpClient.connect(server.tcpPort().orElseThrow())) {
            cyrus.join("cyrus", "lobby");
            assertThat(cyrus.next()).isEqualTo("Channel : lobby, Sender : program, Message : newest");
            assertThat(tom.next().broadcast()).isEqualTo("program: newest");
            server.publish("lobby", "program", "live");
            assertThat(cyrus.next()).isEqualTo("Channel : lobby, Sender : program, Message : live");
            assertThat(tom.next().broadcast()).isEqualTo("program: live");
        }
    }

    @Test
    void thereIsNoCacheForAClientThatMayNotReadTheHistoryNorOfAnEmptyChannel() throws Exception {
        options("lobby cache=1 history=users");
        try (InMemoryClient bob = guest("bob");
                InMemoryClient ada = user("ada")) {
            assertThat(ask(ada, "\"type\":\"subscribe\",\"channel\":\"lobby\"")).contains("\"offset\":0");
            publish(ada, "one");

            assertThat(ask(bob, "\"type\":\"subscribe\",\"channel\":\"lobby\"")).contains("\"offset\":1");
            publish(ada, "two");
            assertThat(bob.receive()).contains("two");
        }
    }

    @Test
    void membersAreNotToldOfJoinsWhereTheyAreTurnedOff() throws Exception {
        options("lobby joins=nobody");
        try (InMemoryClient ada = user("ada")) {
            assertThat(ask(ada, SUBSCRIBE_WITH_PRESENCE)).contains("\"subscribed\"");
            try (InMemoryClient bob = member(guest("bob"));
                    TestClient cyrus = TestClient.member(server.port(), "cyrus", "lobby");
                    TcpClient tom = TcpClient.called("tom", server.tcpPort().orElseThrow())) {
                assertThat(ask(ada, "\"type\":\"presence\",\"channel\":\"lobby\""))
                        .contains("\"bob\"", "\"cyrus\"", "\"tom\"");
                cyrus.publish("cyrus", "lobby", "hi");
                assertThat(ada.receive()).contains("\"type\":\"message\"", "hi");
                assertThat(bob.receive()).contains("hi");
                assertThat(tom.next().broadcast()).isEqualTo("cyrus: hi");
            }
            eventually(() -> {
                try {
                    assertThat(ask(ada, "\"type\":\"presence\",\"channel\":\"lobby\""))
                            .doesNotContain("bob", "cyrus", "tom");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });

            options(); // takes effect without a new subscription
            try (InMemoryClient eve = member(guest("eve"))) {
                assertThat(ada.receive()).contains("\"joined\"", "eve");
                assertThat(publish(eve, "hi")).contains("\"published\"");
            }
        }
    }

    @Test
    void presenceIsHiddenFromThoseWhoAreNotItsAudience() throws Exception {
        options("lobby presence=users");
        try (InMemoryClient ada = user("ada");
                InMemoryClient bob = member(guest("bob"));
                InMemoryClient eve = guest("eve")) {
            assertThat(ask(ada, SUBSCRIBE_WITH_PRESENCE)).contains("\"subscribed\"");
            assertThat(ask(bob, "\"type\":\"presence\",\"channel\":\"lobby\"")).contains("\"forbidden\"");
            assertThat(ask(eve, SUBSCRIBE_WITH_PRESENCE)).contains("\"forbidden\"");
            assertThat(ask(ada, "\"type\":\"list\"")).contains("\"clients\":2");
            assertThat(ask(bob, "\"type\":\"list\"")).contains("\"clients\":0");

            options("lobby presence=nobody");

            assertThat(ada.receive())
                    .isEqualTo("{\"type\":\"unsubscribed\",\"channel\":\"lobby\",\"code\":\"forbidden\","
                            + "\"message\":\"no longer allowed to see who is in lobby: subscribe without presence\"}");
        }
    }

    @Test
    void eachSenderHasARateOfItsOwn() throws Exception {
        options("lobby rate=1/1h burst=2");
        try (InMemoryClient ada = member(user("ada"));
                InMemoryClient again = member(user("ada"));
                InMemoryClient bob = member(guest("bob"))) {
            assertThat(publish(ada, "one")).contains("\"published\"");
            assertThat(publish(again, "two")).contains("\"published\"");
            assertThat(publish(ada, "three"))
                    .contains("\"rate_limited\"")
                    .containsPattern("too many messages to lobby, try again in (3600|359\\d) s");
            assertThat(refer(again, 1, "reaction", ",\"data\":\"+\"")).contains("\"rate_limited\"");
            assertThat(publish(bob, "one of bob's")).contains("\"published\"");
            assertThat(ask(ada, "\"type\":\"subscribe\",\"channel\":\"den\"")).contains("\"subscribed\"");
            assertThat(ask(ada, "\"type\":\"publish\",\"channel\":\"den\",\"data\":1"))
                    .contains("\"published\"");

            options("lobby rate=100/1s");
            assertThat(publish(ada, "three")).contains("\"published\"");
        }
    }

    @Test
    void aRefusedMessageDoesNotTakeFromTheRate() throws Exception {
        options("lobby rate=1/1h");
        try (InMemoryClient ada = member(user("ada"))) {
            assertThat(refer(ada, 5, "reply", ",\"data\":\"to nothing\"")).contains("\"bad_request\"");
            assertThat(publish(ada, "one")).contains("\"published\"");
        }
    }

    @Test
    void kindsOfReferencesMayBeTurnedOff() throws Exception {
        options("lobby references=reply");
        try (InMemoryClient ada = member(user("ada"));
                InMemoryClient mod = member(user("mod"))) {
            publish(ada, "one");

            assertThat(refer(ada, 1, "reply", ",\"data\":\"two\"")).contains("\"published\"");
            assertThat(refer(ada, 1, "edit", ",\"data\":\"two\""))
                    .contains("\"forbidden\"", "edits are turned off in lobby");
            assertThat(refer(mod, 1, "delete", "")).contains("\"forbidden\"", "deletions are turned off in lobby");
            assertThat(refer(ada, 1, "reaction", ",\"data\":\"+\""))
                    .contains("\"forbidden\"", "reactions are turned off in lobby");
            options("lobby references=edit,delete,reaction");
            assertThat(refer(ada, 1, "reply", ",\"data\":\"two\""))
                    .contains("\"forbidden\"", "replies are turned off in lobby");
            assertThat(refer(ada, 1, "edit", ",\"data\":\"two\"")).contains("\"published\"");
        }
    }

    @Test
    void messagesMayHaveToBeShort() throws Exception {
        options("lobby max-message-bytes=10");
        try (InMemoryClient ada = member(user("ada"));
                TestClient cyrus = TestClient.member(server.port(), "cyrus", "lobby")) {
            assertThat(publish(ada, "0123456789")).contains("\"published\"");
            assertThat(cyrus.next()).contains("0123456789");
            assertThat(publish(ada, "0123456789A"))
                    .contains(
                            "\"too_large\"", "a message must have at most 10 bytes as it is sent, and this one has 11");
            assertThat(ask(ada, "\"type\":\"signal\",\"channel\":\"lobby\",\"data\":\"0123456789A\""))
                    .contains("\"too_large\"");
            cyrus.publish("cyrus", "lobby", "0123456789A");
            assertThat(cyrus.nextResult()).startsWith("Error: a message must have at most 10 bytes");
        }
    }

    @Test
    void onlyTheAudienceOfAnActionMayPerformIt() throws Exception {
        options("lobby publish=moderators history=nobody signal=users moderate=nobody");
        try (InMemoryClient ada = member(user("ada"));
                InMemoryClient mod = member(user("mod"));
                InMemoryClient bob = member(guest("bob"))) {
            assertThat(publish(ada, "one")).contains("\"forbidden\"", "not allowed in lobby");
            assertThat(publish(bob, "one")).contains("\"forbidden\"");
            assertThat(publish(mod, "one")).contains("\"published\"");
            assertThat(ask(mod, "\"type\":\"history\",\"channel\":\"lobby\"")).contains("\"forbidden\"");
            assertThat(ask(ada, "\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1"))
                    .contains("\"signalled\"");
            assertThat(ask(bob, "\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1"))
                    .contains("\"forbidden\"");
            server.publish("lobby", "program", "is not bound"); // nor are others' messages moderated
            assertThat(refer(mod, 2, "delete", "")).contains("\"forbidden\"");

            options("lobby publish=moderators");
            assertThat(refer(mod, 2, "delete", "")).contains("\"published\"");
        }
    }

    @Test
    void aSubscriptionEndsThatTheOptionsNoLongerAllow() throws Exception {
        try (InMemoryClient ada = member(user("ada"));
                InMemoryClient bob = member(guest("bob"))) {
            options("lobby subscribe=users");

            assertThat(bob.receive())
                    .isEqualTo("{\"type\":\"unsubscribed\",\"channel\":\"lobby\",\"code\":\"forbidden\","
                            + "\"message\":\"no longer allowed in lobby\"}");
            assertThat(ask(bob, "\"type\":\"subscribe\",\"channel\":\"lobby\"")).contains("\"forbidden\"");
            assertThat(publish(ada, "one")).contains("\"published\"");
        }
    }

    @Test
    void inboxesHaveOptionsOfTheirOwn() throws Exception {
        options("@* direct=users max-message-bytes=10", "* max-message-bytes=1");
        try (InMemoryClient ada = user("ada");
                InMemoryClient bob = guest("bob")) {
            assertThat(ask(ada, "\"type\":\"direct\",\"to\":\"bob\",\"data\":\"0123456789\""))
                    .contains("\"published\"");
            assertThat(ask(ada, "\"type\":\"direct\",\"to\":\"bob\",\"data\":\"0123456789A\""))
                    .contains("\"too_large\"");
            assertThat(ask(bob, "\"type\":\"direct\",\"to\":\"ada\",\"data\":\"hi\""))
                    .contains("\"forbidden\"");
        }
    }

    @Test
    void readersOverHttpAreBoundByThemToo() throws Exception {
        options("lobby subscribe=users", "den cache=1");
        server.publish("den", "program", "newest");
        URI at = ChatV1OverHttpTest.at(server);

        try (HttpClient http = HttpClient.newHttpClient();
                StreamClient reader = StreamClient.reader(at, "den")) {
            HttpRequest request =
                    HttpRequest.newBuilder(at.resolve("/http/channel/lobby")).build();
            assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(403);
            String first = reader.nextEvent().toString();
            assertThat(first.contains("newest") ? first : reader.nextEvent().toString())
                    .contains("newest");

            options("den subscribe=nobody");
            assertThat(reader.closing().get("reconnect").getAsBoolean()).isFalse();
        }
    }

    @Test
    void theJavaClientTakesTheNewestMessagesAsNewOnes() throws Exception {
        options("lobby cache=2");
        for (String text : List.of("one", "two", "three")) {
            server.publish("lobby", "program", text);
        }
        LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();

        try (ChatClient bob = ChatClient.builder(URI.create("ws://localhost:" + server.port() + "/"))
                .name("bob")
                .listener(new ChatListener() {
                    @Override
                    public void message(Message message) {
                        received.add(message.content().asText());
                    }
                })
                .start()) {
            assertThat(bob.subscribe("lobby").get(60, TimeUnit.SECONDS).offset())
                    .isEqualTo(1);
            server.publish("lobby", "program", "four");

            for (String text : List.of("two", "three", "four")) {
                assertThat(received.poll(60, TimeUnit.SECONDS)).isEqualTo(text);
            }
        }
    }

    @Test
    void clientsOfControllersAreSentTheNewestMessageAfterTheyJoined() throws Exception {
        options("lobby cache=1");
        server.publish("lobby", "program", "newest");

        try (TestClient controllers = TestClient.connect(server.port(), "XSocketsNET")) {
            controllers.send("{\"c\":\"chat\",\"t\":\"1\",\"d\":\"\"}");
            assertThat(controllers.next()).contains("\"t\":\"2\"");
            controllers.send("{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"lobby\"}}");
            String frame = controllers.next();
            assertThat(frame.contains("newest") ? frame : controllers.next()).contains("\"t\":\"message\"", "newest");
        }
    }
}

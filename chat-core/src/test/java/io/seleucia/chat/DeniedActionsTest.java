package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.protocol.xsockets.Caller;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * For each action that rules deny, every request of every protocol that could do it or reveal its result: refused by the
 * rules of the server and by those of a token alike.
 */
class DeniedActionsTest {
    private static final String CONNECT = "{\"id\":1,\"type\":\"connect\"%s}";

    /** Whose rules deny something. */
    private enum Rule {
        OF_THE_SERVER,
        OF_A_TOKEN
    }

    /** A program's controller that has a method, and passes on everything else. */
    public static final class Board {
        private final Caller<Board> caller;

        Board(Caller<Board> caller) {
            this.caller = caller;
        }

        /** Answers what the client may do, as far as a controller can ask. */
        public String rights(String channel) {
            return caller.mayReceive(channel) + " " + caller.maySend(channel, "hi");
        }
    }

    private static ChatServer server(Authorizer.Action denied, Rule rule) throws IOException {
        ChatServerBuilder server = ChatServer.builder()
                .host("127.0.0.1")
                .port(0)
                .tcpPort(0)
                .controller("board", Board.class, Board::new)
                .authenticator(Tokens.signedWith(TokenMaker.SECRET))
                .guests(true);
        if (rule == Rule.OF_THE_SERVER) {
            server.authorizer((user, action, channel, content) ->
                    action != denied || !user.name().contains("ada") && !user.guest());
        }
        return server.start();
    }

    /** A client that may not do something. */
    private static InMemoryClient client(ChatServer server, String protocol, Authorizer.Action denied, Rule rule)
            throws Exception {
        String rules = rule == Rule.OF_A_TOKEN ? ",\"rules\":[\"deny " + word(denied) + " *\",\"allow * *\"]" : "";
        String token = TokenMaker.token("ada", Instant.now().plusSeconds(600), rules);
        return server.connect(protocol, Map.of("access_token", token));
    }

    private static InMemoryClient ada(ChatServer server, Authorizer.Action denied, Rule rule) throws Exception {
        InMemoryClient ada = client(server, "chat.v1", denied, rule);
        assertThat(ask(ada, CONNECT.formatted(""))).contains("\"connected\"");
        return ada;
    }

    private static InMemoryClient bob(ChatServer server) throws Exception {
        InMemoryClient bob = server.connect("chat.v1", Map.of("access_token", TokenMaker.token("bob")));
        assertThat(ask(bob, CONNECT.formatted(""))).contains("\"connected\"");
        return bob;
    }

    private static String word(Authorizer.Action action) {
        return action.name().toLowerCase(Locale.ROOT);
    }

    private static String ask(InMemoryClient client, String request) throws IOException {
        client.send(request);
        String answer = client.receive();
        while (!answer.startsWith("{\"id\"")) {
            answer = client.receive();
        }
        return answer;
    }

    /** Returns what a controller answers first. */
    private static String call(InMemoryClient client, String controller, String topic, String data) throws IOException {
        client.send("{\"c\":\"" + controller + "\",\"t\":\"" + topic + "\",\"d\":" + data + "}");
        return client.receive();
    }

    private static String refusal(String controller) {
        return "{\"c\":\"" + controller + "\",\"t\":\"4\",\"d\":\"{\\\"message\\\":\\\"not allowed in " + controller
                + "\\\"}\"}";
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void replaysNoHistoryThatMayNotBeRead(Rule rule) throws Exception {
        try (ChatServer server = server(Authorizer.Action.HISTORY, rule);
                InMemoryClient ada = ada(server, Authorizer.Action.HISTORY, rule)) {
            String epoch = server.publish("lobby", "bob", "said before").epoch();

            assertThat(ask(
                            ada,
                            "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"" + epoch
                                    + "\",\"offset\":0}}"))
                    .isEqualTo("{\"id\":2,\"type\":\"subscribed\",\"channel\":\"lobby\",\"epoch\":\"" + epoch
                            + "\",\"offset\":1}");
            server.publish("lobby", "bob", "said now");
            assertThat(ada.receive()).as("nothing is replayed before it").contains("\"offset\":2", "said now");
            assertThat(ask(ada, "{\"id\":3,\"type\":\"history\",\"channel\":\"lobby\"}"))
                    .contains("\"forbidden\"");
            assertThat(ask(ada, "{\"id\":4,\"type\":\"history\",\"channel\":\"@ada\"}"))
                    .as("one's own inbox needs no right")
                    .contains("\"messages\":[]");
        }
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void theInboxIsRecoveredWithoutTheRightToHistory(Rule rule) throws Exception {
        try (ChatServer server = server(Authorizer.Action.HISTORY, rule);
                InMemoryClient ada = client(server, "chat.v1", Authorizer.Action.HISTORY, rule)) {
            String epoch = server.publish("@ada", "bob", "for you").epoch();

            assertThat(ask(ada, CONNECT.formatted(",\"inbox\":{\"epoch\":\"" + epoch + "\",\"offset\":0}")))
                    .contains("\"recovered\":true");
            assertThat(ada.receive()).contains("\"direct\"", "for you");
        }
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void tellsNoPresenceThatMayNotBeSeen(Rule rule) throws Exception {
        try (ChatServer server = server(Authorizer.Action.PRESENCE, rule);
                InMemoryClient ada = ada(server, Authorizer.Action.PRESENCE, rule)) {
            assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"presence\":true}"))
                    .contains("\"forbidden\"");
            assertThat(ask(ada, "{\"id\":3,\"type\":\"channels\"}")).contains("\"channels\":[]");
            assertThat(ask(ada, "{\"id\":4,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                    .contains("\"subscribed\"");
            assertThat(ask(ada, "{\"id\":5,\"type\":\"presence\",\"channel\":\"lobby\"}"))
                    .contains("\"forbidden\"");
            try (InMemoryClient bob = bob(server)) {
                assertThat(ask(bob, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                        .contains("\"subscribed\"");
            }
            server.publish("lobby", "bob", "was here");
            assertThat(ada.receive()).as("nobody was seen before it").contains("was here");
        }
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void aRefusedDirectMessageTellsNoNames(Rule rule) throws Exception {
        try (ChatServer server = server(Authorizer.Action.DIRECT, rule);
                InMemoryClient ada = ada(server, Authorizer.Action.DIRECT, rule);
                InMemoryClient bob = bob(server)) {
            assertThat(ask(bob, "{\"id\":2,\"type\":\"ping\"}")).contains("pong");

            assertThat(ask(ada, "{\"id\":2,\"type\":\"direct\",\"to\":\"bob\",\"data\":1}"))
                    .isEqualTo("{\"id\":2,\"type\":\"error\",\"code\":\"forbidden\","
                            + "\"message\":\"not allowed in @bob\"}");
            assertThat(ask(ada, "{\"id\":3,\"type\":\"direct\",\"to\":\"nobody\",\"data\":1}"))
                    .isEqualTo("{\"id\":3,\"type\":\"error\",\"code\":\"forbidden\","
                            + "\"message\":\"not allowed in @nobody\"}");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SUBSCRIBE, OF_THE_SERVER, subscribe, subscribe",
        "SUBSCRIBE, OF_A_TOKEN, subscribe, subscribe",
        "PUBLISH, OF_THE_SERVER, publish, '\"data\":1'",
        "PUBLISH, OF_A_TOKEN, publish, '\"data\":1'",
        "SIGNAL, OF_THE_SERVER, signal, '\"data\":1'",
        "SIGNAL, OF_A_TOKEN, signal, '\"data\":1'",
    })
    void refusesInChatV1(Authorizer.Action denied, Rule rule, String type, String more) throws Exception {
        try (ChatServer server = server(denied, rule);
                InMemoryClient ada = ada(server, denied, rule)) {
            if (denied != Authorizer.Action.SUBSCRIBE) {
                assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                        .contains("\"subscribed\"");
            }
            String fields = more.startsWith("\"") ? "," + more : "";

            assertThat(ask(ada, "{\"id\":3,\"type\":\"" + type + "\",\"channel\":\"lobby\"" + fields + "}"))
                    .contains("\"forbidden\"");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SUBSCRIBE, OF_THE_SERVER",
        "SUBSCRIBE, OF_A_TOKEN",
        "PUBLISH, OF_THE_SERVER",
        "PUBLISH, OF_A_TOKEN",
    })
    void refusesInCtesiphon(Authorizer.Action denied, Rule rule) throws Exception {
        try (ChatServer server = server(denied, rule);
                InMemoryClient ada = client(server, "ctesiphon", denied, rule)) {
            String subscription =
                    "{\"Kind\":0,\"Payload\":\"{\\\"ClientId\\\":\\\"ada\\\",\\\"Channel\\\":\\\"lobby\\\"}\"}";
            ada.send(subscription);
            if (denied == Authorizer.Action.PUBLISH) {
                assertThat(ada.receive()).contains("SUCCESSFULLY");
                ada.send("{\"Kind\":3,\"Payload\":\"{\\\"ClientId\\\":\\\"ada\\\",\\\"Channel\\\":\\\"lobby\\\","
                        + "\\\"Message\\\":\\\"hi\\\"}\"}");
            }

            assertThat(ada.receive()).contains("Error: not allowed in lobby");
        }
    }

    @ParameterizedTest
    @CsvSource({"SUBSCRIBE", "PUBLISH"})
    void refusesInTcpChat(Authorizer.Action denied) throws Exception {
        try (ChatServer server = server(denied, Rule.OF_THE_SERVER);
                TcpClient guest = TcpClient.connect(server.tcpPort().orElseThrow())) {
            if (denied == Authorizer.Action.SUBSCRIBE) {
                assertThat(guest.atEnd()).isTrue();
            } else {
                guest.say("hi");
                assertThat(guest.nextBroadcast()).isEqualTo(": not allowed in lobby");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SUBSCRIBE, OF_THE_SERVER",
        "SUBSCRIBE, OF_A_TOKEN",
        "PUBLISH, OF_THE_SERVER",
        "PUBLISH, OF_A_TOKEN",
    })
    void refusesInTheControllerChat(Authorizer.Action denied, Rule rule) throws Exception {
        try (ChatServer server = server(denied, rule);
                InMemoryClient ada = client(server, "XSocketsNET", denied, rule)) {
            call(ada, "chat", "1", "null");
            String joined = call(ada, "chat", "join", "{\"channel\":\"lobby\"}");
            String answer = denied == Authorizer.Action.SUBSCRIBE
                    ? joined
                    : call(ada, "chat", "say", "{\"channel\":\"lobby\",\"text\":\"hi\"}");

            assertThat(answer).contains("\"t\":\"4\"", "not allowed in lobby");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SUBSCRIBE, OF_THE_SERVER",
        "SUBSCRIBE, OF_A_TOKEN",
        "PUBLISH, OF_THE_SERVER",
        "PUBLISH, OF_A_TOKEN",
        "SIGNAL, OF_THE_SERVER",
        "SIGNAL, OF_A_TOKEN",
    })
    void refusesInTheControllerGeneric(Authorizer.Action denied, Rule rule) throws Exception {
        try (ChatServer server = server(denied, rule);
                InMemoryClient ada = client(server, "XSocketsNET", denied, rule);
                InMemoryClient bob = server.connect("XSocketsNET", Map.of("access_token", TokenMaker.token("bob")))) {
            assertThat(call(bob, "generic", "1", "null")).contains("\"t\":\"2\"");
            String opened = call(ada, "generic", "1", "null");
            if (denied == Authorizer.Action.SUBSCRIBE) {
                assertThat(opened).isEqualTo(refusal("generic"));
            } else {
                assertThat(opened).contains("\"t\":\"2\"");
                assertThat(call(ada, "generic", "shout", "\"hi\"")).isEqualTo(refusal("generic"));
            }
            assertThat(call(bob, "generic", "shout", "\"ho\""))
                    .as("the first that it hears")
                    .contains("ho");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SUBSCRIBE, OF_THE_SERVER, false true",
        "SUBSCRIBE, OF_A_TOKEN, false true",
        "PUBLISH, OF_THE_SERVER, true false",
        "PUBLISH, OF_A_TOKEN, true false",
        "SIGNAL, OF_A_TOKEN, true false",
    })
    void refusesWhatAProgramsControllerPassesOn(Authorizer.Action denied, Rule rule, String rights) throws Exception {
        try (ChatServer server = server(denied, rule);
                InMemoryClient ada = client(server, "XSocketsNET", denied, rule)) {
            assertThat(call(ada, "board", "1", "null")).contains("\"t\":\"2\"");
            String subscribed = call(ada, "board", "5", "{\"T\":\"news\",\"A\":true}");
            if (denied == Authorizer.Action.SUBSCRIBE) {
                assertThat(subscribed).isEqualTo(refusal("board"));
            } else {
                assertThat(subscribed).contains("\"t\":\"5\"");
                assertThat(call(ada, "board", "news", "\"hi\"")).isEqualTo(refusal("board"));
            }
            assertThat(call(ada, "board", "rights", "\"lobby\""))
                    .as("a method is the program's, and may ask")
                    .contains(rights);
        }
    }

    @Test
    void aSubscriptionWithoutPresenceNeedsNoRightToIt() throws Exception {
        try (ChatServer server = server(Authorizer.Action.PRESENCE, Rule.OF_THE_SERVER);
                InMemoryClient ada = ada(server, Authorizer.Action.PRESENCE, Rule.OF_THE_SERVER)) {
            assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"presence\":false}"))
                    .contains("\"subscribed\"");
            assertThat(ada.receive(Duration.ZERO)).isEqualTo(Optional.empty());
        }
    }
}

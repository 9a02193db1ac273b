package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Content;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What may be done where, as an authorizer says, and the rules of a token. */
class AuthorizationTest {
    private static InMemoryClient client(ChatServer server, String connect) throws Exception {
        InMemoryClient client = server.connect("chat.v1");
        assertThat(ask(client, connect)).contains("\"connected\"");
        return client;
    }

    private static String ask(InMemoryClient client, String request) throws Exception {
        client.send(request);
        String answer = client.receive();
        while (!answer.startsWith("{\"id\"")) {
            answer = client.receive();
        }
        return answer;
    }

    @Test
    void isAskedForEveryRequest() throws Exception {
        List<String> questions = new CopyOnWriteArrayList<>();
        Authorizer authorizer = new Authorizer() {
            @Override
            public boolean allows(User user, Action action, String channel, Optional<Content> content) {
                questions.add(user.name() + (user.guest() ? " (guest) " : " ") + action + " " + channel + " "
                        + content.map(Content::asText).orElse("-"));
                return !content.equals(Optional.of(new Content.Text("bad word"))) && !channel.equals("den");
            }
        };
        try (ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .authorizer(authorizer)
                        .start();
                InMemoryClient ada = client(server, "{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}")) {
            assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"den\"}"))
                    .isEqualTo(
                            "{\"id\":2,\"type\":\"error\",\"code\":\"forbidden\",\"message\":\"not allowed in den\"}");
            ask(ada, "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            assertThat(ask(ada, "{\"id\":4,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"bad word\"}"))
                    .contains("forbidden");
            assertThat(ask(ada, "{\"id\":5,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":[1]}"))
                    .contains("published");
            ask(ada, "{\"id\":6,\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1}");
            ask(ada, "{\"id\":7,\"type\":\"history\",\"channel\":\"lobby\"}");
            ask(ada, "{\"id\":8,\"type\":\"history\",\"channel\":\"@ada\"}");
            ask(ada, "{\"id\":9,\"type\":\"presence\",\"channel\":\"lobby\"}");
            ask(ada, "{\"id\":10,\"type\":\"direct\",\"to\":\"ada\",\"data\":\"hi\"}");
        }
        assertThat(questions)
                .containsExactly(
                        "ada (guest) SUBSCRIBE den -",
                        "ada (guest) SUBSCRIBE lobby -",
                        "ada (guest) PUBLISH lobby bad word",
                        "ada (guest) PUBLISH lobby [1]",
                        "ada (guest) SIGNAL lobby 1",
                        "ada (guest) HISTORY lobby -",
                        "ada (guest) PRESENCE lobby -",
                        "ada (guest) DIRECT @ada hi");
    }

    @Test
    void refusesInTheFormOfEveryProtocol() throws Exception {
        Rules rules = Rules.parse(List.of("deny * publish lobby", "allow * * lobby"));
        try (ChatServer server = ChatServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .tcpPort(0)
                        .authorizer(rules)
                        .start();
                TestClient ctesiphon = TestClient.member(server.port(), "ada", "lobby");
                TestClient controllers = TestClient.connect(server.port(), "XSocketsNET");
                TcpClient tcp = TcpClient.called("bob", server.tcpPort().orElseThrow())) {
            ctesiphon.publish("ada", "lobby", "hi");
            assertThat(ctesiphon.nextResult()).isEqualTo("Error: not allowed in lobby");
            ctesiphon.subscribe("ada", "den");
            assertThat(ctesiphon.nextResult()).isEqualTo("Error: not allowed in den");

            controllers.send("{\"c\":\"chat\",\"t\":\"1\"}").next();
            assertThat(controllers
                            .send("{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"den\"}}")
                            .next())
                    .isEqualTo("{\"c\":\"chat\",\"t\":\"4\",\"d\":\"{\\\"message\\\":\\\"not allowed in den\\\"}\"}");

            tcp.say("hi");
            assertThat(tcp.nextBroadcast()).isEqualTo(": not allowed in lobby");
            assertThat(tcp.rename("bob")).as("it is still there").isEqualTo("ack");
        }
    }

    @Test
    void aClientWithoutAPortLogsInLikeOthers() throws Exception {
        try (ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .authenticator(Tokens.signedWith(TokenMaker.SECRET))
                        .start();
                InMemoryClient ada = server.connect("ctesiphon", Map.of("access_token", TokenMaker.token("ada")))) {
            ada.send("{\"Kind\":0,\"Payload\":\"{\\\"ClientId\\\":\\\"bob\\\",\\\"Channel\\\":\\\"lobby\\\"}\"}");
            assertThat(ada.receive()).contains("ClientId mismatch");
            assertThatThrownBy(() -> server.connect("", Map.of("access_token", "x")))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void theRulesOfATokenNarrowThoseOfTheServer() throws Exception {
        String token = TokenMaker.token(
                "ada", Instant.now().plusSeconds(60), ",\"rules\":[\"allow subscribe,publish news.* lobby\"]");
        try (ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .authenticator(Tokens.signedWith(TokenMaker.SECRET))
                        .authorizer(Rules.parse(List.of("deny ada publish lobby", "allow users * *")))
                        .start();
                InMemoryClient ada = client(server, "{\"id\":1,\"type\":\"connect\",\"token\":\"" + token + "\"}")) {
            assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"den\"}"))
                    .contains("forbidden");
            assertThat(ask(ada, "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"news.today\"}"))
                    .contains("subscribed");
            assertThat(ask(ada, "{\"id\":4,\"type\":\"publish\",\"channel\":\"news.today\",\"data\":1}"))
                    .contains("published");
            assertThat(ask(ada, "{\"id\":5,\"type\":\"history\",\"channel\":\"news.today\"}"))
                    .contains("forbidden");
            assertThat(ask(ada, "{\"id\":6,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                    .contains("subscribed");
            assertThat(ask(ada, "{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":1}"))
                    .contains("forbidden");
        }
    }

    @Test
    void anAuthorizerThatThrowsCostsOneRequest() throws Exception {
        try (LoggedLines log = new LoggedLines();
                ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .authorizer((user, action, channel, content) -> {
                            if (channel.equals("bad")) {
                                throw new IllegalStateException("a fault of the authorizer");
                            }
                            return true;
                        })
                        .start();
                InMemoryClient ada = client(server, "{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}")) {
            assertThat(ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"bad\"}"))
                    .contains("\"internal\"");
            assertThat(ask(ada, "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                    .contains("subscribed");
            assertThat(log.stackTraces()).hasSize(1);
        }
    }
}

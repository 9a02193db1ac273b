package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.auth.Rules;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who may list channels, and know or change their descriptions. */
class DirectoryRightsTest {
    private static String ask(ChatServer server, String user, String request) throws Exception {
        try (InMemoryClient client = server.connect("chat.v1", Map.of("access_token", TokenMaker.token(user)))) {
            client.send(request);
            return client.receive();
        }
    }

    private static String list(ChatServer server, String user, String prefix) throws Exception {
        String answer = ask(server, user, "{\"id\":1,\"type\":\"list\",\"prefix\":\"" + prefix + "\"}");
        return answer.contains("\"forbidden\"")
                ? "forbidden"
                : answer.replaceAll(".*\\[|\\].*", "").replaceAll("\\{\"channel\":\"([^\"]*)\"[^}]*\\}", "$1");
    }

    private static ChatServer server(InMemoryBroker broker, String... rules) throws Exception {
        for (String channel : List.of("news", "team-a", "team-b", "team-secret")) {
            broker.join(channel, "someone");
        }
        return ChatServer.builder()
                .broker(broker)
                .withoutPort()
                .authenticator(Tokens.signedWith(TokenMaker.SECRET))
                .authorizer(Rules.parse(List.of(rules)))
                .start();
    }

    @Test
    void listsWhatOneMayListAndSubscribeTo() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = server(
                        broker,
                        "deny bob list team-b",
                        "deny cyd list team-*",
                        "allow * list *",
                        "deny * subscribe team-secret",
                        "allow * subscribe *")) {
            assertThat(list(server, "ada", "")).isEqualTo("news,team-a,team-b");
            assertThat(list(server, "ada", "team-")).isEqualTo("team-a,team-b");
            assertThat(list(server, "ada", "team-s")).isEmpty();
            assertThat(list(server, "bob", "team-")).isEqualTo("team-a");
            assertThat(list(server, "cyd", "team-")).isEqualTo("forbidden");
            assertThat(list(server, "cyd", "")).isEqualTo("news");
        }
    }

    @Test
    void aPrefixMustBeAllowedAsAWhole() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = server(broker, "allow ada list team-*", "allow * subscribe *")) {
            assertThat(list(server, "ada", "")).isEqualTo("forbidden");
            assertThat(list(server, "ada", "tea")).isEqualTo("forbidden");
            assertThat(list(server, "ada", "team-a")).isEqualTo("team-a");
            assertThat(list(server, "bob", "team-")).isEqualTo("forbidden");
        }
    }

    @Test
    void describingNeedsItsRightAndKnowingThatToSubscribe() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = server(broker, "allow ada describe *", "allow * subscribe news")) {
            String set = "{\"id\":1,\"type\":\"info\",\"channel\":\"%s\",\"set\":{\"n\":1}}";
            String get = "{\"id\":1,\"type\":\"info\",\"channel\":\"%s\"}";

            assertThat(ask(server, "bob", set.formatted("news"))).contains("\"forbidden\"");
            assertThat(ask(server, "ada", set.formatted("team-a"))).contains("\"forbidden\"");
            assertThat(ask(server, "ada", set.formatted("news"))).contains("\"by\":\"ada\"");
            assertThat(ask(server, "bob", get.formatted("news"))).contains("\"info\":{\"n\":1}");
            assertThat(ask(server, "bob", get.formatted("team-a"))).contains("\"forbidden\"");
        }
    }

    @Test
    void aClientWithFewRightsGoesOnFromWhereTheServerHasStoppedLooking() throws Exception {
        int hidden = Broker.Listing.MAX_NAMES + 100;
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT)) {
            for (int i = 0; i < hidden; i++) {
                broker.join("a-secret-%05d".formatted(i), "someone");
            }
            try (ChatServer server = server(broker, "allow ada list *", "allow ada subscribe news");
                    InMemoryClient ada = server.connect("chat.v1", Map.of("access_token", TokenMaker.token("ada")))) {
                ada.send("{\"id\":1,\"type\":\"list\",\"limit\":1}");
                JsonObject page = JsonParser.parseString(ada.receive()).getAsJsonObject();
                assertThat(page.getAsJsonArray("channels")).isEmpty();
                int pages = 1;
                while (page.getAsJsonArray("channels").isEmpty()) {
                    assertThat(page.get("more").getAsBoolean()).isTrue();
                    assertThat(page.toString()).doesNotContain("secret");
                    ada.send("{\"id\":1,\"type\":\"list\",\"limit\":1,\"next\":" + page.get("next") + "}");
                    page = JsonParser.parseString(ada.receive()).getAsJsonObject();
                    pages++;
                }
                assertThat(pages).isGreaterThan(1);
                assertThat(page.getAsJsonArray("channels").toString()).contains("\"channel\":\"news\"");
                ada.send("{\"id\":1,\"type\":\"list\",\"next\":\"another\"}");
                assertThat(ada.receive()).contains("\"bad_request\"");
                ada.send("{\"id\":1,\"type\":\"list\",\"next\":\"1\",\"after\":\"a\"}");
                assertThat(ada.receive()).contains("\"bad_request\"");
            }
        }
    }

    @Test
    void allActionsIncludeThem() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = server(broker, "allow ada * *")) {
            assertThat(list(server, "ada", "n")).isEqualTo("news");
            assertThat(ask(server, "ada", "{\"id\":1,\"type\":\"info\",\"channel\":\"news\",\"set\":{}}"))
                    .contains("\"info\":{}");
        }
    }
}

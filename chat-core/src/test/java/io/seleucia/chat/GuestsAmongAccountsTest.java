package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What guests are on a server that has accounts, to those who see them. */
class GuestsAmongAccountsTest {
    /** Accounts whose passwords are their names. */
    private static final class Accounts implements Authenticator {
        private final Set<String> names = ConcurrentHashMap.newKeySet();

        @Override
        public Optional<User> authenticate(Credentials credentials, String address) {
            return credentials instanceof Credentials.Password given
                            && given.user().equals(given.password())
                            && names.contains(given.user())
                    ? Optional.of(new User(given.user()))
                    : Optional.empty();
        }

        @Override
        public Optional<Boolean> hasAccount(String name) {
            return Optional.of(names.contains(name));
        }

        @Override
        public Optional<Boolean> hasAccountLike(String skeleton) {
            return hasAccount(skeleton);
        }
    }

    private final Accounts accounts = new Accounts();
    private ChatServer server;

    @AfterEach
    void stop() {
        server.close();
    }

    private void start(ChatServerBuilder builder) throws Exception {
        server = builder.port(0).start();
    }

    private void startWithAccounts(String... names) throws Exception {
        accounts.names.addAll(Set.of(names));
        start(ChatServer.builder().authenticator(accounts).guests(true));
    }

    private TestClient connect() throws Exception {
        return TestClient.connect(server.port(), "chat.v1");
    }

    private TestClient guest(String name) throws Exception {
        TestClient client = connect();
        assertThat(ask(client, "{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}")
                        .get("type")
                        .getAsString())
                .isEqualTo("connected");
        return client;
    }

    private TestClient account(String name) throws Exception {
        TestClient client = connect();
        String login = "\"user\":\"" + name + "\",\"password\":\"" + name + "\"";
        assertThat(ask(client, "{\"id\":1,\"type\":\"connect\"," + login + "}")
                        .get("type")
                        .getAsString())
                .isEqualTo("connected");
        return client;
    }

    private static JsonObject next(TestClient client) throws Exception {
        return JsonParser.parseString(client.next()).getAsJsonObject();
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

    private static String subscribe(String channel) {
        return "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"" + channel + "\",\"presence\":true}";
    }

    private static void assertGuest(JsonObject told, boolean guest) {
        assertThat(told.has("guest")).as(told.toString()).isEqualTo(guest);
        if (guest) {
            assertThat(told.get("guest").getAsBoolean()).isTrue();
        }
    }

    @Test
    void allThatIsToldOfAGuestSaysSo() throws Exception {
        startWithAccounts("ada", "bob");
        try (TestClient ada = account("ada");
                TestClient bob = account("bob");
                TestClient eve = guest("eve");
                TestClient old = TestClient.connect(server.port())) {
            ask(ada, subscribe("lobby"));
            ask(eve, subscribe("lobby"));
            assertGuest(next(ada), true);
            ask(bob, subscribe("lobby"));
            assertGuest(next(ada), false);
            next(eve);

            ask(eve, "{\"id\":3,\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1}");
            assertGuest(next(ada), true);
            assertGuest(next(bob), true);
            ask(bob, "{\"id\":3,\"type\":\"signal\",\"channel\":\"lobby\",\"data\":1}");
            assertGuest(next(ada), false);

            String publish = "{\"id\":4,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"}";
            eve.send(publish);
            assertGuest(next(ada), true);
            bob.send(publish);
            assertGuest(next(ada), false);
            old.join("fay", "lobby");
            assertThat(next(ada).toString())
                    .isEqualTo("{\"type\":\"joined\",\"channel\":\"lobby\",\"client\":\"fay\",\"guest\":true}");
            old.send(
                    "{\"Kind\":3,\"Payload\":\"{\\\"ClientId\\\":\\\"fay\\\",\\\"Channel\\\":\\\"lobby\\\",\\\"Message\\\":\\\"hi\\\"}\"}");
            assertGuest(next(ada), true);

            JsonArray messages = ask(ada, "{\"id\":5,\"type\":\"history\",\"channel\":\"lobby\"}")
                    .getAsJsonArray("messages");
            assertThat(messages).hasSize(3);
            assertGuest(messages.get(0).getAsJsonObject(), true);
            assertGuest(messages.get(1).getAsJsonObject(), false);
            assertGuest(messages.get(2).getAsJsonObject(), true);

            JsonArray clients = ask(ada, "{\"id\":6,\"type\":\"presence\",\"channel\":\"lobby\"}")
                    .getAsJsonArray("clients");
            assertThat(clients.toString())
                    .isEqualTo("[{\"client\":\"ada\",\"sessions\":1},{\"client\":\"bob\",\"sessions\":1},"
                            + "{\"client\":\"eve\",\"sessions\":1,\"guest\":true},"
                            + "{\"client\":\"fay\",\"sessions\":1,\"guest\":true}]");

            eve.send("{\"id\":7,\"type\":\"direct\",\"to\":\"ada\",\"data\":\"psst\"}");
            assertGuest(next(ada), true);
            eve.send("{\"id\":7,\"type\":\"info\",\"channel\":\"lobby\",\"set\":{\"topic\":\"lunch\"}}");
            assertGuest(next(ada), true);
            ask(bob, "{\"id\":7,\"type\":\"info\",\"channel\":\"lobby\",\"set\":null}");
            assertGuest(next(ada), false);
            eve.send("{\"id\":8,\"type\":\"unsubscribe\",\"channel\":\"lobby\"}");
            assertGuest(next(ada), true);
        }
    }

    private static JsonArray inbox(TestClient client) throws Exception {
        return ask(client, "{\"id\":9,\"type\":\"history\",\"channel\":\"@bob\"}")
                .getAsJsonArray("messages");
    }

    private static void direct(TestClient from, String data) throws Exception {
        JsonObject published = ask(from, "{\"id\":8,\"type\":\"direct\",\"to\":\"bob\",\"data\":\"" + data + "\"}");
        assertThat(published.get("channel").getAsString()).isEqualTo("@bob");
    }

    @Test
    void guestsAndAccountsOfOneNameNeverReadEachOthersInbox() throws Exception {
        startWithAccounts("ada");
        try (TestClient ada = account("ada")) {
            TestClient guest = guest("bob");
            direct(ada, "for the guest");
            assertThat(next(guest).get("data").getAsString()).isEqualTo("for the guest");
            server.publish("@bob", "operator", new Content.Text("for the guest, too"));
            assertThat(next(guest).get("sender").getAsString()).isEqualTo("operator");
            accounts.names.add("bob");
            assertThat(guest.closeCode()).isEqualTo(4401);

            try (TestClient bob = account("bob")) {
                assertThat(inbox(bob)).isEmpty();
                direct(ada, "for the account");
                assertThat(next(bob).get("data").getAsString()).isEqualTo("for the account");
                server.publish("@bob", "operator", new Content.Text("for the account, too"));
                assertThat(next(bob).get("offset").getAsInt()).isEqualTo(2);
                assertThat(inbox(bob)).hasSize(2);
            }

            accounts.names.remove("bob");
            try (TestClient again = guest("bob")) {
                assertThat(inbox(again).toString()).contains("for the guest").doesNotContain("for the account");
            }
        }
    }

    @Test
    void nothingIsSaidWhereThereAreNoAccounts() throws Exception {
        start(ChatServer.builder());
        try (TestClient eve = guest("eve")) {
            ask(eve, subscribe("lobby"));
            assertGuest(ask(eve, "{\"id\":4,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"}"), false);
            assertGuest(next(eve), false);
            assertThat(ask(eve, "{\"id\":6,\"type\":\"presence\",\"channel\":\"lobby\"}")
                            .toString())
                    .doesNotContain("guest");
        }
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.message.Content;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for names as clients of each protocol meet them. */
class NamesOnTheWireTest {
    private static final String COMPOSED = "caf\u00e9";
    private static final String DECOMPOSED = "cafe\u0301";

    private ChatServer server;

    @BeforeEach
    void start() throws IOException {
        server = ChatServer.builder().port(0).tcpPort(0).start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private TestClient chatV1() throws Exception {
        return TestClient.connect(server.port(), "chat.v1");
    }

    private static JsonObject ask(TestClient client, String request) throws Exception {
        return JsonParser.parseString(client.send(request).next()).getAsJsonObject();
    }

    private static String json(String text) {
        return new JsonPrimitive(text).toString();
    }

    /** The payload of a ctesiphon frame. */
    private static String ctesiphon(int kind, String payload) {
        return "{\"Kind\":" + kind + ",\"Payload\":" + json(payload) + "}";
    }

    private static String payload(String frame) {
        return JsonParser.parseString(frame).getAsJsonObject().get("Payload").getAsString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\u200bb", "a\u202eb", " a", "a\u00a0", "\u0301", "\u2800", "a\ufe0f", "a\u2028b"})
    void namesThatCannotBeReadAreMalformedInput(String name) throws Exception {
        try (TestClient client = chatV1();
                TestClient old = TestClient.connect(server.port());
                TestClient caller = TestClient.connect(server.port(), "XSocketsNET");
                TcpClient tcp = TcpClient.connect(server.tcpPort().orElseThrow())) {
            assertThat(ask(client, "{\"id\":1,\"type\":\"connect\",\"client\":" + json(name) + "}")
                            .get("code"))
                    .isEqualTo(new JsonPrimitive("bad_request"));
            assertThat(ask(client, "{\"id\":2,\"type\":\"subscribe\",\"channel\":" + json(name) + "}")
                            .get("code"))
                    .isEqualTo(new JsonPrimitive("bad_request"));

            String subscribe = "{\"ClientId\":\"ada\",\"Channel\":" + json(name) + "}";
            assertThat(payload(old.send(ctesiphon(0, subscribe)).next())).startsWith("Error: a channel's name must");
            String called = "{\"ClientId\":" + json(name) + ",\"Channel\":\"lobby\"}";
            assertThat(payload(old.send(ctesiphon(0, called)).next())).startsWith("Error: a client id must");

            caller.send("{\"c\":\"chat\",\"t\":\"1\",\"d\":\"\"}").next();
            String join = json("{\"channel\":" + json(name) + "}");
            assertThat(caller.send("{\"c\":\"chat\",\"t\":\"join\",\"d\":" + join + "}")
                            .next())
                    .contains("\"t\":\"4\"")
                    .contains("a channel's name must");

            assertThat(tcp.rename(name)).startsWith("a client id must");
        }
    }

    @Test
    void allFormsOfNameAreOne() throws Exception {
        try (TestClient client = chatV1();
                TestClient other = TestClient.connect(server.port())) {
            JsonObject connected = ask(client, "{\"id\":1,\"type\":\"connect\",\"client\":" + json(DECOMPOSED) + "}");
            assertThat(connected.get("client").getAsString()).isEqualTo(COMPOSED);
            JsonObject subscribed =
                    ask(client, "{\"id\":2,\"type\":\"subscribe\",\"channel\":" + json(DECOMPOSED) + "}");
            assertThat(subscribed.get("channel").getAsString()).isEqualTo(COMPOSED);
            JsonObject again = ask(client, "{\"id\":3,\"type\":\"subscribe\",\"channel\":" + json(COMPOSED) + "}");
            assertThat(again.get("code").getAsString()).isEqualTo("already_subscribed");

            String payload = "{\"ClientId\":\"bob\",\"Channel\":" + json(DECOMPOSED) + "}";
            assertThat(payload(other.send(ctesiphon(0, payload)).next()))
                    .isEqualTo("Subscribed to channel : " + COMPOSED + " SUCCESSFULLY !");

            server.publish(DECOMPOSED, DECOMPOSED, new Content.Text("hi"));

            assertThat(client.next())
                    .contains("\"channel\":\"" + COMPOSED + "\"")
                    .contains("\"sender\":\"" + COMPOSED);
            assertThat(other.next()).isEqualTo("Channel : " + COMPOSED + ", Sender : " + COMPOSED + ", Message : hi");
            assertThat(server.channels()).containsOnlyKeys(COMPOSED);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x, Message : y",
                "x, Sender : bob",
                "x,Message: y",
                "x, message :y",
                "x,\u00a0M\u0435ssage : y",
                "x\uff0c Message : y"
            })
    void namesCannotForgeLinesOfCtesiphon(String name) throws Exception {
        try (TestClient old = TestClient.connect(server.port());
                TestClient reader = TestClient.connect(server.port());
                TestClient other = chatV1()) {
            for (String payload : new String[] {
                "{\"ClientId\":" + json(name) + ",\"Channel\":\"lobby\"}",
                "{\"ClientId\":\"ada\",\"Channel\":" + json(name) + "}"
            }) {
                assertThat(payload(old.send(ctesiphon(0, payload)).next()))
                        .startsWith("Error: ")
                        .contains("must not have");
            }

            reader.join("bob", "lobby");
            ask(other, "{\"id\":1,\"type\":\"connect\",\"client\":" + json(name) + "}");
            ask(other, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            other.send("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"z\"}");
            String comma = name.contains("\uff0c") ? "\uff0c" : ",";
            String escaped = String.format("\\u%04x", (int) comma.charAt(0));
            assertThat(reader.next())
                    .isEqualTo("Channel : lobby, Sender : " + name.replace(comma, escaped) + ", Message : z");
        }
    }

    @Test
    void textsCannotForgeLinesOfCtesiphon() throws Exception {
        try (TestClient reader = TestClient.connect(server.port())) {
            reader.join("bob", "lobby");

            server.publish("lobby", "eve", new Content.Text("hi\nChannel : lobby, Sender : ada, Message : no"));
            assertThat(reader.next())
                    .isEqualTo(
                            "Channel : lobby, Sender : eve, Message : hi\\nChannel : lobby, Sender : ada, Message : no");
            server.publish("lobby", "eve", new Content.Text("two\nlines, Message : and all"));
            assertThat(reader.next())
                    .isEqualTo("Channel : lobby, Sender : eve, Message : two\nlines, Message : and all");
        }
    }

    @Test
    void programIsHeldToTheRules() {
        assertThatThrownBy(() -> server.publish("a\u200bb", "ada", new Content.Text("hi")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("format characters");
        assertThatThrownBy(() -> server.publish("lobby", "ada ", new Content.Text("hi")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("white space");
    }
}

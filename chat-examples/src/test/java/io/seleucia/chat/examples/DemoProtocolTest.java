package io.seleucia.chat.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemoProtocolTest {
    @AutoClose
    private final ChatServer server =
            ChatServer.builder().port(0).protocol(new DemoProtocol()).start();

    private final Client ada = new Client("DemoProtocol");
    private final Client bob = new Client("DemoProtocol");

    DemoProtocolTest() throws IOException {}

    @Test
    void whatIsSaidReachesAllMembers() throws Exception {
        ada.says("{'M':'join','J':'{\"channel\":\"lobby\"}'}").hears("{'M':'joined','J':'{\"channel\":\"lobby\"}'}");
        bob.says("{'M':'join','J':'{\"channel\":\"lobby\"}'}").hears("{'M':'joined','J':'{\"channel\":\"lobby\"}'}");

        ada.says("{'M':'say','J':'{\"channel\":\"lobby\",\"text\":\"hi \\u2615\"}'}");

        assertThat(ada.next())
                .isEqualTo(bob.next())
                .startsWith("{\"M\":\"said\"")
                .contains("hi ☕");
    }

    @Test
    void itsClientsTalkWithThoseOfOtherProtocols() throws Exception {
        Client eve = new Client("chat.v1");
        eve.says("{'id':1,'type':'subscribe','channel':'lobby'}");
        assertThat(eve.next()).contains("\"subscribed\"");
        ada.says("{'M':'join','J':'{\"channel\":\"lobby\"}'}").hears("{'M':'joined','J':'{\"channel\":\"lobby\"}'}");

        ada.says("{'M':'say','J':'{\"channel\":\"lobby\",\"text\":\"hi\"}'}");
        assertThat(eve.next()).contains("\"data\":\"hi\"");
        assertThat(ada.next()).contains("hi");

        eve.says("{'id':2,'type':'publish','channel':'lobby','data':{'n':1}}");
        assertThat(ada.next()).contains("{\\\\\\\"n\\\\\\\":1}"); // JSON in a text, in JSON in a text
    }

    @Test
    void whoLeavesIsToldSo() throws Exception {
        ada.says("{'M':'join','J':'{\"channel\":\"lobby\"}'}").hears("{'M':'joined','J':'{\"channel\":\"lobby\"}'}");

        ada.says("{'M':'leave','J':'{\"channel\":\"lobby\"}'}").hears("{'M':'left','J':'{\"channels\":[\"lobby\"]}'}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello | it must be like",
                "null | M or J is missing",
                "{'M':'join'} | M or J is missing",
                "{'M':'join','J':'nothing'} | it must be like",
                "{'M':'join','J':'null'} | M or J is missing",
                "{'M':'join','J':'{}'} | name must have 1 to 128 characters",
                "{'J':'{}'} | M or J is missing",
                "{'M':'shout','J':'{}'} | there is no method shout",
                "{'M':'say','J':'{\"channel\":\"lobby\"}'} | not subscribed to lobby"
            })
    void whatIsWrongIsAnswered(String message, String answer) throws Exception {
        ada.says(message);

        assertThat(ada.next()).startsWith("{\"M\":\"error\"").contains(answer);
    }

    /** Writes and compares JSON with single quotes for those outside of texts. */
    private final class Client implements WebSocket.Listener {
        private final LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();
        private final WebSocket socket;

        Client(String subprotocol) {
            socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .subprotocols(subprotocol)
                    .buildAsync(URI.create("ws://localhost:" + server.port() + "/"), this)
                    .join();
        }

        Client says(String json) {
            socket.sendText(quoted(json), true).join();
            return this;
        }

        void hears(String json) throws InterruptedException {
            assertThat(next()).isEqualTo(quoted(json));
        }

        String next() throws InterruptedException {
            String text = received.poll(30, TimeUnit.SECONDS);
            assertThat(text).as("an answer within half a minute").isNotNull();
            return text;
        }

        private static String quoted(String json) {
            return json.replace("\"", "\\\"").replace('\'', '"');
        }

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence text, boolean last) {
            received.add(text.toString()); // none of them is long
            webSocket.request(1);
            return null;
        }
    }
}

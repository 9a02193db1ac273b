package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a program can do with the server that it has. */
@Timeout(60)
class EmbeddingTest {
    private ChatServer server;

    @BeforeEach
    void start() throws IOException {
        server = ChatServer.builder().withoutPort().start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void publishesUnderAnyName() throws Exception {
        try (InMemoryClient ada = member("ada", "lobby")) {
            Position first = server.publish("lobby", "weather", "it rains");
            Position second = server.publish("lobby", "weather", new Content.Json("{\"mm\":3}"));

            assertThat(second).isEqualTo(first.next());
            assertThat(ada.receive()).isEqualTo("Channel : lobby, Sender : weather, Message : it rains");
            assertThat(ada.receive()).isEqualTo("Channel : lobby, Sender : weather, Message : {\"mm\":3}");
        }
    }

    @Test
    void publishesIntoAnInbox() throws Exception {
        try (InMemoryClient ada = server.connect("chat.v1")) {
            ada.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            ada.receive();
            server.publish("@ada", "clerk", "your order has left");
            assertThat(ada.receive()).startsWith("{\"type\":\"direct\",\"offset\":1,\"sender\":\"clerk\"");
        }
    }

    @Test
    void refusesNamesThatAreNone() {
        assertThatThrownBy(() -> server.publish("", "ada", "hi")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.publish("lobby", "a\nb", "hi")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.publish("@", "ada", "hi")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.subscribe("@ada", message -> {})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.connect("unheard of"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not spoken here: unheard of");
    }

    @Test
    void followsAChannelUntilItHasEnough() throws Exception {
        List<Message> heard = new CopyOnWriteArrayList<>();
        server.publish("lobby", "program", "before");
        try (InMemoryClient ada = member("ada", "lobby")) {
            Broker.Subscription following = server.subscribe("lobby", heard::add);
            assertThat(following.start().offset()).isEqualTo(1);
            publish(ada, "one");
            assertThat(ada.receive()).endsWith("one");
            server.publish("lobby", "program", "two");
            eventually(() -> assertThat(heard)
                    .extracting(message ->
                            message.sender() + ":" + message.content().asText())
                    .containsExactly("ada:one", "program:two"));
            following.close();
            publish(ada, "three");
            assertThat(ada.receive()).endsWith("two");
            assertThat(ada.receive()).endsWith("three");
            assertThat(heard).hasSize(2);
            assertThat(server.channels()).as("a program is no member").isEqualTo(Map.of("lobby", 1));
            assertThat(server.broker().members("lobby")).isEqualTo(Map.of("ada", 1));
        }
    }

    @Test
    void aFollowerThatThrowsGetsTheNext() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        server.subscribe("lobby", message -> {
            heard.add(message.content().asText());
            throw new IllegalStateException("thrown by a test, to be logged");
        });
        server.publish("lobby", "program", "one");
        server.publish("lobby", "program", "two");
        eventually(() -> assertThat(heard).containsExactly("one", "two"));
    }

    @Test
    void aFollowerMayPublish() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        server.subscribe("questions", message -> answer(message));
        server.subscribe("answers", message -> heard.add(message.content().asText()));
        server.publish("questions", "ada", "how are you?");
        eventually(() -> assertThat(heard).containsExactly("how are you? I don't know"));
    }

    private void answer(Message question) {
        try {
            server.publish("answers", "bot", question.content().asText() + " I don't know");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void listsItsSessionsAndChannels() throws Exception {
        Instant before = Instant.now().minusSeconds(1);
        try (InMemoryClient ada = member("ada", "lobby");
                InMemoryClient nobody = server.connect("chat.v1")) {
            ada.send("{\"Kind\":0,\"Payload\":\"{\\\"ClientId\\\":\\\"ada\\\",\\\"Channel\\\":\\\"all\\\"}\"}");
            ada.receive();
            nobody.send("{\"id\":1,\"type\":\"ping\"}");
            nobody.receive();

            assertThat(server.connections()).isEqualTo(2);
            assertThat(server.channels()).isEqualTo(Map.of("all", 1, "lobby", 1));
            assertThat(server.sessions()).hasSize(2);
            assertThat(server.sessions()).anySatisfy(session -> {
                assertThat(session.id()).startsWith("memory-");
                assertThat(session.client()).isEqualTo("ada");
                assertThat(session.protocol()).isEqualTo("ctesiphon");
                assertThat(session.address()).isEqualTo("memory");
                assertThat(session.since()).isBetween(before, Instant.now());
                assertThat(session.channels()).containsExactly("all", "lobby");
                assertThat(session.queuedBytes()).isZero();
            });
            assertThat(server.sessions()).anySatisfy(session -> {
                assertThat(session.client()).isEmpty();
                assertThat(session.protocol()).isEqualTo("chat.v1");
                assertThat(session.channels()).isEmpty();
            });
        }
        eventually(() -> assertThat(server.sessions()).isEmpty());
        assertThat(server.channels()).isEmpty();
    }

    @Test
    void hasNoPortIfItWasNotGivenOne() {
        assertThatThrownBy(server::port)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("this server has no port");
    }

    @Test
    void takesNobodyOnceItIsClosed() throws Exception {
        InMemoryClient ada = member("ada", "lobby");
        server.close();
        assertThat(ada.closeCode()).hasValue(1012);
        assertThatThrownBy(() -> ada.send("{\"Kind\":4}")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> server.connect()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void keepsItsLimitsWithoutAPortToo() throws Exception {
        try (InMemoryClient ada = server.connect()) {
            ada.send("x".repeat(Limits.DEFAULT.maxMessageBytes() + 1));
            assertThat(ada.closeCode()).hasValue(1009);
        }
    }

    private InMemoryClient member(String name, String channel) throws IOException {
        InMemoryClient client = server.connect();
        client.send(TestClient.request(0, TestClient.payload(name, channel)));
        assertThat(client.receive()).contains("SUCCESSFULLY");
        return client;
    }

    private static void publish(InMemoryClient client, String text) throws IOException {
        var payload = TestClient.payload("ada", "lobby");
        payload.addProperty("Message", text);
        client.send(TestClient.request(3, payload));
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No content reaches a channel, or its members, that a client could not read. */
@Timeout(60)
class PublishedContentTest {
    private static final int LIMIT = 2_000;
    private static final String SUBSCRIBE = "{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}";
    private static final String PUBLISH = "{\"id\":2,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"%s\"}";

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;

    private ChatServerBuilder builder() {
        return ChatServer.builder().withoutPort().broker(broker).limits(Limits.DEFAULT.withMaxMessageBytes(LIMIT));
    }

    private void start() throws IOException {
        server = builder().start();
    }

    @AfterEach
    void stop() {
        server.close();
        broker.close();
    }

    private InMemoryClient member() throws IOException {
        InMemoryClient client = server.connect("chat.v1");
        client.send(SUBSCRIBE);
        assertThat(client.receive()).contains("subscribed");
        return client;
    }

    /** The largest text of one character that the program can publish. */
    private int longest(String character) throws Exception {
        int fits = 0;
        for (int step = LIMIT; step > 0; step /= 2) {
            while (publishes(character.repeat(fits + step))) {
                fits += step;
            }
        }
        return fits;
    }

    private boolean publishes(String text) throws Exception {
        try {
            server.publish("lobby", "n".repeat(64), text);
            return true;
        } catch (IllegalArgumentException e) {
            assertThat(e)
                    .hasMessageStartingWith("a message must have at most 2000 bytes as it is sent, and this one has");
            return false;
        }
    }

    /** However it is escaped, and whatever the names: null, U+2028, quotation marks, and characters of several bytes. */
    @ParameterizedTest
    @ValueSource(strings = {"x", "\"", "\n", "\u0000", "\u001f", "\u007f", "\u2028", "ä", "\uffff", "😀", "<"})
    void noFrameIsLargerThanTheLimit(String character) throws Exception {
        start();
        int longest = longest(character);
        try (InMemoryClient ada = member()) {
            server.publish("lobby", "n".repeat(64), character.repeat(longest));
            assertThat(ada.receive().getBytes(StandardCharsets.UTF_8).length).isBetween(LIMIT - 50, LIMIT);
        }
    }

    @Test
    void whatIsTooLargeIsNotPublished() throws Exception {
        start();
        Position before = server.publish("lobby", "program", "x");
        Content json = new Content.Json("[\"" + "x".repeat(LIMIT) + "\"]");

        assertThatThrownBy(() -> server.publish("lobby", "program", "x".repeat(20_000_000)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.publish("@ada", "program", json)).isInstanceOf(IllegalArgumentException.class);
        assertThat(server.publish("lobby", "program", "y")).isEqualTo(before.next());
        assertThat(broker.historyAfter("@ada", 0, 10).messages()).isEmpty();
    }

    @Test
    void whatIsNoJsonIsNotPublished() throws Exception {
        start();
        assertThatThrownBy(() -> server.publish("lobby", "program", new Content.Json("{no JSON")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(broker.historyAfter("lobby", 0, 10).messages()).isEmpty();
    }

    /** What a listener makes of a message is refused like what a program publishes. */
    private void assertRefuses(UnaryOperator<Content> publishing, String reason) throws Exception {
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public Content publishing(SessionSnapshot from, String channel, Content content) {
                        return publishing.apply(content);
                    }
                })
                .start();
        try (InMemoryClient ada = member();
                LoggedLines log = new LoggedLines()) {
            ada.send(PUBLISH.formatted("hi"));
            assertThat(ada.receive())
                    .isEqualTo("{\"id\":2,\"type\":\"error\",\"code\":\"internal\",\"message\":\"internal error\"}");
            assertThat(log.stackTraces())
                    .singleElement()
                    .satisfies(why -> assertThat(why).hasMessageContaining(reason));
            assertThat(broker.historyAfter("lobby", 0, 10).messages()).isEmpty();
        }
    }

    @Test
    void aListenerThatReturnsNoJsonFailsThePublish() throws Exception {
        assertRefuses(content -> new Content.Json("{" + content.asText()), "not valid JSON");
    }

    @Test
    void aListenerThatReturnsTooMuchFailsThePublish() throws Exception {
        assertRefuses(content -> new Content.Text("x".repeat(LIMIT + 1)), "at most 2000 bytes");
    }

    @Test
    void aListenerThatReturnsNullFailsThePublish() throws Exception {
        assertRefuses(content -> null, "returned null");
    }

    /** Another server, with a higher limit, or a person with redis-cli may put anything into the broker. */
    @Test
    void whatOthersPublishedAndIsTooLargeIsShownAsANotice() throws Exception {
        start();
        String notice = "\"data\":\"a message of bob has 2001 bytes, and is too large to be shown here\"";
        try (InMemoryClient ada = member()) {
            broker.publish("lobby", "bob", new Content.Text("x".repeat(LIMIT + 1)), "");
            broker.publish("lobby", "bob", new Content.Text("after it"), "");
            assertThat(ada.receive()).contains("\"offset\":1,").contains(notice);
            assertThat(ada.receive()).contains("\"offset\":2,").contains("after it");
            broker.signal("lobby", new Broker.Signal("x", "bob", new Content.Text("x".repeat(LIMIT + 1))));
            assertThat(ada.receive()).contains("signal").contains(notice);
            ada.send("{\"id\":3,\"type\":\"history\",\"channel\":\"lobby\"}");
            assertThat(ada.receive()).contains("history").contains(notice).contains("after it");
        }
        Position start = broker.historyAfter("lobby", 0, 1).position().at(0);
        try (InMemoryClient eve = server.connect("chat.v1")) {
            eve.send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"" + start.epoch()
                    + "\",\"offset\":0}}");
            assertThat(eve.receive()).contains("\"recovered\":true");
            assertThat(eve.receive()).contains("\"offset\":1,").contains(notice);
            assertThat(eve.receive()).contains("\"offset\":2,").contains("after it");
        }
    }

    /** A text that is short in TcpChat, or in a frame of its sender, may be long in those of others. */
    @Test
    void aClientsTextIsMeasuredAsItIsSent() throws Exception {
        start();
        try (InMemoryClient ada = member()) {
            ada.send(PUBLISH.formatted("x".repeat(LIMIT - PUBLISH.length())));
            assertThat(ada.receive()).contains("message");
            assertThat(ada.receive()).contains("published");
            ada.send(PUBLISH.formatted("\u2028".repeat(500)));
            assertThat(ada.receive()).contains("\"id\":2").contains("too_large");
            ada.send(PUBLISH.formatted("\u2028".repeat(500)).replace("publish", "signal"));
            assertThat(ada.receive()).contains("\"id\":2").contains("too_large");
        }
    }
}

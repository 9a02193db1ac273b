package io.seleucia.chat.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Message;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class BotAndBridgeTest {
    private static final long PATIENCE_SECONDS = 60;

    @AutoClose
    private final ChatServer server = ChatServer.builder().port(0).start();

    private final URI uri = URI.create("ws://localhost:" + server.port() + "/");

    BotAndBridgeTest() throws IOException {}

    @Test
    @SuppressWarnings("try") // it is there, and that is enough
    void theBotAnswersWhoCallsIt() throws Exception {
        try (Bot bot = new Bot(uri, "lobby");
                Person ada = new Person("ada", "lobby")) {
            ada.awaitPresent("bot");
            ada.client.publish("lobby", "hello all");
            ada.client.publish("lobby", "bot: love");
            ada.client.publish("lobby", "bot: time");

            assertThat(ada.hears("bot")).isEqualTo("ada: what is love?");
            assertThat(ada.hears("bot")).matches("ada: \\d\\d:\\d\\d(:\\d\\d)?");
        }
    }

    @Test
    @SuppressWarnings("try") // it is there, and that is enough
    void theBridgeCarriesBothWaysAndNothingBack() throws Exception {
        try (ChatServer another = ChatServer.builder().port(0).start()) {
            URI there = URI.create("ws://localhost:" + another.port() + "/");
            try (Bridge bridge = new Bridge(uri, "lobby", there, "hall");
                    Person ada = new Person("ada", "lobby");
                    Person bob = new Person("bob", there, "hall")) {
                ada.awaitPresent("bridge");
                bob.awaitPresent("bridge");
                ada.client.publish("lobby", "hi");
                assertThat(bob.hears("bridge")).isEqualTo("ada: hi");
                bob.client.publish("hall", "hi yourself");
                assertThat(ada.hears("bridge")).isEqualTo("bob: hi yourself");
                ada.client.publish("lobby", "bye");
                assertThat(bob.hears("bridge")).isEqualTo("ada: bye"); // and not "bridge: bob: hi yourself" before it
                assertThat(ada.client
                                .history("lobby", 10)
                                .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                                .messages())
                        .hasSize(3);
            }
        }
    }

    /** Somebody in a channel, who hears what others say. */
    private final class Person implements ChatListener, AutoCloseable {
        private final LinkedBlockingQueue<Message> heard = new LinkedBlockingQueue<>();
        private final String channel;
        private final ChatClient client;

        Person(String name, String channel) throws Exception {
            this(name, uri, channel);
        }

        Person(String name, URI server, String channel) throws Exception {
            this.channel = channel;
            client = ChatClient.builder(server).name(name).listener(this).start();
            client.subscribe(channel).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        @Override
        public void message(Message message) {
            heard.add(message);
        }

        void awaitPresent(String name) throws Exception {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (!client.presence(channel)
                    .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .containsKey(name)) {
                assertThat(System.nanoTime() - deadline).isNegative();
            }
        }

        /** The next that somebody says, skipping what others say. */
        String hears(String sender) throws InterruptedException {
            while (true) {
                Message message = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(message).as("a message of %s", sender).isNotNull();
                if (message.sender().equals(sender)) {
                    return message.content().asText();
                }
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}

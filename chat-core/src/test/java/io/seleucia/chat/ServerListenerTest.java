package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.RefusedException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ServerListenerTest {
    private static final String SUBSCRIBE = "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"%s\"}";
    private static final String PUBLISH = "{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"%s\"}";

    /** Writes down what it is told. */
    private static class Diary implements ServerListener {
        final List<String> entries = new CopyOnWriteArrayList<>();

        @Override
        public void connected(SessionSnapshot session) {
            entries.add("connected " + session.protocol());
        }

        @Override
        public void disconnected(SessionSnapshot session, CloseCode code) {
            entries.add("disconnected " + session.client() + " " + code.code() + " " + session.channels());
        }

        @Override
        public void arrived(String client) {
            entries.add("arrived " + client);
        }

        @Override
        public void departed(String client) {
            entries.add("departed " + client);
        }

        @Override
        public void occupied(String channel) {
            entries.add("occupied " + channel);
        }

        @Override
        public void vacated(String channel) {
            entries.add("vacated " + channel);
        }
    }

    @Test
    void tellsOfSessionsClientsAndChannelsInOrder() throws Exception {
        Diary diary = new Diary();
        try (ChatServer server = server(diary)) {
            InMemoryClient ada = client(server, "ada");
            ask(ada, SUBSCRIBE.formatted("lobby"));
            eventually(() -> assertThat(diary.entries).contains("occupied lobby"));
            InMemoryClient too = client(server, "ada");
            ask(too, SUBSCRIBE.formatted("lobby"));
            ask(too, SUBSCRIBE.formatted("news"));
            too.close();
            eventually(() -> assertThat(diary.entries).contains("disconnected ada 1000 []"));
            ada.close();
            eventually(() -> assertThat(diary.entries)
                    .containsExactly(
                            "connected chat.v1",
                            "arrived ada",
                            "occupied lobby",
                            "connected chat.v1",
                            "occupied news",
                            "vacated news",
                            "disconnected ada 1000 []",
                            "vacated lobby",
                            "departed ada",
                            "disconnected ada 1000 []"));
        }
    }

    @Test
    void tellsOfANewNicknameAsOfSomebodyElse() throws Exception {
        Diary diary = new Diary();
        try (ChatServer server =
                        ChatServer.builder().port(0).tcpPort(0).listener(diary).start();
                TcpClient client = TcpClient.connect(server.tcpPort().getAsInt())) {
            client.rename("bob");
            eventually(() -> assertThat(diary.entries).contains("arrived bob"));
            client.rename("rob");
            eventually(() -> assertThat(diary.entries).containsSequence("arrived rob", "departed bob"));
        }
    }

    @Test
    void changesAndRefusesWhatClientsPublish() throws Exception {
        ServerListener noShouting = new ServerListener() {
            @Override
            public Content publishing(SessionSnapshot from, String channel, Content content) throws RefusedException {
                if (content.asText().isBlank()) {
                    throw new RefusedException("say something");
                }
                return new Content.Text(
                        from.client() + "@" + channel + ": " + content.asText().toLowerCase());
            }
        };
        ServerListener polite = new ServerListener() {
            @Override
            public Content publishing(SessionSnapshot from, String channel, Content content) {
                return new Content.Text(content.asText() + ", please");
            }
        };
        try (ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .listener(noShouting)
                        .listener(polite)
                        .start();
                InMemoryClient ada = client(server, "ada")) {
            ask(ada, SUBSCRIBE.formatted("lobby"));
            ada.send(PUBLISH.formatted("GIVE ME THAT"));
            assertThat(ada.receive()).contains("\"data\":\"ada@lobby: give me that, please\"");
            assertThat(ada.receive()).contains("\"type\":\"published\"");
            assertThat(ask(ada, PUBLISH.formatted(" ")))
                    .isEqualTo("{\"id\":3,\"type\":\"error\",\"code\":\"forbidden\",\"message\":\"say something\"}");
            assertThat(ask(ada, "{\"id\":3,\"type\":\"direct\",\"to\":\"ada\",\"data\":\"\"}"))
                    .contains("forbidden");
            server.publish("lobby", "program", "NOT CHANGED");
            assertThat(ada.receive()).contains("\"offset\":2").contains("\"data\":\"NOT CHANGED\"");
        }
    }

    @Test
    void aListenerThatBlocksMakesNobodyWait() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Diary blocked = new Diary() {
            @Override
            public void connected(SessionSnapshot session) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.connected(session);
            }
        };
        try (ChatServer server = server(blocked);
                InMemoryClient ada = client(server, "ada")) {
            assertThat(ask(ada, SUBSCRIBE.formatted("lobby"))).contains("subscribed");
            assertThat(blocked.entries).isEmpty();
            release.countDown();
            eventually(() ->
                    assertThat(blocked.entries).containsExactly("connected chat.v1", "arrived ada", "occupied lobby"));
        }
    }

    @Test
    void aListenerThatThrowsIsToldTheRest() throws Exception {
        Diary thrower = new Diary() {
            @Override
            public void arrived(String client) {
                throw new IllegalStateException("thrown by a test, to be logged");
            }
        };
        try (ChatServer server = server(thrower);
                InMemoryClient ada = client(server, "ada")) {
            ask(ada, SUBSCRIBE.formatted("lobby"));
            eventually(() -> assertThat(thrower.entries).containsExactly("connected chat.v1", "occupied lobby"));
        }
    }

    @Test
    void hasToldAllWhenTheServerIsClosed() throws Exception {
        Diary diary = new Diary();
        ChatServer server = server(diary);
        InMemoryClient ada = client(server, "ada");
        CountDownLatch closed = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            server.close();
            closed.countDown();
        });
        assertThat(ada.receive()).contains("goodbye");
        assertThat(ada.closeCode()).hasValue(1012);
        assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(diary.entries).endsWith("departed ada", "disconnected ada 1012 []");
    }

    private static ChatServer server(ServerListener listener) throws IOException {
        return ChatServer.builder().withoutPort().listener(listener).start();
    }

    private static InMemoryClient client(ChatServer server, String name) throws IOException {
        InMemoryClient client = server.connect("chat.v1");
        ask(client, "{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}");
        return client;
    }

    /** Sends a request; what comes next is the answer. */
    private static String ask(InMemoryClient client, String request) throws IOException {
        client.send(request);
        return client.receive();
    }
}

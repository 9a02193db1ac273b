package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Clients of all protocols talk in one channel: names, texts and order come through each. */
class OneConversationTest {
    private static final int EACH = 30;
    private static final String LONG = "x".repeat(65_000) + " ☕😀 \"end\"\n"; // not far from the most that is taken
    private static final List<String> TEXTS = List.of("hi", "", "☕ 😀 é \\ \" \u2028", LONG);

    /** A client, whatever it speaks. */
    private interface Speaker extends AutoCloseable {
        /** What the others call it. */
        String name();

        void say(String text) throws Exception;

        /** What is said next: {@code who: text}. */
        String hear() throws Exception;

        @Override
        void close() throws IOException;
    }

    private record CtesiphonSpeaker(TestClient client, String name) implements Speaker {
        @Override
        public void say(String text) {
            client.publish(name, "lobby", text);
        }

        @Override
        public String hear() throws InterruptedException {
            String line = client.next();
            assertThat(line).startsWith("Channel : lobby, Sender : ");
            return line.substring("Channel : lobby, Sender : ".length()).replaceFirst(", Message : ", ": ");
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private record ChatV1Speaker(ChatV1Contract.Client client, String name) implements Speaker {
        @Override
        public void say(String text) {
            JsonObject request = JsonParser.parseString("{\"id\":7,\"type\":\"publish\",\"channel\":\"lobby\"}")
                    .getAsJsonObject();
            request.addProperty("data", text);
            client.send(request.toString());
        }

        @Override
        public String hear() throws InterruptedException {
            JsonObject message = client.push("message");
            return message.get("sender").getAsString() + ": "
                    + message.get("data").getAsString();
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /** Has no name of its own: it learns what the others call it from its first message. */
    private record ControllerSpeaker(TestClient client, String name) implements Speaker {
        static ControllerSpeaker connect(int port) throws Exception {
            TestClient client = TestClient.connect(port, "XSocketsNET");
            client.send("{\"c\":\"chat\",\"t\":\"1\"}");
            assertThat(client.next()).contains("\"t\":\"2\"");
            client.send("{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"lobby\"}}");
            assertThat(client.next()).contains("\"t\":\"join\"");
            ControllerSpeaker nameless = new ControllerSpeaker(client, "");
            nameless.say("who am I?");
            return new ControllerSpeaker(client, nameless.hear().replaceFirst(": who am I\\?", ""));
        }

        @Override
        public void say(String text) {
            JsonObject said = new JsonObject();
            said.addProperty("channel", "lobby");
            said.addProperty("text", text);
            JsonObject call =
                    JsonParser.parseString("{\"c\":\"chat\",\"t\":\"say\"}").getAsJsonObject();
            call.add("d", said);
            client.send(call.toString());
        }

        @Override
        public String hear() throws InterruptedException {
            JsonObject call = JsonParser.parseString(client.next()).getAsJsonObject();
            assertThat(call.get("t").getAsString()).isEqualTo("message");
            JsonObject message =
                    JsonParser.parseString(call.get("d").getAsString()).getAsJsonObject();
            return message.get("sender").getAsString() + ": "
                    + message.get("data").getAsString();
        }

        @Override
        public void close() {
            client.close();
        }
    }

    /** Does not hear itself. */
    private record TcpSpeaker(TcpClient client, String name) implements Speaker {
        @Override
        public void say(String text) throws Exception {
            client.say(text);
        }

        @Override
        public String hear() throws Exception {
            return client.nextBroadcast();
        }

        @Override
        public void close() throws IOException {
            client.close();
        }
    }

    @Test
    void isHeldInMemory() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = serverOf(broker)) {
            assertOneConversation(server, server);
        }
    }

    @Test
    void isHeldOverTwoServersAndRedis() throws Exception {
        try (RedisProcess redis = RedisProcess.begin();
                RedisBroker here = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT);
                RedisBroker there = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(here.awaitReachable(Duration.ofSeconds(30))).isTrue();
            assertThat(there.awaitReachable(Duration.ofSeconds(30))).isTrue();
            try (ChatServer one = serverOf(here);
                    ChatServer other = serverOf(there)) {
                assertOneConversation(one, other);
            }
        }
    }

    private static ChatServer serverOf(Broker broker) throws Exception {
        return ChatServer.builder().port(0).tcpPort(0).broker(broker).start();
    }

    private static void assertOneConversation(ChatServer here, ChatServer there) throws Exception {
        try (Speaker controller = ControllerSpeaker.connect(there.port());
                Speaker ctesiphon = new CtesiphonSpeaker(TestClient.member(here.port(), "cyrus", "lobby"), "cyrus");
                Speaker chatV1 = new ChatV1Speaker(ChatV1Contract.member(there.port(), "vera", "lobby"), "vera");
                Speaker tcp =
                        new TcpSpeaker(TcpClient.called("tom ☕", here.tcpPort().getAsInt()), "tom ☕")) {
            List<Speaker> all = List.of(controller, ctesiphon, chatV1, tcp);
            assertTextsComeThrough(all);
            assertOrderComesThrough(all);
        }
    }

    private static void assertTextsComeThrough(List<Speaker> all) throws Exception {
        for (String text : TEXTS) {
            for (Speaker speaker : all) {
                speaker.say(text);
                for (Speaker listener : all) {
                    if (listener != speaker || !(speaker instanceof TcpSpeaker)) {
                        assertThat(listener.hear()).isEqualTo(speaker.name() + ": " + text);
                    }
                }
            }
        }
    }

    /** All speak at once, and all hear the same. */
    private static void assertOrderComesThrough(List<Speaker> all) throws Exception {
        for (int i = 0; i < EACH; i++) {
            for (Speaker speaker : all) {
                speaker.say("message " + i);
            }
        }
        Map<Speaker, List<String>> heard = hear(all);
        List<String> order = heard.get(all.getFirst());
        for (Speaker speaker : all) {
            String name = speaker.name() + ": ";
            boolean deaf = speaker instanceof TcpSpeaker;
            assertThat(heard.get(speaker))
                    .isEqualTo(order.stream()
                            .filter(line -> !deaf || !line.startsWith(name))
                            .toList());
            assertThat(order.stream().filter(line -> line.startsWith(name)).toList())
                    .isEqualTo(numbered(name));
        }
    }

    private static List<String> numbered(String name) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < EACH; i++) {
            lines.add(name + "message " + i);
        }
        return lines;
    }

    private static Map<Speaker, List<String>> hear(List<Speaker> all) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<Speaker, Future<List<String>>> hearing = new HashMap<>();
            for (Speaker speaker : all) {
                int others = speaker instanceof TcpSpeaker ? all.size() - 1 : all.size();
                hearing.put(speaker, threads.submit(lines(speaker, others * EACH)));
            }
            Map<Speaker, List<String>> heard = new HashMap<>();
            for (Speaker speaker : all) {
                heard.put(speaker, hearing.get(speaker).get(60, TimeUnit.SECONDS));
            }
            return heard;
        }
    }

    private static Callable<List<String>> lines(Speaker speaker, int count) {
        return () -> {
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                lines.add(speaker.hear());
            }
            return lines;
        };
    }
}

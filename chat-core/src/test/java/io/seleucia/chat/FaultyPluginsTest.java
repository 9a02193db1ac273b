package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Protocol;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a plug-in throws costs the item that it was about, or the session that it serves, and nothing else. */
@Timeout(60)
class FaultyPluginsTest {
    private static final String CONNECT = "{\"id\":1,\"type\":\"connect\",\"client\":\"%s\"}";
    private static final String SUBSCRIBE = "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"presence\":true}";
    private static final String PUBLISH = "{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"}";

    private final LoggedLines log = new LoggedLines(); // and keeps from the output what is thrown on purpose

    /** How a plug-in fails. */
    enum Fault {
        EXCEPTION,
        ASSERTION,
        STACK_OVERFLOW,
        LINKAGE;

        void happen() {
            switch (this) {
                case EXCEPTION -> throw new IllegalStateException("thrown by a test");
                case ASSERTION -> throw new AssertionError("thrown by a test");
                case STACK_OVERFLOW -> happen();
                case LINKAGE -> throw new NoClassDefFoundError("thrown by a test");
            }
        }
    }

    /** Fails where it is told to; any message that it is sent subscribes to the lobby. */
    private static class Plain implements Protocol {
        @Override
        public String name() {
            return "plain";
        }

        @Override
        public Request decode(Payload message) {
            return Request.of(new Command.Subscribe("lobby", Optional.empty(), true));
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            return Optional.of(Payload.of("reply"));
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            return Optional.of(Payload.of("push"));
        }
    }

    @AfterEach
    void close() {
        log.close();
    }

    @ParameterizedTest
    @EnumSource
    void aFormatThatFailsEndsItsOwnSession(Fault fault) throws Exception {
        AtomicInteger subscribed = new AtomicInteger();
        endsItsOwnSessionOnly(new Plain() {
            @Override
            public Object format() {
                if (subscribed.get() > 0) {
                    fault.happen();
                }
                return this;
            }

            @Override
            public Optional<Payload> encode(Request request, Event.Reply reply) {
                subscribed.incrementAndGet();
                return super.encode(request, reply);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aFormatThatCannotBeComparedEndsItsOwnSession(Fault fault) throws Exception {
        endsItsOwnSessionOnly(new Plain() {
            @Override
            public Object format() {
                return new Object() {
                    @Override
                    public boolean equals(Object other) {
                        fault.happen();
                        return false;
                    }

                    @Override
                    public int hashCode() {
                        return 1;
                    }
                };
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aPushThatCannotBeEncodedEndsItsOwnSession(Fault fault) throws Exception {
        endsItsOwnSessionOnly(new Plain() {
            @Override
            public Optional<Payload> encode(Event.Push push) {
                fault.happen();
                return Optional.empty();
            }
        });
    }

    private void endsItsOwnSessionOnly(Protocol faulty) throws Exception {
        try (ChatServer server =
                        ChatServer.builder().withoutPort().protocol(faulty).start();
                InMemoryClient before = member(server, "before");
                InMemoryClient victim = server.connect("plain")) {
            victim.send("subscribe");
            assertThat(victim.receive()).isEqualTo("reply");
            assertThat(before.receive()).contains("joined");
            try (InMemoryClient after = member(server, "after")) { // whose joining the victim is told, or is not
                assertThat(before.receive()).contains("joined").contains("after");

                server.publish("lobby", "program", "one");

                awaitMessage(before, "one");
                awaitMessage(after, "one");
                assertThat(victim.closeCode()).hasValue(1011);
                server.publish("lobby", "program", "two");
                awaitMessage(before, "two");
                awaitMessage(after, "two");
            }
            assertThat(log.lines()).anyMatch(line -> line.startsWith("protocol plain"));
        }
    }

    /** The next thing is this message, but for the news that the victim has left. */
    private static void awaitMessage(InMemoryClient client, String message) throws IOException {
        String text = client.receive();
        while (text.contains("\"left\"")) {
            text = client.receive();
        }
        assertThat(text).contains(message);
    }

    @Test
    void aProtocolThatDoesNotTellItsNameHidesNoSessions() throws Exception {
        AtomicBoolean failing = new AtomicBoolean();
        Protocol faulty = new Plain() {
            @Override
            public String name() {
                if (failing.get()) {
                    throw new AssertionError("thrown by a test");
                }
                return super.name();
            }
        };
        try (ChatServer server =
                ChatServer.builder().withoutPort().protocol(faulty).start()) {
            InMemoryClient client = server.connect("plain");
            client.send("subscribe");
            assertThat(client.receive()).isEqualTo("reply");
            failing.set(true);
            assertThat(server.sessions()).extracting(SessionSnapshot::protocol).containsExactly("without a name");
            client.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProtocolThatFailsAtTheEndHasLeftAllTheSame(Fault fault) throws Exception {
        Protocol faulty = new Plain() {
            @Override
            public void ended() {
                fault.happen();
            }
        };
        try (ChatServer server =
                ChatServer.builder().withoutPort().protocol(faulty).start()) {
            InMemoryClient victim = server.connect("plain");
            victim.send("subscribe");
            assertThat(victim.receive()).isEqualTo("reply");
            assertThat(server.channels()).containsKey("lobby");
            victim.close();
            eventually(() -> assertThat(server.connections()).isZero());
            assertThat(server.channels()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProtocolThatFailsToSayFarewellIsClosedAllTheSame(Fault fault) throws Exception {
        Protocol faulty = new Plain() {
            @Override
            public Optional<Payload> encode(Event.Push push) {
                fault.happen();
                return Optional.empty();
            }
        };
        try (ChatServer server =
                ChatServer.builder().withoutPort().protocol(faulty).start()) {
            InMemoryClient victim = server.connect("plain");
            victim.send("subscribe");
            assertThat(victim.receive()).isEqualTo("reply");
            Thread.ofVirtual().start(server::close);
            assertThat(victim.closeCode()).hasValue(1012);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aListenerThatFailsIsToldTheRest(Fault fault) throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        ServerListener faulty = new ServerListener() {
            @Override
            public void connected(SessionSnapshot session) {
                Thread.currentThread().interrupt();
                fault.happen();
            }

            @Override
            public void arrived(String client) {
                told.add(client);
                Thread.currentThread().interrupt(); // as a program does that waits for something in here
            }

            @Override
            public void occupied(String channel) {
                told.add(channel);
            }
        };
        try (ChatServer server =
                        ChatServer.builder().withoutPort().listener(faulty).start();
                InMemoryClient ada = member(server, "ada")) {
            eventually(() -> assertThat(told).containsExactly("ada", "lobby"));
            ada.send(PUBLISH);
            assertThat(ada.receive()).contains("hi");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aListenerThatFailsToChangeAMessageFailsTheRequest(Fault fault) throws Exception {
        AtomicInteger calls = new AtomicInteger();
        ServerListener faulty = new ServerListener() {
            @Override
            public Content publishing(SessionSnapshot from, String channel, Content content) {
                if (calls.getAndIncrement() == 0) {
                    Thread.currentThread().interrupt();
                    fault.happen();
                }
                return content;
            }
        };
        try (ChatServer server =
                        ChatServer.builder().withoutPort().listener(faulty).start();
                InMemoryClient ada = member(server, "ada")) {
            ada.send(PUBLISH);
            assertThat(ada.receive()).contains("\"id\":3").contains("internal");
            ada.send(PUBLISH);
            assertThat(ada.receive()).contains("\"offset\":1");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProgramThatFailsIsToldTheNextMessage(Fault fault) throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        ChannelListener faulty = message -> {
            told.add(message.content().asText());
            Thread.currentThread().interrupt();
            fault.happen();
        };
        try (ChatServer server = ChatServer.builder().withoutPort().start();
                Broker.Subscription subscription = server.subscribe("lobby", faulty)) {
            assertThat(subscription.start().offset()).isZero();
            server.publish("lobby", "ada", "one");
            eventually(() -> assertThat(told).containsExactly("one"));
            server.publish("lobby", "ada", "two");
            eventually(() -> assertThat(told).containsExactly("one", "two"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientsListenerThatFailsIsToldTheNextMessage(Fault fault) throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        ChatListener faulty = new ChatListener() {
            @Override
            public void message(Message message) {
                told.add(message.content().asText());
                Thread.currentThread().interrupt();
                fault.happen();
            }
        };
        try (ChatServer server = ChatServer.builder().port(0).start();
                ChatClient client = ChatClient.builder(URI.create("ws://localhost:" + server.port() + "/"))
                        .name("ada")
                        .listener(faulty)
                        .start()) {
            client.subscribe("lobby").get(30, TimeUnit.SECONDS);
            server.publish("lobby", "bob", "one");
            server.publish("lobby", "bob", "two");
            eventually(() -> assertThat(told).containsExactly("one", "two"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAuthenticatorThatFailsCostsThatLogin(Fault fault) throws Exception {
        Authenticator faulty = (credentials, address) -> {
            if (credentials instanceof Credentials.Token token && token.token().equals("bad")) {
                fault.happen();
            }
            return Optional.of(new User("ada"));
        };
        try (ChatServer server =
                ChatServer.builder().withoutPort().authenticator(faulty).start()) {
            for (int i = 0; i < 40; i++) { // more than may log in at a time
                assertThatThrownBy(() -> server.connect("chat.v1", Map.of("access_token", "bad")))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("internal error");
            }
            try (InMemoryClient ada = server.connect("chat.v1", Map.of("access_token", "good"))) {
                ada.send("{\"id\":1,\"type\":\"connect\"}");
                assertThat(ada.receive()).contains("\"client\":\"ada\"");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAuthorizerThatFailsFailsTheRequest(Fault fault) throws Exception {
        AtomicInteger calls = new AtomicInteger();
        try (ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .authorizer((user, action, channel, content) -> {
                            if (calls.getAndIncrement() == 0) {
                                fault.happen();
                            }
                            return true;
                        })
                        .start();
                InMemoryClient ada = server.connect("chat.v1")) {
            ada.send(CONNECT.formatted("ada"));
            assertThat(ada.receive()).contains("connected");
            ada.send(SUBSCRIBE);
            assertThat(ada.receive()).contains("\"id\":2").contains("internal");
            ada.send(SUBSCRIBE);
            assertThat(ada.receive()).contains("\"id\":2").contains("subscribed");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHandlerThatFailsCostsItsOwnWebSocket(Fault fault) throws Exception {
        WebSocketHandler faulty = new WebSocketHandler() {
            @Override
            public void message(RawWebSocket socket, Payload message) {
                if (message.asString().equals("fail")) {
                    fault.happen();
                }
                Thread.currentThread().interrupt();
                socket.send(message);
            }

            @Override
            public void closed(RawWebSocket socket) {
                fault.happen();
            }
        };
        try (ChatServer server =
                ChatServer.builder().port(0).webSocket("/raw", faulty).start()) {
            Peer other = Peer.open(server.port());
            Peer victim = Peer.open(server.port());
            victim.socket.sendText("fail", true);
            assertThat(victim.next()).isEqualTo("closed with 1011");
            for (String text : List.of("one", "two")) {
                other.socket.sendText(text, true).join();
                assertThat(other.next()).isEqualTo(text);
            }
            other.socket.sendClose(1000, "").join();
            eventually(() -> assertThat(server.connections()).isZero());
        }
    }

    private record Peer(WebSocket socket, LinkedBlockingQueue<String> heard) {
        private static Peer open(int port) {
            LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
            WebSocket.Listener listener = new WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                    heard.add(text.toString());
                    from.request(1);
                    return null;
                }

                @Override
                public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
                    heard.add("closed with " + code);
                    return null;
                }
            };
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create("ws://localhost:" + port + "/raw"), listener)
                    .join();
            return new Peer(socket, heard);
        }

        private String next() throws InterruptedException {
            return heard.poll(30, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBrokerThatFailsForATimeIsAskedAgain(Fault fault) throws Exception {
        AtomicInteger subscriptions = new AtomicInteger(2); // of the channel of orders, and of the lobby
        AtomicInteger joins = new AtomicInteger(1);
        AtomicInteger leaves = new AtomicInteger(1);
        try (Broker memory = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .broker(failing(
                                memory, fault, Map.of("subscribe", subscriptions, "join", joins, "leave", leaves)))
                        .start()) {
            eventually(() -> assertThat(subscriptions.get()).isLessThan(2)); // by the server itself
            InMemoryClient ada = server.connect("chat.v1");
            ada.send(CONNECT.formatted("ada")); // which takes two joins, one of a name and one of a subscription
            while (ada.receive().contains("internal")) {
                ada.send(CONNECT.formatted("ada"));
            }
            String answer;
            do {
                ada.send(SUBSCRIBE);
                answer = ada.receive();
            } while (answer.contains("internal") || answer.contains("unavailable"));
            assertThat(answer).contains("subscribed");
            ada.close();
            eventually(() -> assertThat(server.connections()).isZero());
            assertThat(server.channels()).isEmpty();
            server.disconnect("ada"); // an order reaches this server by itself, and others by the broker
        }
    }

    @ParameterizedTest
    @EnumSource
    void aMemberThatTheBrokerFailsToTakeOutHasLeft(Fault fault) throws Exception {
        AtomicInteger leaves = new AtomicInteger();
        try (Broker memory = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .broker(failing(memory, fault, Map.of("leave", leaves)))
                        .start()) {
            InMemoryClient ada = member(server, "ada");
            ada.send(SUBSCRIBE.replace("lobby", "hall"));
            assertThat(ada.receive()).contains("subscribed");
            leaves.set(1);
            ada.send("{\"id\":3,\"type\":\"unsubscribe\"}");
            assertThat(ada.receive()).contains("\"channels\":[\"hall\",\"lobby\"]");
            ada.send("{\"id\":4,\"type\":\"channels\"}");
            assertThat(ada.receive()).contains("\"channels\":[]");
            assertThat(server.channels()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChannelThatCouldNotBeJoinedIsGivenBackAlthoughTheBrokerFails(Fault fault) throws Exception {
        AtomicInteger leaves = new AtomicInteger(1);
        AtomicInteger readings = new AtomicInteger(1_000_000); // of the server itself too
        AtomicInteger closings = new AtomicInteger();
        try (Broker memory = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .broker(failing(
                                counting(memory, closings), fault, Map.of("leave", leaves, "historyAfter", readings)))
                        .start()) {
            InMemoryClient ada = server.connect("chat.v1");
            ada.send(CONNECT.formatted("ada"));
            assertThat(ada.receive()).contains("connected");
            server.publish("lobby", "program", "hi");
            ada.send(
                    "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"e\",\"offset\":0}}");
            assertThat(ada.receive()).contains("internal");
            assertThat(leaves.get()).isZero();
            assertThat(closings).hasValue(1);
        }
    }

    @Test
    void retriesAPublishNoFasterForAnInterrupt() throws Exception {
        List<Long> attempts = new CopyOnWriteArrayList<>();
        try (Broker memory = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .broker(unavailable(memory, 2, attempts))
                        .protocol(
                                new Plain() { // which has no word for a failure, so that a request is tried again
                                    private boolean subscribed;

                                    @Override
                                    public Request decode(Payload message) {
                                        Command publish = new Command.Publish("lobby", new Content.Text("hi"), "");
                                        Request request = subscribed ? Request.of(publish) : super.decode(message);
                                        subscribed = true;
                                        return request;
                                    }

                                    @Override
                                    public boolean acknowledgesRequests() {
                                        return false;
                                    }

                                    @Override
                                    public Optional<Payload> encode(Request request, Event.Reply reply) {
                                        return reply instanceof Event.Failed
                                                ? Optional.empty()
                                                : super.encode(request, reply);
                                    }
                                })
                        .listener(new ServerListener() {
                            @Override
                            public Content publishing(SessionSnapshot from, String channel, Content content) {
                                Thread.currentThread().interrupt();
                                return content;
                            }
                        })
                        .start()) {
            InMemoryClient plain = server.connect("plain");
            plain.send("subscribe");
            assertThat(plain.receive()).contains("reply");
            plain.send("publish");
            eventually(() -> assertThat(attempts).hasSize(3));
            assertThat(attempts.get(2) - attempts.get(0)).isGreaterThan(300_000_000); // two pauses
        }
    }

    @Test
    void aFollowerReadsOnAfterTheBrokerHasFailed() throws Exception {
        AtomicInteger readings = new AtomicInteger(1_000_000); // fails until it is set
        List<String> told = new CopyOnWriteArrayList<>();
        try (Broker memory = new InMemoryBroker(Retention.DEFAULT);
                ChatServer server = ChatServer.builder()
                        .withoutPort()
                        .limits(Limits.DEFAULT.withOutboundQueueBytes(1)) // so that all is read from the history
                        .broker(failing(memory, Fault.ASSERTION, Map.of("historyAfter", readings)))
                        .start();
                Broker.Subscription subscription = server.subscribe(
                        "lobby", message -> told.add(message.content().asText()))) {
            assertThat(subscription.start().offset()).isZero();
            server.publish("lobby", "ada", "one");
            eventually(() -> assertThat(log.lines()).anyMatch(line -> line.startsWith("follower-lobby failed")));
            readings.set(0);
            eventually(() -> assertThat(told).containsExactly("one"));
        }
    }

    /** A broker whose methods fail so many times. */
    private static Broker failing(Broker real, Fault fault, Map<String, AtomicInteger> times) {
        return before(Broker.class, real, name -> {
            AtomicInteger left = times.get(name);
            if (left != null && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                fault.happen();
            }
        });
    }

    /** A broker that is out of reach for so many publishes, and notes when each was tried. */
    private static Broker unavailable(Broker real, int times, List<Long> attempts) {
        return before(Broker.class, real, name -> {
            if (name.equals("publish")) {
                attempts.add(System.nanoTime());
                if (attempts.size() <= times) {
                    throw new UnavailableException("thrown by a test", null);
                }
            }
        });
    }

    /** What is done before a method of that name is called. */
    private interface Before {
        void called(String method) throws Exception;
    }

    private static <T> T before(Class<T> type, T real, Before what) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    what.called(method.getName());
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    /** A broker that counts how many subscriptions were closed. */
    private static Broker counting(Broker real, AtomicInteger closings) {
        return (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    Object result = method.invoke(real, arguments);
                    return result instanceof Broker.Subscription subscription
                            ? before(Broker.Subscription.class, subscription, name -> {
                                if (name.equals("close")) {
                                    closings.incrementAndGet();
                                }
                            })
                            : result;
                });
    }

    private static InMemoryClient member(ChatServer server, String name) throws IOException {
        InMemoryClient client = server.connect("chat.v1");
        client.send(CONNECT.formatted(name));
        assertThat(client.receive()).contains("connected");
        client.send(SUBSCRIBE);
        assertThat(client.receive()).contains("subscribed");
        return client;
    }
}

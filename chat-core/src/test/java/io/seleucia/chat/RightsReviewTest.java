package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatException;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.protocol.xsockets.Caller;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of subscriptions whose right is gone. */
class RightsReviewTest {
    private static final String NO_LONGER =
            "{\"type\":\"unsubscribed\",\"channel\":\"lobby\",\"code\":\"forbidden\",\"message\":\"no longer allowed in lobby\"}";

    /** Denies what has been taken, as {@code ACTION channel}. */
    private static final class Changing implements Authorizer {
        private final Set<String> taken = ConcurrentHashMap.newKeySet();

        @Override
        public boolean allows(User user, Action action, String channel, Optional<Content> content) {
            return !taken.contains(action + " " + channel);
        }
    }

    private final Changing rights = new Changing();
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;

    private ChatServerBuilder builder() {
        return ChatServer.builder().host("127.0.0.1").port(0).tcpPort(0).broker(broker);
    }

    private void start() throws IOException {
        server = builder().authorizer(rights).start();
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        broker.close();
    }

    private InMemoryClient client(String name) throws IOException {
        InMemoryClient client = server.connect("chat.v1");
        assertThat(ask(client, "{\"id\":1,\"type\":\"connect\",\"client\":\"" + name + "\"}"))
                .contains("connected");
        return client;
    }

    private InMemoryClient member(String name, String more) throws IOException {
        InMemoryClient client = client(name);
        assertThat(ask(client, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"" + more + "}"))
                .contains("subscribed");
        return client;
    }

    private static String ask(InMemoryClient client, String request) throws IOException {
        client.send(request);
        return client.receive();
    }

    private void take(Authorizer.Action action, String channel) {
        rights.taken.add(action + " " + channel);
        server.reviewRights();
    }

    @Test
    void aSubscriptionEndsAndItsClientIsTold() throws Exception {
        start();
        try (InMemoryClient ada = member("ada", "")) {
            ask(ada, "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"den\"}");
            take(Authorizer.Action.SUBSCRIBE, "lobby");

            assertThat(ada.receive()).isEqualTo(NO_LONGER);
            server.publish("lobby", "bob", "not for ada");
            server.publish("den", "bob", "for ada");
            assertThat(ada.receive()).contains("for ada", "\"channel\":\"den\"");
            assertThat(ask(ada, "{\"id\":4,\"type\":\"channels\"}")).contains("[\"den\"]");
            assertThat(ask(ada, "{\"id\":5,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":1}"))
                    .contains("not_subscribed");
            assertThat(broker.members("lobby")).isEmpty();
            assertThat(ask(ada, "{\"id\":6,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                    .contains("forbidden");
            rights.taken.clear();
            assertThat(ask(ada, "{\"id\":7,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                    .contains("subscribed");
        }
    }

    @Test
    void whatIsStillAllowedGoesOn() throws Exception {
        start();
        try (InMemoryClient ada = member("ada", "")) {
            take(Authorizer.Action.HISTORY, "lobby");
            take(Authorizer.Action.PRESENCE, "lobby");

            server.publish("lobby", "bob", "for ada");
            assertThat(ada.receive()).contains("for ada");
        }
    }

    @Test
    void aSubscriptionWithPresenceEndsWithTheRightToThat() throws Exception {
        start();
        try (InMemoryClient ada = member("ada", ",\"presence\":true")) {
            take(Authorizer.Action.PRESENCE, "lobby");

            assertThat(ada.receive())
                    .contains("\"unsubscribed\"", "\"forbidden\"", "see who is in lobby")
                    .doesNotContain("\"id\"");
            try (InMemoryClient bob = member("bob", "")) {
                assertThat(ask(bob, "{\"id\":3,\"type\":\"ping\"}")).contains("pong");
                assertThat(ask(ada, "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"lobby\"}"))
                        .as("nobody was seen to come")
                        .contains("subscribed");
            }
        }
    }

    @Test
    void aBusySessionFollowsTheChannelNoLonger() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        Authorizer slow = (user, action, channel, content) -> {
            if (action == Authorizer.Action.PUBLISH) {
                asked.countDown();
                await(answered);
            }
            return rights.allows(user, action, channel, content);
        };
        server = builder().authorizer(slow).start();
        try (InMemoryClient ada = member("ada", "")) {
            ada.send("{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":1}");
            await(asked);
            take(Authorizer.Action.SUBSCRIBE, "lobby");

            assertThat(ada.receive()).as("its inbound loop still waits").isEqualTo(NO_LONGER);
            answered.countDown();
            assertThat(ada.receive()).contains("\"published\"");
            server.publish("lobby", "bob", "not for ada");
            assertThat(ask(ada, "{\"id\":4,\"type\":\"ping\"}")).contains("pong");
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSubscriptionThatIsBeingMadeMeanwhileEndsToo() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch reviewed = new CountDownLatch(1);
        Authorizer slow = (user, action, channel, content) -> {
            boolean allowed = rights.allows(user, action, channel, content);
            if (action == Authorizer.Action.SUBSCRIBE && asked.getCount() == 1) {
                asked.countDown();
                await(reviewed);
            }
            return allowed; // as it was before the review
        };
        server = builder().authorizer(slow).start();
        try (InMemoryClient ada = client("ada")) {
            ada.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            await(asked);
            take(Authorizer.Action.SUBSCRIBE, "lobby");
            reviewed.countDown();

            assertThat(ada.receive()).contains("\"subscribed\"");
            assertThat(ada.receive()).isEqualTo(NO_LONGER);
            assertThat(ask(ada, "{\"id\":3,\"type\":\"channels\"}")).contains("[]");
        }
    }

    @Test
    void aHistoryThatIsBeingSentStops() throws Exception {
        int messages = 500;
        String text = "x".repeat(20_000); // together more than the queue of a client that does not read
        server = builder()
                .authorizer(rights)
                .limits(Limits.DEFAULT.withOutboundQueueBytes(100_000))
                .start();
        String epoch = server.publish("lobby", "bob", "first").epoch();
        for (int i = 1; i < messages; i++) {
            server.publish("lobby", "bob", text);
        }
        try (InMemoryClient ada = client("ada")) {
            ada.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\",\"since\":{\"epoch\":\"" + epoch
                    + "\",\"offset\":0}}");
            assertThat(ada.receive()).contains("\"recovered\":true");
            take(Authorizer.Action.SUBSCRIBE, "lobby");

            int received = 0;
            String next = ada.receive();
            while (next.contains("\"message\",\"channel\"")) {
                received++;
                next = ada.receive();
            }
            assertThat(received).isLessThan(messages - 1);
            assertThat(next).contains("\"lost\"", "\"offset\":" + messages);
            assertThat(ada.receive()).isEqualTo(NO_LONGER);
        }
    }

    @Test
    void aTokenWithFewerRightsEndsWhatTheFormerOneCarried() throws Exception {
        server = builder().authenticator(Tokens.signedWith(TokenMaker.SECRET)).start();
        try (InMemoryClient ada = server.connect("chat.v1", Map.of("access_token", token("allow * *")))) {
            ask(ada, "{\"id\":1,\"type\":\"connect\"}");
            ask(ada, "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            ask(ada, "{\"id\":3,\"type\":\"subscribe\",\"channel\":\"den\"}");
            ada.send("{\"id\":4,\"type\":\"refresh\",\"token\":\"" + token("allow * den") + "\"}");

            assertThat(ada.receive()).isEqualTo(NO_LONGER);
            assertThat(ada.receive()).contains("\"refreshed\"");
            assertThat(ask(ada, "{\"id\":5,\"type\":\"channels\"}")).contains("[\"den\"]");
        }
    }

    private static String token(String rule) throws Exception {
        return TokenMaker.token("ada", Instant.now().plusSeconds(600), ",\"rules\":[\"" + rule + "\"]");
    }

    @Test
    void ctesiphonIsToldByAResult() throws Exception {
        start();
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            take(Authorizer.Action.SUBSCRIBE, "lobby");

            assertThat(ada.nextResult()).isEqualTo("Error: no longer allowed in lobby");
            ada.publish("ada", "lobby", "hi");
            assertThat(ada.nextResult()).startsWith("Can not send message.");
        }
    }

    @Test
    void tcpChatIsToldAndClosed() throws Exception {
        start();
        try (LoggedLines log = new LoggedLines();
                TcpClient ada = TcpClient.called("ada", server.tcpPort().orElseThrow())) {
            take(Authorizer.Action.SUBSCRIBE, "lobby");

            assertThat(ada.nextBroadcast()).isEqualTo(": no longer allowed in lobby");
            assertThat(ada.atEnd()).isTrue();
            eventually(() -> assertThat(log.lines()).anyMatch(line -> line.contains("no longer allowed in lobby")));
        }
        eventually(() -> assertThat(broker.members("lobby")).isEmpty());
        eventually(() -> assertThat(broker.members("@ada")).isEmpty());
    }

    /** A program's controller without methods. */
    public static final class Board {
        Board(Caller<Board> caller) {}
    }

    @Test
    void controllersAreTold() throws Exception {
        server = builder()
                .authorizer(rights)
                .controller("board", Board.class, Board::new)
                .start();
        try (InMemoryClient ada = server.connect("XSocketsNET")) {
            for (String controller : Set.of("chat", "generic", "board")) {
                assertThat(ask(ada, "{\"c\":\"" + controller + "\",\"t\":\"1\"}"))
                        .contains("\"t\":\"2\"");
            }
            ask(ada, "{\"c\":\"chat\",\"t\":\"join\",\"d\":{\"channel\":\"lobby\"}}");
            ask(ada, "{\"c\":\"board\",\"t\":\"5\",\"d\":{\"T\":\"news\",\"A\":true}}");

            take(Authorizer.Action.SUBSCRIBE, "lobby");
            assertThat(ada.receive())
                    .isEqualTo(
                            "{\"c\":\"chat\",\"t\":\"4\",\"d\":\"{\\\"message\\\":\\\"no longer allowed in lobby\\\","
                                    + "\\\"channel\\\":\\\"lobby\\\"}\"}");
            take(Authorizer.Action.SUBSCRIBE, "generic");
            assertThat(ada.receive())
                    .isEqualTo(
                            "{\"c\":\"generic\",\"t\":\"4\",\"d\":\"{\\\"message\\\":\\\"no longer allowed in generic"
                                    + "\\\"}\"}");
            assertThat(ask(ada, "{\"c\":\"generic\",\"t\":\"shout\",\"d\":1}")).contains("generic is not open");
            take(Authorizer.Action.SUBSCRIBE, "board");
            assertThat(ada.receive()).contains("\"t\":\"4\"", "no longer allowed in board");
            assertThat(ask(ada, "{\"c\":\"board\",\"t\":\"7\"}"))
                    .as("it is told once, and still open")
                    .contains("\"t\":\"8\"");
        }
    }

    @Test
    void theJavaClientTellsItsProgramAndDoesNotComeBack() throws Exception {
        start();
        BlockingQueue<String> removed = new LinkedBlockingQueue<>();
        ChatListener listener = new ChatListener() {
            @Override
            public void removed(String channel, ChatException reason) {
                removed.add(channel + " " + reason.code().orElseThrow() + " " + reason.getMessage());
            }
        };
        try (ChatClient ada = ChatClient.builder(URI.create("ws://127.0.0.1:" + server.port() + "/"))
                .name("ada")
                .listener(listener)
                .start()) {
            ada.subscribe("lobby").get(60, TimeUnit.SECONDS);
            take(Authorizer.Action.SUBSCRIBE, "lobby");

            assertThat(removed.poll(60, TimeUnit.SECONDS))
                    .startsWith("lobby " + ErrorCode.FORBIDDEN)
                    .contains("no longer allowed in lobby");
            assertThat(ada.channels().get(60, TimeUnit.SECONDS)).isEmpty();
            assertThat(ada.publish("lobby", "hi")
                            .handle((position, failure) -> failure)
                            .get(60, TimeUnit.SECONDS))
                    .hasMessageContaining("not subscribed");
            rights.taken.clear();
            assertThat(ada.subscribe("lobby").get(60, TimeUnit.SECONDS).offset())
                    .isZero();
        }
    }

    @Test
    void anAuthorizerThatFailsLeavesSubscriptionsAlone() throws Exception {
        CountDownLatch failing = new CountDownLatch(1);
        server = builder()
                .authorizer((user, action, channel, content) -> {
                    if (failing.getCount() == 0) {
                        throw new IllegalStateException("thrown by a test, to be logged");
                    }
                    return true;
                })
                .start();
        try (LoggedLines log = new LoggedLines();
                InMemoryClient ada = member("ada", "")) {
            failing.countDown();
            server.reviewRights();

            eventually(() -> assertThat(log.lines()) // by the inbound loop, if that was still noting the subscription
                    .anyMatch(line -> line.contains("can't tell whether subscriptions may go on")));
            server.publish("lobby", "bob", "for ada");
            assertThat(ada.receive()).contains("for ada");
            assertThat(ada.receive(Duration.ZERO)).isEmpty();
        }
    }
}

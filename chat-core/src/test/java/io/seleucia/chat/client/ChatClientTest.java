package io.seleucia.chat.client;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.Limits;
import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.ReadsLog;
import io.seleucia.chat.TestKey;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program is promised, on a server in memory that is ended and started again on its port. */
@Concurrent
class ChatClientTest {
    private static final Limits LIMITS = Limits.DEFAULT
            .withRateMessages(1_000_000)
            .withRateBurst(1_000_000)
            .withQuotas(Quotas.NONE)
            .withDrainTimeout(Duration.ofSeconds(5));

    private final List<ChatClient> clients = new ArrayList<>();
    private InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server;
    private final int port;
    private final Recorder ada = new Recorder();
    private final Recorder bob = new Recorder();

    ChatClientTest() throws IOException {
        server = ChatServer.builder().port(0).broker(broker).limits(LIMITS).start();
        port = server.port();
    }

    @AfterEach
    void end() {
        clients.forEach(ChatClient::close);
        server.close();
        broker.close();
    }

    private void stop() {
        server.close();
    }

    /** Again and again: another program may have got the port for a connection of its own. */
    private void restart() throws Exception {
        server = eventuallyGet(() ->
                ChatServer.builder().port(port).broker(broker).limits(LIMITS).start());
    }

    /** Where clients reach the server. */
    URI address(int at) throws IOException {
        return URI.create("ws://localhost:" + at + "/");
    }

    private ChatClient.Builder builder(String name, ChatListener listener) throws IOException {
        return ChatClient.builder(address(port))
                .name(name)
                .listener(listener)
                .closeTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500));
    }

    private ChatClient start(ChatClient.Builder builder) {
        ChatClient client = builder.start();
        clients.add(client);
        return client;
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static ChatException failureOf(CompletableFuture<?> future) {
        try {
            future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ChatException) e.getCause();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("it succeeded");
    }

    @Test
    void whatIsPublishedReachesAllMembersAndIsAcknowledged() throws Exception {
        ChatClient one = start(builder("ada", ada));
        ChatClient two = start(builder("bob", bob));
        assertThat(get(one.subscribe("lobby")).offset()).isZero();
        get(two.subscribe("lobby"));

        Position position = get(two.publish("lobby", "hi ☕"));
        get(two.publish("lobby", new Content.Json("{\"n\":1.0}")));

        assertThat(position.offset()).isEqualTo(1);
        for (Recorder recorder : List.of(ada, bob)) {
            assertThat(recorder.next()).isEqualTo("lobby 1 bob: hi ☕");
            assertThat(recorder.next()).isEqualTo("lobby 2 bob: {\"n\":1.0}");
        }
    }

    @Test
    void nothingIsMissedOrDoubledByARestart() throws Exception {
        ChatClient one = start(builder("ada", ada));
        ChatClient two = start(builder("bob", bob));
        get(one.subscribe("lobby"));
        get(two.subscribe("lobby"));
        for (int i = 1; i <= 300; i++) {
            if (i % 100 == 50) {
                stop();
                restart();
            }
            two.publish("lobby", "message " + i);
        }

        for (int i = 1; i <= 300; i++) {
            assertThat(ada.next()).isEqualTo("lobby " + i + " bob: message " + i);
            assertThat(bob.next()).isEqualTo("lobby " + i + " bob: message " + i);
        }
    }

    @Test
    void aServerThatForgotEverythingIsALoss() throws Exception {
        ChatClient one = start(builder("ada", ada));
        get(one.subscribe("lobby"));
        get(one.publish("lobby", "before"));
        assertThat(ada.next()).isEqualTo("lobby 1 ada: before");
        stop();
        broker.close();
        broker = new InMemoryBroker(Retention.DEFAULT);
        restart();

        assertThat(List.of(ada.next(), ada.next())).containsExactlyInAnyOrder("lost lobby 1 to 0", "lost @ada 0 to 0");
        get(one.publish("lobby", "after"));
        assertThat(ada.next()).isEqualTo("lobby 1 ada: after");
    }

    @Test
    void whatIsPublishedWithoutAServerIsPublishedOnceThereIsOne() throws Exception {
        stop();
        ChatClient one = start(builder("ada", ada));
        one.subscribe("lobby");
        List<CompletableFuture<Position>> publications = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            publications.add(one.publish("lobby", "message " + i));
        }
        ada.connection("disconnected no connection to " + Dialer.shown(address(port)));
        restart();

        for (int i = 1; i <= 20; i++) {
            assertThat(ada.next()).isEqualTo("lobby " + i + " ada: message " + i);
            assertThat(get(publications.get(i - 1)).offset()).isEqualTo(i);
        }
    }

    @Test
    void whatWaitsIsBounded() throws Exception {
        stop();
        ChatClient one = start(builder("ada", ada).outboundBytes(10_000));
        one.subscribe("lobby");
        List<CompletableFuture<Position>> publications = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            publications.add(one.publish("lobby", "x".repeat(1_000)));
        }
        assertThat(failureOf(publications.getLast()).reason()).isEqualTo(ChatException.Reason.FULL);
        assertThat(failureOf(publications.getLast()).isUncertain()).isFalse();
        restart();

        assertThat(get(publications.getFirst()).offset()).isEqualTo(1);
        get(one.publish("lobby", "x".repeat(1_000))); // there is room again
    }

    @Test
    void itGoesOnAtAnotherServerOfItsList() throws Exception {
        try (ChatServer other =
                ChatServer.builder().port(0).broker(broker).limits(LIMITS).start()) {
            ChatClient one = start(ChatClient.builder(
                            URI.create("ws://localhost:" + port), URI.create("ws://localhost:" + other.port()))
                    .name("ada")
                    .listener(ada)
                    .backoff(Duration.ofMillis(50), Duration.ofMillis(500)));
            get(one.subscribe("lobby"));
            assertThat(ada.connection("connected")).isEqualTo("connected ws://localhost:" + port);
            ChatClient two = start(ChatClient.builder(URI.create("ws://localhost:" + other.port()))
                    .name("bob"));
            get(two.subscribe("lobby"));
            stop();
            get(two.publish("lobby", "hi"));

            assertThat(ada.next()).isEqualTo("lobby 1 bob: hi");
            assertThat(ada.connection("connected")).isEqualTo("connected ws://localhost:" + other.port());
        }
    }

    @Test
    void aProgramGoesOnFromThePositionThatItKept() throws Exception {
        ChatClient one = start(builder("ada", ada));
        get(one.subscribe("lobby"));
        Position first = get(one.publish("lobby", "one"));
        get(one.publish("lobby", "two"));
        Position direct = get(one.direct("ada", "psst"));
        get(one.direct("ada", "hush"));
        one.close();

        ChatClient again = start(builder("ada", bob).inbox(direct));
        assertThat(bob.next()).isEqualTo("@ada 2 ada: hush");
        get(again.subscribe("lobby", Optional.of(first), false));
        assertThat(bob.next()).isEqualTo("lobby 2 ada: two");
    }

    @Test
    void whoLeavesAChannelCanReturnToWhereItWas() throws Exception {
        ChatClient one = start(builder("ada", ada));
        ChatClient two = start(builder("bob", bob));
        get(one.subscribe("lobby"));
        get(two.subscribe("lobby"));
        CompletableFuture<Position> published = one.publish("lobby", "one"); // acknowledged before it leaves
        Position left = get(one.unsubscribe("lobby"));
        assertThat(published.join()).isEqualTo(left);
        assertThat(ada.next()).isEqualTo("lobby 1 ada: one");
        get(two.publish("lobby", "two"));
        assertThat(failureOf(one.publish("lobby", "three")).code()).contains(ErrorCode.NOT_SUBSCRIBED);
        assertThat(ada.isEmpty()).isTrue();

        get(one.subscribe("lobby", Optional.of(left), false));
        assertThat(ada.next()).isEqualTo("lobby 2 bob: two");
    }

    @Test
    void directMessagesReachWhoIsAwayOnItsReturn() throws Exception {
        ChatClient one = start(builder("ada", ada));
        ChatClient two = start(builder("bob", bob));
        ada.connection("connected");
        bob.connection("connected");
        assertThat(get(two.direct("ada", "psst")).offset()).isEqualTo(1);
        assertThat(ada.next()).isEqualTo("@ada 1 bob: psst");
        stop();
        CompletableFuture<Position> hush = two.direct("ada", "hush");
        restart();

        assertThat(get(hush).offset()).isEqualTo(2);
        assertThat(ada.next()).isEqualTo("@ada 2 bob: hush");
        assertThat(failureOf(two.direct("nobody", "hello?")).code()).contains(ErrorCode.NO_SUCH_USER);
        assertThat(get(one.history("@ada", 10)).messages()).hasSize(2);
    }

    @Test
    void presenceAndSignalsAreTold() throws Exception {
        ChatClient one = start(builder("ada", ada));
        get(one.subscribe("lobby", Optional.empty(), true));
        ChatClient two = start(builder("bob", bob));
        get(two.subscribe("lobby"));
        assertThat(ada.next()).isEqualTo("joined lobby bob");
        assertThat(get(one.presence("lobby"))).isEqualTo(Map.of("ada", 1, "bob", 1));
        two.signal("lobby", new Content.Text("typing")).get(60, TimeUnit.SECONDS);
        assertThat(ada.next()).isEqualTo("signal lobby bob: typing");
        two.close();
        assertThat(ada.next()).isEqualTo("left lobby bob");
        stop();
        ada.connection("disconnected");
        assertThat(failureOf(one.signal("lobby", new Content.Text("typing"))).reason())
                .isEqualTo(ChatException.Reason.OFFLINE);
        restart();
        assertThat(get(one.presence("lobby"))).isEqualTo(Map.of("ada", 1));
    }

    @Test
    void theHistoryCanBeReadInPages() throws Exception {
        ChatClient one = start(builder("ada", ada));
        get(one.subscribe("den"));
        get(one.subscribe("lobby"));
        for (int i = 1; i <= 10; i++) {
            one.publish("lobby", "message " + i);
        }
        Event.Page newest = get(one.history("lobby", 3)); // asked after all that was published before it

        assertThat(newest.position().offset()).isEqualTo(10);
        assertThat(newest.messages())
                .extracting(message -> message.content().asText())
                .containsExactly("message 8", "message 9", "message 10");
        assertThat(newest.messages().getFirst().position())
                .isEqualTo(newest.position().at(8));
        assertThat(get(one.historyBefore("lobby", 8, 2)).messages())
                .extracting(message -> message.position().offset())
                .containsExactly(6L, 7L);
        assertThat(get(one.historyAfter("lobby", 0, 2)).messages())
                .extracting(message -> message.position().offset())
                .containsExactly(1L, 2L);
        assertThat(get(one.channels())).containsExactly("den", "lobby");
        assertThat(failureOf(one.history("attic", 1)).code()).contains(ErrorCode.NOT_SUBSCRIBED);
        assertThat(failureOf(one.history("@bob", 1)).code()).contains(ErrorCode.FORBIDDEN);
    }

    @Test
    void whatIsRefusedForGoodFailsAtOnce() throws Exception {
        ChatClient one = start(builder("ada", ada));
        get(one.subscribe("lobby"));
        assertThat(failureOf(one.subscribe("lobby")).code()).contains(ErrorCode.ALREADY_SUBSCRIBED);
        assertThat(failureOf(one.publish("lobby", "x".repeat(100_000))).code()).contains(ErrorCode.TOO_LARGE);
        assertThat(failureOf(one.unsubscribe("attic")).code()).contains(ErrorCode.NOT_SUBSCRIBED);
        assertThatThrownBy(() -> one.subscribe("@bob")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.publish("lobby", "\ud800")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> one.publish("lobby", new Content.Json("{")))
                .isInstanceOf(IllegalArgumentException.class);
        get(one.publish("lobby", "x".repeat(50_000)));
    }

    @Test
    void aSlowListenerStopsTheReadingAndMissesNothing() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Recorder slow = new Recorder() {
            @Override
            public void message(Message message) {
                busy.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.message(message);
            }
        };
        ChatClient one = start(builder("ada", slow).inboundBytes(10_000));
        ChatClient two = start(builder("bob", bob));
        get(one.subscribe("lobby"));
        get(two.subscribe("lobby"));
        two.publish("lobby", "first");
        busy.await();
        // More than all buffers between take, so that the server closes this connection as that of a slow consumer.
        for (int i = 0; i < 600; i++) {
            get(two.publish("lobby", i + " " + "x".repeat(20_000)));
        }
        assertThat(slow.isEmpty()).isTrue();
        goOn.countDown();

        assertThat(slow.next()).isEqualTo("lobby 1 bob: first");
        for (int i = 0; i < 600; i++) {
            assertThat(slow.next()).startsWith("lobby " + (i + 2) + " bob: " + i + " xxx");
        }
        slow.connection("disconnected");
    }

    @Test
    @ReadsLog
    void theListenerIsCalledByOneVirtualThreadAndMayFail() throws Exception {
        List<Thread> threads = new ArrayList<>();
        Recorder failing = new Recorder() {
            @Override
            public void message(Message message) {
                threads.add(Thread.currentThread());
                super.message(message);
                throw new IllegalStateException("a bug of the program");
            }
        };
        try (LoggedLines lines = new LoggedLines()) {
            ChatClient one = start(builder("ada", failing));
            get(one.subscribe("lobby"));
            get(one.publish("lobby", "one"));
            get(one.publish("lobby", "two"));
            assertThat(failing.next()).isEqualTo("lobby 1 ada: one");
            assertThat(failing.next()).isEqualTo("lobby 2 ada: two");
            one.close();
            assertThat(lines.lines()).containsExactly("the listener failed", "the listener failed");
        }
        assertThat(threads).hasSize(2).allMatch(Thread::isVirtual);
        assertThat(threads.getFirst()).isSameAs(threads.getLast());
    }

    @Test
    void aListenerMayPublishAndWaitAndClose() throws Exception {
        CompletableFuture<Position> answer = new CompletableFuture<>();
        CompletableFuture<ChatClient> self = new CompletableFuture<>();
        ChatClient one = start(builder("ada", new ChatListener() {
            @Override
            public void message(Message message) {
                if (message.content().asText().equals("question")) {
                    answer.complete(self.join().publish("lobby", "answer").join());
                    self.join().close();
                }
            }
        }));
        self.complete(one);
        get(one.subscribe("lobby"));
        one.publish("lobby", "question");

        assertThat(get(answer).offset()).isEqualTo(2);
        eventually(() -> assertThat(server.sessions()).isEmpty());
    }

    @Test
    void closingPublishesWhatWaits() throws Exception {
        ChatClient one = start(builder("ada", ada).closeTimeout(Duration.ofSeconds(60)));
        get(one.subscribe("lobby"));
        List<CompletableFuture<Position>> publications = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            publications.add(one.publish("lobby", "message " + i));
        }
        one.close();
        one.close();

        assertThat(broker.historyBefore("lobby", Long.MAX_VALUE, 1_000).messages())
                .hasSize(100);
        for (CompletableFuture<Position> publication : publications) {
            get(publication);
        }
        for (int i = 0; i < 100; i++) {
            assertThat(ada.next()).endsWith("message " + i);
        }
        assertThat(failureOf(one.publish("lobby", "late")).reason()).isEqualTo(ChatException.Reason.ENDED);
        eventually(() -> assertThat(server.sessions()).isEmpty());
    }

    @Test
    void closingWithoutAServerTakesNoLongerThanItMay() throws Exception {
        stop();
        ChatClient one = start(builder("ada", ada));
        one.subscribe("lobby");
        CompletableFuture<Position> publication = one.publish("lobby", "hi");
        one.close();

        ChatException failure = failureOf(publication);
        assertThat(failure.reason()).isEqualTo(ChatException.Reason.ENDED);
        assertThat(failure.isUncertain()).isFalse();
    }

    @Test
    void whoIsTooFastIsSlowedDownAndLosesNothing() throws Exception {
        stop();
        server = ChatServer.builder()
                .port(port)
                .broker(broker)
                .limits(LIMITS.withRateMessages(50).withRateBurst(20))
                .start();
        ChatClient one = start(builder("ada", ada));
        one.subscribe("lobby");
        List<CompletableFuture<Position>> publications = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            publications.add(one.publish("lobby", "message " + i));
        }
        for (int i = 1; i <= 100; i++) {
            assertThat(get(publications.get(i - 1)).offset()).isEqualTo(i);
        }
    }

    @Test
    void itSpeaksOverTls(@TempDir Path keys) throws Exception {
        TestKey key = TestKey.make(keys.resolve("key.p12"), "EC");
        try (ChatServer secure = ChatServer.builder()
                        .port(0)
                        .broker(broker)
                        .tlsKeystore(key.keystore(), key.passwordFile())
                        .start();
                HttpClient http =
                        HttpClient.newBuilder().sslContext(key.trusting()).build();
                ChatClient one = ChatClient.builder(URI.create("wss://localhost:" + secure.port() + "/"))
                        .name("ada")
                        .http(http)
                        .start()) {
            get(one.subscribe("lobby"));
            assertThat(get(one.publish("lobby", "hi")).offset()).isEqualTo(1);
        }
    }

    @Test
    void whatIsNoSettingIsRefused() {
        assertThatThrownBy(() -> ChatClient.builder()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ChatClient.builder(URI.create("http://localhost/")))
                .hasMessage("http://localhost/ does not begin with ws: or wss:");
        ChatClient.Builder builder = ChatClient.builder(URI.create("ws://localhost/"));
        assertThatThrownBy(builder::start).hasMessage("a client needs a name or a token");
        assertThatThrownBy(() -> builder.name("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.publishTimeout(Duration.ofMinutes(5)))
                .hasMessage("publishTimeout must not be longer than four minutes");
        assertThatThrownBy(() -> builder.name("ada")
                        .password("secret")
                        .token(() -> "token")
                        .start())
                .hasMessage("a password needs a name, and no token");
    }
}

package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the client sends, and when, to a server that answers as the test wants it to. */
@Concurrent
class ChatClientOnTheWireTest {
    @AutoClose
    private final ScriptedServer server = new ScriptedServer();

    private final Recorder ada = new Recorder();
    private ChatClient client;

    ChatClientOnTheWireTest() throws IOException {}

    @AfterEach
    void end() {
        if (client != null) {
            client.close();
        }
    }

    private ChatClient.Builder builder() {
        return ChatClient.builder(server.uri())
                .listener(ada)
                .closeTimeout(Duration.ofMillis(100))
                .backoff(Duration.ofMillis(20), Duration.ofMillis(200));
    }

    private void start() {
        start(builder().name("ada"));
    }

    private void start(ChatClient.Builder builder) {
        client = builder.start();
    }

    /** A client that is in the lobby, and has seen its first message. */
    private ScriptedServer.Peer inLobby() throws Exception {
        start();
        client.subscribe("lobby");
        ScriptedServer.Peer peer = server.welcomeInLobby();
        peer.message(8, "hi");
        assertThat(ada.next()).isEqualTo("lobby 8 bob: hi");
        return peer;
    }

    private static ChatException failureOf(CompletableFuture<?> future) throws Exception {
        try {
            future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ChatException) e.getCause();
        }
        throw new AssertionError("it succeeded");
    }

    private static Position get(CompletableFuture<Position> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    @Test
    void saysItsNameAndGoesOnFromWhereItsInboxIs() throws Exception {
        start();
        String secret;
        try (ScriptedServer.Peer first = server.accept()) {
            JsonObject connect = first.expect("connect");
            secret = connect.remove("resume").getAsString();
            assertThat(connect).hasToString("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            first.connected(connect);
            first.send("{'type':'direct','offset':6,'sender':'bob','time':1,'data':'psst'}");
            assertThat(ada.next()).isEqualTo("@ada 6 bob: psst");
        }
        JsonObject again = server.accept().expect("connect");
        assertThat(again.get("inbox")).hasToString("{\"epoch\":\"i\",\"offset\":6}");
        assertThat(again.get("resume").getAsString()).isEqualTo(secret).matches("[A-Za-z0-9_-]{22}");
    }

    @Test
    void aDirectMessageThatOvertakesTheInboxesPositionIsShownOnce() throws Exception {
        start();
        ScriptedServer.Peer peer = server.accept();
        JsonObject connect = peer.expect("connect");
        peer.answer(
                connect,
                "connected",
                "'session':'s','client':'ada','server':'scripted','pingSeconds':25,'maxMessageBytes':65536");
        JsonObject history = peer.expect("history");
        peer.send("{'type':'direct','offset':5,'sender':'bob','time':1,'data':'before'}");
        peer.send("{'type':'direct','offset':6,'sender':'bob','time':1,'data':'after'}");
        peer.answer(history, "history", "'channel':'@ada','epoch':'i','offset':5,'messages':[]");

        assertThat(ada.next()).isEqualTo("@ada 6 bob: after");
    }

    @Test
    void aPasswordLogsIntoAnAccount() throws Exception {
        start(builder().name("ada").password("secret"));

        assertThat(server.accept().expect("connect"))
                .hasToString("{\"id\":1,\"type\":\"connect\",\"password\":\"secret\",\"user\":\"ada\"}");
    }

    @Test
    void anotherTokenIsAskedForOnceAndThenTheClientEnds() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        start(builder().token(() -> "token-" + asked.incrementAndGet()));
        CompletableFuture<Position> subscribed = client.subscribe("lobby");

        ScriptedServer.Peer first = server.welcome();
        first.close(4401);
        ScriptedServer.Peer second = server.accept();
        JsonObject connect = second.expect("connect");
        assertThat(connect.get("token").getAsString()).isEqualTo("token-2");
        second.fail(connect, "unauthorized");

        assertThat(ada.end().code()).contains(ErrorCode.UNAUTHORIZED);
        assertThat(failureOf(subscribed).reason()).isEqualTo(ChatException.Reason.ENDED);
        assertThat(asked).hasValue(2);
    }

    @Test
    void aTokenIsAskedForAtEachConnect() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        start(builder().token(() -> "token-" + asked.incrementAndGet()));

        for (int i = 1; i <= 3; i++) {
            ScriptedServer.Peer peer = server.accept();
            JsonObject connect = peer.expect("connect");
            assertThat(connect.get("token").getAsString()).isEqualTo("token-" + i);
            peer.connected(connect);
            peer.close(1012);
        }
    }

    @Test
    void aSupplierThatThrowsIsAskedAgain() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        start(builder().token(() -> {
            if (asked.incrementAndGet() == 1) {
                throw new IllegalStateException("no token today");
            }
            return "token";
        }));

        server.welcome();
        assertThat(ada.connection("disconnected")).contains("no token today");
    }

    @Test
    void aLoginThatIsSuddenlyAnothersEndsTheClient() throws Exception {
        start(builder().token(() -> "token"));
        server.welcome().close(1012);
        ScriptedServer.Peer second = server.accept();
        second.answer(
                second.expect("connect"),
                "connected",
                "'session':'s','client':'eve','server':'scripted','pingSeconds':25,'maxMessageBytes':65536");

        assertThat(ada.end()).hasMessage("the login is now that of eve, not of ada");
    }

    @Test
    void whoIsNotLetInEndsWithAClearError() throws Exception {
        start();
        server.refuse(401);
        assertThat(ada.end()).hasMessage("unauthorized: the server refuses the login");
    }

    @Test
    void aNameThatIsRefusedEndsTheClient() throws Exception {
        start();
        ScriptedServer.Peer peer = server.accept();
        peer.fail(peer.expect("connect"), "forbidden");

        assertThat(ada.end().code()).contains(ErrorCode.FORBIDDEN);
    }

    @ParameterizedTest
    @CsvSource({"4401, REFUSED", "4403, REFUSED"})
    void closesForGoodEndTheClient(int code, ChatException.Reason reason) throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> publication = client.publish("lobby", "hi");
        peer.expect("publish");
        peer.close(code);

        assertThat(ada.end().reason()).isEqualTo(reason);
        ChatException failure = failureOf(publication);
        assertThat(failure.reason()).isEqualTo(ChatException.Reason.ENDED);
        assertThat(failure.isUncertain()).isTrue();
        assertThat(failureOf(client.publish("lobby", "hi")).reason()).isEqualTo(ChatException.Reason.ENDED);
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1011, 1012, 1013, 4000, 4001, 4400})
    void allOtherClosesBringItBackToItsChannels(int code) throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.close(code);

        ScriptedServer.Peer next = server.welcome();
        JsonObject subscribe = next.expect("subscribe");
        assertThat(subscribe.get("since")).hasToString("{\"epoch\":\"e\",\"offset\":8}");
        next.answer(subscribe, "subscribed", "'channel':'lobby','epoch':'e','offset':9,'recovered':true");
        next.message(9, "there");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: there");
    }

    @Test
    void aServerThatIsFullOrAbsentIsTriedAgain() throws Exception {
        start();
        server.refuse(503); // by the server itself, so that HTTP would not help
        server.refuse(404);
        server.refuse(404); // over HTTP
        server.welcome();
        assertThat(ada.connection("disconnected")).isNotNull();
        assertThat(ada.connection("connected")).isEqualTo("connected " + server.uri());
    }

    @Test
    void whatWasNotAcknowledgedIsSentAgainWithItsKeyAheadOfWhatCameLater() throws Exception {
        CompletableFuture<Position> first;
        CompletableFuture<Position> second;
        JsonObject sent;
        try (ScriptedServer.Peer peer = inLobby()) {
            first = client.publish("lobby", "one");
            second = client.publish("lobby", "two");
            sent = peer.expect("publish");
        }
        ScriptedServer.Peer peer = server.welcome();
        peer.answer(
                peer.expect("subscribe"), "subscribed", "'channel':'lobby','epoch':'e','offset':9,'recovered':true");
        JsonObject again = peer.expect("publish");
        assertThat(again.get("key")).isEqualTo(sent.get("key"));
        assertThat(again.get("data").getAsString()).isEqualTo("one");
        peer.answer(again, "published", "'channel':'lobby','epoch':'e','offset':9,'duplicate':true");
        JsonObject other = peer.expect("publish");
        assertThat(other.get("key")).isNotEqualTo(sent.get("key"));
        peer.published(other, 10);

        assertThat(get(first)).isEqualTo(new Position("e", 9));
        assertThat(get(second)).isEqualTo(new Position("e", 10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"unavailable", "rate_limited"})
    void whatCantBeDoneNowIsTriedAgainAheadOfWhatCameLater(String code) throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> first = client.publish("lobby", "one");
        CompletableFuture<Position> second = client.publish("lobby", "two");
        JsonObject sent = peer.expect("publish");
        peer.fail(sent, code);
        JsonObject again = peer.expect("publish");
        assertThat(again.get("key")).isEqualTo(sent.get("key"));
        peer.published(again, 9);
        peer.published(peer.expect("publish"), 10);

        assertThat(List.of(get(first).offset(), get(second).offset())).containsExactly(9L, 10L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"forbidden", "not_subscribed", "too_large", "bad_request", "internal", "something_new"})
    void whatIsRefusedForGoodFailsAtOnceAndTheNextGoesOn(String code) throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> first = client.publish("lobby", "one");
        CompletableFuture<Position> second = client.publish("lobby", "two");
        peer.fail(peer.expect("publish"), code);
        peer.published(peer.expect("publish"), 9);

        ChatException failure = failureOf(first);
        assertThat(failure.reason()).isEqualTo(ChatException.Reason.REFUSED);
        assertThat(failure.isUncertain()).isFalse();
        assertThat(failure.code().orElseThrow().wireName()).isEqualTo(code.equals("something_new") ? "internal" : code);
        assertThat(get(second).offset()).isEqualTo(9);
    }

    @Test
    void whatTheServerClosesTheConnectionForIsNotSentAgain() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> first = client.publish("lobby", "one");
        CompletableFuture<Position> second = client.publish("lobby", "two");
        peer.expect("publish");
        peer.close(1009);

        assertThat(failureOf(first).reason()).isEqualTo(ChatException.Reason.REJECTED);
        ScriptedServer.Peer next = server.welcome();
        next.answer(
                next.expect("subscribe"), "subscribed", "'channel':'lobby','epoch':'e','offset':8,'recovered':true");
        JsonObject publish = next.expect("publish");
        assertThat(publish.get("data").getAsString()).isEqualTo("two");
        next.published(publish, 9);
        assertThat(get(second).offset()).isEqualTo(9);
    }

    @Test
    void whatIsLargerThanTheServerTakesIsNotSent() throws Exception {
        start();
        client.subscribe("lobby");
        ScriptedServer.Peer peer = server.accept();
        peer.connected(peer.expect("connect"), 25, 200);
        peer.answer(peer.expect("subscribe"), "subscribed", "'channel':'lobby','epoch':'e','offset':7");
        CompletableFuture<Position> large = client.publish("lobby", "☕".repeat(100));
        CompletableFuture<Position> small = client.publish("lobby", "☕");
        peer.published(peer.expect("publish"), 8);

        assertThat(failureOf(large).code()).contains(ErrorCode.TOO_LARGE);
        assertThat(get(small).offset()).isEqualTo(8);
    }

    @Test
    void whatIsNotAcknowledgedInTimeFailsAndSaysWhetherItWasSent() throws Exception {
        start(builder().name("ada").publishTimeout(Duration.ofSeconds(1)));
        client.subscribe("lobby");
        ScriptedServer.Peer peer = server.welcomeInLobby();
        CompletableFuture<Position> sent = client.publish("lobby", "one");
        CompletableFuture<Position> waiting = client.publish("lobby", "two");
        peer.expect("publish");

        ChatException failure = failureOf(sent);
        assertThat(failure.reason()).isEqualTo(ChatException.Reason.EXPIRED);
        assertThat(failure.isUncertain()).isTrue();
        assertThat(failure).hasMessage("not acknowledged in time; it was sent, and may have been carried out");
        failure = failureOf(waiting);
        assertThat(failure.reason()).isEqualTo(ChatException.Reason.EXPIRED);
        assertThat(failure.isUncertain()).isFalse();
    }

    @Test
    void aMessageThatComesTwiceIsShownOnce() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.message(9, "there");
        peer.message(8, "hi");
        peer.message(9, "there");
        peer.message(10, "end");

        assertThat(ada.next()).isEqualTo("lobby 9 bob: there");
        assertThat(ada.next()).isEqualTo("lobby 10 bob: end");
    }

    @Test
    void aGapIsFilledByANewSubscription() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.message(10, "later");

        ScriptedServer.Peer next = server.welcome();
        JsonObject subscribe = next.expect("subscribe");
        assertThat(subscribe.get("since")).hasToString("{\"epoch\":\"e\",\"offset\":8}");
        next.answer(subscribe, "subscribed", "'channel':'lobby','epoch':'e','offset':10,'recovered':true");
        next.message(9, "between");
        next.message(10, "later");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: between");
        assertThat(ada.next()).isEqualTo("lobby 10 bob: later");
    }

    @Test
    void aMessageWithoutAPlaceIsShownAndMovesNothing() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.send("{'type':'message','channel':'lobby','sender':'redis','time':1,'data':'by hand'}");
        peer.message(9, "there");

        assertThat(ada.next()).isEqualTo("lobby 0 redis: by hand");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: there");
    }

    @Test
    void lossesAreTold() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.send("{'type':'lost','channel':'lobby','epoch':'f','offset':3}");
        peer.message(4, "there");
        assertThat(ada.next()).isEqualTo("lost lobby 8 to 3");
        assertThat(ada.next()).isEqualTo("lobby 4 bob: there");
        peer.close(1012);

        ScriptedServer.Peer next = server.welcome();
        JsonObject subscribe = next.expect("subscribe");
        assertThat(subscribe.get("since")).hasToString("{\"epoch\":\"f\",\"offset\":4}");
        next.answer(subscribe, "subscribed", "'channel':'lobby','epoch':'g','offset':50,'recovered':false");
        next.message(51, "end");
        assertThat(ada.next()).isEqualTo("lost lobby 4 to 50");
        assertThat(ada.next()).isEqualTo("lobby 51 bob: end");
    }

    @Test
    void aLossIsToldWhereTheHistoryMayNoLongerBeRead() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.close(1012);

        ScriptedServer.Peer next = server.welcome();
        next.answer(next.expect("subscribe"), "subscribed", "'channel':'lobby','epoch':'e','offset':8");
        next.message(9, "missed nothing");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: missed nothing");
        next.close(1012);

        ScriptedServer.Peer last = server.welcome();
        last.answer(last.expect("subscribe"), "subscribed", "'channel':'lobby','epoch':'e','offset':12");
        last.message(13, "end");
        assertThat(ada.next()).isEqualTo("lost lobby 9 to 12");
        assertThat(ada.next()).isEqualTo("lobby 13 bob: end");
    }

    @Test
    void aLossInTheInboxIsTold() throws Exception {
        start();
        server.welcome().close(1012);
        ScriptedServer.Peer peer = server.accept();
        peer.answer(
                peer.expect("connect"),
                "connected",
                "'session':'s','client':'ada','server':'scripted','pingSeconds':25,'maxMessageBytes':65536,"
                        + "'inbox':{'epoch':'j','offset':2,'recovered':false}");
        peer.send("{'type':'direct','offset':3,'sender':'bob','time':1,'data':'psst'}");
        assertThat(ada.next()).isEqualTo("lost @ada 5 to 2");
        assertThat(ada.next()).isEqualTo("@ada 3 bob: psst");
    }

    @Test
    void aChannelThatCantBeReturnedToIsGivenUpAndToldSo() throws Exception {
        inLobby().close(1012);
        ScriptedServer.Peer next = server.welcome();
        next.fail(next.expect("subscribe"), "unavailable");
        next.fail(next.expect("subscribe"), "forbidden");

        assertThat(ada.next()).isEqualTo("removed lobby forbidden: because");
        assertThat(failureOf(client.publish("lobby", "hi")).code()).contains(ErrorCode.NOT_SUBSCRIBED);
    }

    @Test
    void leavingAChannelIsDoneByALostConnection() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> left = client.unsubscribe("lobby");
        peer.expect("unsubscribe");
        peer.close();

        assertThat(get(left)).isEqualTo(new Position("e", 8));
        ScriptedServer.Peer next = server.welcome();
        client.channels();
        next.expect("channels"); // and no subscription before it
    }

    @Test
    void aServerThatIsSilentIsAskedAndThenLeft() throws Exception {
        start();
        ScriptedServer.Peer peer = server.accept();
        peer.connected(peer.expect("connect"), 1, 65_536);
        peer.answer(peer.expect("ping"), "pong", "");
        peer.expect("ping");

        assertThatThrownBy(peer::read).isInstanceOf(IOException.class);
        assertThat(ada.connection("disconnected")).isEqualTo("disconnected the server is silent");
        server.welcome();
    }

    @Test
    void aServerThatDoesNotSpeakTheProtocolIsLeft() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.send("hello");
        server.welcome();
        assertThat(ada.connection("disconnected")).isEqualTo("disconnected the server does not speak chat.v1");
    }

    /** On another connection it would come again, for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'sender':'bob','time':1,'data':{poison}}",
                "'sender':'bob','time':1,'data':'half",
                "'sender':'bob','time':1,'data':'\\ud800'}",
                "'sender':'bob','time':1}",
                "'sender':'bob','time':'now','data':1}",
                "'sender':'bob','time':1,'data':NESTED}"
            })
    void aMessageThatCantBeReadIsLostAndTheNextIsShown(String rest) throws Exception {
        ScriptedServer.Peer peer = inLobby();
        String nested = "[".repeat(10_000) + "]".repeat(10_000);
        peer.send("{'type':'message','channel':'lobby','offset':9," + rest.replace("NESTED", nested));
        peer.message(10, "there");
        peer.send("{'type':'direct','offset':6," + rest.replace("NESTED", nested));
        peer.send("{'type':'direct','offset':7,'sender':'bob','time':1,'data':'psst'}");

        assertThat(ada.next()).isEqualTo("lost lobby 8 to 9");
        assertThat(ada.next()).isEqualTo("lobby 10 bob: there");
        assertThat(ada.next()).isEqualTo("lost @ada 5 to 6");
        assertThat(ada.next()).isEqualTo("@ada 7 bob: psst");
        client.channels();
        peer.expect("channels"); // on the same connection
    }

    @Test
    void aMessageThatIsTooLargeIsLostAndTheNextIsShown() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        Thread.startVirtualThread(() -> {
            try {
                peer.message(9, "x".repeat(17 * 1024 * 1024));
                peer.message(10, "there");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(ada.next()).isEqualTo("lost lobby 8 to 9");
        assertThat(ada.next()).isEqualTo("lobby 10 bob: there");
    }

    @Test
    void aMessageThatCantBeReadAndComesAfterAGapIsReadAnew() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.send("{'type':'message','channel':'lobby','offset':10,poison}");
        server.welcome();
        assertThat(ada.connection("disconnected")).startsWith("disconnected in lobby ");
    }

    @Test
    void whatElseCantBeReadIsSkipped() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.send("{'type':'signal','channel':'lobby','sender':'bob','data':{poison}}");
        peer.send("{'type':'message','channel':'news','offset':9,'data':{poison}}");
        peer.send("{'type':'message','channel':'lobby','sender':'redis','data':{poison}}");
        CompletableFuture<?> history = client.history("lobby", 10);
        JsonObject request = peer.expect("history");
        peer.answer(request, "history", "'channel':'lobby','epoch':'e','offset':8,'messages':[{poison}]");
        assertThat(failureOf(history)).hasMessage("internal: the server's answer can't be read");
        peer.message(9, "there");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: there");
    }

    /** As an earlier server answered a request whose id it could not read. */
    @Test
    void anErrorWithoutAnIdFailsTheOldestRequest() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> first = client.publish("lobby", "one");
        CompletableFuture<Position> second = client.publish("lobby", "two");
        peer.expect("publish");
        peer.send("{'type':'error','code':'bad_request','message':'the frame is not valid JSON'}");
        assertThat(failureOf(first).code()).contains(ErrorCode.BAD_REQUEST);
        peer.published(peer.expect("publish"), 9);
        assertThat(get(second).offset()).isEqualTo(9);
    }

    @Test
    void theListenerThatClosesTheClientDoesNotWaitForItself() throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        CompletableFuture<Void> ready = new CompletableFuture<>();
        start(builder()
                .name("ada")
                .closeTimeout(Duration.ofMinutes(30))
                .inboundBytes(
                        10_000) // far more than what comes before the messages: a pause then would end with a ping
                .listener(new ChatListener() {
                    @Override
                    public void message(Message message) { // nothing is read while this waits
                        ready.join();
                        client.close();
                        closed.complete(null);
                    }
                }));
        client.subscribe("lobby");
        ScriptedServer.Peer peer = server.welcomeInLobby();
        CompletableFuture<Position> publication = client.publish("lobby", "last words");
        JsonObject publish = peer.expect("publish");
        peer.message(8, "x".repeat(10_000));
        peer.message(9, "last words");
        peer.published(publish, 9);
        ready.complete(null);

        assertThat(get(publication).offset()).isEqualTo(9);
        peer.close(1000);
        closed.get(60, TimeUnit.SECONDS);
    }

    @Test
    void aThreadThatIsInterruptedCanAskAndClose() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<CompletableFuture<Position>> asked = new CompletableFuture<>();
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        CompletableFuture<Void> acknowledged = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            Thread.currentThread().interrupt();
            asked.complete(client.publish("lobby", "hi"));
            try {
                acknowledged.join();
                client.close();
                closed.complete(Thread.currentThread().isInterrupted());
            } catch (RuntimeException e) {
                closed.completeExceptionally(e);
            }
        });
        peer.published(peer.expect("publish"), 9);
        assertThat(get(asked.get()).offset()).isEqualTo(9);
        acknowledged.complete(null);
        assertThat(closed.get(60, TimeUnit.SECONDS)).as("the flag is kept").isTrue();
        assertThatThrownBy(peer::read).isInstanceOf(IOException.class);
    }

    @Test
    void aServerThatAnswersTwiceIsLeft() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        client.channels();
        JsonObject request = peer.expect("channels");
        peer.answer(request, "channels", "'channels':['lobby']");
        peer.fail(request, "unavailable");
        server.welcome();
        assertThat(ada.connection("disconnected")).isEqualTo("disconnected the server has answered what was not asked");
    }

    @Test
    void whatIsNotKnownYetIsIgnored() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.send("{'type':'weather','channel':'lobby','forecast':['rain']}");
        peer.send("{'type':'message','channel':'lobby','offset':9,'sender':'bob','time':1,'data':'hi','mood':{}}");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: hi");
    }

    @Test
    void aLoginThatIsNotAnsweredIsGivenUp() throws Exception {
        start(builder().name("ada").connectTimeout(Duration.ofMillis(500)));
        ScriptedServer.Peer peer = server.accept();
        peer.expect("connect");
        assertThatThrownBy(peer::read).isInstanceOf(IOException.class);
        server.refuse(404); // over HTTP, because nothing came over the WebSocket
        server.welcome();
    }

    @Test
    void closingWaitsForTheAcknowledgementAndSaysGoodbye() throws Exception {
        start(builder().name("ada").closeTimeout(Duration.ofSeconds(60)));
        client.subscribe("lobby");
        ScriptedServer.Peer peer = server.welcomeInLobby();
        CompletableFuture<Position> publication = client.publish("lobby", "last words");
        CompletableFuture<Void> closed = CompletableFuture.runAsync(client::close);
        peer.published(peer.expect("publish"), 8);

        assertThatThrownBy(peer::read).isInstanceOf(EOFException.class).hasMessage("closed with 1000");
        peer.close(1000);
        assertThat(get(publication).offset()).isEqualTo(8);
        closed.get(60, TimeUnit.SECONDS);
    }
}

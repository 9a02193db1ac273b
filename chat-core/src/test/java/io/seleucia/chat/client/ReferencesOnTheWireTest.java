package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the client asks for edits, deletions, reactions and replies, and what it makes of those that come. */
@Concurrent
class ReferencesOnTheWireTest {
    @AutoClose
    private final ScriptedServer server = new ScriptedServer();

    private final Recorder ada = new Recorder();
    private ChatClient client;

    ReferencesOnTheWireTest() throws IOException {}

    @AfterEach
    void end() {
        client.close();
    }

    /** A client in the lobby, which is at 7. */
    private ScriptedServer.Peer inLobby() throws Exception {
        return inLobby(ada);
    }

    private ScriptedServer.Peer inLobby(ChatListener listener) throws Exception {
        client = ChatClient.builder(server.uri())
                .name("ada")
                .listener(listener)
                .closeTimeout(Duration.ofMillis(100))
                .backoff(Duration.ofMillis(20), Duration.ofMillis(200))
                .start();
        client.subscribe("lobby");
        return server.welcomeInLobby();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static ChatException failureOf(CompletableFuture<?> future) throws Exception {
        try {
            future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ChatException) e.getCause();
        }
        throw new AssertionError("it succeeded");
    }

    @Test
    void eachAsksForItsKindOfReference() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        List<CompletableFuture<Position>> requests = List.of(
                client.reply("lobby", 3, new Content.Text("yes")),
                client.edit("lobby", 3, new Content.Json("{\"n\":1}")),
                client.delete("lobby", 3),
                client.react("lobby", 3, "+1"),
                client.unreact("lobby", 3, "+1"));
        List<String> asked = new ArrayList<>();
        for (int offset = 8; offset < 13; offset++) {
            JsonObject request = peer.expect("publish");
            asked.add(request.get("channel").getAsString() + " " + request.get("ref") + " " + request.get("data"));
            peer.published(request, offset);
        }

        assertThat(asked)
                .containsExactly(
                        "lobby {\"offset\":3,\"kind\":\"reply\"} \"yes\"",
                        "lobby {\"offset\":3,\"kind\":\"edit\"} {\"n\":1}",
                        "lobby {\"offset\":3,\"kind\":\"delete\"} null",
                        "lobby {\"offset\":3,\"kind\":\"reaction\"} \"+1\"",
                        "lobby {\"offset\":3,\"kind\":\"reaction\",\"remove\":true} \"+1\"");
        for (int i = 0; i < requests.size(); i++) {
            assertThat(get(requests.get(i))).isEqualTo(new Position("e", 8 + i));
        }
    }

    @Test
    void whatIsNotAcknowledgedIsSentAgainWithItsKey() throws Exception {
        CompletableFuture<Position> deleted;
        JsonObject first;
        try (ScriptedServer.Peer peer = inLobby()) {
            deleted = client.delete("lobby", 3);
            first = peer.expect("publish");
        }
        ScriptedServer.Peer peer = server.welcomeInLobby();
        JsonObject second = peer.expect("publish");
        peer.published(second, 8);

        first.remove("id");
        second.remove("id");
        assertThat(second).isEqualTo(first);
        assertThat(first.get("key").getAsString()).isNotEmpty();
        assertThat(get(deleted).offset()).isEqualTo(8);
    }

    @ParameterizedTest
    @EnumSource(names = {"BAD_REQUEST", "TOO_OLD", "FORBIDDEN", "TOO_LARGE"})
    void aRefusalHasItsCodeAndIsFinal(ErrorCode code) throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Position> edited = client.edit("lobby", 3, new Content.Text("new"));
        CompletableFuture<Position> next = client.publish("lobby", "next");
        peer.fail(peer.expect("publish"), code.wireName());
        ChatException failure = failureOf(edited);
        peer.published(peer.expect("publish"), 8);

        assertThat(failure.code()).contains(code);
        assertThat(failure.reason()).isEqualTo(ChatException.Reason.REFUSED);
        assertThat(failure.isUncertain()).isFalse();
        assertThat(get(next).offset()).isEqualTo(8);
    }

    @Test
    void headersGoOutAndComeIn() throws Exception {
        BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
        ScriptedServer.Peer peer = inLobby(new ChatListener() {
            @Override
            public void message(Message message) {
                messages.add(message);
            }
        });
        client.publish("lobby", new Content.Text("hi"), Map.of("event", "greeting", "lang", "en"));
        assertThat(peer.expect("publish").get("headers")).hasToString("{\"event\":\"greeting\",\"lang\":\"en\"}");
        peer.send("{'type':'message','channel':'lobby','offset':8,'sender':'bob','time':1,"
                + "'headers':{'event':'greeting'},'ref':{'offset':3,'kind':'reply'},'data':'hi'}");

        Message message = messages.poll(60, TimeUnit.SECONDS);
        assertThat(message.attributes())
                .isEqualTo(Attributes.NONE
                        .withHeaders(Map.of("event", "greeting"))
                        .withRef(new Reference(3, Reference.Kind.REPLY)));
        assertThatThrownBy(() -> client.publish("lobby", new Content.Text("hi"), Map.of("No", "")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> client.publish("lobby", Content.NONE)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> client.edit("lobby", 0, new Content.Text("hi")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void annotationsComeInOrderWithTheMessagesAndAreNone() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        String end = ",'channel':'lobby','sender':'bob','time':1}";
        peer.message(8, "one");
        peer.send("{'type':'message','offset':9,'ref':{'offset':8,'kind':'edit'},'data':'two'" + end);
        peer.send("{'type':'message','offset':10,'ref':{'offset':8,'kind':'reaction'},'data':'+1'" + end);
        peer.send("{'type':'message','offset':11,'ref':{'offset':8,'kind':'reaction','remove':true},'data':'+1'" + end);
        peer.send("{'type':'message','offset':12,'ref':{'offset':8,'kind':'delete'}" + end);
        peer.send("{'type':'message','offset':12,'ref':{'offset':8,'kind':'delete'}" + end); // once more
        peer.send("{'type':'message','offset':13,'ref':{'offset':8,'kind':'later'},'data':'three'" + end);

        assertThat(ada.next()).isEqualTo("lobby 8 bob: one");
        assertThat(ada.next()).isEqualTo("edited lobby 8, 9 bob: two");
        assertThat(ada.next()).isEqualTo("reaction to lobby 8, 10 bob: +1");
        assertThat(ada.next()).isEqualTo("taken back from lobby 8, 11 bob: +1");
        assertThat(ada.next()).isEqualTo("deleted lobby 8, 12 bob: ");
        assertThat(ada.next()).isEqualTo("lobby 13 bob: three");
    }

    /** As a recovery has it: the contents are gone, and the offsets are taken. */
    @Test
    void deletedMessagesKeepTheirPlacesAndDeletedEditsAreSkipped() throws Exception {
        BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
        ScriptedServer.Peer peer = inLobby(new ChatListener() {
            @Override
            public void message(Message message) {
                messages.add(message);
            }

            @Override
            public void edited(Message edit) {
                throw new AssertionError(edit);
            }
        });
        String deleted = ",'channel':'lobby','sender':'bob','time':1,'deleted':{'by':'eve','time':2}}";
        peer.send("{'type':'message','offset':8" + deleted);
        peer.send("{'type':'message','offset':9,'ref':{'offset':8,'kind':'edit'}" + deleted);
        peer.message(10, "next");

        Message first = messages.poll(60, TimeUnit.SECONDS);
        assertThat(first.content()).isEqualTo(Content.NONE);
        assertThat(first.attributes().deleted()).contains(new Attributes.Deleted("eve", 2));
        assertThat(messages.poll(60, TimeUnit.SECONDS).position().offset()).isEqualTo(10);
    }

    @Test
    void aDirectMessageIsReferredToInTheOwnInbox() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<DirectReceipt> sent = client.direct("bob", new Content.Text("hi"), Map.of());
        JsonObject direct = peer.expect("direct");
        peer.send("{'type':'direct','offset':6,'sender':'ada','to':'bob','time':1,'data':'hi'}");
        peer.answer(direct, "published", "'channel':'@bob','epoch':'b','offset':70,'own':{'epoch':'i','offset':6}");
        DirectReceipt receipt = get(sent);
        assertThat(receipt).isEqualTo(new DirectReceipt(new Position("b", 70), Optional.of(new Position("i", 6))));

        CompletableFuture<Position> edited =
                client.edit("@bob", receipt.own().orElseThrow().offset(), new Content.Text("hello"));
        JsonObject edit = peer.expect("direct");
        assertThat(edit.get("to").getAsString()).isEqualTo("bob");
        assertThat(edit.get("ref")).hasToString("{\"offset\":6,\"kind\":\"edit\"}");
        peer.send("{'type':'direct','offset':7,'sender':'ada','to':'bob','time':1,'data':'hello',"
                + "'ref':{'offset':6,'kind':'edit'}}");
        peer.answer(edit, "published", "'channel':'@bob','epoch':'b','offset':71,'own':{'epoch':'i','offset':7}");
        peer.send("{'type':'direct','offset':8,'sender':'ada','to':'ada','time':1,'data':'note to self'}");

        assertThat(get(edited)).isEqualTo(new Position("i", 7));
        assertThat(ada.next()).isEqualTo("sent to bob 6 ada: hi");
        assertThat(ada.next()).isEqualTo("edited @ada 6, 7 ada: hello");
        assertThat(ada.next()).isEqualTo("@ada 8 ada: note to self");
    }

    @Test
    void aFoldedPageHasTheMessagesAsTheyAreNow() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        CompletableFuture<Event.FoldedPage> folded = client.folded("lobby", HistoryRange.before(9, 20));
        JsonObject request = peer.expect("history");
        JsonElement id = request.remove("id");
        assertThat(request)
                .hasToString("{\"type\":\"history\",\"channel\":\"lobby\",\"before\":9,\"limit\":20,\"folded\":true}");
        request.add("id", id);
        peer.answer(
                request,
                "history",
                "'channel':'lobby','epoch':'e','offset':7,'messages':["
                        + "{'offset':3,'sender':'bob','time':1,'data':'new','edited':{'offset':5,'time':2},"
                        + "'reactions':[{'text':'+1','count':2,'clients':['ada','bob']}],'replies':2},"
                        + "{'offset':4,'sender':'bob','time':1,'deleted':{'by':'bob','time':3}}]");

        List<FoldedMessage> messages = get(folded).messages();
        assertThat(messages.getFirst())
                .isEqualTo(new FoldedMessage(
                        new Message("lobby", new Position("e", 3), "bob", 1, new Content.Text("new")),
                        Optional.of(new FoldedMessage.Edit(5, 2)),
                        List.of(new FoldedMessage.Reaction("+1", 2, List.of("ada", "bob"))),
                        2));
        assertThat(messages.getLast().message().isDeleted()).isTrue();
        assertThat(messages.getLast().message().content()).isEqualTo(Content.NONE);
    }

    @Test
    void theOwnInboxIsReadWithOneOther() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        client.history("@ada", HistoryRange.newest(20).with("bob"));
        JsonObject request = peer.expect("history");

        assertThat(request.get("channel").getAsString()).isEqualTo("@ada");
        assertThat(request.get("with").getAsString()).isEqualTo("bob");
        assertThat(request.has("folded")).isFalse();
    }

    /** An operator has deleted the channel: nothing is missing, but what was shown is gone. */
    @Test
    void theDeletionOfAChannelIsALossOfAllThatWasShown() throws Exception {
        ScriptedServer.Peer peer = inLobby();
        peer.message(8, "hi");
        peer.send("{'type':'lost','channel':'lobby','epoch':'e','offset':8}");
        peer.message(9, "there");

        assertThat(ada.next()).isEqualTo("lobby 8 bob: hi");
        assertThat(ada.next()).isEqualTo("lost lobby 0 to 8");
        assertThat(ada.next()).isEqualTo("lobby 9 bob: there");
    }
}

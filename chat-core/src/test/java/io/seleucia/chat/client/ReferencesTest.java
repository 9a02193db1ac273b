package io.seleucia.chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.Eventually;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.net.URI;
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
import org.junit.jupiter.api.Test;

/** Edits, deletions, reactions and replies of Java clients on a server. */
@Concurrent
class ReferencesTest {
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private ChatServer server = start(0);
    private final int port = server.port();
    private final List<ChatClient> clients = new ArrayList<>();
    private final Recorder seenByAda = new Recorder();
    private final Recorder seenByBob = new Recorder();

    ReferencesTest() throws IOException {}

    private ChatServer start(int port) throws IOException {
        return ChatServer.builder().port(port).broker(broker).start();
    }

    @AfterEach
    void end() {
        clients.forEach(ChatClient::close);
        server.close();
        broker.close();
    }

    private ChatClient client(String name, ChatListener listener) throws Exception {
        ChatClient client = ChatClient.builder(URI.create("ws://localhost:" + port + "/"))
                .name(name)
                .listener(listener)
                .closeTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500))
                .start();
        clients.add(client);
        get(client.subscribe("lobby"));
        return client;
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private static ErrorCode refusalOf(CompletableFuture<?> future) throws Exception {
        try {
            future.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return ((ChatException) e.getCause()).code().orElseThrow();
        }
        throw new AssertionError("it succeeded");
    }

    private static Content text(String text) {
        return new Content.Text(text);
    }

    @Test
    void allThatIsSaidOfAMessageReachesMembersAndTheFold() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        ChatClient bob = client("bob", seenByBob);
        long offset = get(ada.publish("lobby", text("hi"), Map.of("event", "greeting")))
                .offset();
        get(ada.edit("lobby", offset, text("hello")));
        get(bob.react("lobby", offset, "+1"));
        get(ada.react("lobby", offset, "+1"));
        get(ada.unreact("lobby", offset, "+1"));
        get(bob.reply("lobby", offset, text("yes?")));

        for (Recorder seen : List.of(seenByAda, seenByBob)) {
            assertThat(seen.next()).isEqualTo("lobby 1 ada: hi");
            assertThat(seen.next()).isEqualTo("edited lobby 1, 2 ada: hello");
            assertThat(seen.next()).isEqualTo("reaction to lobby 1, 3 bob: +1");
            assertThat(seen.next()).isEqualTo("reaction to lobby 1, 4 ada: +1");
            assertThat(seen.next()).isEqualTo("taken back from lobby 1, 5 ada: +1");
            assertThat(seen.next()).isEqualTo("lobby 6 bob: yes?");
        }
        List<FoldedMessage> messages =
                get(bob.folded("lobby", HistoryRange.newest(10))).messages();
        assertThat(messages)
                .extracting(message -> message.message().content().asText())
                .containsExactly("hello", "yes?");
        FoldedMessage first = messages.getFirst();
        assertThat(first.edited().orElseThrow().offset()).isEqualTo(2);
        assertThat(first.reactions()).containsExactly(new FoldedMessage.Reaction("+1", 1, List.of("bob")));
        assertThat(first.replies()).isEqualTo(1);
    }

    @Test
    void aDeletedMessageIsGoneAlsoForOneThatComesBack() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        long offset = get(ada.publish("lobby", text("secret"), Map.of("event", "slip")))
                .offset();
        get(ada.edit("lobby", offset, text("secret still")));
        get(ada.delete("lobby", offset));

        assertThat(get(ada.history("lobby", 10)).messages())
                .extracting(message -> message.content())
                .containsExactly(Content.NONE, Content.NONE, Content.NONE);
        assertThat(get(ada.history("lobby", 10)).messages().getFirst().attributes())
                .satisfies(attributes -> assertThat(attributes.headers()).isEmpty())
                .extracting(attributes -> attributes.deleted().orElseThrow().by())
                .isEqualTo("ada");
        assertThat(refusalOf(ada.edit("lobby", offset, text("again")))).isEqualTo(ErrorCode.TOO_OLD);
        assertThat(get(ada.folded("lobby", HistoryRange.newest(10))).messages())
                .singleElement()
                .satisfies(message -> assertThat(message.message().isDeleted()).isTrue());
    }

    @Test
    void whatCantBeDoneIsRefusedWithItsCode() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        ChatClient bob = client("bob", seenByBob);
        long offset = get(ada.publish("lobby", "hi")).offset();
        long reaction = get(bob.react("lobby", offset, "+1")).offset();

        assertThat(refusalOf(bob.edit("lobby", offset, text("mine")))).isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(refusalOf(bob.delete("lobby", offset))).isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(refusalOf(bob.reply("lobby", 99, text("what?")))).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refusalOf(bob.react("lobby", reaction, "+1"))).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refusalOf(bob.react("lobby", offset, ""))).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refusalOf(bob.react("lobby", offset, "x".repeat(17)))).isEqualTo(ErrorCode.BAD_REQUEST);
        assertThat(refusalOf(
                        bob.publish("lobby", text("hi"), Map.of("event", "x".repeat(Attributes.MAX_HEADER_BYTES)))))
                .isEqualTo(ErrorCode.TOO_LARGE);
        assertThat(get(bob.publish("lobby", "next")).offset()).isEqualTo(reaction + 1);
    }

    @Test
    void directMessagesAreReferredToInTheOwnInboxAndChangeInBoth() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        ChatClient bob = client("bob", seenByBob);
        get(ada.direct("ada", "a note"));
        DirectReceipt sent = get(ada.direct("bob", text("helo"), Map.of("event", "greeting")));
        long own = sent.own().orElseThrow().offset();
        assertThat(List.of(sent.theirs().offset(), own)).containsExactly(1L, 2L);
        get(ada.edit("@bob", own, text("hello")));
        get(bob.react("@ada", 1, "+1"));
        assertThat(get(bob.reply("@ada", 1, text("yes?"))).offset()).isEqualTo(4);
        get(ada.delete("@bob", own));

        assertThat(seenByAda.next()).isEqualTo("@ada 1 ada: a note");
        assertThat(seenByAda.next()).isEqualTo("sent to bob 2 ada: helo");
        assertThat(seenByAda.next()).isEqualTo("edited @ada 2, 3 ada: hello");
        assertThat(seenByAda.next()).isEqualTo("reaction to @ada 2, 4 bob: +1");
        assertThat(seenByAda.next()).isEqualTo("@ada 5 bob: yes?");
        assertThat(seenByAda.next()).isEqualTo("deleted @ada 2, 6 ada: ");
        assertThat(seenByBob.next()).isEqualTo("@bob 1 ada: helo");
        assertThat(seenByBob.next()).isEqualTo("edited @bob 1, 2 ada: hello");
        assertThat(seenByBob.next()).isEqualTo("reaction to @bob 1, 3 bob: +1");
        assertThat(seenByBob.next()).isEqualTo("sent to ada 4 bob: yes?");
        assertThat(seenByBob.next()).isEqualTo("deleted @bob 1, 5 ada: ");
        assertThat(get(ada.folded("@ada", HistoryRange.newest(10).with("bob"))).messages())
                .extracting(message -> message.message().position().offset())
                .containsExactly(2L, 5L);
        assertThat(refusalOf(bob.delete("@ada", 1))).isEqualTo(ErrorCode.TOO_OLD);
    }

    @Test
    void aSearchFindsMessagesAsTheyAreNow() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        long first = get(ada.publish("lobby", "Lunch at noon")).offset();
        get(ada.publish("lobby", "dinner at eight"));
        get(ada.publish("lobby", new Content.Json("{\"text\":\"no LUNCH today\"}")));
        get(ada.edit("lobby", first, text("lunch at one")));
        for (int i = 0; i < 3; i++) {
            get(ada.publish("lobby", "lunch " + i));
        }
        get(ada.delete("lobby", 7));

        List<String> found = new ArrayList<>();
        Event.Found page = get(ada.search("lobby", "lunch", 2));
        while (page.next().isPresent()) {
            page.messages()
                    .forEach(message -> found.add(message.message().content().asText()));
            page = get(ada.searchBefore("lobby", "lunch", page.next().getAsLong(), 2));
        }
        page.messages().forEach(message -> found.add(message.message().content().asText()));

        assertThat(found).containsExactly("lunch 1", "lunch 0", "{\"text\":\"no LUNCH today\"}", "lunch at one");
        assertThat(get(ada.search("lobby", "noon", 10)).messages()).isEmpty();
    }

    @Test
    void aMarkCountsWhatIsUnreadAndIsToldToOthers() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        ChatListener listener = new ChatListener() {
            @Override
            public void read(String channel, ReadMark mark) {
                told.add("read " + channel + " " + mark.offset() + " " + mark.unread());
            }

            @Override
            public void receipt(String channel, Sender client, long offset) {
                told.add("receipt " + channel + " " + client.name() + " " + offset);
            }
        };
        for (int i = 1; i <= 3; i++) {
            get(ada.publish("lobby", "message " + i));
        }
        ChatClient bob = client("bob", listener);
        get(bob.unsubscribe("lobby"));
        get(ada.unsubscribe("lobby"));
        Command.Interest all = new Command.Interest(false, true, true);
        get(ada.subscribe("lobby", Optional.empty(), all));
        get(bob.subscribe("lobby", Optional.empty(), all));
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("read lobby 0 3");
        assertThat(get(bob.read("lobby", 2))).isEqualTo(new ReadMark(2, 1, false));
        assertThat(get(bob.read("lobby", 1))).isEqualTo(new ReadMark(2, 1, false));
        get(ada.read("lobby", 3));
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("receipt lobby ada 3");

        server.close();
        server = Eventually.eventuallyGet(() -> start(port)); // another program may have got the port for a moment
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("read lobby 2 1");
    }

    @Test
    void aDescriptionReachesMembersAndTheList() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        ChatClient ada = client("ada", new ChatListener() {
            @Override
            public void described(String channel, Optional<Content.Json> description) {
                told.add(channel + " " + description.map(Content.Json::asText).orElse("none"));
            }
        });
        assertThat(get(ada.info("lobby"))).isEmpty();
        Content.Json lunch = new Content.Json("{\"topic\":\"lunch\"}");
        ChannelInfo described = get(ada.describe("lobby", Optional.of(lunch))).orElseThrow();

        assertThat(described.by()).isEqualTo(Sender.of("ada"));
        assertThat(get(ada.info("lobby"))).contains(described);
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("lobby {\"topic\":\"lunch\"}");
        Event.Directory list = get(ada.list("lob", "", 10));
        assertThat(list.more()).isFalse();
        assertThat(list.channels()).singleElement().satisfies(entry -> {
            assertThat(entry.channel()).isEqualTo("lobby");
            assertThat(entry.clients()).isEqualTo(1);
            assertThat(entry.info().flatMap(ChannelInfo::json)).contains(lunch);
        });
        server.broker().join("lobby 2", "bob");
        Event.Directory first = get(ada.list("lob", "", 1));
        assertThat(first.more()).isTrue();
        Event.Directory second = get(ada.listAfter("lob", first, 1));
        assertThat(second.channels()).extracting(ChannelEntry::channel).containsExactly("lobby 2");
        assertThat(second.more()).isFalse();
        server.broker().leave("lobby 2", "bob");
        server.close();
        server = Eventually.eventuallyGet(() -> start(port)); // another program may have got the port for a moment
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("lobby {\"topic\":\"lunch\"}");
        get(ada.describe("lobby", Optional.empty()));
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo("lobby none");
    }

    /** Each is sent again with its key: none is missing, and none is there twice. */
    @Test
    void restartsOfTheServerNeitherLoseNorDoubleAnything() throws Exception {
        ChatClient ada = client("ada", seenByAda);
        long offset = get(ada.publish("lobby", "0")).offset();
        List<CompletableFuture<?>> edits = new ArrayList<>();
        for (int i = 1; i <= 200; i++) {
            if (i % 80 == 40) {
                server.close();
                server = Eventually.eventuallyGet(
                        () -> start(port)); // another program may have got the port for a moment
            }
            edits.add(ada.edit("lobby", offset, text(String.valueOf(i))));
        }
        for (CompletableFuture<?> edit : edits) {
            get(edit);
        }

        assertThat(seenByAda.next()).isEqualTo("lobby 1 ada: 0");
        for (int i = 1; i <= 200; i++) {
            assertThat(seenByAda.next()).isEqualTo("edited lobby 1, " + (i + 1) + " ada: " + i);
        }
        assertThat(get(ada.folded("lobby", HistoryRange.newest(10))).messages())
                .singleElement()
                .satisfies(message ->
                        assertThat(message.message().content().asText()).isEqualTo("200"));
    }
}

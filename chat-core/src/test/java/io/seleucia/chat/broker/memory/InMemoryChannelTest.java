package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalOptions;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.CurrentOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InMemoryChannelTest {
    private static final JournalOptions OPTIONS =
            new JournalOptions(Fsync.NEVER, Duration.ofDays(1), Duration.ZERO, Journal.SEGMENT_BYTES);

    @TempDir
    private Path directory;

    private static InMemoryChannel channel(Retention retention) {
        return channel(retention, MemoryBudget.ofBytes(1 << 20));
    }

    private static InMemoryChannel channel(Retention retention, MemoryBudget memory) {
        return new InMemoryChannel(
                "lobby",
                "e",
                retention,
                new CurrentOptions(),
                memory,
                new ChannelSizes<>(),
                new ChannelDirectory<>(MemoryBudget.ofBytes(1 << 20)));
    }

    @Test
    void deliversNothingThatIsDeletedAfterTheDeletion() throws Exception {
        InMemoryChannel channel = channel(Retention.DEFAULT);
        RecordingListener listener = new RecordingListener();
        channel.change(it -> it.audience().listeners().add(listener));
        try (Journal journal = Journal.open(directory, OPTIONS, (record, segment) -> {})) {
            journal.begin("e", List.of());
            InMemoryChannel.Place place = channel.use(it ->
                            it.place(Optional.of(journal), Sender.of("eve"), new Draft(new Content.Text("hi"), "")))
                    .orElseThrow();
            journal.flushOrWake();
            place.written().get(30, TimeUnit.SECONDS); // and its publisher has not come to deliver it

            channel.change(it -> it.delete(message -> message.sender().equals("eve"), fold -> fold, Long.MAX_VALUE));

            assertThat(listener.isEmpty()).isFalse();
            assertThat(listener.nextMessage().position()).isEqualTo(place.position());
            ChannelHistory.Held held = channel.use(it -> it.history().page(it.last(), true, message -> true, 10))
                    .orElseThrow();
            assertThat(held.page().position()).isEqualTo(place.position());
            assertThat(held.page().messages()).isEmpty();
            channel.deliver();
            assertThat(listener.isEmpty()).isTrue();
        }
    }

    /** It may have been used every day since then, which the journal does not say. */
    @Test
    void keepsARestoredDescriptionHoweverOldItsChannelIs() {
        long old =
                System.currentTimeMillis() - 2 * Retention.DEFAULT.positions().toMillis();
        ChannelInfo info = new ChannelInfo(Optional.of(new Content.Json("{}")), Sender.of("ada"), old);
        JournalRecord.Described described = new JournalRecord.Described("lobby", info);
        Message message = new Message("lobby", new Position("e", 1), "ada", old, new Content.Text("hi"));
        JournalRecord.Published published = new JournalRecord.Published(message, "");
        for (boolean first : new boolean[] {true, false}) {
            InMemoryChannel channel = channel(Retention.DEFAULT);
            channel.change(it -> {
                if (first) {
                    it.restore(described, 1);
                }
                it.restorer().restore(published, 1);
                if (!first) {
                    it.restore(described, 1);
                }
            });

            assertThat(channel.use(InMemoryChannel::isUnused)).contains(false);
            assertThat(channel.use(InMemoryChannel::info).orElseThrow()).contains(info);
        }
    }

    @Test
    void keepsWhatWasPublishedAfterTheDeletionAsTheJournalDoes() throws Exception {
        InMemoryChannel channel = channel(Retention.DEFAULT);
        try (Journal journal = Journal.open(directory, OPTIONS, (record, segment) -> {})) {
            journal.begin("e", List.of());
            publish(channel, journal, "before");
            PendingRecord deletion = new PendingRecord(new JournalRecord.Deletion("", "eve"));
            journal.offer(deletion);
            journal.flushOrWake();
            long segment = PendingRecord.await(deletion.written(), 30);
            publish(channel, journal, "after");

            channel.change(it -> it.delete(message -> message.sender().equals("eve"), fold -> fold, segment));
        }
        ChannelHistory.Held held = channel.use(it -> it.history().page(it.last(), true, message -> true, 10))
                .orElseThrow();
        assertThat(held.page().messages())
                .extracting(message -> message.content().asText())
                .containsExactly("after");
    }

    private static void publish(InMemoryChannel channel, Journal journal, String text) throws Exception {
        InMemoryChannel.Place place = place(channel, journal, text);
        journal.flushOrWake();
        place.written().get(30, TimeUnit.SECONDS);
        channel.deliver();
    }

    private static InMemoryChannel.Place place(InMemoryChannel channel, Journal journal, String text) {
        return channel.use(
                        it -> it.place(Optional.of(journal), Sender.of("eve"), new Draft(new Content.Text(text), "")))
                .orElseThrow();
    }

    @Test
    void failsOnlyWhatWasPlacedBehindTheFailure() throws Exception {
        InMemoryChannel channel = channel(Retention.DEFAULT);
        JournalOptions tiny = new JournalOptions(Fsync.NEVER, Duration.ofDays(1), Duration.ZERO, 1); // each rolls
        Path blocked = directory.resolve("0000000000000002.journal");
        try (Journal journal = Journal.open(directory, tiny, (record, segment) -> {})) {
            journal.begin("e", List.of());
            Files.createDirectory(blocked);
            CompletableFuture<InMemoryChannel.Place> next = new CompletableFuture<>();
            InMemoryChannel.Place first = place(channel, journal, "first");
            InMemoryChannel.Place second = place(channel, journal, "second");
            first.written().whenComplete((written, failure) -> {
                blocked.toFile().delete(); // from now on it can be written
                next.complete(place(channel, journal, "next"));
            });
            journal.flushOrWake();

            InMemoryChannel.Place third = next.get(30, TimeUnit.SECONDS);
            journal.flushOrWake();
            assertThat(first.written()).isCompletedExceptionally();
            assertThat(second.written()).isCompletedExceptionally();
            assertThat(third.position()).isEqualTo(first.position());
            assertThat(third.written()).succeedsWithin(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void showsAPageThatWasReadBeforeADeletionAsItIsNow() throws Exception {
        InMemoryChannel channel = channel(Retention.DEFAULT);
        Sender ada = Sender.of("ada");
        for (String text : List.of("secret", "kept")) {
            channel.change(it -> it.place(Optional.empty(), ada, new Draft(new Content.Text(text), "")));
        }
        List<Message> page = channel.use(it -> it.history().page(it.last(), true, message -> true, 10))
                .orElseThrow()
                .page()
                .messages();
        List<FoldedMessage> folded = channel.use(it -> it.history().folded(it.last(), true, 0, 10))
                .orElseThrow()
                .page()
                .messages();
        Attributes deletion = Attributes.NONE.withRef(new Reference(1, Kind.DELETE));
        channel.change(it -> it.place(Optional.empty(), ada, new Draft(Content.NONE, deletion, "", false)));

        List<Message> now = channel.use(it -> it.history().current(page, it.last(), message -> message))
                .orElseThrow();
        List<FoldedMessage> foldedNow = channel.use(
                        it -> it.history().currentFolded(folded, it.last(), message -> message))
                .orElseThrow();

        assertThat(now).hasSize(2);
        assertThat(now.getFirst().isDeleted()).isTrue();
        assertThat(now.getLast()).isEqualTo(page.getLast());
        assertThat(foldedNow).extracting(FoldedMessage::message).isEqualTo(now);
    }

    private static Draft refer(Kind kind, long offset, String text) {
        return new Draft(new Content.Text(text), Attributes.NONE.withRef(new Reference(offset, kind)), "", false);
    }

    private static Map<Long, Fold> leaving(InMemoryChannel channel) {
        return channel.use(it -> Map.copyOf(it.history().leaving())).orElseThrow();
    }

    @Test
    void foldsAnEditWhoseMessageHasLeftBeforeItIsDelivered() throws Exception {
        InMemoryChannel channel = channel(Retention.DEFAULT.withMessages(2));
        try (Journal journal = Journal.open(directory, OPTIONS, (record, segment) -> {})) {
            journal.begin("e", List.of());
            publish(channel, journal, "first");
            publish(channel, journal, "second");
            place(channel, journal, "third");
            InMemoryChannel.Place edit = channel.use(
                            it -> it.place(Optional.of(journal), Sender.of("eve"), refer(Kind.EDIT, 1, "edited")))
                    .orElseThrow();
            journal.flushOrWake();
            edit.written().get(30, TimeUnit.SECONDS);
            channel.deliver();

            assertThat(leaving(channel).get(1L).edits()).containsExactly(4L);
        }
    }

    @Test
    void writesTheFoldsOfMessagesThatHaveLeftWhereMemoryIsShort() throws Exception {
        MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
        InMemoryChannel channel = channel(Retention.DEFAULT, memory);
        long empty = memory.used();
        channel.change(it -> it.place(Optional.empty(), Sender.of("eve"), new Draft(new Content.Text("hi"), "")));
        for (int i = 0; i < 500; i++) {
            Sender client = Sender.of("a client with a long name " + i);
            channel.change(it -> it.place(Optional.empty(), client, refer(Kind.REACTION, 1, "+")));
        }
        for (int i = 0; i < 12; i++) {
            channel.change(it -> it.relieve(Optional.empty()));
        }
        assertThat(channel.use(it -> it.history().page(it.last(), true, message -> true, 1))
                        .orElseThrow()
                        .page()
                        .messages())
                .isEmpty();
        assertThat(leaving(channel)).containsOnlyKeys(1L);
        assertThat(memory.used() - empty).isGreaterThan(500 * 60); // the names are the fold's alone
        assertThat(channel.use(it -> it.relieve(Optional.empty()))).contains(0L);

        try (Journal journal = Journal.open(directory, OPTIONS, (record, segment) -> {})) {
            journal.begin("e", List.of());
            assertThat(channel.use(it -> it.relieve(Optional.of(journal))).orElseThrow())
                    .isGreaterThan(500 * 60);
            journal.flushOrWake();
            eventually(() -> assertThat(channel.hasLeaving()).isFalse());
            assertThat(memory.used()).isEqualTo(empty);
        }
    }

    /** The message leaves memory before the deletion is delivered; and the reaction too, or it stays. */
    @Test
    void keepsNoReactionThatIsDeletedWhileItsMessageLeaves() throws Exception {
        for (int between : new int[] {1, 4}) {
            InMemoryChannel channel = channel(Retention.DEFAULT.withMessages(3));
            try (Journal journal =
                    Journal.open(directory.resolve("between " + between), OPTIONS, (record, segment) -> {})) {
                journal.begin("e", List.of());
                publish(channel, journal, "hi");
                publish(channel, journal, "there");
                refer(channel, journal, "bob", refer(Kind.REACTION, 1, "rude"));
                channel.deliver();
                for (int i = 0; i < between; i++) {
                    place(channel, journal, "later");
                }
                Attributes deletion = Attributes.NONE.withRef(new Reference(3, Kind.DELETE));
                InMemoryChannel.Place deleted = channel.use(it -> it.place(
                                Optional.of(journal), Sender.of("eve"), new Draft(Content.NONE, deletion, "", true)))
                        .orElseThrow();
                journal.flushOrWake();
                deleted.written().get(30, TimeUnit.SECONDS);
                channel.change(
                        it -> { // as when memory is short between two messages
                            it.history().halve();
                            assertThat(it.writeLeaving(journal)).isCompletedExceptionally();
                        });
                channel.deliver();

                assertThat(leaving(channel)).doesNotContainKey(1L);
                assertThat(channel.use(it -> it.history().folds().placed().has(1)))
                        .contains(false);
            }
        }
    }

    private static void refer(InMemoryChannel channel, Journal journal, String sender, Draft draft) throws Exception {
        InMemoryChannel.Place place = channel.use(it -> it.place(Optional.of(journal), Sender.of(sender), draft))
                .orElseThrow();
        journal.flushOrWake();
        place.written().get(30, TimeUnit.SECONDS);
    }

    /** Memory may run out when older messages are to leave, and then it is delivered again. */
    @Test
    void addsAMessageThatIsThereAlreadyNoSecondTime() {
        ChannelHistory history = new ChannelHistory(
                new ChannelRetention("lobby", Retention.DEFAULT.withMessages(2), new CurrentOptions()),
                new ChannelMemory(MemoryBudget.ofBytes(1 << 20)));
        Position first = new Position("e", 1);
        Attributes reply = Attributes.NONE.withRef(new Reference(1, Kind.REPLY));
        Message target = new Message("lobby", first, "ada", 1, new Content.Text("hi"));
        Message message = new Message("lobby", first.at(2), "bob", false, 2, new Content.Text("re"), reply);
        history.add(target, List.of());
        history.add(message, List.of());
        history.add(message, List.of());

        assertThat(history.folded(first.at(2), true, 0, 10).page().messages())
                .containsExactly(new FoldedMessage(target, Optional.empty(), List.of(), 1), new FoldedMessage(message));
    }
}

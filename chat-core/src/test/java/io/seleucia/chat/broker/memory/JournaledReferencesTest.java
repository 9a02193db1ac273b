package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.ReferenceException.Reason;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Messages that refer to earlier ones, over restarts and beyond the history in memory. */
@Timeout(120)
class JournaledReferencesTest {
    private static final Retention FEW = Retention.DEFAULT.withMessages(8);
    private static final Duration SOON = Duration.ofMillis(50);
    private static final Duration LATER = Duration.ofHours(1);
    private static final Sender ADA = Sender.of("ada");
    private static final Sender BOB = Sender.of("bob");
    private static final long SMALL = 2_000;

    private final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);

    @TempDir
    private Path directory;

    @TempDir
    private Path images;

    private InMemoryBroker open(Retention retention, Duration erasing) throws IOException {
        return InMemoryBroker.open(retention, directory, Fsync.INTERVAL, SMALL, memory, erasing);
    }

    private static Draft refer(Kind kind, long offset, String text) {
        Content content = text.isEmpty() ? Content.NONE : new Content.Text(text);
        return new Draft(content, Attributes.NONE.withRef(new Reference(offset, kind)), "", false);
    }

    private static void say(Broker broker, String text) throws UnavailableException {
        broker.publish("lobby", ADA, new Content.Text(text), "");
    }

    /** Publishes messages until all earlier ones have left memory. */
    private static void pushOut(Broker broker) throws UnavailableException {
        for (int i = 0; i < 8; i++) {
            say(broker, "later");
        }
    }

    private static void refer(Broker broker, Sender sender, Kind kind, long offset, String text) throws Exception {
        broker.publish("lobby", sender, refer(kind, offset, text));
    }

    private static void refuses(Broker broker, Sender sender, Draft draft, Reason reason) {
        assertThatThrownBy(() -> broker.publish("lobby", sender, draft))
                .isInstanceOfSatisfying(
                        ReferenceException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    private static List<FoldedMessage> folded(Broker broker) throws UnavailableException {
        List<FoldedMessage> all = new ArrayList<>();
        List<FoldedMessage> page = broker.folded("lobby", true, 0, 3).messages();
        while (!page.isEmpty()) {
            all.addAll(page);
            page = broker.folded(
                            "lobby", true, page.getLast().message().position().offset(), 3)
                    .messages();
        }
        List<FoldedMessage> backwards = new ArrayList<>();
        page = broker.folded("lobby", false, Long.MAX_VALUE, 2).messages();
        while (!page.isEmpty()) {
            backwards.addAll(0, page);
            page = broker.folded(
                            "lobby", false, page.getFirst().message().position().offset(), 2)
                    .messages();
        }
        assertThat(backwards).isEqualTo(all);
        return all;
    }

    private static List<Message> log(Broker broker) throws UnavailableException {
        return broker.historyAfter("lobby", 0, 1_000).messages();
    }

    private List<Message> exported() throws IOException {
        List<Message> messages = new ArrayList<>();
        ArchiveReader.read(directory, "lobby", Instant.EPOCH, Instant.ofEpochMilli(Long.MAX_VALUE), messages::add);
        return messages;
    }

    private long segments() {
        return files().stream()
                .filter(file -> file.toString().endsWith(".journal"))
                .count();
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).toList();
        } catch (IOException | UncheckedIOException e) {
            throw new AssertionError(e); // a file is being replaced
        }
    }

    private boolean isInFiles(String text) {
        String wanted = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return files().stream().anyMatch(file -> {
            try {
                return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(wanted);
            } catch (IOException e) {
                return true; // it is being replaced
            }
        });
    }

    /** Publishes messages with everything that can be said of them. */
    private static void write(Broker broker) throws Exception {
        broker.publish(
                "lobby",
                ADA,
                new Draft(new Content.Text("one"), Attributes.NONE.withHeaders(Map.of("event", "x")), "a key", false));
        say(broker, "two");
        refer(broker, ADA, Kind.EDIT, 1, "one edited");
        refer(broker, BOB, Kind.REACTION, 1, "👍");
        refer(broker, BOB, Kind.REPLY, 1, "a reply");
        refer(broker, ADA, Kind.REACTION, 5, "+");
        refer(broker, BOB, Kind.REPLY, 1, "a reply that goes");
        refer(broker, BOB, Kind.DELETE, 7, "");
    }

    @Test
    void foldsAfterARestartAsBefore() throws Exception {
        List<FoldedMessage> before;
        List<Message> log;
        try (InMemoryBroker broker = open(Retention.DEFAULT, LATER)) {
            write(broker);
            before = folded(broker);
            log = log(broker);
            assertThat(before).extracting(FoldedMessage::replies).containsExactly(1, 0, 0, 0);
            assertThat(before.getFirst().message().content()).isEqualTo(new Content.Text("one edited"));
            assertThat(before.getFirst().message().attributes().headers()).containsEntry("event", "x");
        }
        assertThat(memory.used()).isZero();
        for (int i = 0; i < 2; i++) {
            try (InMemoryBroker broker = open(Retention.DEFAULT, i == 0 ? SOON : LATER)) {
                assertThat(folded(broker)).isEqualTo(before);
                assertThat(log(broker)).isEqualTo(log);
                assertThat(exported()).isEqualTo(log);
                eventually(() -> assertThat(isInFiles("a reply that goes")).isFalse());
                assertThat(folded(broker)).isEqualTo(before);
                assertThat(log(broker)).isEqualTo(log);
                assertThat(exported()).isEqualTo(log);
            }
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void foldsWhatAKillLeaves() throws Exception {
        List<FoldedMessage> before;
        try (InMemoryBroker broker = open(FEW, LATER)) {
            write(broker);
            pushOut(broker);
            before = folded(broker);
            Files.createDirectories(images.resolve("archive"));
            for (Path file : files()) {
                if (!file.getFileName().toString().equals("lock")) {
                    Files.copy(file, images.resolve(directory.relativize(file)));
                }
            }
        }
        try (InMemoryBroker broker = InMemoryBroker.open(FEW, images, Fsync.INTERVAL)) {
            assertThat(folded(broker)).isEqualTo(before);
        }
    }

    @Test
    void showsMessagesInTheArchiveAsTheyWereWhenTheyLeft() throws Exception {
        List<FoldedMessage> before;
        try (InMemoryBroker whole = new InMemoryBroker(Retention.DEFAULT);
                InMemoryBroker broker = open(FEW, LATER)) {
            for (int i = 0; i < 40; i++) {
                for (Broker one : List.of(whole, broker)) {
                    long target = i * 4 + 1;
                    say(one, "m" + i);
                    refer(one, ADA, Kind.EDIT, target, "edited " + i);
                    refer(one, BOB, Kind.REPLY, target, "reply " + i);
                    refer(one, BOB, Kind.REACTION, target, "👍");
                }
            }
            before = folded(broker);
            assertThat(segments()).isGreaterThan(3);
            assertThat(memory.used(Part.HISTORIES)).isLessThan(8_000); // of some messages, and not of 40 folds
            assertThat(before)
                    .usingRecursiveComparison()
                    .ignoringFieldsMatchingRegexes(".*time", ".*epoch")
                    .isEqualTo(whole.folded("lobby", true, 0, 100).messages());
            refuses(broker, ADA, refer(Kind.EDIT, 1, "x"), Reason.TOO_OLD);
        }
        try (InMemoryBroker broker = open(FEW, LATER)) {
            assertThat(folded(broker)).isEqualTo(before);
        }
        try (InMemoryBroker broker = open(Retention.DEFAULT, LATER)) { // all of them are in memory again
            assertThat(folded(broker)).isEqualTo(before);
        }
    }

    @Test
    void foldsAsBeforeWhereLessFitsIntoMemoryAfterARestart() throws Exception {
        List<FoldedMessage> before;
        try (InMemoryBroker broker = open(Retention.DEFAULT, LATER)) {
            write(broker);
            pushOut(broker);
            refer(broker, ADA, Kind.REACTION, 1, "late");
            refer(broker, ADA, Kind.EDIT, 2, "two edited late");
            pushOut(broker);
            before = folded(broker);
            assertThat(before.getFirst().reactions()).hasSize(2);
        }
        for (int i = 0; i < 2; i++) {
            try (InMemoryBroker broker = open(FEW, LATER)) {
                assertThat(folded(broker)).isEqualTo(before);
                broker.sweepOnce();
                eventually(() -> assertThat(memory.used(Part.HISTORIES)).isLessThan(3_000)); // the journal has the rest
                assertThat(folded(broker)).isEqualTo(before);
            }
        }
    }

    @Test
    void keepsTheFoldsOfAFormerEpoch() throws Exception {
        List<FoldedMessage> before;
        try (InMemoryBroker broker = open(FEW, LATER)) {
            write(broker);
            pushOut(broker);
            before = folded(broker);
        }
        InMemoryBroker.markRestored(directory);
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(FEW, SOON)) {
            assertThat(log.lines()).isNotEmpty();
            assertThat(folded(broker))
                    .usingRecursiveComparison()
                    .ignoringFieldsMatchingRegexes(".*epoch")
                    .isEqualTo(before);

            refer(broker, ADA, Kind.DELETE, 1, "");
            refer(broker, ADA, Kind.DELETE, 12, "");

            assertThat(log(broker).toString()).doesNotContain("one edited");
            eventually(() -> assertThat(isInFiles("one edited")).isFalse());
            assertThat(folded(broker)).hasSize(12);
            assertThat(folded(broker).getFirst().message().isDeleted()).isTrue();
        }
    }

    @Test
    void deletesMessagesInTheArchiveAtOnceAndFromTheFilesSoon() throws Exception {
        try (InMemoryBroker broker = open(FEW, LATER)) {
            broker.publish(
                    "lobby",
                    ADA,
                    new Draft(
                            new Content.Text("secret"),
                            Attributes.NONE.withHeaders(Map.of("secret-header", "y")),
                            "",
                            false));
            refer(broker, ADA, Kind.EDIT, 1, "secret edit");
            refer(broker, BOB, Kind.REACTION, 1, "👍");
            refer(broker, BOB, Kind.REPLY, 1, "reply");
            say(broker, "kept");
            pushOut(broker);
            assertThat(log(broker).toString()).contains("secret");
            refuses(broker, BOB, refer(Kind.DELETE, 1, ""), Reason.FORBIDDEN);
            refuses(broker, ADA, refer(Kind.DELETE, 2, ""), Reason.ANNOTATION);

            refer(broker, ADA, Kind.DELETE, 1, "");

            assertSecretIsGone(broker);
            assertThat(isInFiles("secret")).isTrue();
        }
        try (InMemoryBroker broker = open(FEW, LATER)) {
            assertSecretIsGone(broker);
            assertThat(isInFiles("secret")).isTrue();
        }
        try (InMemoryBroker broker = open(FEW, SOON)) {
            eventually(() -> assertThat(isInFiles("secret")).isFalse());
            assertSecretIsGone(broker);
            assertThat(isInFiles("kept")).isTrue();
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(Retention.DEFAULT, LATER)) {
            assertSecretIsGone(broker);
            assertThat(log.lines()).isEmpty();
        }
        assertThat(memory.used()).isZero();
    }

    private void assertSecretIsGone(Broker broker) throws Exception {
        List<Message> log = log(broker);
        assertThat(log).hasSize(14);
        assertThat(log.toString()).doesNotContain("secret");
        assertThat(log.subList(0, 2)).allMatch(Message::isDeleted);
        assertThat(log.get(1).attributes().ref()).isPresent();
        assertThat(exported()).isEqualTo(log);
        FoldedMessage first = folded(broker).getFirst();
        assertThat(first.message()).isEqualTo(log.getFirst());
        assertThat(first.edited()).isEmpty();
        assertThat(first.reactions()).isEmpty();
        assertThat(first.replies()).isEqualTo(1);
        refuses(broker, ADA, refer(Kind.DELETE, 1, ""), Reason.TOO_OLD);
        refuses(broker, ADA, refer(Kind.REPLY, 1, "x"), Reason.TOO_OLD);
    }

    @Test
    void erasesManyMessagesTogether() throws Exception {
        try (InMemoryBroker broker = open(Retention.DEFAULT, Duration.ofSeconds(1))) {
            for (int i = 0; i < 100; i++) {
                say(broker, "secret " + i);
            }
            long before = segments();
            for (int i = 1; i <= 100; i++) {
                refer(broker, ADA, Kind.DELETE, i, "");
            }
            assertThat(log(broker).toString()).doesNotContain("secret");
            eventually(() -> assertThat(isInFiles("secret")).isFalse());
            assertThat(segments()).isLessThan(before + 20); // of the deletions themselves
            assertThat(log(broker)).hasSize(200);
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void erasesWithoutAnArchiveToo() throws Exception {
        Retention none = FEW.withArchive(Duration.ZERO);
        try (InMemoryBroker broker = open(none, SOON)) {
            say(broker, "secret");
            say(broker, "kept");
            refer(broker, ADA, Kind.DELETE, 1, "");
            eventually(() -> assertThat(isInFiles("secret")).isFalse());
            assertThat(isInFiles("kept")).isTrue();
            pushOut(broker);
            refuses(broker, ADA, refer(Kind.DELETE, 2, ""), Reason.TOO_OLD);
        }
        try (InMemoryBroker broker = open(none, LATER)) {
            assertThat(folded(broker)).hasSize(8);
        }
    }

    @Test
    void leavesNothingOfASenderInFolds() throws Exception {
        try (InMemoryBroker broker = open(FEW, SOON)) {
            say(broker, "one");
            refer(broker, BOB, Kind.REACTION, 1, "bob's");
            refer(broker, ADA, Kind.REACTION, 1, "ada's");
            broker.publish(
                    "lobby",
                    BOB,
                    new Draft(
                            new Content.Text("bob's edit"),
                            Attributes.NONE.withRef(new Reference(1, Kind.EDIT)),
                            "",
                            true));
            pushOut(broker);
            say(broker, "two");
            refer(broker, BOB, Kind.REACTION, 13, "bob's");
            refer(broker, BOB, Kind.REPLY, 13, "bob's");

            broker.deleteFrom("bob");

            assertThat(isInFiles("bob's")).isFalse();
            List<FoldedMessage> folded = folded(broker);
            assertThat(folded.getFirst().message().content()).isEqualTo(new Content.Text("one"));
            assertThat(folded.getFirst().reactions())
                    .containsExactly(new FoldedMessage.Reaction("ada's", 1, List.of("ada")));
            assertThat(folded.getLast().reactions()).isEmpty();
            assertThat(folded.getLast().replies()).isZero();
            assertThat(folded.toString()).doesNotContain("bob");
        }
    }

    @Test
    void blanksWhatAnotherHasMadeOfTheMessagesOfADeletedSender() throws Exception {
        try (InMemoryBroker broker = open(Retention.DEFAULT, SOON)) {
            broker.publish("lobby", BOB, new Content.Text("spam"), "");
            broker.publish(
                    "lobby",
                    ADA,
                    new Draft(
                            new Content.Text("spam, says ada"),
                            Attributes.NONE.withRef(new Reference(1, Kind.EDIT)),
                            "",
                            true));
            broker.deleteFrom("bob");

            assertThat(log(broker).toString()).doesNotContain("spam");
            eventually(() -> assertThat(isInFiles("spam")).isFalse());
        }
    }

    @Test
    void countsReferencesInItsMemory() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            say(broker, "one");
            long plain = memory.used(Part.HISTORIES);
            for (int i = 0; i < 100; i++) {
                refer(broker, Sender.of("client " + i), Kind.REACTION, 1, "👍");
            }
            assertThat(memory.used(Part.HISTORIES)).isGreaterThan(plain + 100 * 200);
            refer(broker, ADA, Kind.DELETE, 1, "");
            broker.delete("lobby");
            assertThat(memory.used(Part.HISTORIES)).isZero();
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void keepsFoldsOfHalvedHistories() throws Exception {
        MemoryBudget little = MemoryBudget.ofBytes(2 << 20);
        Retention many = Retention.DEFAULT.withMessages(100_000);
        try (InMemoryBroker broker = InMemoryBroker.open(many, directory, Fsync.NEVER, 1 << 20, little, LATER)) {
            say(broker, "first");
            refer(broker, BOB, Kind.REACTION, 1, "👍");
            for (int i = 0; i < 4_000; i++) {
                say(broker, "x".repeat(1_000));
            }
            assertThat(little.used()).isLessThan(2 << 20);
            refuses(broker, BOB, refer(Kind.REACTION, 1, "+"), Reason.TOO_OLD);
            assertThat(broker.folded("lobby", true, 0, 1).messages().getFirst().reactions())
                    .containsExactly(new FoldedMessage.Reaction("👍", 1, List.of("bob")));
        }
        assertThat(little.used()).isZero();
    }

    @Test
    void erasesTheEditsOfAMessageThatHasLeftWithTheMessage() throws Exception {
        Retention none = FEW.withArchive(Duration.ZERO);
        try (InMemoryBroker broker = open(none, SOON)) {
            say(broker, "secret");
            say(broker, "two");
            refer(broker, ADA, Kind.EDIT, 1, "secret edited");
            for (int i = 0; i < 6; i++) {
                say(broker, "later");
            }
        }
        try (InMemoryBroker broker = open(none, SOON)) { // which has read them
            assertThat(log(broker).getFirst().content().asText()).isEqualTo("two");
            refer(broker, ADA, Kind.DELETE, 1, "");
            assertThat(log(broker).toString()).doesNotContain("secret");
            assertThat(exported().toString()).doesNotContain("secret");
            eventually(() -> assertThat(isInFiles("secret")).isFalse());
        }
    }

    @Test
    void addsToTheFoldThatTheJournalHas() throws Exception {
        MemoryBudget little = MemoryBudget.ofBytes(2 << 20);
        Retention many = Retention.DEFAULT.withMessages(100_000);
        try (InMemoryBroker broker = InMemoryBroker.open(many, directory, Fsync.NEVER, 1 << 20, little, LATER)) {
            say(broker, "first");
            refer(broker, BOB, Kind.REACTION, 1, "👍");
            for (int i = 0; i < 4_000; i++) {
                say(broker, "x".repeat(1_000));
            }
            refuses(broker, BOB, refer(Kind.REACTION, 1, "+"), Reason.TOO_OLD); // the fold is written
        }
        try (InMemoryBroker broker = InMemoryBroker.open(many, directory, Fsync.NEVER, 1 << 20, memory, LATER)) {
            refer(broker, ADA, Kind.EDIT, 1, "edited"); // there is room for the message again
        }
        MemoryBudget less = MemoryBudget.ofBytes(1 << 20); // the message leaves before its fold is read
        for (int start = 0; start < 2; start++) { // the first writes the fold
            try (InMemoryBroker broker = InMemoryBroker.open(many, directory, Fsync.NEVER, 1 << 20, less, LATER)) {
                FoldedMessage first =
                        broker.folded("lobby", true, 0, 1).messages().getFirst();
                assertThat(first.message().content().asText()).isEqualTo("edited");
                assertThat(first.reactions()).containsExactly(new FoldedMessage.Reaction("👍", 1, List.of("bob")));
                refuses(broker, BOB, refer(Kind.REACTION, 1, "+"), Reason.TOO_OLD);
            }
        }
        assertThat(less.used()).isZero();
    }

    /** Prevents the journal from writing to a further segment while messages are being deleted. */
    private final class Blocking implements Broker.Listener {
        private final List<Message> told = new CopyOnWriteArrayList<>();
        private final List<Path> blocked = new CopyOnWriteArrayList<>();
        private boolean blocks = true;

        @Override
        public void message(Message message) {
            told.add(message);
        }

        @Override
        public void lost(Position position) {
            throw new AssertionError("nothing is lost here");
        }

        @Override
        public void erased() {
            long newest = files().stream()
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".journal"))
                    .mapToLong(name -> Long.parseLong(name.substring(0, 16)))
                    .max()
                    .orElseThrow();
            for (long i = newest + 1; blocks && i < newest + 20; i++) {
                Path path = directory.resolve(String.format("%016d.journal", i));
                if (path.toFile().mkdir()) {
                    blocked.add(path);
                }
            }
        }

        void unblock() {
            blocks = false;
            blocked.forEach(path -> path.toFile().delete());
        }
    }

    @Test
    void deletesEditsOfOthersThatCouldNotBeDeletedAtOnce() throws Exception {
        Sender eve = Sender.of("eve");
        Retention many = Retention.DEFAULT;
        try (InMemoryBroker broker = InMemoryBroker.open(many, directory, Fsync.INTERVAL, 1, memory, LATER)) {
            say(broker, "first");
            broker.publish("lobby", eve, new Content.Text("secret"), "");
            Draft edit = new Draft(
                    new Content.Text("secret, edited"), Attributes.NONE.withRef(new Reference(2, Kind.EDIT)), "", true);
            broker.publish("lobby", BOB, edit);
            Blocking listener = new Blocking();
            broker.subscribe("lobby", listener);

            assertThatThrownBy(() -> broker.deleteFrom("eve"))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("retried");
            assertThat(log(broker).toString()).contains("secret, edited");
            listener.unblock();
            eventually(() -> {
                broker.sweepOnce();
                assertThat(listener.told).hasSize(1);
            });

            assertThat(listener.told.getFirst().attributes().ref()).contains(new Reference(2, Kind.DELETE));
            assertThat(log(broker).toString()).doesNotContain("secret");
        }
    }

    @Test
    void completesADeletionThatWasCutShortWhenItIsRepeated() throws Exception {
        Sender eve = Sender.of("eve");
        try (InMemoryBroker broker =
                InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.INTERVAL, 1, memory, LATER)) {
            say(broker, "first");
            broker.publish("lobby", eve, new Content.Text("secret"), "");
            Draft edit = new Draft(
                    new Content.Text("secret, edited"), Attributes.NONE.withRef(new Reference(2, Kind.EDIT)), "", true);
            broker.publish("lobby", BOB, edit);
            Blocking listener = new Blocking();
            broker.subscribe("lobby", listener);
            assertThatThrownBy(() -> broker.deleteFrom("eve")).isInstanceOf(UnavailableException.class);
            listener.unblock();
        }
        try (InMemoryBroker broker =
                InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.INTERVAL, 1, memory, LATER)) {
            assertThat(log(broker).toString()).contains("secret, edited");

            broker.deleteFrom("eve");

            assertThat(log(broker).toString()).doesNotContain("secret");
        }
    }
}

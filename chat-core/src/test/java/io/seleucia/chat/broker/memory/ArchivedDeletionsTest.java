package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.SegmentFormat;
import io.seleucia.chat.broker.journal.SegmentReader;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Messages that are deleted when they are in the archive: hidden at once, listed soon, erased later. */
@Timeout(180)
class ArchivedDeletionsTest {
    private static final Retention FEW = Retention.DEFAULT.withMessages(8);
    private static final Duration SOON = Duration.ofMillis(50);
    private static final Duration LATER = Duration.ofHours(1);
    private static final Sender ADA = Sender.of("ada");
    private static final Sender BOB = Sender.of("bob");
    private static final long SMALL = 2_000;

    private final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);

    @TempDir
    private Path directory;

    private InMemoryBroker open(Duration erasing) throws IOException {
        return open(SMALL, erasing);
    }

    private InMemoryBroker open(long segmentBytes, Duration erasing) throws IOException {
        return InMemoryBroker.open(FEW, directory, Fsync.NEVER, segmentBytes, memory, erasing);
    }

    private static void say(Broker broker, String text) throws UnavailableException {
        broker.publish("lobby", ADA, new Content.Text(text), "");
    }

    private static void refer(Broker broker, Sender sender, Kind kind, long offset, String text) throws Exception {
        Content content = text.isEmpty() ? Content.NONE : new Content.Text(text);
        broker.publish(
                "lobby", sender, new Draft(content, Attributes.NONE.withRef(new Reference(offset, kind)), "", false));
    }

    private static List<Message> log(Broker broker) throws Exception {
        List<Message> log = new ArrayList<>();
        List<Message> page;
        do {
            long after = log.isEmpty() ? 0 : log.getLast().position().offset();
            page = eventuallyGet(
                    () -> broker.historyAfter("lobby", after, 1_000).messages());
            log.addAll(page);
        } while (!page.isEmpty());
        return log;
    }

    private List<Path> files(String suffix) {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            throw new AssertionError(e); // a file is being replaced
        }
    }

    private boolean isInFiles(String text) {
        return files(".journal").stream().anyMatch(file -> isInFile(file, text));
    }

    private static boolean isInFile(Path file, String text) {
        String wanted = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(wanted);
        } catch (IOException e) {
            return true; // it is being replaced
        }
    }

    /** Publishes secrets at the first offsets, deletes them, and publishes until they are listed. */
    private void deleteAndList(Broker broker) throws Exception {
        for (int i = 0; i < 30; i++) {
            say(broker, "secret " + i);
        }
        for (int i = 0; i < 30; i++) {
            say(broker, "kept " + i);
        }
        for (int i = 1; i <= 30; i++) {
            refer(broker, ADA, Kind.DELETE, i, "");
        }
        for (int i = 0; i < 30; i++) {
            say(broker, "later " + i);
        }
        eventually(() -> assertThat(files(".deleted")).hasSizeGreaterThan(1));
        eventually(() -> assertThat(memory.used(Part.WAITING)).isLessThan(20 * 150)); // of those in the last segment
    }

    private static void assertHidden(List<Message> log) {
        assertThat(log).hasSize(120);
        assertThat(log.toString()).doesNotContain("secret");
        assertThat(log.subList(0, 30)).allMatch(Message::isDeleted);
        assertThat(log.subList(30, 60)).noneMatch(Message::isDeleted);
    }

    @Test
    void hidesWhatIsListedUntilItIsErased() throws Exception {
        try (InMemoryBroker broker = open(LATER)) {
            deleteAndList(broker);
            assertHidden(log(broker));
            assertThat(isInFiles("secret")).isTrue();
        }
        assertThat(memory.used()).isZero();
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(LATER)) {
            assertHidden(log(broker));
            assertThat(isInFiles("secret")).isTrue();
            assertThat(log.lines()).isEmpty();
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(SOON)) {
            eventually(() -> assertThat(isInFiles("secret")).isFalse());
            eventually(() -> assertThat(files(".deleted")).isEmpty());
            assertHidden(log(broker));
            assertThat(log.lines()).isEmpty();
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void makesListsAgainThatAreMissingOrDamaged() throws Exception {
        try (InMemoryBroker broker = open(LATER)) {
            deleteAndList(broker);
            for (int round = 0; round < 3; round++) {
                spoil(round);
                for (int i = 0; i < 3; i++) {
                    assertHidden(log(broker)); // waits until the lists are there again
                }
            }
            spoil(0);
        }
        for (int round = 0; round < 3; round++) {
            try (InMemoryBroker broker = open(LATER)) {
                assertHidden(log(broker));
                eventually(() -> assertThat(files(".deleted")).hasSizeGreaterThan(1));
            }
            spoil(round);
        }
        try (InMemoryBroker broker = open(SOON)) {
            eventually(() -> assertThat(isInFiles("secret")).isFalse());
            assertHidden(log(broker));
        }
    }

    private void spoil(int how) throws IOException {
        for (Path list : files(".deleted")) {
            try (RandomAccessFile bytes = new RandomAccessFile(list.toFile(), "rw")) {
                switch (how) {
                    case 0 -> Files.delete(list);
                    case 1 -> bytes.setLength(bytes.length() / 2);
                    default -> {
                        bytes.seek(bytes.length() / 2);
                        int before = bytes.read();
                        bytes.seek(bytes.length() / 2);
                        bytes.write(before ^ 0x40);
                    }
                }
            }
        }
    }

    @Test
    void takesMoreDeletionsThanMemoryHasRoomFor() throws Exception {
        int count = 12_000; // more than wait in memory
        Retention many = Retention.DEFAULT.withMessages(count * 3);
        try (InMemoryBroker broker = InMemoryBroker.open(many, directory, Fsync.NEVER, 1 << 20, memory, LATER)) {
            for (int i = 0; i < count; i++) {
                say(broker, "secret " + i);
            }
            for (int i = 1; i <= count; i++) {
                refer(broker, ADA, Kind.DELETE, i, "");
            }
            say(broker, "end");
            eventually(() -> assertThat(memory.used(Part.WAITING)).isLessThan(10_000 * 150));
        }
        try (InMemoryBroker broker = open(1 << 20, LATER)) {
            List<Message> log = log(broker);
            assertThat(log).hasSize(2 * count + 1);
            assertThat(log.subList(0, count)).allMatch(Message::isDeleted);
            assertThat(memory.used(Part.WAITING)).isLessThan(10_000 * 150);
            // Its segment has so many of them that it is copied at once, wherever that is kept by now.
            eventually(() -> assertThat(isInFiles("secret 0")).isFalse());
        }
        assertThat(memory.used()).isZero();
    }

    @Test
    void erasesOnlyWhatAnOperatorMeansBeforeItIsTime() throws Exception {
        try (InMemoryBroker broker = open(LATER)) {
            deleteAndList(broker);
            broker.publish("another", BOB, new Content.Text("another secret"), "");
            broker.delete("another");
            broker.deleteFrom("bob");
            assertThat(isInFiles("another secret")).isFalse();
            assertThat(isInFiles("secret")).isTrue();
            assertHidden(log(broker));

            broker.deleteFrom("ada"); // with the records of her deletions
            assertThat(isInFiles("secret")).isFalse();
            assertThat(files(".deleted")).isEmpty();
        }
    }

    @Test
    void beginsNoSegmentForADeletionThatNeedNotBeErasedYet() throws Exception {
        try (InMemoryBroker broker = open(1 << 20, LATER)) {
            say(broker, "secret");
            refer(broker, ADA, Kind.DELETE, 1, "");
            broker.delete("another"); // the archive's thread has had its turn when this returns
        }
        try (InMemoryBroker broker = open(1 << 20, LATER)) {
            broker.delete("another");
            assertThat(files(".journal")).hasSize(3); // the two deletions begin one each
            assertThat(records()).noneMatch(JournalRecord.ErasureBegun.class::isInstance);
        }
    }

    private List<JournalRecord> records() throws IOException {
        List<JournalRecord> records = new ArrayList<>();
        for (Path file : files(".journal")) {
            try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.WHOLE)) {
                assertThat(reader.hasHead()).isTrue();
                reader.read(SegmentFormat.HEAD, false, (position, record) -> records.add(record), damage -> {});
            }
        }
        return records;
    }

    @Test
    void keepsNothingOfASenderInAFoldThatIsWrittenDuringTheDeletion() throws Exception {
        for (int round = 0; round < 5; round++) {
            try (InMemoryBroker broker = open(1 << 20, LATER)) {
                Position target = broker.publish("lobby", ADA, new Content.Text("one"), "")
                        .position();
                refer(broker, BOB, Kind.REACTION, target.offset(), "bob's reaction");
                for (int i = 0; i < 6; i++) {
                    say(broker, "later");
                }
                CountDownLatch leaves = new CountDownLatch(1);
                CountDownLatch written = new CountDownLatch(1);
                broker.subscribe("lobby", new Waiting(leaves, written));
                Thread publisher = Thread.ofPlatform().start(() -> publish(broker)); // the fold leaves memory
                leaves.await();
                Thread deleting = Thread.ofPlatform().start(() -> deleteFromBob(broker));
                eventually(() -> assertThat(isInFiles("\0\0\0\3bob")).isTrue()); // the deletion is in its segment
                written.countDown();
                publisher.join();
                deleting.join();
                assertThat(isInFiles("bob's reaction")).isFalse();
            }
        }
    }

    private static void publish(Broker broker) {
        try {
            say(broker, "pushes the first out");
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    private static void deleteFromBob(Broker broker) {
        try {
            broker.deleteFrom("bob");
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    /** Holds the channel while it has a message delivered. */
    private record Waiting(CountDownLatch begun, CountDownLatch end) implements Broker.Listener {
        @Override
        public void message(Message message) {
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void lost(Position position) {}
    }
}

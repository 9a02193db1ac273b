package io.seleucia.chat.broker.journal;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Everything that the journal takes is written or failed, whatever is thrown. */
class JournalErrorTest {
    @TempDir
    private Path directory;

    private enum Fault {
        NONE,
        GIVES_NO_RECORD,
        CANNOT_BE_ENCODED,
        THROWS_WHEN_IT_IS_TOLD
    }

    /** A message, or what fails in its place. */
    private static final class Said implements JournalEntry {
        private final long offset;
        private final Fault fault;
        private final CompletableFuture<Long> end = new CompletableFuture<>();
        private Optional<Runnable> whenWeighed = Optional.empty();

        private Said(long offset, Fault fault) {
            this.offset = offset;
            this.fault = fault;
        }

        @Override
        public Optional<JournalRecord> record() {
            if (fault == Fault.GIVES_NO_RECORD) {
                throw new StackOverflowError("made by a test");
            }
            String sender = fault == Fault.CANNOT_BE_ENCODED ? null : "ada";
            Content content = new Content.Text("said at " + offset);
            return Optional.of(new JournalRecord.Published(
                    new Message("lobby", new Position("e", offset), sender, 1, content), ""));
        }

        @Override
        public void written(long segment) {
            end.complete(segment);
            throwIfItShould();
        }

        @Override
        public void failed(Throwable why) {
            end.completeExceptionally(why);
            throwIfItShould();
        }

        private void throwIfItShould() {
            if (fault == Fault.THROWS_WHEN_IT_IS_TOLD) {
                throw new StackOverflowError("made by a test");
            }
        }

        @Override
        public long bytes() {
            Optional<Runnable> first = whenWeighed;
            whenWeighed = Optional.empty();
            first.ifPresent(Runnable::run);
            return 100;
        }

        private boolean isWritten() throws Exception {
            try {
                return end.get(60, TimeUnit.SECONDS) > 0;
            } catch (ExecutionException e) {
                return false;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Fsync.class)
    void writesOrFailsWhatItTakesWhateverIsThrown(Fsync fsync) throws Exception {
        List<Said> all = new ArrayList<>();
        try (LoggedLines log = new LoggedLines();
                Journal journal = open(fsync, new ArrayList<>())) {
            for (Fault fault : Fault.values()) {
                all.add(new Said(all.size() + 1, fault));
                all.add(new Said(all.size() + 1, Fault.NONE));
            }
            all.forEach(entry -> assertThat(journal.offer(entry)).isTrue());
            journal.flushOrWake();
            for (Said entry : all) {
                assertThat(entry.isWritten())
                        .as("%s", entry.fault)
                        .isEqualTo(entry.fault == Fault.NONE || entry.fault == Fault.THROWS_WHEN_IT_IS_TOLD);
            }
            assertThat(log.stackTraces()).hasSize(3);
            assertThat(journal.isFailing()).isFalse();
        }

        List<String> read = new ArrayList<>();
        open(fsync, read).close();
        assertThat(read).containsExactly("said at 1", "said at 2", "said at 4", "said at 6", "said at 7", "said at 8");
    }

    @Test
    void writesNothingElsewhereWhileAFailedRecordMayStillStand() throws Exception {
        try (LoggedLines log = new LoggedLines();
                Journal journal = open(Fsync.INTERVAL, new ArrayList<>())) {
            assertThat(isWritten(journal, new Said(1, Fault.NONE))).isTrue();
            journal.current().close(); // from now on nothing can be written, nor cut off

            assertThat(isWritten(journal, new Said(2, Fault.NONE))).isFalse();
            PendingRecord deletion = new PendingRecord(new JournalRecord.Deletion("elsewhere", "")); // begins a segment
            journal.offer(deletion);
            journal.flushOrWake();
            assertThatThrownBy(() -> PendingRecord.await(deletion.written(), 60))
                    .hasMessage("the journal can't be written");
            assertThat(isWritten(journal, new Said(2, Fault.NONE))).isFalse();
            assertThat(journal.isFailing()).isTrue();
            assertThat(log.lines()).hasSize(1);
        }
    }

    @Test
    void failsWhatItHadBegunToTakeWhenItWasClosed() throws Exception {
        Said late = new Said(2, Fault.NONE);
        Journal journal = open(Fsync.INTERVAL, new ArrayList<>());
        assertThat(isWritten(journal, new Said(1, Fault.NONE))).isTrue();
        late.whenWeighed = Optional.of(journal::close);
        try (LoggedLines log = new LoggedLines()) {
            assertThat(isWritten(journal, late)).isFalse();
            assertThat(log.lines()).isEmpty();
        }

        List<String> read = new ArrayList<>();
        open(Fsync.INTERVAL, read).close();
        assertThat(read).containsExactly("said at 1");
    }

    @Test
    void keepsAllThatIsAcknowledgedWhenItIsClosedWhileManyPublish() throws Exception {
        Map<String, Position> acknowledged = new ConcurrentHashMap<>();
        ConcurrentLinkedQueue<Exception> refusals = new ConcurrentLinkedQueue<>();
        List<Thread> publishers = new ArrayList<>();
        try (LoggedLines log = new LoggedLines()) {
            try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.INTERVAL)) {
                for (int p = 0; p < 8; p++) {
                    String by = "by " + p + " no. ";
                    publishers.add(Thread.startVirtualThread(() -> {
                        try {
                            for (int i = 0; ; i++) {
                                String text = by + i;
                                acknowledged.put(
                                        text,
                                        broker.publish("lobby", "ada", new Content.Text(text), "")
                                                .position());
                            }
                        } catch (UnavailableException | ClosedBrokerException e) {
                            refusals.add(e);
                        }
                    }));
                }
                eventually(() -> assertThat(acknowledged).hasSizeGreaterThan(200));
            }
            for (Thread publisher : publishers) {
                publisher.join();
            }
            assertThat(refusals)
                    .hasSize(8)
                    .allMatch(refusal -> refusal.getMessage().equals("the broker is closed"));
            assertThat(log.lines()).isEmpty();
        }

        try (InMemoryBroker broker =
                InMemoryBroker.open(Retention.DEFAULT.withMessages(1_000_000), directory, Fsync.INTERVAL)) {
            List<Message> messages = broker.historyAfter("lobby", 0, 1_000_000).messages();
            acknowledged.forEach((text, position) -> {
                Message message = messages.get((int) position.offset() - 1);
                assertThat(message.position()).isEqualTo(position);
                assertThat(message.content().asText()).isEqualTo(text);
            });
        }
    }

    @Test
    void goesOnWithAnIndexWhoseReadingBrokeOff() throws Exception {
        Path file = directory.resolve("segment");
        try (Segment segment = Segment.create(file, 1)) {
            for (String epoch : List.of("e", "f")) {
                for (int offset = 1; offset <= 40; offset++) {
                    Content content = new Content.Text("x".repeat(500));
                    segment.append(List.of(new JournalRecord.Published(
                                    new Message("lobby", new Position(epoch, offset), "ada", 1, content), "")
                            .encoded()));
                }
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        SegmentIndexer broken = new SegmentIndexer(1);
        try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.SINGLE)) {
            Files.write(file, Arrays.copyOf(bytes, bytes.length * 3 / 4));
            assertThatThrownBy(() -> broken.readOn(reader, false, damage -> {})).isInstanceOf(EOFException.class);
        }
        Files.write(file, bytes);
        SegmentIndexer other = new SegmentIndexer(1);
        try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.SINGLE)) {
            broken.readOn(reader, false, damage -> {});
            other.readOn(reader, false, damage -> {});
        }

        assertThat(broken.ranges("lobby")).isEqualTo(other.ranges("lobby")).hasSize(2);
    }

    private static boolean isWritten(Journal journal, Said entry) throws Exception {
        journal.offer(entry);
        journal.flushOrWake();
        return entry.isWritten();
    }

    private Journal open(Fsync fsync, List<String> read) throws IOException {
        return open(directory, fsync, read);
    }

    private static Journal open(Path directory, Fsync fsync, List<String> read) throws IOException {
        var options = new JournalOptions(fsync, Duration.ofDays(1), Duration.ZERO, Journal.SEGMENT_BYTES);
        Journal journal = Journal.open(directory, options, (record, segment) -> {
            if (record instanceof JournalRecord.Published published) {
                read.add(published.message().content().asText());
            }
        });
        journal.begin("e", List.of());
        return journal;
    }
}

package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.SegmentFormat;
import io.seleucia.chat.broker.journal.SegmentReader;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Messages in the archive that are far apart, for annotations are between them. */
@Timeout(120)
class ArchivedAnnotationsTest {
    private static final Retention FEW = Retention.DEFAULT.withMessages(8);
    private static final Sender ADA = Sender.of("ada");
    private static final Sender BOB = Sender.of("bob");
    private static final int WALL = 200;

    @TempDir
    private Path directory;

    private InMemoryBroker open(Retention retention) throws IOException {
        return InMemoryBroker.open(
                retention, directory, Fsync.NEVER, 2_000, MemoryBudget.ofBytes(64 << 20), Duration.ofHours(1));
    }

    /** Writes some messages, each with a wall of annotations behind it that takes several segments. */
    private void write(String... texts) throws Exception {
        try (InMemoryBroker broker = open(Retention.DEFAULT)) {
            for (String text : texts) {
                long offset = broker.publish("lobby", ADA, new Content.Text(text), "")
                        .position()
                        .offset();
                for (int i = 0; i < WALL; i++) {
                    Attributes attributes =
                            Attributes.NONE.withRef(new Reference(offset, Kind.REACTION, i % 2 == 1 && i < WALL - 1));
                    broker.publish("lobby", BOB, new Draft(new Content.Text("+"), attributes, "", false));
                }
            }
        }
    }

    private static List<String> texts(List<FoldedMessage> page) {
        return page.stream()
                .map(message -> message.message().content().asText()
                        + message.reactions().size())
                .toList();
    }

    @Test
    void readsNoAnnotationToFindMessages() throws Exception {
        write("one", "two", "three");
        try (InMemoryBroker broker = open(FEW)) {
            eventually(() -> assertThat(files(".index"))
                    .hasSizeGreaterThan(9)
                    .hasSize(files(".journal").size() - 1));
            damageAnnotations();
            try (LoggedLines log = new LoggedLines()) {
                assertThat(texts(broker.folded("lobby", true, 0, 10).messages()))
                        .containsExactly("one1", "two1", "three1");
                assertThat(texts(broker.folded("lobby", true, 10, 10).messages()))
                        .containsExactly("two1", "three1");
                assertThat(texts(broker.folded("lobby", true, 0, 1).messages())).containsExactly("one1");
                assertThat(texts(broker.folded("lobby", false, Long.MAX_VALUE, 10)
                                .messages()))
                        .containsExactly("one1", "two1", "three1");
                assertThat(texts(broker.folded("lobby", false, 400, 1).messages()))
                        .containsExactly("two1");
                assertThat(texts(broker.folded("lobby", false, 400, 2).messages()))
                        .containsExactly("one1", "two1");
                assertThat(broker.folded("lobby", true, 403, 10).messages()).isEmpty();
                assertThat(log.lines()).isEmpty();
            }
            assertThat(broker.historyAfter("lobby", 0, 1).messages()).hasSize(1);
        }
    }

    private void damageAnnotations() throws IOException {
        List<Path> sealed = new ArrayList<>(files(".journal"));
        sealed.removeLast();
        for (Path file : sealed) {
            List<Long> places = new ArrayList<>();
            try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.WHOLE)) {
                assertThat(reader.hasHead()).isTrue();
                reader.read(
                        SegmentFormat.HEAD,
                        true,
                        (position, record) -> {
                            if (record instanceof JournalRecord.Published published
                                    && published.message().attributes().isAnnotation()) {
                                places.add(position + SegmentFormat.RECORD_HEAD);
                            }
                        },
                        damage -> assertThat(damage).isNull());
            }
            try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
                for (long place : places) {
                    bytes.seek(place);
                    bytes.write(0x7f);
                }
            }
        }
    }

    @Test
    void pagesThroughMessagesFarApartAlsoOfAFormerEpoch() throws Exception {
        write("one", "two", "three", "four");
        try (InMemoryBroker broker = open(FEW)) {
            assertPages(broker);
        }
        InMemoryBroker.markRestored(directory);
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(FEW)) {
            assertThat(log.lines()).isNotEmpty();
            assertPages(broker);
            for (int i = 0; i < 20; i++) {
                broker.publish("lobby", ADA, new Content.Text("new"), "");
            }
            assertThat(texts(broker.folded("lobby", false, 600, 2).messages())).containsExactly("two1", "three1");
        }
    }

    private static void assertPages(InMemoryBroker broker) throws Exception {
        List<String> all = new ArrayList<>();
        List<FoldedMessage> page = broker.folded("lobby", true, 0, 1).messages();
        while (!page.isEmpty()) {
            all.addAll(texts(page));
            long last = page.getLast().message().position().offset();
            page = broker.folded("lobby", true, last, 1).messages();
        }
        assertThat(all).containsExactly("one1", "two1", "three1", "four1");
    }

    private List<Path> files(String suffix) {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}

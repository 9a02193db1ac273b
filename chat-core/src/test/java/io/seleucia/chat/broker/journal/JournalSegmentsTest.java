package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How one segment of a journal follows another, whatever comes between. */
class JournalSegmentsTest {
    @TempDir
    private Path directory;

    @Test
    void addsNothingToASegmentThatHasItsEnd() throws Exception {
        Position told;
        try (InMemoryBroker broker = open(directory)) {
            told = publish(broker, "before");
        }
        try (JournalDirectory files = JournalDirectory.open(directory);
                Segment sealed = Segment.read(files.segment(1), 1, false, record -> {}, damage -> {})
                        .orElseThrow()) {
            sealed.append(List.of(new JournalRecord.Sealed().encoded())); // killed before the next one began
        }
        byte[] before = Files.readAllBytes(segment(directory, 1));

        for (int start = 0; start < 2; start++) {
            try (LoggedLines log = new LoggedLines();
                    InMemoryBroker broker = open(directory)) {
                Position next = publish(broker, "after");
                assertThat(next).isEqualTo(told.next());
                told = next;
                assertThat(log.lines()).isEmpty();
            }
        }
        assertThat(segment(directory, 1)).hasBinaryContent(before);
        assertThat(segment(directory, 3)).doesNotExist();
    }

    @Test
    void goesOnInASegmentAsLongAsTheNextOneCannotBegin() throws Exception {
        try (InMemoryBroker broker = open(directory)) {
            publish(broker, "first");
            Files.createDirectory(segment(directory, 2)); // where the next one would be
            assertThatThrownBy(() -> broker.delete("elsewhere")).isInstanceOf(UnavailableException.class);
            assertThat(publish(broker, "second").offset()).isEqualTo(2);
            Files.delete(segment(directory, 2));
            broker.delete("elsewhere");
            assertThat(publish(broker, "third").offset()).isEqualTo(3);
        }
        List<JournalRecord> records = new ArrayList<>();
        try (SegmentReader reader = SegmentReader.open(1, segment(directory, 1), SegmentReader.WHOLE)) {
            assertThat(reader.hasHead()).isTrue();
            reader.read(SegmentFormat.HEAD, false, (at, record) -> records.add(record), damage -> {});
        }
        assertThat(records.indexOf(new JournalRecord.Sealed())).isEqualTo(records.size() - 1);
    }

    @Test
    void goesOnWhereverAStartWithNewEpochsWasKilled() throws Exception {
        Path original = Files.createDirectory(directory.resolve("original"));
        Position told;
        try (InMemoryBroker broker = open(original)) {
            publish(broker, "one");
            publish(broker, "two");
            told = publish(broker, "three");
            broker.publish("another", "ada", new Content.Text("other"), "");
        }
        int length = (int) Files.size(segment(original, 1));
        for (String fault : List.of("restored", "cut off", "damaged")) {
            Path data = Files.createDirectory(directory.resolve(fault));
            put(files(original), data);
            byte[] bytes = Files.readAllBytes(segment(data, 1));
            switch (fault) {
                case "restored" -> InMemoryBroker.markRestored(data);
                case "cut off" -> Files.write(segment(data, 1), Arrays.copyOf(bytes, length - 40));
                default -> {
                    bytes[length / 2] ^= 1;
                    Files.write(segment(data, 1), bytes);
                }
            }
            Map<Path, byte[]> before = files(data);
            Map<Path, byte[]> after;
            long reached;
            try (InMemoryBroker broker = open(data)) {
                after = files(data);
                reached = broker.historyAfter("lobby", 0, 0).position().offset();
            }

            Map<Path, byte[]> killed = new TreeMap<>(before);
            for (long number = 1; after.containsKey(segment(Path.of(""), number)); number++) {
                Path file = segment(Path.of(""), number);
                byte[] whole = after.get(file);
                int from = before.containsKey(file) ? before.get(file).length : 0;
                for (int size = from;
                        size <= whole.length;
                        size = size == whole.length ? size + 1 : Math.min(whole.length, size + 37)) {
                    killed.put(file, Arrays.copyOf(whole, size));
                    checkStart(killed, told, reached, fault + ", killed at byte " + size + " of " + file);
                }
            }
            killed.put(Path.of("extent"), after.get(Path.of("extent")));
            checkStart(killed, told, reached, fault + ", killed with the new extent");
        }
    }

    private void checkStart(Map<Path, byte[]> files, Position told, long reached, String what) throws Exception {
        Path data = Files.createTempDirectory(directory, "killed");
        put(files, data);
        Position now;
        try (InMemoryBroker broker = open(data)) {
            now = broker.historyAfter("lobby", 0, 0).position();
            assertThat(now.offset()).as(what).isEqualTo(reached);
            assertThat(now.sameEpoch(told)).as(what).isFalse();
            assertThat(publish(broker, "next")).as(what).isEqualTo(now.next());
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(data)) {
            assertThat(broker.historyAfter("lobby", 0, 0).position()).as(what).isEqualTo(now.next());
            assertThat(log.lines()).as(what).isEmpty();
        }
    }

    private static Position publish(Broker broker, String text) throws UnavailableException {
        return broker.publish("lobby", "ada", new Content.Text(text), "").position();
    }

    private static InMemoryBroker open(Path directory) throws IOException {
        return InMemoryBroker.open(Retention.DEFAULT.withArchive(Duration.ZERO), directory, Fsync.NEVER);
    }

    private static Path segment(Path directory, long number) {
        return directory.resolve(String.format("%016d.journal", number));
    }

    /** The files of a journal, by their names. */
    private static Map<Path, byte[]> files(Path directory) throws IOException {
        Map<Path, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(directory)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(file.getFileName(), Files.readAllBytes(file));
            }
        }
        return files;
    }

    private static void put(Map<Path, byte[]> files, Path directory) throws IOException {
        for (var file : files.entrySet()) {
            Files.write(directory.resolve(file.getKey()), file.getValue());
        }
    }
}

package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages of a channel, with annotations among them, in the index of a segment. */
class SegmentIndexerTest {
    private static final String PLAIN = SegmentIndex.withoutAnnotations("lobby");

    @TempDir
    private Path path;

    private static JournalRecord said(String epoch, long offset) {
        return published(epoch, offset, "said", Attributes.NONE.withHeaders(Map.of("a", "b")));
    }

    private static JournalRecord reaction(String epoch, long offset) {
        return published(epoch, offset, "+", Attributes.NONE.withRef(new Reference(1, Reference.Kind.REACTION)));
    }

    private static JournalRecord published(String epoch, long offset, String text, Attributes attributes) {
        return new JournalRecord.Published(
                new Message("lobby", new Position(epoch, offset), "ada", false, 1, new Content.Text(text), attributes),
                "");
    }

    private static void write(Path file, long number, int magic, List<JournalRecord> records) throws IOException {
        try (Segment segment = Segment.create(file, number, magic)) {
            segment.append(records.stream().map(JournalRecord::encoded).toList());
        }
    }

    /** Returns the epochs, the offsets of the first and last messages, and their numbers. */
    private static List<String> ranges(List<OffsetRange> ranges) {
        return ranges.stream()
                .map(range -> range.former() + ">" + range.epoch() + " " + range.first() + "-" + range.last() + " "
                        + range.count())
                .toList();
    }

    private void assertIndex(List<JournalRecord> records, List<String> all, List<String> plain) throws IOException {
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            write(directory.segment(1), 1, 77, records);
            SegmentIndexer index = new SegmentIndexer(1);
            try (SegmentReader reader = directory.read(1, SegmentReader.WHOLE).orElseThrow()) {
                index.readOn(reader, false, damage -> assertThat(damage).isNull());
            }
            index.write(directory);
            try (SegmentIndexFile file = SegmentIndexFile.open(1, directory.index(1))) {
                assertThat(ranges(file.ranges("lobby"))).isEqualTo(all);
                assertThat(ranges(file.ranges(PLAIN))).isEqualTo(plain);
                assertThat(ranges(file.ranges(PLAIN, "lobby"))).isEqualTo(plain.isEmpty() ? all : plain);
                for (String name : List.of("lobby", PLAIN)) {
                    assertThat(ranges(index.ranges(name))).isEqualTo(ranges(file.ranges(name)));
                    for (int i = 0; i < file.ranges(name).size(); i++) {
                        OffsetRange range = file.ranges(name).get(i);
                        assertThat(index.places(index.ranges(name).get(i), 0, range.count()))
                                .isEqualTo(file.places(range, 0, range.count()));
                    }
                }
            }
        }
    }

    @Test
    void hasMessagesWithoutAnnotationsOnceMore() throws Exception {
        assertIndex(List.of(said("e", 1), said("e", 2)), List.of(">e 1-2 2"), List.of());
        assertIndex(
                List.of(said("e", 1), said("e", 2), reaction("e", 3), said("e", 4), reaction("e", 5), said("e", 7)),
                List.of(">e 1-7 6"),
                List.of(">e 1-7 4"));
        assertIndex(List.of(reaction("e", 3), said("e", 4)), List.of(">e 3-4 2"), List.of(">e 4-4 1"));
        assertIndex(List.of(reaction("e", 3)), List.of(">e 3-3 1"), List.of(">e 0-0 0"));
        assertIndex(
                List.of(said("e", 1), said("e", 2), reaction("e", 2), reaction("e", 3)), // twice at one offset
                List.of(">e 1-3 3"),
                List.of(">e 1-2 2"));
    }

    @Test
    void findsTheSameNamesInATableThatIsReadAsAWhole() throws Exception {
        List<JournalRecord> records = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) { // more than a block has
            records.add(new JournalRecord.Published(
                    new Message("channel " + i, new Position("e", i), "ada", 1, new Content.Text("text")), ""));
        }
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            write(directory.segment(1), 1, 77, records);
            SegmentIndexer index = new SegmentIndexer(1);
            try (SegmentReader reader = directory.read(1, SegmentReader.WHOLE).orElseThrow()) {
                index.readOn(reader, false, damage -> assertThat(damage).isNull());
            }
            index.write(directory);
            try (SegmentIndexFile file = SegmentIndexFile.open(1, directory.index(1));
                    SegmentIndexFile whole = SegmentIndexFile.open(1, directory.index(1))) {
                whole.readTable();
                for (int i = 0; i < 2_100; i++) {
                    assertThat(whole.ranges("channel " + i))
                            .hasSize(i < 2_000 ? 1 : 0)
                            .isEqualTo(file.ranges("channel " + i));
                }
            }
        }
    }

    @Test
    void followsEpochsUnderBothNames() throws Exception {
        JournalRecord continued = new JournalRecord.ChannelCheckpoint("lobby", new Position("f", 3), 1, "e");
        assertIndex(
                List.of(said("e", 1), reaction("e", 2), continued, said("f", 4), reaction("f", 5)),
                List.of(">e 1-2 2", "e>f 4-5 2"),
                List.of(">e 1-1 1", "e>f 4-4 1"));
        assertIndex(
                List.of(said("e", 1), continued, reaction("f", 4)),
                List.of(">e 1-1 1", "e>f 4-4 1"),
                List.of(">e 1-1 1", "e>f 0-0 0"));
    }

    @Test
    void replacesAnIndexThatDoesNotTellAnnotationsFromMessages() throws Exception {
        JournalRecord start = new JournalRecord.Start("", true, "e");
        JournalRecord end = new JournalRecord.Sealed();
        JournalRecord annotation = reaction("e", 2);
        JournalRecord asLong = published("e", 2, "", Attributes.NONE.withTo("b"));
        assertThat(asLong.encoded()).hasSameSizeAs(annotation.encoded());
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            write(directory.segment(1), 1, 77, List.of(start, said("e", 1), asLong, end));
            SegmentIndexer index = new SegmentIndexer(1);
            try (SegmentReader reader = directory.read(1, SegmentReader.WHOLE).orElseThrow()) {
                index.readOn(reader, true, damage -> assertThat(damage).isNull());
            }
            index.write(directory);
            write(directory.segment(1), 1, 77, List.of(start, said("e", 1), annotation, end));
            write(directory.segment(2), 2, 78, List.of(start, said("e", 3)));
        }
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT.withMessages(1), path, Fsync.NEVER)) {
            assertThat(broker.folded("lobby", true, 0, 10).messages())
                    .extracting(message -> message.message().position().offset())
                    .containsExactly(1L, 3L);
            try (SegmentIndexFile file =
                    SegmentIndexFile.open(1, JournalDirectory.ofReader(path).index(1))) {
                assertThat(ranges(file.ranges(PLAIN))).containsExactly(">e 1-1 1");
            }
        }
    }
}

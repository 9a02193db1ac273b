package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeletionListsTest {
    private static final long HOUR = Duration.ofHours(1).toNanos();

    @TempDir
    private Path path;

    private JournalDirectory directory;
    private DeletionLists lists;

    @BeforeEach
    void open() throws IOException {
        directory = JournalDirectory.open(path);
        lists = new DeletionLists(directory);
    }

    @AfterEach
    void close() throws IOException {
        directory.close();
    }

    private static Map<Erasure.Place, Erasures.Waiting> deleted(
            String channel, String by, Duration ago, long segment, int count) {
        Message deletion = new Message(
                channel,
                new Position("e", 1_000_000),
                by,
                false,
                System.currentTimeMillis() - ago.toMillis(),
                Content.NONE,
                Attributes.NONE.withRef(new Reference(1, Reference.Kind.DELETE)));
        Erasures erasures = new Erasures();
        List<Long> offsets = LongStream.rangeClosed(1, count).boxed().toList();
        erasures.prepare(deletion, new Erasure(List.of("e"), offsets)).written(segment);
        return erasures.before(Long.MAX_VALUE);
    }

    private static Map<Erasure.Place, Erasures.Waiting> deleted(Duration ago, int count) {
        return deleted("lobby", "ada", ago, 9, count);
    }

    @Test
    void choosesTheFullestSegmentAndTheOneThatHasWaitedLongest() throws Exception {
        assertThat(lists.fullest(1, 0)).isEmpty();
        lists.add(1, 71, deleted(Duration.ofMinutes(90), 3));
        lists.add(2, 72, deleted(Duration.ofMinutes(80), 7));
        lists.add(3, 73, deleted(Duration.ofMinutes(10), 9));
        lists.add(4, 74, deleted(Duration.ofMinutes(150), 5));

        assertThat(lists.fullest(100, HOUR)).contains(2L);
        assertThat(lists.fullest(9, HOUR)).contains(3L);
        assertThat(lists.fullest(100, 3 * HOUR)).isEmpty();
        assertThat(lists.overdue(HOUR)).contains(4L);
        assertThat(lists.overdue(3 * HOUR)).isEmpty();
        lists.remove(4);
        assertThat(lists.overdue(HOUR)).contains(1L);
        assertThat(directory.listed()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void addsToAListAndFindsItsChannels() throws Exception {
        lists.add(1, 71, deleted("lobby", "ada", Duration.ZERO, 9, 2));
        lists.add(1, 71, deleted("lobby", "bob", Duration.ZERO, 11, 3)); // two of which are listed
        lists.add(1, 71, deleted("another", "eve", Duration.ZERO, 10, 1));

        assertThat(lists.read(1, 71, Optional.empty())).hasSize(4);
        assertThat(lists.read(1, 71, Optional.of("another"))).hasSize(1);
        assertThat(lists.read(2, 72, Optional.empty())).isEmpty();
        assertThat(lists.oldest()).hasValue(9);
        assertThat(lists.haveDeletionsBy("bob", 1)).isTrue();
        assertThat(lists.haveDeletionsBy("cyd", 1)).isFalse();
        assertThatThrownBy(() -> lists.read(1, 99, Optional.empty())).isInstanceOf(FilesChangedException.class);
    }

    @Test
    void findsTheListsOfAnEarlierProcessThatBelongToTheirSegments() throws Exception {
        for (long segment = 1; segment <= 4; segment++) {
            Segment.create(directory.segment(segment), segment, 70 + (int) segment)
                    .close();
            lists.add(segment, 70 + (int) segment, deleted(Duration.ofMinutes(80), 2));
        }
        Files.delete(directory.segment(1));
        Segment.create(directory.segment(2), 2, 99).close(); // was replaced
        byte[] bytes = Files.readAllBytes(directory.list(3));
        bytes[bytes.length - 40] ^= 1;
        Files.write(directory.list(3), bytes);

        DeletionLists found = new DeletionLists(directory);
        found.open();

        assertThat(found.has(1) || found.has(2) || found.has(3)).isFalse();
        assertThat(found.read(4, 74, Optional.empty())).hasSize(2);
        assertThat(found.overdue(HOUR)).contains(4L);
        assertThat(found.oldest()).hasValue(9);
        assertThat(directory.listed()).containsExactly(4L);
        found.add(3, 73, deleted(Duration.ZERO, 5));
        assertThat(found.read(3, 73, Optional.empty())).hasSize(5);
    }

    private void assertDamaged(long segment, int magic) {
        assertThatThrownBy(() -> lists.read(segment, magic, Optional.empty()))
                .isInstanceOf(DeletionLists.DamagedException.class);
        assertThat(lists.damaged()).containsExactly(segment);
    }

    @Test
    void readsNoDamagedListBeforeItIsMadeAgain() throws Exception {
        lists.add(1, 71, deleted(Duration.ofMinutes(90), 2));
        Files.write(directory.list(1), new byte[10]);
        assertThat(lists.damaged()).isEmpty();
        assertDamaged(1, 71);
        assertThat(lists.overdue(HOUR)).isEmpty();
        assertThat(lists.fullest(1, HOUR)).isEmpty();

        lists.empty(1);
        lists.add(1, 71, deleted("lobby", "ada", Duration.ofMinutes(90), 11, 1));

        assertDamaged(1, 71);
        assertThat(lists.oldest()).hasValue(9); // which has more of it, perhaps
        lists.add(1, 71, deleted(Duration.ofMinutes(90), 2));
        lists.complete(1);
        assertThat(lists.damaged()).isEmpty();
        assertThat(lists.read(1, 71, Optional.empty())).hasSize(2);
        assertThat(lists.overdue(HOUR)).contains(1L);
        Files.delete(directory.list(1));
        assertDamaged(1, 71);
        lists.empty(1);
        lists.complete(1); // nothing is deleted there any more
        assertThat(lists.has(1)).isFalse();
    }

    @Test
    void takesNoListForDamagedThatCannotBeOpenedNow() throws Exception {
        lists.add(1, 71, deleted(Duration.ZERO, 2));
        Path aside = path.resolve("aside");
        Files.move(directory.list(1), aside);
        Files.createDirectory(directory.list(1));
        assertThatThrownBy(() -> lists.read(1, 71, Optional.empty()))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(DeletionLists.DamagedException.class);
        assertThatThrownBy(() -> lists.add(1, 71, deleted(Duration.ZERO, 3))).isInstanceOf(IOException.class);
        assertThat(lists.damaged()).isEmpty();

        Files.delete(directory.list(1));
        Files.move(aside, directory.list(1));
        assertThat(lists.read(1, 71, Optional.empty())).hasSize(2);
    }

    @Test
    void leavesAListAsItIsToWhichNothingIsAdded() throws Exception {
        lists.add(1, 71, deleted(Duration.ZERO, 2));
        DeletionLists.Summary before = lists.summary(1).orElseThrow();
        lists.add(1, 71, deleted(Duration.ZERO, 1));
        assertThat(lists.summary(1)).containsSame(before);
    }
}

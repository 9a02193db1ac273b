package io.seleucia.chat.broker.journal;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class EraserTest {
    private static final int SEGMENTS = 3;
    private static final int MANY = Eraser.MANY_IN_SEGMENT;
    private static final Duration LATER = Duration.ofHours(1);

    @TempDir
    private Path path;

    private static List<List<Message>> segments(String text) {
        List<List<Message>> segments = new ArrayList<>();
        for (int i = 0; i < SEGMENTS; i++) {
            List<Message> messages = new ArrayList<>();
            for (int j = 0; j < MANY; j++) {
                messages.add(OpenArchive.message(1L + i * MANY + j, text));
            }
            segments.add(messages);
        }
        return segments;
    }

    private static void delete(OpenArchive open, int segment, int count) throws Exception {
        long first = 1L + (segment - 1L) * MANY;
        open.delete(LongStream.range(first, first + count).boxed().toList());
    }

    @Test
    void copiesNoMoreInATimeThanItsPaceAllows() throws Exception {
        try (OpenArchive open = new OpenArchive(path, LATER, segments("x".repeat(1_000)))) {
            long bytes = Files.size(open.directory.segment(1));
            long begun = System.nanoTime();
            for (int segment = 1; segment <= SEGMENTS; segment++) {
                delete(open, segment, MANY);
            }
            open.seal();
            eventually(() -> {
                for (int segment = 1; segment <= SEGMENTS; segment++) {
                    assertThat(open.deletedIn(segment)).isEqualTo(MANY);
                }
            });
            assertThat(System.nanoTime() - begun)
                    .isGreaterThanOrEqualTo(
                            TimeUnit.SECONDS.toNanos(1) * (SEGMENTS - 1) * bytes / Eraser.BYTES_PER_SECOND);
        }
    }

    @Test
    void copiesOnlySegmentsWithManyDeletedMessagesBeforeTheyHaveWaited() throws Exception {
        try (OpenArchive open = new OpenArchive(path, LATER, segments("x"))) {
            delete(open, 1, MANY - 1);
            delete(open, 2, MANY);
            delete(open, 3, 1);
            open.seal();
            eventually(() -> assertThat(open.deletedIn(2)).isEqualTo(MANY));
            assertThat(open.archive.lists().has(1)).isTrue();
            assertThat(open.archive.lists().has(3)).isTrue();
            delete(open, 1, MANY); // with one that was not deleted yet
            open.seal();
            eventually(() -> assertThat(open.deletedIn(1)).isEqualTo(MANY));
            assertThat(open.deletedIn(3)).isZero();
            assertThat(open.archive.isNeeded(SEGMENTS + 1)).isTrue(); // has the deletion of the one in the third
        }
    }

    @Test
    void recordsThatNothingIsLeftToErase() throws Exception {
        try (OpenArchive open = new OpenArchive(path, Duration.ofMillis(1), segments("x"))) {
            for (int segment = 1; segment <= SEGMENTS; segment++) {
                delete(open, segment, 1);
            }
            eventually(() -> assertThat(open.archive.isNeeded(SEGMENTS + 1)).isFalse());
            for (int segment = 1; segment <= SEGMENTS; segment++) {
                assertThat(open.deletedIn(segment)).isEqualTo(1);
            }
        }
        try (JournalDirectory directory = JournalDirectory.open(path);
                JournalRecovery recovery = new JournalRecovery(directory, (record, segment) -> {})) {
            recovery.read("");
            assertThat(recovery.erasures().before(Long.MAX_VALUE)).isEmpty();
            assertThat(directory.listed()).isEmpty();
        }
    }

    @Test
    void copiesOneSegmentAtATimeHoweverManyAreOverdue() throws Exception {
        try (OpenArchive open = OpenArchive.idle(path, Duration.ofMillis(1), segments("x"))) {
            delete(open, 1, 1);
            delete(open, 2, 1);
            open.seal();
            eventually(() -> assertThat(run(open)).isTrue());
            assertThat(open.deletedIn(1) + open.deletedIn(2)).isEqualTo(1);
            delete(open, 3, 1);
            open.seal();

            assertThat(run(open)).isTrue(); // this lists first, then copies

            assertThat(open.archive.lists().has(3)).isTrue();
            assertThat(open.deletedIn(1) + open.deletedIn(2)).isEqualTo(2);
            eventually(() -> assertThat(run(open)).isFalse());
            assertThat(open.deletedIn(3)).isEqualTo(1);
        }
    }

    private static boolean run(OpenArchive open) {
        try {
            return open.run();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Deletes a message of each segment, in segments of their own, and lists them. */
    private static void deleteApart(OpenArchive open, int perSegment) throws Exception {
        for (int segment = 1; segment <= SEGMENTS; segment++) {
            delete(open, segment, perSegment);
            open.seal();
        }
        open.run();
    }

    private static int listed(OpenArchive open, long segment) throws IOException {
        int magic = open.archive.lists().summary(segment).orElseThrow().magic();
        return open.archive.lists().read(segment, magic, Optional.empty()).size();
    }

    private static void damage(OpenArchive open, long segment) throws IOException {
        Files.write(open.directory.list(segment), new byte[10]);
        assertThatThrownBy(() -> listed(open, segment)).isInstanceOf(DeletionLists.DamagedException.class);
    }

    @Test
    void listsAgainWhatADamagedListHasAndNothingElse() throws Exception {
        try (OpenArchive open = OpenArchive.idle(path, LATER, segments("x"))) {
            delete(open, 1, MANY);
            deleteApart(open, 2);
            assertThat(open.deletedIn(1)).isEqualTo(MANY); // by what has deleted others, too
            DeletionLists.Summary other = open.archive.lists().summary(3).orElseThrow();
            damage(open, 2);

            assertThat(open.run()).isTrue();
            assertThatThrownBy(() -> listed(open, 2)) // as a part of it may be missing
                    .isInstanceOf(DeletionLists.DamagedException.class);
            eventually(() -> assertThat(run(open)).isFalse());

            assertThat(listed(open, 2)).isEqualTo(2);
            assertThat(open.archive.lists().summary(3)).containsSame(other);
            assertThat(open.archive.lists().has(1)).isFalse();
        }
    }

    @Test
    void keepsDeletionsThatComeWhileAListIsMadeAgain() throws Exception {
        try (OpenArchive open = OpenArchive.idle(path, LATER, segments("x"))) {
            deleteApart(open, 2);
            damage(open, 2);
            damage(open, 3);
            open.run();
            delete(open, 2, 5);
            open.seal();
            open.run();
            Files.deleteIfExists(open.directory.list(2)); // another damage
            eventually(() -> assertThat(run(open)).isFalse());
            eventually(() -> {
                run(open);
                assertThat(open.archive.lists().damaged()).isEmpty();
            });

            assertThat(listed(open, 2)).isEqualTo(5);
            assertThat(listed(open, 3)).isEqualTo(2);
            assertThat(open.archive.isNeeded(SEGMENTS + 2)).isTrue();
        }
    }

    @Test
    void listsAgainWithTheMemoryOfOneSegmentOfDeletions() throws Exception {
        try (OpenArchive open = OpenArchive.idle(path, LATER, segments("x"))) {
            AtomicLong used = new AtomicLong();
            AtomicLong most = new AtomicLong();
            deleteApart(open, MANY / 2);
            open.archive.erasures().charge(bytes -> most.accumulateAndGet(used.addAndGet(bytes), Math::max));
            for (int segment = 1; segment <= SEGMENTS; segment++) {
                damage(open, segment);
            }

            eventually(() -> {
                assertThat(run(open)).isFalse();
                assertThat(open.archive.lists().damaged()).isEmpty();
            });

            for (int segment = 1; segment <= SEGMENTS; segment++) {
                assertThat(listed(open, segment)).isEqualTo(MANY / 2);
            }
            assertThat(used.get()).isZero();
            assertThat(most.get()).isBetween(1L, MANY / 2 * 200L);
        }
    }

    @Test
    void carriesOutADeletionOfASenderAfterListsAreMadeAgain() throws Exception {
        try (OpenArchive open = OpenArchive.idle(path, LATER, segments("x"))) {
            deleteApart(open, 2);
            damage(open, 2);
            PendingDeletion ofSender = open.archive
                    .deletions()
                    .offer(new JournalRecord.Deletion("", "ada"))
                    .orElseThrow();
            open.flush();
            PendingRecord.await(ofSender.written(), 30);

            assertThat(open.run()).isFalse();

            assertThat(ofSender.done()).isCompleted();
            assertThat(open.directory.listed()).isEmpty();
        }
    }
}

package io.seleucia.chat.broker.journal;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
}

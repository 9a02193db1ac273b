package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeletionsTest {
    private static final JournalRecord.Deletion OF_BOB = new JournalRecord.Deletion("", "bob");

    @TempDir
    private Path path;

    private static PendingRecord fold() {
        return new PendingRecord(new JournalRecord.Folded("lobby", new Position("e", 1), Fold.NONE.withReplies(1)));
    }

    private JournalWriter writer(JournalDirectory directory) {
        JournalOptions options = new JournalOptions(
                Fsync.NEVER, () -> Duration.ofDays(1), Duration.ofDays(1), 1 << 20, Duration.ofHours(1));
        return new JournalWriter(new ActiveSegment(directory, options), Fsync.NEVER);
    }

    @Test
    void acceptsNoFoldBetweenADeletionAndTheMomentAtWhichTheMemoryHasForgottenItsMessages() throws IOException {
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            Deletions deletions = new Deletions(writer(directory), Map.of());
            assertThat(deletions.offerFold(fold())).isTrue();
            PendingDeletion deletion = deletions.offer(OF_BOB).orElseThrow();
            assertThat(deletions.offerFold(fold())).isFalse();
            deletion.written(2);
            assertThat(deletions.offerFold(fold())).isFalse();
            assertThat(deletions.unforgotten()).containsExactly(deletion);
            deletion.setForgotten();
            assertThat(deletions.offerFold(fold())).isTrue();
            assertThat(deletions.unforgotten()).isEmpty();
        }
    }

    @Test
    void acceptsFoldsAgainAfterADeletionThatFailed() throws IOException {
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            Deletions deletions = new Deletions(writer(directory), Map.of());
            PendingDeletion deletion = deletions.offer(OF_BOB).orElseThrow();
            deletion.failed(new IOException("made by a test"));
            assertThat(deletions.offerFold(fold())).isTrue();
            assertThat(deletions.toBeErased()).isEmpty();
            assertThat(deletion.done()).isCompletedExceptionally();
        }
    }

    @Test
    void keepsADeletionUntilMemoryAndFilesHaveForgottenItsMessages() throws IOException {
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            Deletions deletions = new Deletions(writer(directory), Map.of(3L, OF_BOB));
            assertThat(deletions.toBeErased())
                    .extracting(PendingDeletion::segment)
                    .containsExactly(3L);
            assertThat(deletions.offerFold(fold())).isTrue(); // a start has applied it to the memory
            assertThat(deletions.begin(3)).isTrue();
            deletions.toBeErased().getFirst().setErased();
            assertThat(deletions.areErased()).isTrue();

            PendingDeletion deletion = deletions.offer(OF_BOB).orElseThrow();
            deletion.written(4);
            deletion.setErased();
            assertThat(deletions.areErased()).isTrue();
            assertThat(deletions.unforgotten()).containsExactly(deletion);
            assertThat(deletions.offerFold(fold())).isFalse();
            deletion.setForgotten();
            assertThat(deletions.offerFold(fold())).isTrue();
        }
    }

    @Test
    void acceptsNothingOnceTheWriterIsClosed() throws IOException {
        try (JournalDirectory directory = JournalDirectory.open(path)) {
            JournalWriter writer = writer(directory);
            Deletions deletions = new Deletions(writer, Map.of());
            writer.close();
            assertThat(deletions.offer(OF_BOB)).isEqualTo(Optional.empty());
            assertThat(deletions.offerFold(fold())).isFalse();
            assertThat(deletions.unforgotten()).isEmpty();
        }
    }
}

package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActiveSegmentIndexTest {
    @TempDir
    private Path directory;

    @TempDir
    private Path images;

    @Test
    void refusesAFileThatADeletionHasReplaced() throws Exception {
        try (Segment written = Segment.create(directory.resolve("0000000000000001.journal"), 1);
                JournalDirectory other = JournalDirectory.open(images)) {
            written.append(List.of(new JournalRecord.Start("", false, "e").encoded()));
            written.commit();
            ActiveSegmentIndex active = new ActiveSegmentIndex(() -> written, other);
            try (Segment replaced = Segment.create(other.segment(1), 1)) {
                replaced.append(List.of(new JournalRecord.Start("", false, "e").encoded()));
            }
            assertThatThrownBy(() -> active.look("lobby")).isInstanceOf(FilesChangedException.class);
            Files.copy(
                    directory.resolve("0000000000000001.journal"),
                    other.segment(1),
                    StandardCopyOption.REPLACE_EXISTING);
            assertThat(active.look("lobby").segment()).isEqualTo(1);
        }
    }
}

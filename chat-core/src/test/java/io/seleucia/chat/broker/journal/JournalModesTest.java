package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a journal keeps can be read by its owner alone. */
class JournalModesTest {
    @TempDir
    private Path directory;

    private static String mode(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void closesADirectoryThatOthersCouldEnterAndItsFiles() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.ALWAYS)) {
            broker.publish("lobby", "ada", new Content.Text("for members only"), "");
            broker.delete("lobby");

            assertThat(mode(directory)).isEqualTo("rwx------");
        }
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.ALWAYS))
                .hasMessageContaining("all users can write the directory " + directory);
        assertThat(mode(directory)).isEqualTo("rwxrwxrwx");
        List<Path> files;
        try (var walk = Files.walk(directory)) {
            files = walk.filter(Files::isRegularFile).toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            assertThat(mode(file)).as(file.toString()).isEqualTo("rw-------");
        }
    }
}

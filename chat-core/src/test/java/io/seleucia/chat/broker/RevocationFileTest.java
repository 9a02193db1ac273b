package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Revocations on the disk, after whatever end of the process. */
class RevocationFileTest {
    private static final long NOW = System.currentTimeMillis();

    @TempDir
    private Path directory;

    private InMemoryBroker open() throws Exception {
        return InMemoryBroker.open(Retention.DEFAULT, directory, InMemoryBroker.Fsync.NEVER);
    }

    @Test
    void keepsWhatWasWrittenBeforeAPieceOfALine() throws Exception {
        try (InMemoryBroker broker = open()) {
            broker.revoke("ada", NOW);
            broker.revoke("bob", NOW);
        }
        Files.writeString(directory.resolve("revocations"), "0123abcd 17", StandardOpenOption.APPEND);

        try (InMemoryBroker broker = open()) {
            assertThat(broker.revocations()).isEqualTo(Map.of("ada", NOW, "bob", NOW));
            broker.revoke("carl", NOW);
        }
        try (InMemoryBroker broker = open()) {
            assertThat(broker.revocations()).containsOnlyKeys("ada", "bob", "carl");
        }
        assertThat(Files.readAllLines(directory.resolve("revocations"))).hasSize(3);
    }

    @Test
    void doesNotStartWithoutRevocationsThatCanNotBeRead() throws Exception {
        open().close();
        Files.createDirectory(directory.resolve("revocations"));

        assertThatThrownBy(this::open).isInstanceOf(IOException.class);
    }
}

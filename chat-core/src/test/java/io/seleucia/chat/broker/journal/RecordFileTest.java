package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Ban;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Revocations and bans on the disk, after whatever end of the process. */
class RecordFileTest {
    private static final long NOW = System.currentTimeMillis();

    @TempDir
    private Path directory;

    private InMemoryBroker open() throws Exception {
        return InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.NEVER);
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

    /** A lifted ban stays lifted, also where the file is not written anew since. */
    @Test
    void readsBansAfterEachOther() throws Exception {
        Ban ada = new Ban(Ban.Kind.GUEST, "ada", Instant.now().plusSeconds(3_600), "why");
        try (InMemoryBroker broker = open()) {
            broker.ban(ada);
            broker.ban(new Ban(Ban.Kind.ADDRESS, "192.0.2.1", ada.until(), ""));
            broker.unban(Ban.Kind.ADDRESS, "192.0.2.1");
        }
        Files.writeString(directory.resolve("bans"), "0123abcd 17", StandardOpenOption.APPEND);

        try (InMemoryBroker broker = open()) {
            assertThat(broker.bans()).containsExactly(ada);
            broker.unban(Ban.Kind.GUEST, "Ada");
        }
        try (InMemoryBroker broker = open()) {
            assertThat(broker.bans()).isEmpty();
        }
    }

    @Test
    void refusesMoreBansThanItKeeps() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT)) {
            Instant hour = Instant.now().plusSeconds(3_600);
            for (int i = 0; i < 10_000; i++) {
                broker.ban(new Ban(Ban.Kind.ACCOUNT, "user " + i, hour, ""));
            }

            assertThatThrownBy(() -> broker.ban(new Ban(Ban.Kind.ACCOUNT, "ada", hour, "")))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessage("no more than 10000 bans can be kept at a time");

            broker.ban(new Ban(Ban.Kind.ACCOUNT, "user 1", hour, "again"));
            broker.unban(Ban.Kind.ACCOUNT, "user 2");
            broker.ban(new Ban(Ban.Kind.ACCOUNT, "ada", hour, ""));
        }
    }
}

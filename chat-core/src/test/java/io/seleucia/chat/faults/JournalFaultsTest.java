package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The proof that nothing acknowledged is lost or doubled by one server with a journal, however often it is killed; {@code
 * -Dfaults.seconds} and {@code -Dfaults.seed} are those of {@link RedisFaultsTest}.
 */
class JournalFaultsTest {
    private static final Duration DURATION = Duration.ofSeconds(Integer.getInteger("faults.seconds", 20));
    private static final long SEED = Long.getLong("faults.seed", new Random().nextInt(1_000_000));

    @TempDir
    private Path directory;

    @Test
    void nothingIsLostOrDoubledHoweverOftenTheServerIsKilled() throws Exception {
        try (Site site = Site.withJournal(directory)) {
            Verdict verdict = new FaultRun(site, SEED, DURATION, Fault.WITHOUT_REDIS).run();

            assertThat(verdict.losses())
                    .as("what members were told that they lost")
                    .isZero();
            assertThat(site.logs()).doesNotContain("lost", "damaged", "can't");
        }
    }
}

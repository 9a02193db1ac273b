package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.LongForm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The proof that nothing acknowledged is lost or doubled by one server with a journal, however often it is killed; {@code
 * -Dfaults.seconds} and {@code -Dfaults.seed} are those of {@link RedisFaultsTest}.
 */
@Concurrent
class JournalFaultsTest {
    private static final Duration DURATION =
            Duration.ofSeconds(Integer.getInteger("faults.seconds", LongForm.RUNS ? 20 : 5));
    private static final Duration SHORT = Duration.ofSeconds(Integer.getInteger("faults.seconds", 5)); // for each kind
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

    @Test
    void interruptedPublishersHarmNobody() throws Exception {
        assertNothingIsLost(Equipment.NONE.withProgram().withSmallSegments(), Fault.WITHOUT_REDIS);
    }

    @Test
    void errorsOfPlugInsHarmNobodyElse() throws Exception {
        assertNothingIsLost(Equipment.NONE.withProgram().withErrors(), Fault.WITHOUT_REDIS);
    }

    @Test
    @LongForm
    void aClockThatJumpsHarmsNobody() throws Exception {
        assertNothingIsLost(Site.withJournalAndClock(directory), Fault.CLOCKS_WITHOUT_REDIS);
    }

    @Test
    @LongForm
    void aDiskThatIsFullForAWhileHarmsNobody() throws Exception {
        assumeThat(Path.of("/usr/bin/prlimit")).exists();
        try (Site site = Site.withJournal(directory)) {
            Verdict verdict = new FaultRun(site, SEED, SHORT, Fault.DISK).run();

            assertThat(verdict.losses())
                    .as("what members were told that they lost")
                    .isZero();
        }
    }

    private void assertNothingIsLost(Equipment equipment, Set<Fault> faults) throws Exception {
        assertNothingIsLost(Site.withJournal(directory, equipment), faults);
    }

    private void assertNothingIsLost(Site site, Set<Fault> faults) throws Exception {
        try (site) {
            Verdict verdict = new FaultRun(site, SEED, SHORT, faults).run();

            assertThat(verdict.losses())
                    .as("what members were told that they lost")
                    .isZero();
            assertThat(site.logs()).doesNotContain("the journal can't");
        }
    }

    @Test
    void deletedMessagesStayAwayWhileMembersRecover() throws Exception {
        try (Site site = Site.withJournal(directory)) {
            Verdict verdict = new FaultRun(site, SEED, SHORT, Fault.DELETIONS).run();

            assertThat(verdict.seen()).isPositive();
        }
    }
}

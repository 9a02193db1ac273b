package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Concurrent;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Short runs of the kinds of faults that need a site of their own over Redis; {@code -Dfaults.seconds} and {@code
 * -Dfaults.seed} are those of {@link RedisFaultsTest}.
 */
@Concurrent
class RedisFaultKindsTest {
    private static final Duration DURATION = Duration.ofSeconds(Integer.getInteger("faults.seconds", 5));
    private static final long SEED = Long.getLong("faults.seed", new Random().nextInt(1_000_000));

    @Test
    void interruptedPublishersAndErrorsOfPlugInsHarmNobody() throws Exception {
        try (Site site = Site.overRedis(2, Equipment.NONE.withProgram().withErrors())) {
            assertNothingIsLost(run(site, Fault.HARMLESS));
        }
    }

    /** Acknowledged messages may be gone, and whoever has seen one, or is to see those behind it, is told. */
    @Test
    void aRedisThatIsPutBackLosesNothingInSilence() throws Exception {
        try (Site site = Site.overRedis(2, Equipment.NONE.withProgram())) {
            Verdict verdict = run(site, Fault.ROLLBACKS);

            assertThat(verdict.losses()).isPositive();
        }
    }

    @Test
    void deletedMessagesStayAwayWhileMembersRecover() throws Exception {
        try (Site site = Site.overRedis(2)) {
            Verdict verdict = run(site, Fault.DELETIONS);

            assertThat(verdict.seen()).isPositive();
        }
    }

    private static Verdict run(Site site, Set<Fault> faults) throws Exception {
        return new FaultRun(site, SEED, DURATION, faults).run();
    }

    private static void assertNothingIsLost(Verdict verdict) {
        assertThat(verdict.losses()).as("what members were told that they lost").isZero();
    }
}

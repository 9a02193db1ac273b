package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LongForm;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Short runs in which servers over Redis are asked all the while who is there; {@code -Dfaults.seconds} and {@code
 * -Dfaults.seed} are those of {@link RedisFaultsTest}.
 */
class PresenceFaultsTest {
    private static final Duration DURATION = Duration.ofSeconds(Integer.getInteger("faults.seconds", 5));
    private static final long SEED = Long.getLong("faults.seed", new Random().nextInt(1_000_000));

    @Test
    void serversThatStartWhileOthersDieForgetNobody() throws Exception {
        try (Site site = Site.overRedis(3, Equipment.NONE.withHaste())) {
            site.servers().getLast().kill();
            site.bystanders().begin(site.ports().subList(0, 2));

            assertNothingIsLost(site, Fault.REPLACEMENTS, Duration.ofSeconds(3));
        }
    }

    @Test
    @LongForm
    void clocksThatJumpHarmNobody() throws Exception {
        try (Site site = Site.withClocks()) {
            assertNothingIsLost(site, Fault.CLOCKS, Duration.ofSeconds(10));
        }
    }

    @Test
    @LongForm
    void noClockSaysWhichServersAreDead() throws Exception {
        try (Site site = Site.withClockOfRedis()) {
            site.bystanders().begin(site.ports());

            assertNothingIsLost(site, Fault.CLOCKS_OF_THE_DEAD, Duration.ofSeconds(3));
        }
    }

    private static void assertNothingIsLost(Site site, Set<Fault> faults, Duration patience) throws Exception {
        Verdict verdict =
                new FaultRun(site, SEED, DURATION, faults).watching(patience).run();

        assertThat(verdict.losses()).as("what members were told that they lost").isZero();
    }
}

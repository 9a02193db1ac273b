package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.redis.RedisClusterProcesses;
import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * A network in two parts: on the left one of a cluster's three masters and a replica of another, a server and its
 * clients; on the right all other nodes, among them a replica of that master, and another server and its clients. The
 * right goes on with all channels, the left with none.
 */
class ClusterPartitionTest {
    private static final Duration SLOWNESS = Duration.ofSeconds(10); // of a machine that has much else to do
    private static final int AT_THE_LEFT = 0;
    private static final int AT_THE_RIGHT = 1;

    private static TwoSides sides;
    private static RedisClusterProcesses cluster;

    @RegisterExtension
    static final TestExecutionExceptionHandler LOGS = (context, failure) -> {
        System.out.println(sides.logs());
        throw failure;
    };

    @BeforeAll
    static void begin() throws Exception {
        sides = TwoSides.begin();
        cluster = RedisClusterProcesses.begin(sides.leftHost(), sides.rightHost());
        sides.serve(ServerMain.CLUSTER + String.join(",", cluster.addresses()));
    }

    @AfterAll
    static void end() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
        if (sides != null) {
            sides.close();
        }
    }

    @AfterEach
    void leave() throws Exception {
        sides.leave();
    }

    /** What is said in a channel of one of the masters, and what was refused on the left. */
    private record Talk(Trio trio, List<Publication> unsure) {
        private static Talk of(int master, String name) throws Exception {
            return new Talk(new Trio(sides, RedisClusterProcesses.channelOf(master, name)), new ArrayList<>());
        }

        /** Whether that was acknowledged; if not, it is sent again later. */
        private boolean isTakenOnTheLeft() throws IOException {
            Publication publication = sides.next(trio.ada());
            boolean taken = trio.ada().publish(publication).isPresent();
            if (!taken) {
                unsure.add(publication);
            }
            return taken;
        }

        private boolean isTorn() throws IOException {
            trio.ada().catchUp();
            return !trio.ada().track().last().equals(trio.before());
        }
    }

    @Test
    void theMinorityStopsAndWhatItTookBeforeIsSaidToBeLost() throws Exception {
        Talk torn = Talk.of(AT_THE_LEFT, "torn");
        Talk quiet = Talk.of(AT_THE_LEFT, "quiet");
        Talk far = Talk.of(AT_THE_RIGHT, "far");
        List<Talk> talks = List.of(torn, quiet, far);
        cluster.awaitReplication();
        sides.cut();
        long cut = System.nanoTime();
        while (torn.isTakenOnTheLeft()) {
            assertThat(since(cut))
                    .isLessThan(
                            RedisClusterProcesses.NODE_TIMEOUT.multipliedBy(2).plus(SLOWNESS));
        }
        Duration stopped = since(cut);
        int taken = torn.trio.ada().acknowledged().size() - 2; // what was said before the cut
        assertThat(quiet.isTakenOnTheLeft()).isFalse();
        assertThat(far.isTakenOnTheLeft()).isFalse();
        sides.publish(far.trio.bob(), 2);
        sides.publish(quiet.trio.bob(), 2);
        Duration replaced = since(cut);
        assertThat(sides.publish(torn.trio.bob(), 2))
                .allMatch(torn.trio.before()::sameEpoch); // nobody on this side could know
        boolean parted = torn.isTorn();
        for (Talk talk : talks) {
            talk.trio.goOver();
        }
        sides.heal();
        long healed = System.nanoTime();

        for (Talk talk : talks) {
            for (Publication publication : talk.unsure) {
                talk.trio.ada().publishUntilAcknowledged(publication);
            }
        }
        while (parted && !torn.trio.ada().isToldOfALoss()) {
            torn.trio.ada().next();
        }
        Duration together = since(healed);
        for (Talk talk : talks) {
            History history = talk.trio.assertAgreed(talk == torn && parted);
            assertThat(history.messages())
                    .extracting(Stored::id)
                    .doesNotHaveDuplicates()
                    .containsAll(talk.unsure.stream().map(Publication::key).toList());
        }
        System.out.printf(
                "partition: the minority of a cluster took %d messages and stopped after %.1f s, the majority has all"
                        + " channels %.1f s after the cut, all are one %.1f s after healing%n",
                taken, stopped.toMillis() / 1000.0, replaced.toMillis() / 1000.0, together.toMillis() / 1000.0);
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }
}

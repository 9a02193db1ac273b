package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.DOUBLED;
import static io.seleucia.chat.faults.Verdict.Violation.LOST;
import static io.seleucia.chat.faults.Verdict.Violation.REORDERED;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LongForm;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.broker.redis.RedisSentinelProcesses;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * A network in two parts: on the left the master, a sentinel, a server and its clients; on the right the replica, two
 * sentinels, another server and its clients. The right makes the replica a master, and the left has one already.
 */
class SentinelPartitionTest {
    private static final Duration SLOWNESS = Duration.ofSeconds(10); // of a machine that has much else to do
    private static int channels;

    private static TwoSides sides;
    private static RedisSentinelProcesses redis;

    @RegisterExtension
    static final TestExecutionExceptionHandler LOGS = (context, failure) -> {
        System.out.println(sides.logs());
        System.out.println(redis.log());
        throw failure;
    };

    private final String channel = "channel-" + channels++;

    @BeforeAll
    static void begin() throws Exception {
        sides = TwoSides.begin();
        redis = RedisSentinelProcesses.begin(sides.leftHost(), sides.rightHost());
        sides.serve(ServerMain.SENTINELS + String.join(",", redis.addresses()));
    }

    @AfterAll
    static void end() throws Exception {
        if (redis != null) {
            redis.close();
        }
        if (sides != null) {
            sides.close();
        }
    }

    /** The master is on the left. */
    @BeforeEach
    void order() {
        redis.awaitMaster(redis.servers().getFirst());
    }

    @AfterEach
    void leave() throws Exception {
        sides.leave();
    }

    /** How many messages are said on the left and on the right of what is cut, and by whom. */
    private record Talk(int left, int right, Trio trio) {
        private static Talk of(String test, int left, int right) throws Exception {
            return new Talk(left, right, new Trio(sides, test + "-" + left + "-" + right));
        }
    }

    @Test
    @LongForm
    void whatOnlyTheOldMasterHadIsSaidToBeLost() throws Exception {
        List<Talk> talks = List.of(
                Talk.of(channel, 5, 0),
                Talk.of(channel, 5, 2),
                Talk.of(channel, 2, 5),
                Talk.of(channel, 3, 3),
                Talk.of(channel, 0, 3));
        redis.awaitReplication();
        sides.cut();
        long cut = System.nanoTime();
        for (Talk talk : talks) {
            Position before = talk.trio.before();
            Position shown = before.at(before.offset() + talk.left);
            assertThat(sides.publish(talk.trio.ada(), talk.left)).allMatch(before::sameEpoch);
            talk.trio.ada().readTo(shown);
            talk.trio.eve().readTo(shown);
        }
        sides.publish(talks.getLast().trio.bob(), 1);
        Duration replaced = since(cut);
        for (Talk talk : talks) {
            List<Position> positions = sides.publish(talk.trio.bob(), talk.right);
            assertThat(positions).allMatch(talk.trio.before()::sameEpoch); // nobody on this side could know
            talk.trio.goOver();
        }
        sides.heal();
        long healed = System.nanoTime();

        for (Talk talk : talks) {
            Listening ada = talk.trio.ada();
            if (talk.left > 0) {
                while (!ada.isToldOfALoss()) {
                    ada.next();
                }
            } else {
                sides.publish(talk.trio.bob(), 1);
                ada.readTo(
                        HistoryReader.read(sides.right(), talk.trio.channel()).end());
            }
        }
        Duration together = since(healed);
        for (Talk talk : talks) {
            talk.trio.assertAgreed(talk.left > 0);
        }
        System.out.printf(
                "partition: the majority publishes again %.1f s after the cut, all are one %.1f s after healing%n",
                replaced.toMillis() / 1000.0, together.toMillis() / 1000.0);
    }

    @Test
    void aMasterThatNeedsItsReplicaStopsByItself() throws Exception {
        RedisProcess master = redis.master();
        master.ask("CONFIG", "SET", "min-replicas-max-lag", "2");
        master.ask("CONFIG", "SET", "min-replicas-to-write", "1");
        try {
            Listening ada = sides.join(sides.left(), "ada", channel);
            Listening bob = sides.join(sides.right(), "bob", channel);
            sides.publish(ada, 1);
            sides.publish(bob, 1);
            sides.cut();
            long cut = System.nanoTime();
            List<Publication> refused = new ArrayList<>();
            while (refused.isEmpty()) {
                Publication publication = sides.next(ada);
                if (ada.publish(publication).isEmpty()) {
                    refused.add(publication);
                }
                assertThat(since(cut)).isLessThan(Duration.ofSeconds(5).plus(SLOWNESS));
            }
            Duration stopped = since(cut);
            Publication another = sides.next(ada);
            assertThat(ada.publish(another)).isEmpty();
            refused.add(another);
            sides.publish(bob, 3);
            Set<String> onTheLeft =
                    ada.acknowledged().stream().skip(1).map(Stored::id).collect(Collectors.toSet());
            sides.heal();
            for (Publication publication : refused) {
                ada.publishUntilAcknowledged(publication);
            }
            Verdict verdict = Listening.judge(List.of(ada, bob), sides.right());
            assertThat(bob.track().shown())
                    .as("what was said on the other side, which the old connection may still bring")
                    .noneMatch(one -> one instanceof Track.Shown.Message message && onTheLeft.contains(message.id()));
            for (Verdict.Violation violation : List.of(LOST, DOUBLED, REORDERED)) {
                assertThat(verdict.of(violation)).isEmpty();
            }
            assertThat(verdict.losses())
                    .as("of what it took before, once for each member")
                    .isEqualTo(2);
            System.out.printf(
                    "partition: the cut-off master refuses after %.1f s; %s%n", stopped.toMillis() / 1000.0, verdict);
        } finally {
            sides.heal();
            master.ask("CONFIG", "SET", "min-replicas-to-write", "0");
        }
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }
}

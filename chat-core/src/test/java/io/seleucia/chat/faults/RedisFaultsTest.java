package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.StreamEntryID;

/**
 * The proof that nothing acknowledged is lost or doubled by two servers over one Redis: in a long run of random faults,
 * and fault by fault. {@code -Dfaults.seconds} sets how long the run takes, {@code -Dfaults.seed} repeats what one did,
 * as far as timing lets it.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RedisFaultsTest {
    private static final Duration DURATION = Duration.ofSeconds(Integer.getInteger("faults.seconds", 20));
    private static final long SEED = Long.getLong("faults.seed", new Random().nextInt(1_000_000));
    private static final Duration PROMISED = Duration.ofSeconds(12); // two, and what a slow machine takes
    private static final Duration NEXT_CHECK = Duration.ofSeconds(20); // or later: all channels are compared every 25

    private static DeadServer dead;
    private static Site site;
    private static int channels;

    @RegisterExtension
    static final TestExecutionExceptionHandler LOGS = (context, failure) -> {
        System.out.println(site.logs() + dead.logs());
        throw failure;
    };

    private final String channel = "channel-" + channels++;
    private int published;
    private Listening ada;
    private Listening bob;

    @BeforeAll
    static void begin() throws Exception {
        dead = new DeadServer(); // it takes a minute until all is said about it, in which the others run
        site = Site.overRedis(2);
    }

    @AfterAll
    static void end() throws Exception {
        if (dead != null) {
            dead.close();
        }
        if (site != null) {
            site.close();
        }
    }

    @BeforeEach
    void join() throws Exception {
        ada = Listening.join(site.ports().getFirst(), "ada", channel);
        bob = Listening.join(site.ports().getLast(), "bob", channel);
    }

    @AfterEach
    void leave() {
        site.proxies().forEach(FaultyProxy::pass);
        ada.close();
        bob.close();
    }

    @Test
    void nothingIsLostOrDoubledWhateverHappens() throws Exception {
        Verdict verdict = new FaultRun(site, SEED, DURATION, Fault.HARMLESS).run();

        assertThat(verdict.losses()).as("what members were told that they lost").isZero();
    }

    @Test
    void aRedisThatAnswersLateKeepsOrderAndTime() throws Exception {
        site.proxies().getFirst().delay(Duration.ofMillis(500)); // each way: answers come when waiting for them ends
        List<Publication> unsure = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Publication publication = next();
            if (!inTime(() -> ada.publish(publication).isPresent())) {
                unsure.add(publication);
            }
            assertThat(bob.publish(next())).isPresent();
        }
        site.proxies().getFirst().pass();

        for (Publication publication : unsure) {
            ada.publishUntilAcknowledged(publication);
        }
        assertEverythingShown();
    }

    @Test
    void aRedisOutOfReachCostsNothingButTime() throws Exception {
        ada.publishUntilAcknowledged(next());
        site.proxies().getFirst().blackHole();
        Publication unsure = next();
        assertThat(inTime(() -> ada.publish(unsure).isPresent())).isFalse();
        for (String type : List.of("history", "presence")) {
            assertThat(inTime(() -> Listening.isUnavailable(ada.speaker().ask(Speaker.request(type, channel)))))
                    .as(type)
                    .isTrue();
        }
        assertThat(inTime(() -> Listening.isUnavailable(ada.speaker().ask(Speaker.request("subscribe", "elsewhere")))))
                .isTrue();
        for (int i = 0; i < 50; i++) {
            assertThat(bob.publish(next())).isPresent();
        }
        assertThat(type(ada.speaker().ask(Speaker.request("ping")))).isEqualTo("pong");

        site.proxies().getFirst().pass();

        ada.publishUntilAcknowledged(unsure);
        assertEverythingShown();
    }

    @Test
    void whatCouldNotBeReadInTimeIsReadSoonAfterwards() throws Exception {
        bob.publishUntilAcknowledged(next());
        site.proxies().getFirst().delay(Duration.ofMillis(700)); // each way: answers come too late
        appendSilently(next());
        bob.publishUntilAcknowledged(next()); // there is a hole before it, and reading the history fails
        for (int i = 0; i < 2; i++) {
            assertThat(Listening.isUnavailable(ada.speaker().ask(Speaker.request("presence", channel))))
                    .isTrue();
        }
        site.proxies().getFirst().pass();

        long began = System.nanoTime();
        assertEverythingShown();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(NEXT_CHECK);
    }

    /** Writes what a publish writes, but tells nobody, as if pub/sub had lost it. */
    private void appendSilently(Publication publication) {
        String key = "chat:{" + channel + "}";
        try (RedisClient redis = site.redis().client()) {
            String epoch = redis.hget(key + ":meta", "epoch");
            long offset = redis.hincrBy(key + ":meta", "offset", 1);
            JsonObject message = new JsonObject();
            message.addProperty("epoch", epoch);
            message.addProperty("offset", offset);
            message.addProperty("time", System.currentTimeMillis());
            message.addProperty("sender", "eve");
            message.add("data", publication.request().get("data"));
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("time", Long.toString(System.currentTimeMillis()));
            fields.put("message", message.toString());
            redis.xadd(key + ":log", new StreamEntryID(offset, 0), fields);
        }
    }

    @Test
    void pubSubThatIsCutLosesNothing() throws Exception {
        for (int i = 0; i < 200; i++) {
            if (i % 40 == 20) {
                Fault.CUT_PUBSUB.aimed(site, List.of(), new Random(i)).begin().run();
            }
            (i % 2 == 0 ? ada : bob).publishUntilAcknowledged(next());
        }
        assertEverythingShown();
    }

    @Test
    void aRedisThatForgetsEverythingIsSaidToHaveDoneSo() throws Exception {
        for (int i = 0; i < 100; i++) {
            if (i == 50) {
                Fault.FLUSH_REDIS.aimed(site, List.of(), new Random(i)).begin().run();
            }
            (i % 2 == 0 ? ada : bob).publishUntilAcknowledged(next());
        }
        Verdict verdict = assertEverythingShown();

        List<Position> acknowledged = Stream.of(ada, bob)
                .flatMap(member -> member.acknowledged().stream())
                .map(Stored::position)
                .toList();
        assertThat(acknowledged.stream().map(Position::epoch).distinct()).hasSize(2);
        assertThat(verdict.losses()).as("once for each member").isEqualTo(2);
        assertThat(ada.track().last()).isEqualTo(bob.acknowledged().getLast().position());
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void theMembersOfADeadServerAreSaidToHaveLeft() throws Exception {
        dead.assertForgotten();
    }

    private Publication next() {
        return new Publication(channel, "message-" + published++, 20);
    }

    private interface Attempt {
        boolean succeeds() throws IOException;
    }

    private static boolean inTime(Attempt attempt) throws IOException {
        long began = System.nanoTime();
        boolean succeeded = attempt.succeeds();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(PROMISED);
        return succeeded;
    }

    /** Both read to the end of the history, and what they were shown is judged. */
    private Verdict assertEverythingShown() throws Exception {
        Verdict verdict = Listening.judge(List.of(ada, bob), site.ports().getLast());
        assertThat(verdict.clean()).as("%s", verdict).isTrue();
        return verdict;
    }

    private static String type(JsonObject frame) {
        return frame.get("type").getAsString();
    }
}

package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
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
    private static final Duration PROMISED = Duration.ofSeconds(5); // two, and what a slow machine takes
    private static final Duration NEXT_CHECK = Duration.ofSeconds(10); // or later: all channels are compared every 25

    private static DeadServer dead;
    private static Site site;
    private static int channels;

    @RegisterExtension
    static final TestExecutionExceptionHandler LOGS = (context, failure) -> {
        System.out.println(site.logs() + dead.logs());
        throw failure;
    };

    private final String channel = "channel-" + channels++;
    private final List<Stored> acknowledged = new ArrayList<>();
    private int published;
    private Listening ada;
    private Listening bob;

    /** A member of the channel who notes what it is shown. */
    private record Listening(Speaker speaker, Track track) {
        /** Notes the next push of the channel. That its inbox is lost as well, after a flush, is another matter. */
        void next() throws IOException {
            JsonObject push = speaker.push();
            while (!push.get("channel").getAsString().equals(track.channel())) {
                push = speaker.push();
            }
            if (push.get("type").getAsString().equals("lost")) {
                track.add(new Track.Shown.Lost(Tracks.position(push)));
            } else {
                Position position = track.last().at(push.get("offset").getAsLong());
                track.add(new Track.Shown.Message(position, Publication.idOf(push)));
            }
        }
    }

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
        ada = join("ada", 0);
        bob = join("bob", 1);
    }

    private Listening join(String name, int server) throws Exception {
        return eventuallyGet(() -> {
            Speaker speaker = Speaker.connect(site.ports().get(server), name);
            JsonObject reply = speaker.ask(Speaker.request("subscribe", channel));
            return new Listening(speaker, new Track(name, channel, Tracks.position(reply)));
        });
    }

    @AfterEach
    void leave() {
        site.proxies().forEach(FaultyProxy::pass);
        ada.speaker.close();
        bob.speaker.close();
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
            if (!inTime(() -> publish(ada, publication))) {
                unsure.add(publication);
            }
            assertThat(publish(bob, next())).isTrue();
        }
        site.proxies().getFirst().pass();

        for (Publication publication : unsure) {
            publishUntilAcknowledged(ada, publication);
        }
        assertEverythingShown();
    }

    @Test
    void aRedisOutOfReachCostsNothingButTime() throws Exception {
        publishUntilAcknowledged(ada, next());
        site.proxies().getFirst().blackHole();
        Publication unsure = next();
        assertThat(inTime(() -> publish(ada, unsure))).isFalse();
        for (String type : List.of("history", "presence")) {
            assertThat(inTime(() -> isUnavailable(ada.speaker.ask(Speaker.request(type, channel)))))
                    .as(type)
                    .isTrue();
        }
        assertThat(inTime(() -> isUnavailable(ada.speaker.ask(Speaker.request("subscribe", "elsewhere")))))
                .isTrue();
        for (int i = 0; i < 50; i++) {
            assertThat(publish(bob, next())).isTrue();
        }
        assertThat(type(ada.speaker.ask(Speaker.request("ping")))).isEqualTo("pong");

        site.proxies().getFirst().pass();

        publishUntilAcknowledged(ada, unsure);
        assertEverythingShown();
    }

    @Test
    void whatCouldNotBeReadInTimeIsReadSoonAfterwards() throws Exception {
        publishUntilAcknowledged(bob, next());
        site.proxies().getFirst().delay(Duration.ofMillis(700)); // each way: answers come too late
        appendSilently(next());
        publishUntilAcknowledged(bob, next()); // there is a hole before it, and reading the history fails
        for (int i = 0; i < 2; i++) {
            assertThat(isUnavailable(ada.speaker.ask(Speaker.request("presence", channel))))
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
            publishUntilAcknowledged(i % 2 == 0 ? ada : bob, next());
        }
        assertEverythingShown();
    }

    @Test
    void aRedisThatForgetsEverythingIsSaidToHaveDoneSo() throws Exception {
        for (int i = 0; i < 100; i++) {
            if (i == 50) {
                Fault.FLUSH_REDIS.aimed(site, List.of(), new Random(i)).begin().run();
            }
            publishUntilAcknowledged(i % 2 == 0 ? ada : bob, next());
        }
        Verdict verdict = assertEverythingShown();

        assertThat(acknowledged.stream().map(one -> one.position().epoch()).distinct())
                .hasSize(2);
        assertThat(verdict.losses()).as("once for each member").isEqualTo(2);
        assertThat(ada.track.last()).isEqualTo(acknowledged.getLast().position());
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void theMembersOfADeadServerAreSaidToHaveLeft() throws Exception {
        dead.assertForgotten();
    }

    private Publication next() {
        return new Publication(channel, "message-" + published++, 20);
    }

    /** Publishes; whether that was acknowledged. If not, it must have been refused as unavailable. */
    private boolean publish(Listening member, Publication publication) throws IOException {
        JsonObject reply = member.speaker.ask(publication.request());
        if (isUnavailable(reply)) {
            return false;
        }
        acknowledged.add(new Stored(channel, Tracks.position(reply), publication.id()));
        return true;
    }

    private void publishUntilAcknowledged(Listening member, Publication publication) throws Exception {
        eventuallyGet(() -> {
            if (!publish(member, publication)) {
                throw new IOException("unavailable");
            }
            return publication;
        });
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
        Evidence.History history = HistoryReader.read(site.ports().getLast(), channel);
        for (Listening member : List.of(ada, bob)) {
            while (!member.track.last().equals(history.end())) {
                member.next();
            }
            assertThat(type(member.speaker.ask(Speaker.request("ping")))).isEqualTo("pong");
        }
        Verdict verdict = Checker.judge(new Evidence(List.of(ada.track, bob.track), acknowledged, List.of(history)));
        assertThat(verdict.clean()).as("%s", verdict).isTrue();
        return verdict;
    }

    private static boolean isUnavailable(JsonObject reply) {
        JsonElement code = reply.get("code");
        assertThat(code == null || code.getAsString().equals("unavailable"))
                .as("%s", reply)
                .isTrue();
        return code != null;
    }

    private static String type(JsonObject frame) {
        return frame.get("type").getAsString();
    }
}

package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Position;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a Redis that knows less learns of the positions that were shown. */
class PositionAnnouncerTest {
    private static final Position SHOWN = new Position("9999999999999.shown", 5); // newer than what begins in a test

    private RedisProcess redis;
    private RedisParts parts;

    @BeforeEach
    void start() throws Exception {
        redis = RedisProcess.begin();
        parts = new RedisParts(RedisServers.at(redis.uri())).start();
    }

    @AfterEach
    void stop() throws Exception {
        parts.close();
        redis.close();
    }

    @Test
    void aHistoryOfAnOlderEpochContinuesInOneThatIsNewerThanThatShown() {
        knows("lobby", "1.older", 3);
        knows("elsewhere", "1.older", 3);
        parts.feeds.acknowledge("lobby", SHOWN);

        parts.announcer.request(node());

        eventually(() -> assertThat(number("lobby")).isGreaterThan(9_999_999_999_999L));
        assertThat(field("lobby", "base"))
                .as("the offset after which the new epoch begins")
                .isEqualTo("3");
        assertThat(field("elsewhere", "epoch")).as("nothing was shown").isEqualTo("1.older");
    }

    @Test
    void aHistoryThatHasWhatWasShownGoesOn() {
        knows("lobby", SHOWN.epoch(), 5);
        knows("behind", SHOWN.epoch(), 4);
        parts.feeds.acknowledge("lobby", SHOWN);
        parts.feeds.acknowledge("behind", SHOWN);

        parts.announcer.request(node());

        eventually(() -> assertThat(number("behind")).isGreaterThan(9_999_999_999_999L));
        assertThat(field("lobby", "epoch")).isEqualTo(SHOWN.epoch());
    }

    @Test
    void allFollowedAndUnfollowedChannelsAreAnnouncedHoweverMany() {
        for (int i = 0; i < 600; i++) { // more than two round trips have
            if (i % 2 == 0) {
                parts.feeds.acquire("channel-" + i);
            }
            parts.feeds.acknowledge("channel-" + i, SHOWN);
        }

        parts.announcer.request(node());

        eventually(() -> assertThat(redis.ask("DBSIZE")).isEqualTo(600L));
    }

    @Test
    void aRedisThatDoesNotAnswerIsToldOnceItDoes() throws Exception {
        knows("lobby", "1.older", 3);
        parts.feeds.acknowledge("lobby", SHOWN);
        redis.kill();
        eventually(() -> assertThat(node().health().isUp()).isFalse());

        parts.announcer.request(node());
        redis.start();

        eventually(() -> assertThat(number("lobby")).isGreaterThan(9_999_999_999_999L));
    }

    @Test
    void whatIsShownWhileAnAnnouncementWaitsIsAnnouncedByTheNextRequest() throws Exception {
        redis.freeze();
        parts.feeds.acknowledge("first", SHOWN);
        parts.announcer.request(node());
        eventually(() -> assertThat(parts.memory.used(Part.WAITING)).isPositive()); // it is under way
        parts.feeds.acknowledge("second", SHOWN);
        parts.announcer.request(node());
        redis.thaw();

        eventually(() ->
                assertThat(List.of(number("first"), number("second"))).allMatch(number -> number > 9_999_999_999_999L));
    }

    private RedisNode node() {
        return parts.topology.all().getFirst();
    }

    private void knows(String channel, String epoch, long offset) {
        redis.ask("HSET", parts.keys.meta(channel), "epoch", epoch, "offset", Long.toString(offset));
    }

    private String field(String channel, String name) {
        return (String) redis.ask("HGET", parts.keys.meta(channel), name);
    }

    private long number(String channel) {
        String epoch = field(channel, "epoch");
        return epoch == null ? 0 : Long.parseLong(epoch.substring(0, epoch.indexOf('.')));
    }
}

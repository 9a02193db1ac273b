package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.StreamEntryID;

class RedisBrokerTest extends RedisBrokerContract {
    private static final String NEWER = "9999999999999.epoch"; // than any that begins in a test

    private static RedisProcess redis;

    private RedisClient client;
    private RedisBroker broker;
    private final RecordingListener listener = new RecordingListener();

    @BeforeAll
    static void startRedis() throws Exception {
        redis = RedisProcess.begin();
    }

    @AfterAll
    static void stopRedis() throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    @BeforeEach
    void connect() throws Exception {
        client = redis.client();
        client.flushAll();
        broker = open();
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    @Override
    RedisServers servers() {
        return RedisServers.at(redis.uri());
    }

    @Test
    void storesWhatTheProtocolPageSays() throws Exception {
        Position position = publish("hi");
        broker.publish("lobby", "ada", new Content.Text("keyed"), "k");

        assertThat(client.hgetAll("chat:{lobby}:meta")).isEqualTo(Map.of("epoch", position.epoch(), "offset", "2"));
        assertThat(client.type("chat:{lobby}:log")).isEqualTo("stream");
        assertThat(client.xrange("chat:{lobby}:log", "-", "+"))
                .extracting(entry -> entry.getID().toString())
                .containsExactly("1-0", "2-0");
        assertThat(client.keys("*"))
                .allSatisfy(key ->
                        assertThat(client.pttl(key)).as("expiry of %s", key).isPositive());
        assertThat(client.keys("chat:{lobby}:keys:*")).hasSize(1);
    }

    @Test
    void remembersAPositionForAsLongAsItsMessages() throws Exception {
        try (RedisBroker patient = create(Retention.DEFAULT.withAge(Duration.ofDays(90)))) {
            patient.publish("lobby", "ada", new Content.Text("hi"), "");
            patient.historyAfter("lobby", 0, 10);
        }

        assertThat(client.pttl("chat:{lobby}:log"))
                .isGreaterThan(Duration.ofDays(89).toMillis());
        assertThat(client.pttl("chat:{lobby}:meta"))
                .isGreaterThan(Duration.ofDays(89).toMillis());
    }

    @Test
    void notesTheChannelsOfAClientUntilItsLastSessionLeaves() throws Exception {
        RedisBroker other = open();
        broker.join("lobby", "ada");
        broker.join("den", "ada");
        other.join("lobby", "ada");
        assertThat(client.hgetAll("chat:client:ada")).isEqualTo(Map.of("lobby", "set", "den", "set"));
        assertThat(client.pttl("chat:client:ada")).isBetween(1L, 60_000L);
        assertThat(client.pttl("chat:{lobby}:presence")).isBetween(1L, 60_000L);

        broker.leave("lobby", "ada");
        broker.leave("den", "ada");
        assertThat(client.hgetAll("chat:client:ada")).isEqualTo(Map.of("lobby", "set"));

        other.close();
        assertThat(client.exists("chat:client:ada")).isFalse();
        assertThat(client.exists("chat:{lobby}:presence")).isFalse();
    }

    @Test
    void takesMembersOfADeadServerAway() throws Exception {
        RedisBroker broker = openHasty();
        broker.subscribe("lobby", listener);
        broker.join("lobby", "ada");
        client.hset("chat:{lobby}:presence", Map.of("c:bob", "dead=1", "c:cem", "never-listed=2"));
        client.hset("chat:nodes", "dead", Long.toString(System.currentTimeMillis() - 60_000));
        client.hset("chat:client:bob", Map.of("lobby", "set", "den", "set"));

        eventually(() -> assertThat(client.hkeys("chat:{lobby}:presence")).containsExactly("c:ada"));
        assertThat(broker.members("lobby")).isEqualTo(Map.of("ada", 1));
        assertThat(List.of(listener.nextClient(), listener.nextClient(), listener.nextClient()))
                .startsWith("joined ada")
                .containsExactlyInAnyOrder("joined ada", "left bob", "left cem");
        eventually(() -> assertThat(client.hkeys("chat:client:bob")).containsExactly("den"));
    }

    @Test
    void takesChannelsOfADeadServerFromClientsThatAreHere() throws Exception {
        RedisBroker broker = openHasty();
        broker.join("lobby", "ada");
        RedisBroker other = openHasty();
        other.join("hall", "ada");
        Map<String, String> noted = client.hgetAll("chat:{hall}:presence");
        client.hset("chat:{den}:presence", Map.of("c:ada", "dead=1", "c:bob", "dead=1"));
        client.hset("chat:client:ada", Map.of("den", "set", "attic", "set"));
        client.hset("chat:nodes", "dead", Long.toString(System.currentTimeMillis() - 60_000));

        eventually(() -> assertThat(client.hkeys("chat:client:ada")).containsExactlyInAnyOrder("lobby", "hall"));
        assertThat(client.exists("chat:{den}:presence")).isFalse();
        assertThat(client.hgetAll("chat:{hall}:presence")).isEqualTo(noted);
    }

    private RedisBroker openHasty() throws Exception {
        return closing(RedisBrokers.hasty(redis.uri(), 10));
    }

    @Test
    void countsAServerThatWasSilentForAShortWhile() throws Exception {
        client.hset("chat:{lobby}:presence", "c:bob", "slow=1");
        client.hset("chat:nodes", "slow", Long.toString(System.currentTimeMillis() - 20_000));

        assertThat(broker.members("lobby")).isEqualTo(Map.of("bob", 1));
    }

    @Test
    void notesItsMembersAgainWhenOthersHaveTakenItForDead() throws Exception {
        broker.join("lobby", "ada");
        Map<String, String> noted = client.hgetAll("chat:{lobby}:presence");

        client.del("chat:{lobby}:presence", "chat:client:ada", "chat:nodes");

        eventually(() -> assertThat(client.hgetAll("chat:{lobby}:presence")).isEqualTo(noted));
        eventually(() -> assertThat(client.hgetAll("chat:client:ada")).isEqualTo(Map.of("lobby", "set")));
    }

    @Test
    void notesItsMembersAgainWhenTheirNotesHaveGone() throws Exception {
        RedisBroker broker = openHasty();
        broker.join("lobby", "ada");
        Map<String, String> noted = client.hgetAll("chat:{lobby}:presence");

        client.del("chat:{lobby}:presence");

        eventually(() -> assertThat(client.hgetAll("chat:{lobby}:presence")).isEqualTo(noted));
        client.del("chat:client:ada");
        eventually(() -> assertThat(client.hgetAll("chat:client:ada")).isEqualTo(Map.of("lobby", "set")));
    }

    @Test
    void deliversWhatAPersonPushes() throws Exception {
        broker.subscribe("lobby", listener);

        client.publish("chat:{lobby}:live", "plain text");
        client.publish("chat:{lobby}:live", "{\"epoch\":1,\"not\":\"ours\"}");

        Message message = listener.nextMessage();
        assertThat(message.sender()).isEqualTo("redis");
        assertThat(message.position()).isEqualTo(Position.NONE);
        assertThat(message.content()).isEqualTo(new Content.Text("plain text"));
        assertThat(listener.nextMessage().content()).isEqualTo(new Content.Text("{\"epoch\":1,\"not\":\"ours\"}"));
        Position position = publish("and on");
        assertThat(listener.nextMessage().position()).isEqualTo(position);
    }

    @Test
    void fillsAHoleFromTheHistory() throws Exception {
        broker.subscribe("lobby", listener);
        publish("1");
        assertThat(listener.nextMessage().position().offset()).isEqualTo(1);

        // Two messages that pub/sub loses: they are written by a publisher whose PUBLISH goes nowhere.
        appendSilently("2", 2);
        appendSilently("3", 3);
        publish("4");

        for (long offset = 2; offset <= 4; offset++) {
            Message message = listener.nextMessage();
            assertThat(message.position().offset()).isEqualTo(offset);
            assertThat(message.content()).isEqualTo(new Content.Text(Long.toString(offset)));
        }
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void findsALostLastMessage() throws Exception {
        broker.subscribe("lobby", listener);
        publish("1");
        listener.nextMessage();

        appendSilently("2", 2);

        assertThat(listener.nextMessage().position().offset()).isEqualTo(2);
    }

    @Test
    void ignoresWhatComesTwice() throws Exception {
        broker.subscribe("lobby", listener);
        publish("1");
        String stored = client.xrange("chat:{lobby}:log", "-", "+")
                .getFirst()
                .getFields()
                .get("message");

        client.publish("chat:{lobby}:live", stored);
        publish("2");

        assertThat(listener.nextMessage().position().offset()).isEqualTo(1);
        assertThat(listener.nextMessage().position().offset()).isEqualTo(2);
    }

    @Test
    void reportsWhatCanNotBeFilled() throws Exception {
        Position first = publish("1");
        broker.subscribe("lobby", listener);
        appendSilently("2", 2);
        appendSilently("3", 3);
        client.xdel("chat:{lobby}:log", new StreamEntryID("2-0"));

        publish("4");

        assertThat(listener.nextLoss()).isEqualTo(first.at(2));
        assertThat(listener.nextMessage().position()).isEqualTo(first.at(3));
        assertThat(listener.nextMessage().position()).isEqualTo(first.at(4));
    }

    @Test
    void resyncsWhenThePubSubConnectionsAreCut() throws Exception {
        broker.subscribe("lobby", listener);
        for (int i = 1; i <= 200; i++) {
            if (i % 50 == 25) {
                client.executeCommand(new CommandArguments(Protocol.Command.CLIENT)
                        .add("KILL")
                        .add("TYPE")
                        .add("pubsub"));
            }
            publish(Integer.toString(i));
        }

        for (long offset = 1; offset <= 200; offset++) {
            assertThat(listener.nextMessage().position().offset()).isEqualTo(offset);
        }
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void goesOnWhereItWasAfterRedisWasKilled() throws Exception {
        broker.join("lobby", "ada");
        broker.subscribe("lobby", listener);
        Position first = publish("1");

        redis.kill();
        assertThatThrownBy(() -> publish("nobody hears this")).isInstanceOf(UnavailableException.class);
        redis.start();

        Position second = eventuallyGet(() -> publish("2"));
        assertThat(second).isEqualTo(first.next());
        assertThat(listener.nextMessage().position()).isEqualTo(first);
        assertThat(listener.nextMessage().position()).isEqualTo(second);
        try (RedisClient now = redis.client()) {
            eventually(() -> assertThat(now.hgetAll("chat:client:ada")).isEqualTo(Map.of("lobby", "set")));
        }
    }

    @Test
    void saysThatRedisIsOutOfReachAndThatItIsBack() throws Exception {
        redis.kill();

        eventually(() -> assertThat(broker.health().flaw())
                .contains("Redis at 127.0.0.1:" + redis.uri().getPort() + " can't be reached"));
        Duration proven = broker.health().proven().orElseThrow();
        eventually(() -> assertThat(broker.health().proven().orElseThrow())
                .as("it grows old")
                .isGreaterThan(proven));
        redis.start();

        eventually(() -> assertThat(broker.health().flaw()).isEmpty());
        assertThat(broker.health().reconnects()).isEqualTo(1);
    }

    @Test
    void saysThatAFrozenRedisDoesNotAnswer() throws Exception {
        redis.freeze();
        try {
            eventually(() -> assertThat(broker.health().flaw()).isPresent());
        } finally {
            redis.thaw();
        }
        eventually(() -> assertThat(broker.health().flaw()).isEmpty());
    }

    @Test
    void failsWithinTwoSecondsWhileRedisDoesNotAnswer() throws Exception {
        broker.subscribe("lobby", listener);
        redis.freeze();
        long began = System.nanoTime();

        assertThatThrownBy(() -> publish("into the void")).isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> broker.subscribe("den", new RecordingListener()))
                .isInstanceOf(UnavailableException.class);

        // Twice the promise for the two of them, and generous, for the machine may be slow: but no hang.
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        redis.thaw();
        Position next = eventuallyGet(() -> publish("back"));
        Message message = listener.nextMessage();
        while (!message.position().equals(next)) {
            message = listener.nextMessage(); // a publish that was not confirmed may still have been carried out
        }
        assertThat(message.content()).isEqualTo(new Content.Text("back"));
    }

    @Test
    void saysThatARedisThatForgotEverythingBeganANewEpoch() throws Exception {
        broker.subscribe("lobby", listener);
        Position old = publish("1");
        listener.nextMessage();

        client.flushAll();
        Position fresh = publish("2");

        assertThat(fresh.epoch()).isNotEqualTo(old.epoch());
        assertThat(fresh.offset()).isEqualTo(1);
        assertThat(listener.nextLoss()).isEqualTo(fresh.at(0));
        assertThat(listener.nextMessage().position()).isEqualTo(fresh);
    }

    @Test
    void readsTheHistoryOfANewEpochAsItIsAskedTo() throws Exception {
        broker.subscribe("lobby", listener);
        publish("1");
        client.hset("chat:{lobby}:meta", Map.of("epoch", NEWER, "offset", "0"));
        client.del("chat:{lobby}:log");
        for (int offset = 1; offset <= 3; offset++) {
            appendSilently(Integer.toString(offset), offset); // this broker has yet to learn of that epoch
        }

        assertThat(broker.historyAfter("lobby", 2, 10).messages())
                .extracting(Message::position)
                .containsExactly(new Position(NEWER, 3));
    }

    @Test
    void givesNoOffsetTwiceWhenRedisKnowsLessThanItAcknowledged() throws Exception {
        broker.subscribe("lobby", listener);
        publish("1");
        Position second = publish("2");
        listener.nextMessage();
        listener.nextMessage();

        client.hset("chat:{lobby}:meta", "offset", "1"); // as after the loss of the last second
        client.xdel("chat:{lobby}:log", new StreamEntryID("2-0"));
        Position next = publish("3");

        assertThat(next.epoch()).isNotEqualTo(second.epoch());
        assertThat(listener.nextLoss().epoch()).isEqualTo(next.epoch());
        assertThat(listener.nextMessage().position()).isEqualTo(next);
    }

    @Test
    void keepsWhatIsThereWhenRedisKnowsLessThanItAcknowledged() throws Exception {
        broker.subscribe("lobby", listener);
        for (int offset = 1; offset <= 3; offset++) {
            publish(Integer.toString(offset));
            listener.nextMessage();
        }

        client.hset("chat:{lobby}:meta", "offset", "2");
        client.xdel("chat:{lobby}:log", new StreamEntryID("3-0"));
        Position next = publish("4");

        assertThat(listener.nextLoss().next()).isEqualTo(next);
        assertThat(listener.nextMessage().position()).isEqualTo(next);
        assertThat(broker.historyAfter("lobby", 0, 10).messages())
                .extracting(message -> message.content().asText())
                .containsExactly("1", "2", "4");
        assertThat(broker.historyBefore("lobby", Long.MAX_VALUE, 10).messages())
                .extracting(message -> message.position().epoch())
                .containsOnly(next.epoch());
    }

    @Test
    void showsTheRestOfAnEpochThatHasEnded() throws Exception {
        broker.subscribe("lobby", listener);
        publish("1");
        listener.nextMessage();
        appendSilently("2", 2);
        appendSilently("3", 3);
        client.hset("chat:{lobby}:meta", Map.of("epoch", NEWER, "base", "3"));
        appendSilently("4", 4);

        publish("5");

        for (long offset = 2; offset <= 3; offset++) {
            Message rest = listener.nextMessage();
            assertThat(rest.position().offset()).isEqualTo(offset);
            assertThat(rest.position().epoch()).isNotEqualTo(NEWER);
        }
        assertThat(listener.nextLoss()).isEqualTo(new Position(NEWER, 3));
        assertThat(listener.nextMessage().position()).isEqualTo(new Position(NEWER, 4));
        assertThat(listener.nextMessage().position()).isEqualTo(new Position(NEWER, 5));
    }

    @Test
    void beginsANewEpochWhereAnotherMessageHasThePlaceOfOneThatWasShown() throws Exception {
        broker.subscribe("lobby", listener);
        Position shown = publish("shown");
        long time = listener.nextMessage().time();

        // As where a master that was replaced went on for a while: its successor gave the place to another message.
        client.del("chat:{lobby}:log");
        eventually(() -> assertThat(System.currentTimeMillis()).isGreaterThan(time));
        appendSilently("another", 1);
        client.executeCommand(new CommandArguments(Protocol.Command.CLIENT)
                .add("KILL")
                .add("TYPE")
                .add("pubsub"));

        Position loss = listener.nextLoss();
        assertThat(loss.epoch()).isNotEqualTo(shown.epoch());
        assertThat(publish("next")).isEqualTo(loss.next());
        assertThat(broker.historyAfter("lobby", 0, 10).messages())
                .extracting(message -> message.content().asText())
                .containsExactly("another", "next");
    }

    @Test
    void waitsForARedisThatIsNotThereYet() throws Exception {
        redis.kill();
        try (RedisBroker early = new RedisBroker(redis.uri(), "chat:", Retention.DEFAULT)) {
            assertThatThrownBy(() -> early.publish("lobby", "ada", new Content.Text("hi"), ""))
                    .isInstanceOf(UnavailableException.class);
            assertThatThrownBy(() -> RedisBroker.connect(RedisServers.at(redis.uri()), "chat:", Retention.DEFAULT))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("127.0.0.1");

            redis.start();

            assertThat(early.awaitReachable(Duration.ofSeconds(60))).isTrue();
            early.publish("lobby", "ada", new Content.Text("hi"), "");
        }
    }

    @Test
    void keepsHostileNamesApart() throws Exception {
        broker.publish("a", "ada", new Content.Text("hi"), "k}:log");

        broker.publish("a}:keys:ada:k", "ada", new Content.Text("hi"), "");

        assertThat(broker.historyAfter("a", 0, 10).messages()).hasSize(1);
    }

    /** Writes what a publish writes, but tells nobody. */
    private void appendSilently(String text, long offset) {
        String epoch = client.hget("chat:{lobby}:meta", "epoch");
        String message = "{\"epoch\":\"" + epoch + "\",\"offset\":" + offset + ",\"time\":" + System.currentTimeMillis()
                + ",\"sender\":\"ada\",\"data\":\"" + text + "\"}";
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("time", Long.toString(System.currentTimeMillis()));
        fields.put("message", message);
        client.hset("chat:{lobby}:meta", "offset", Long.toString(offset));
        client.xadd("chat:{lobby}:log", new StreamEntryID(offset, 0), fields);
    }

    private Position publish(String text) throws UnavailableException {
        return broker.publish("lobby", "ada", new Content.Text(text), "").position();
    }
}

package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

/** What references to earlier messages leave in Redis, and what two servers make of that. */
class RedisReferencesTest {
    private static final String CHANNEL = "50%7B off {all} ☕";
    private static final String KEYS = "chat:{50%257B off %7Ball%7D ☕}:";
    private static final Sender ADA = Sender.of("ada");
    private static final Sender BOB = Sender.of("bob");

    private static RedisProcess redis;

    private final List<RedisBroker> opened = new ArrayList<>();
    private final RecordingListener listener = new RecordingListener();
    private RedisClient client;
    private RedisBroker broker;
    private RedisBroker other;

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
        broker = open(Retention.DEFAULT);
        other = open(Retention.DEFAULT);
    }

    @AfterEach
    void disconnect() {
        opened.forEach(Broker::close);
        client.close();
    }

    private RedisBroker open(Retention retention) throws Exception {
        RedisBroker created = new RedisBroker(redis.uri(), RedisBroker.DEFAULT_PREFIX, retention);
        opened.add(created);
        assertThat(created.awaitReachable(Duration.ofSeconds(30))).isTrue();
        Position target = Eventually.eventuallyGet(() -> created.publish("settled", "ada", text("hi"), ""))
                .position();
        Eventually.eventuallyGet(() -> created.publish("settled", ADA, reference(target.offset(), Kind.REPLY, "hi")));
        return created;
    }

    private static Content text(String text) {
        return new Content.Text(text);
    }

    private static Draft reference(long offset, Kind kind, String text) {
        Content content = kind == Kind.DELETE ? Content.NONE : text(text);
        return new Draft(content, Attributes.NONE.withRef(new Reference(offset, kind)), "", false);
    }

    private Position say(Sender sender, String text) throws Exception {
        return broker.publish(CHANNEL, sender, new Draft(text(text), "")).position();
    }

    private void refer(Sender sender, long offset, Kind kind, String text) throws Exception {
        broker.publish(CHANNEL, sender, reference(offset, kind, text));
    }

    private static List<FoldedMessage> folded(Broker broker) throws Exception {
        return broker.folded(CHANNEL, true, 0, 1_000).messages();
    }

    private static List<Message> log(Broker broker) throws Exception {
        return broker.historyAfter(CHANNEL, 0, 1_000).messages();
    }

    @Test
    void keepsNoContentBesidesTheLogAndLetsAllKeysExpire() throws Exception {
        broker.publish(CHANNEL, ADA, new Draft(text("secret one"), "a key"));
        refer(ADA, 1, Kind.EDIT, "secret two");
        refer(BOB, 1, Kind.REACTION, "👍");
        refer(BOB, 1, Kind.REPLY, "secret three");

        assertThat(client.zrange(KEYS + "fold", 0, -1))
                .anySatisfy(member -> assertThat(member).contains("👍"))
                .allSatisfy(member -> assertThat(member).doesNotContain("secret"));
        refer(BOB, 4, Kind.DELETE, "");
        refer(ADA, 1, Kind.DELETE, "");

        assertThat(client.zrange(KEYS + "gone", 0, -1))
                .hasSize(3)
                .allSatisfy(tombstone ->
                        assertThat(tombstone).contains("\"deleted\":{\"by\":").doesNotContain("secret"));
        assertThat(client.xrange(KEYS + "log", "-", "+").toString()).doesNotContain("secret");
        refer(BOB, say(ADA, "hi").offset(), Kind.REACTION, "👍");
        assertThat(client.keys(KEYS.replaceAll("[{}]", "?") + "*"))
                .contains(KEYS + "fold", KEYS + "gone", KEYS + "log", KEYS + "meta")
                .hasSize(5);
        long longest = Retention.DEFAULT.age().toMillis() * 101 / 100;
        for (String set : List.of("fold", "gone")) {
            assertThat(client.pttl(KEYS + set)).isBetween(1L, longest);
        }
        assertThat(client.keys("*"))
                .allSatisfy(key ->
                        assertThat(client.pttl(key)).as("expiry of %s", key).isPositive());
    }

    @Test
    void aRefusedReferenceLeavesNothingBehind() throws Exception {
        client.flushAll();
        Draft early = new Draft(text("x"), Attributes.NONE.withRef(new Reference(1, Kind.REPLY)), "a key", false);

        assertThatThrownBy(() -> broker.publish(CHANNEL, ADA, early))
                .isInstanceOfSatisfying(
                        ReferenceException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReferenceException.Reason.UNKNOWN));

        assertThat(client.keys("chat:{50*")).isEmpty();
    }

    @Test
    void refusesOnlyTheReferencesOfABatchThatAreWrong() throws Exception {
        broker.subscribe(CHANNEL, listener);
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        pending.add(broker.submit(CHANNEL, ADA, new Draft(text("1"), "")));
        for (int i = 2; i <= 60; i++) { // each refers to the one before it, or else to one that is to come
            long offset = i % 3 == 0 ? 1_000 : i - 1 - (i - 1) / 3;
            pending.add(broker.submit(CHANNEL, ADA, reference(offset, Kind.REPLY, "" + i)));
        }

        for (int i = 1; i <= 60; i++) {
            Broker.PendingReceipt one = pending.get(i - 1);
            if (i > 1 && i % 3 == 0) {
                assertThatThrownBy(one::await).isInstanceOf(ReferenceException.class);
            } else {
                assertThat(one.await().position().offset()).isEqualTo(i - i / 3);
                assertThat(listener.nextMessage().content()).isEqualTo(text("" + i));
            }
        }
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void tellsHostileTextsAndNamesApart() throws Exception {
        say(ADA, "hi");
        List<String> texts =
                List.of("\"", "\\", "\t", "\n", "\n\"a\"\t", "a\",\"b", "{}", "[[]]", "%d", "😀", "\u2028\u007f/");
        List<String> names =
                List.of("\"", ",", "\",\"", "\t\"ada\"\t", "ada\n", "{\"ref\":1}", "\\\"", "𝒶", "ada", "ada\\");
        for (String text : texts) {
            for (String name : names) {
                other.publish(CHANNEL, Sender.of(name), reference(1, Kind.REACTION, text));
            }
        }

        List<FoldedMessage.Reaction> all = texts.stream()
                .map(text -> new FoldedMessage.Reaction(text, names.size(), names))
                .toList();
        assertThat(folded(broker).getFirst().reactions()).isEqualTo(all);

        Attributes remove = Attributes.NONE.withRef(new Reference(1, Kind.REACTION, true));
        for (String text : texts) {
            broker.publish(CHANNEL, Sender.of(","), new Draft(text(text), remove, "", false));
        }
        List<String> others = names.stream().filter(name -> !name.equals(",")).toList();
        assertThat(folded(other).getFirst().reactions())
                .isEqualTo(texts.stream()
                        .map(text -> new FoldedMessage.Reaction(text, others.size(), others))
                        .toList());
    }

    @Test
    void knowsASenderWhoseNameLooksLikeFields() throws Exception {
        Sender hostile = new Sender("eve\",\"data\":1,\"headers\":{\"ref\":{\"offset\":1,\"kind\":\"edit\"", true);
        Map<String, String> headers =
                Map.of("data", "\",\"data\":", "ref", "{\"offset\":1,\"kind\":\"edit\"}", "x", "y");
        Attributes attributes = Attributes.NONE.withHeaders(headers).withAuthor("\"abc\\");
        broker.publish(
                CHANNEL, hostile, new Draft(text(",\"ref\":{\"offset\":1,\"kind\":\"edit\""), attributes, "", false));
        Attributes edit = Attributes.NONE.withAuthor("\"abc\\").withRef(new Reference(1, Kind.EDIT));

        other.publish(CHANNEL, hostile, new Draft(text("edited"), edit, "", false));

        FoldedMessage folded = folded(broker).getFirst();
        assertThat(folded.message().content()).isEqualTo(text("edited"));
        assertThat(folded.message().attributes()).isEqualTo(attributes);
        assertThatThrownBy(() ->
                        other.publish(CHANNEL, hostile, new Draft(text("x"), edit.withAuthor("\"abc"), "", false)))
                .isInstanceOf(ReferenceException.class);
        broker.publish(
                CHANNEL,
                Sender.of("a \"moderator\""),
                new Draft(Content.NONE, Attributes.NONE.withRef(new Reference(1, Kind.DELETE)), "", true));
        Message tombstone = log(other).getFirst();
        assertThat(tombstone.sender()).isEqualTo(hostile.name());
        assertThat(tombstone.attributes().deleted().orElseThrow().by()).isEqualTo("a \"moderator\"");
        assertThat(tombstone.attributes().headers()).isEmpty();
    }

    @Test
    void showsTombstonesWhereMessagesWereMissed() throws Exception {
        other.subscribe(CHANNEL, listener);
        Map<Long, Message> received = new HashMap<>();
        for (int i = 1; i <= 100; i++) {
            if (i % 25 == 0) {
                redis.ask("CLIENT", "KILL", "TYPE", "pubsub");
            }
            refer(ADA, say(ADA, "m" + i).offset(), Kind.DELETE, "");
        }
        for (long offset = 1; offset <= 200; offset++) {
            Message next = listener.nextMessage(); // and not the report of a loss
            assertThat(next.position().offset()).isEqualTo(offset);
            received.put(offset, next);
        }

        assertThat(listener.isEmpty()).isTrue();
        List<Message> log = log(broker);
        assertThat(log).hasSize(200);
        for (Message message : log) {
            Message before = received.get(message.position().offset());
            boolean blankedLater = message.isDeleted() && !before.isDeleted();
            assertThat(
                            blankedLater
                                    ? before.deleted(
                                            message.attributes().deleted().orElseThrow())
                                    : before)
                    .isEqualTo(message);
        }
        assertThat(log.stream().filter(Message::isDeleted)).hasSize(100);
    }

    @Test
    void readsTheTombstonesInTheirPlacesPageByPage() throws Exception {
        for (int i = 1; i <= 30; i++) {
            say(i % 3 == 0 ? BOB : ADA, "m" + i);
        }
        for (int i = 29; i >= 1; i -= 2) { // in another order than the messages
            refer(i % 3 == 0 ? BOB : ADA, i, Kind.DELETE, "");
        }
        List<Message> all = log(broker);
        assertThat(all).hasSize(45);

        for (int limit : new int[] {1, 2, 7, 100}) {
            List<Message> forward = new ArrayList<>();
            List<Message> backward = new ArrayList<>();
            long after = 0;
            for (List<Message> page = all; !page.isEmpty(); forward.addAll(page)) {
                page = other.historyAfter(CHANNEL, after, limit).messages();
                after = page.isEmpty() ? after : page.getLast().position().offset();
            }
            long before = Long.MAX_VALUE;
            for (List<Message> page = all; !page.isEmpty(); backward.addAll(0, page)) {
                page = other.historyBefore(CHANNEL, before, limit).messages();
                before = page.isEmpty() ? before : page.getFirst().position().offset();
            }
            assertThat(forward).isEqualTo(all);
            assertThat(backward).isEqualTo(all);
        }
    }

    @Test
    void keepsTombstonesAndFoldsForAsLongAsMessages() throws Exception {
        RedisBroker small = open(Retention.DEFAULT.withMessages(10));
        for (int i = 0; i < 50; i++) {
            long offset =
                    small.publish(CHANNEL, "ada", text("m"), "").position().offset();
            small.publish(CHANNEL, BOB, reference(offset, Kind.REACTION, "👍"));
            if (i % 2 == 0) {
                small.publish(CHANNEL, ADA, reference(offset, Kind.DELETE, ""));
            }
            assertThat(client.zcard(KEYS + "gone")).isLessThanOrEqualTo(10);
            assertThat(client.zcard(KEYS + "fold")).isLessThanOrEqualTo(30); // three for each message with a reaction
            assertThat(log(small).getLast().position().offset()
                            - log(small).getFirst().position().offset())
                    .isLessThan(10);
        }
        assertThat(log(small)).hasSize(10);
    }

    @Test
    void forgetsWhatIsTooOld() throws Exception {
        RedisBroker hasty = open(Retention.DEFAULT.withAge(Duration.ofMillis(300)));
        hasty.publish(CHANNEL, "ada", text("one"), "");
        hasty.publish(CHANNEL, "ada", text("two"), "");
        hasty.publish(CHANNEL, ADA, reference(1, Kind.DELETE, ""));
        Eventually.eventually(() -> assertThat(unchecked(() -> log(hasty))).isEmpty());

        assertThat(hasty.folded(CHANNEL, true, 0, 10).messages()).isEmpty();
        assertThatThrownBy(() -> hasty.publish(CHANNEL, BOB, reference(2, Kind.REPLY, "x")))
                .isInstanceOfSatisfying(
                        ReferenceException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReferenceException.Reason.TOO_OLD));
        Eventually.eventually(() ->
                assertThat(client.keys(KEYS.replaceAll("[{}]", "?") + "*")).containsExactly(KEYS + "meta"));
    }

    private interface Step<T> {
        T run() throws Exception;
    }

    private static <T> T unchecked(Step<T> step) {
        try {
            return step.run();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void knowsAllAfterRedisWasKilled() throws Exception {
        say(ADA, "one");
        say(ADA, "two");
        refer(ADA, 1, Kind.EDIT, "edited");
        refer(BOB, 1, Kind.REACTION, "👍");
        refer(BOB, 1, Kind.REPLY, "reply");
        refer(ADA, 2, Kind.DELETE, "");
        List<Message> log = log(broker);
        List<FoldedMessage> folded = folded(broker);

        redis.kill();
        redis.start();

        assertThat(Eventually.eventuallyGet(() -> log(broker))).isEqualTo(log);
        assertThat(Eventually.eventuallyGet(() -> folded(other))).isEqualTo(folded);
        Eventually.eventuallyGet(() -> broker.publish(CHANNEL, ADA, reference(1, Kind.DELETE, "")));
        assertThat(log(other)).hasSize(7).filteredOn(Message::isDeleted).hasSize(3);
    }

    @Test
    void refusesReferencesToAnEarlierEpoch() throws Exception {
        Position old = say(ADA, "one");
        refer(BOB, 1, Kind.REACTION, "👍");
        client.hset(KEYS + "meta", Map.of("epoch", "9999999999999.epoch", "base", "2")); // as after a restore
        say(ADA, "three");

        for (Kind kind : Kind.values()) {
            assertThatThrownBy(() -> refer(ADA, 1, kind, "x"))
                    .isInstanceOfSatisfying(
                            ReferenceException.class,
                            refused -> assertThat(refused.reason()).isEqualTo(ReferenceException.Reason.TOO_OLD));
        }
        refer(ADA, 3, Kind.EDIT, "edited");

        List<FoldedMessage> folded = folded(broker);
        assertThat(folded).extracting(one -> one.message().position().epoch()).containsOnly("9999999999999.epoch");
        assertThat(folded.getFirst().message().position()).isNotEqualTo(old);
        assertThat(folded.getFirst().reactions()).hasSize(1);
        assertThat(folded.getLast().message().content()).isEqualTo(text("edited"));
    }

    @Test
    void goesOnBehindManyAnnotations() throws Exception {
        RedisBroker large = open(Retention.DEFAULT.withMessages(5_000));
        large.publish(CHANNEL, "ada", text("first"), "");
        large.publish(CHANNEL, "ada", text("second"), "");
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        for (int i = 0; i < 1_200; i++) {
            Attributes toggle = Attributes.NONE.withRef(new Reference(1, Kind.REACTION, i % 2 == 1));
            Sender client = Sender.of("client " + i / 100);
            pending.add(large.submit(CHANNEL, client, new Draft(text("👍"), toggle, "", false)));
        }
        for (Broker.PendingReceipt one : pending) {
            one.await();
        }
        large.publish(CHANNEL, "ada", text("last"), "");

        assertThat(large.folded(CHANNEL, false, 1_203, 1).messages())
                .extracting(one -> one.message().content())
                .containsExactly(text("second"));
        assertThat(large.folded(CHANNEL, true, 2, 1).messages())
                .extracting(one -> one.message().content())
                .containsExactly(text("last"));
        assertThat(large.folded(CHANNEL, true, 1_203, 5).messages()).isEmpty();
    }

    @Test
    void boundsAPageByItsBytes() throws Exception {
        Content large = text("x".repeat(100_000));
        for (int i = 1; i <= 12; i++) {
            broker.publish(CHANNEL, "ada", large, "");
        }
        broker.publish(
                CHANNEL, ADA, new Draft(large, Attributes.NONE.withRef(new Reference(12, Kind.EDIT)), "", false));

        assertThat(broker.folded(CHANNEL, true, 0, 100).messages())
                .extracting(one -> one.message().position().offset())
                .containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(broker.folded(CHANNEL, false, 100, 100).messages())
                .extracting(one -> one.message().position().offset())
                .containsExactly(9L, 10L, 11L, 12L); // with the edit
    }

    @Test
    void boundsTheEditsOfAMessageAndBlanksThemAll() throws Exception {
        RedisBroker large = open(Retention.DEFAULT.withMessages(5_000));
        large.publish(CHANNEL, "ada", text("secret"), "");
        List<Broker.PendingReceipt> pending = new ArrayList<>();
        for (int i = 0; i < FoldedMessage.MAX_EDITS; i++) {
            pending.add(large.submit(CHANNEL, ADA, reference(1, Kind.EDIT, "secret " + i)));
        }
        for (Broker.PendingReceipt one : pending) {
            one.await();
        }
        assertThatThrownBy(() -> large.publish(CHANNEL, ADA, reference(1, Kind.EDIT, "one more")))
                .isInstanceOfSatisfying(
                        ReferenceException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReferenceException.Reason.TOO_MANY));
        assertThat(large.folded(CHANNEL, true, 0, 5)
                        .messages()
                        .getFirst()
                        .message()
                        .content())
                .isEqualTo(text("secret " + (FoldedMessage.MAX_EDITS - 1)));

        large.publish(CHANNEL, ADA, reference(1, Kind.DELETE, ""));

        assertThat(large.historyAfter(CHANNEL, 0, 5_000).messages())
                .hasSize(FoldedMessage.MAX_EDITS + 2)
                .allSatisfy(message -> assertThat(message.content()).isEqualTo(Content.NONE));
    }

    @Test
    void aDeletedChannelHasNeitherFoldsNorTombstones() throws Exception {
        broker.subscribe(CHANNEL, listener);
        RecordingListener elsewhere = new RecordingListener();
        other.subscribe(CHANNEL, elsewhere);
        say(ADA, "one");
        say(ADA, "two");
        refer(BOB, 1, Kind.REACTION, "👍");
        refer(ADA, 2, Kind.DELETE, "");

        broker.delete(CHANNEL);

        Position next = say(ADA, "next");
        for (RecordingListener one : List.of(listener, elsewhere)) {
            for (long offset = 1; offset <= 4; offset++) {
                assertThat(one.nextMessage().position().offset()).isEqualTo(offset);
            }
            assertThat(one.nextLoss()).isEqualTo(next.at(4));
            assertThat(one.nextMessage().position()).isEqualTo(next);
        }
        assertThat(client.keys(KEYS.replaceAll("[{}]", "?") + "*"))
                .containsExactlyInAnyOrder(KEYS + "log", KEYS + "meta");
        assertThat(folded(other)).hasSize(1);
    }

    @Test
    void aDeletedSenderLeavesNeitherEditsNorReactions() throws Exception {
        say(ADA, "ada's");
        say(BOB, "bob's");
        refer(ADA, 2, Kind.REACTION, "👍");
        refer(BOB, 2, Kind.REACTION, "👍");
        broker.publish(CHANNEL, new Sender("ada", true), reference(2, Kind.REACTION, "♥"));
        broker.publish(
                CHANNEL,
                ADA,
                new Draft(text("ada's edit"), Attributes.NONE.withRef(new Reference(2, Kind.EDIT)), "", true));
        refer(BOB, 1, Kind.REPLY, "a reply");
        refer(ADA, 2, Kind.REPLY, "ada's reply");
        refer(ADA, 1, Kind.EDIT, "ada's own edit");

        broker.deleteFrom("ada");

        List<FoldedMessage> folded = folded(other);
        assertThat(folded).extracting(one -> one.message().content()).containsExactly(text("bob's"), text("a reply"));
        assertThat(folded.getFirst().edited()).isEmpty();
        assertThat(folded.getFirst().reactions()).containsExactly(new FoldedMessage.Reaction("👍", 1, List.of("bob")));
        assertThat(folded.getFirst().replies()).isZero();
        assertThat(log(other)) // ends with the deletions of two messages
                .extracting(message -> message.position().offset())
                .containsExactly(2L, 4L, 7L, 10L, 11L);
        assertThat(client.exists(KEYS + "gone")).isFalse();
        assertThat(client.keys("*"))
                .allSatisfy(key ->
                        assertThat(client.pttl(key)).as("expiry of %s", key).isPositive());
    }

    @Test
    void showsServersOfEarlierVersionsDataAndNoStrangeTexts() throws Exception {
        say(ADA, "one");
        refer(ADA, 1, Kind.DELETE, "");
        client.xrange(KEYS + "log", "-", "+")
                .forEach(entry -> assertThat(entry.getFields().get("message")).endsWith(",\"data\":null}"));

        Position newest = new Position("1.e", 7);
        String emptied = "{\"epoch\":\"1.e\",\"offset\":0,\"time\":1,\"sender\":\"operator\",\"data\":\"\",\"gone\":7}";
        assertThat(MessageCodec.live(CHANNEL, emptied)).isEqualTo(new MessageCodec.Live.Emptied(newest));
        broker.publish(CHANNEL, "ada", new Content.Json("null"), "");
        assertThat(log(broker).getLast().content()).isEqualTo(new Content.Json("null"));
    }

    @Test
    void aRedisUserWithTheRightsForEarlierVersionsMayDoAllButRefer() throws Exception {
        String rights =
                "SETUSER old reset on >secret ~chat:* &chat:* -@all +ping +client|setname +eval +evalsha +time +publish"
                        + " +subscribe +unsubscribe +get +set +del +pexpire +pttl +hget +hset +hdel +hgetall +hmget +xadd +xdel"
                        + " +xrange +xrevrange +xinfo|stream +scan";
        redis.ask("ACL", rights.split(" "));
        RedisServers servers = RedisServers.at(redis.uri()).withUser("old").withPassword(() -> "secret");
        try (RedisBroker restricted = new RedisBroker(servers, RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT)) {
            assertThat(restricted.awaitReachable(Duration.ofSeconds(30))).isTrue();
            restricted.subscribe(CHANNEL, listener);
            Position hi = Eventually.eventuallyGet(() -> restricted.publish(CHANNEL, "ada", text("hi"), ""))
                    .position();

            for (Kind kind : Kind.values()) {
                assertThatThrownBy(() -> restricted.publish(CHANNEL, ADA, reference(1, kind, "x")))
                        .isInstanceOf(UnavailableException.class);
            }

            assertThat(listener.nextMessage().position()).isEqualTo(hi);
            assertThat(log(restricted)).extracting(Message::content).containsExactly(text("hi"));
            assertThat(restricted.historyBefore(CHANNEL, 10, 10).messages()).hasSize(1);
        } finally {
            redis.ask("ACL", "DELUSER", "old");
        }
    }

    @Test
    void publishesWithoutReferencesAsCheaplyAsBefore() throws Exception {
        say(ADA, "first");
        Map<String, Long> ofPublish = Map.of(
                "evalsha", 1L, "time", 1L, "hmget", 1L, "hset", 1L, "xadd", 1L, "pttl", 2L, "publish", 1L, "info", 1L);

        Eventually.eventually(
                () -> { // heartbeats and probes come between, but not always
                    Map<String, Long> before = calls();
                    unchecked(() -> say(ADA, "next"));
                    Map<String, Long> after = calls();
                    after.replaceAll((command, calls) -> calls - before.getOrDefault(command, 0L));
                    after.values().removeIf(calls -> calls == 0);
                    assertThat(after).isEqualTo(ofPublish);
                });
    }

    private static Map<String, Long> calls() {
        Map<String, Long> calls = new HashMap<>();
        ((String) redis.ask("INFO", "commandstats"))
                .lines()
                .filter(line -> line.startsWith("cmdstat_"))
                .forEach(line -> calls.put(
                        line.substring("cmdstat_".length(), line.indexOf(':')),
                        Long.parseLong(line.substring(line.indexOf("calls=") + 6, line.indexOf(',')))));
        return calls;
    }
}

package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Broker} must do. Extend it for an implementation: {@link #create} gives a new one on the same store
 * each time it is called.
 */
public abstract class BrokerContract extends ReadMarkContract {
    private static final Duration PROVEN = Duration.ofSeconds(30); // longer than any broker may go without a proof

    @Test
    void givesOffsetsFromOneWithoutGapsInOneEpoch() throws Exception {
        Broker broker = open();

        List<Position> positions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            positions.add(publish(broker, "m" + i));
        }

        assertThat(positions).extracting(Position::offset).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(positions)
                .extracting(Position::epoch)
                .containsOnly(positions.getFirst().epoch());
        assertThat(positions.getFirst().epoch()).isNotEmpty();
    }

    @Test
    void isWellAndHasProvedIt() throws Exception {
        Broker.Health health = open().health();

        assertThat(health.flaw()).isEmpty();
        assertThat(health.proven()).hasValueSatisfying(age -> assertThat(age).isBetween(Duration.ZERO, PROVEN));
        assertThat(health.reconnects()).isZero();
    }

    @Test
    void numbersEachChannelByItself() throws Exception {
        Broker broker = open();

        publish(broker, "here");
        Position there = broker.publish("there", "ada", text("there"), "").position();

        assertThat(there.offset()).isEqualTo(1);
    }

    @Test
    void deliversWhatWasPublishedToEveryListener() throws Exception {
        Broker broker = open();
        RecordingListener first = new RecordingListener();
        RecordingListener second = new RecordingListener();
        broker.subscribe(CHANNEL, first);
        broker.subscribe(CHANNEL, second);

        long before = System.currentTimeMillis();
        Position position = publish(broker, "hällo 👋 \"quoted\" \\ \n");

        Message message = first.nextMessage();
        assertThat(message.channel()).isEqualTo(CHANNEL);
        assertThat(message.position()).isEqualTo(position);
        assertThat(message.sender()).isEqualTo("ada");
        assertThat(message.content()).isEqualTo(text("hällo 👋 \"quoted\" \\ \n"));
        assertThat(message.time()).isBetween(before - 60_000, System.currentTimeMillis() + 60_000);
        assertThat(second.nextMessage()).isEqualTo(message);
    }

    @Test
    void keepsJsonAsJson() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);

        broker.publish(CHANNEL, "ada", new Content.Json("{\"a\":[1,2.50,null,\"<b>\"]}"), "");

        assertThat(listener.nextMessage().content()).isEqualTo(new Content.Json("{\"a\":[1,2.50,null,\"<b>\"]}"));
    }

    @Test
    void beginsASubscriptionAfterTheNewestMessage() throws Exception {
        Broker broker = open();
        Position published = publish(broker, "before");
        RecordingListener listener = new RecordingListener();

        Position start = broker.subscribe(CHANNEL, listener).start();
        publish(broker, "after");

        assertThat(start).isEqualTo(published);
        assertThat(listener.nextMessage().position()).isEqualTo(published.next());
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void beginsASubscriptionToANewChannelBeforeItsFirstMessage() throws Exception {
        Broker broker = open();

        Position start = broker.subscribe(CHANNEL, new RecordingListener()).start();

        assertThat(start.offset()).isZero();
        assertThat(publish(broker, "first")).isEqualTo(start.next());
    }

    @Test
    void deliversInTheOrderOfOffsetsWhileManyPublish() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);

        int publishers = 8;
        int each = 50;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int p = 0; p < publishers; p++) {
                running.add(threads.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        publish(broker, "message");
                    }
                    return null;
                }));
            }
            for (Future<?> publisher : running) {
                publisher.get();
            }
        }

        for (long offset = 1; offset <= publishers * each; offset++) {
            assertThat(listener.nextMessage().position().offset()).isEqualTo(offset);
        }
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void deliversNothingAfterASubscriptionWasClosed() throws Exception {
        Broker broker = open();
        RecordingListener closed = new RecordingListener();
        RecordingListener open = new RecordingListener();
        Broker.Subscription subscription = broker.subscribe(CHANNEL, closed);
        broker.subscribe(CHANNEL, open);

        subscription.close();
        publish(broker, "message");

        open.nextMessage();
        assertThat(closed.isEmpty()).isTrue();
    }

    @Test
    void subscribesAgainAfterTheLastSubscriptionWasClosed() throws Exception {
        Broker broker = open();
        for (int round = 0; round < 20; round++) {
            RecordingListener listener = new RecordingListener();
            Broker.Subscription subscription = broker.subscribe(CHANNEL, listener);
            Position published = publish(broker, "round " + round);
            assertThat(listener.nextMessage().position()).isEqualTo(published);
            subscription.close();
        }
    }

    @Test
    void reachesListenersOfAnotherBrokerOnTheSameStore() throws Exception {
        Broker here = open();
        Broker there = another(here, Retention.DEFAULT);
        brokers.add(there);
        RecordingListener listener = new RecordingListener();
        Position start = there.subscribe(CHANNEL, listener).start();

        Position published = publish(here, "hello over there");

        assertThat(published).isEqualTo(start.next());
        assertThat(listener.nextMessage().position()).isEqualTo(published);
    }

    @Test
    void readsHistoryAfterAnOffsetOldestFirst() throws Exception {
        Broker broker = open();
        publishMany(broker, 10);

        Broker.Page page = broker.historyAfter(CHANNEL, 3, 4);

        assertThat(offsets(page)).containsExactly(4L, 5L, 6L, 7L);
        assertThat(page.position().offset()).isEqualTo(10);
        assertThat(page.messages().getFirst().content()).isEqualTo(text("4"));
        assertThat(offsets(broker.historyAfter(CHANNEL, 8, 4))).containsExactly(9L, 10L);
        assertThat(offsets(broker.historyAfter(CHANNEL, 10, 4))).isEmpty();
    }

    @Test
    void readsTheNewestHistoryBeforeAnOffsetOldestFirst() throws Exception {
        Broker broker = open();
        publishMany(broker, 10);

        assertThat(offsets(broker.historyBefore(CHANNEL, 8, 3))).containsExactly(5L, 6L, 7L);
        assertThat(offsets(broker.historyBefore(CHANNEL, Long.MAX_VALUE, 2))).containsExactly(9L, 10L);
        assertThat(offsets(broker.historyBefore(CHANNEL, 1, 5))).isEmpty();
    }

    @Test
    void readsHistoryFromAnyOffset() throws Exception {
        Broker broker = open();
        publishMany(broker, 3);

        for (long nothing : new long[] {Long.MIN_VALUE, -1, 0, 1}) {
            assertEmptyPage(broker.historyBefore(CHANNEL, nothing, 10));
        }
        for (long nothing : new long[] {3, 4, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
            assertEmptyPage(broker.historyAfter(CHANNEL, nothing, 10));
        }
        for (long beginning : new long[] {Long.MIN_VALUE, -1, 0}) {
            assertThat(offsets(broker.historyAfter(CHANNEL, beginning, Integer.MAX_VALUE)))
                    .containsExactly(1L, 2L, 3L);
        }
        for (long end : new long[] {4, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
            assertThat(offsets(broker.historyBefore(CHANNEL, end, Integer.MAX_VALUE)))
                    .containsExactly(1L, 2L, 3L);
        }
        for (int none : new int[] {Integer.MIN_VALUE, -1, 0}) {
            assertEmptyPage(broker.historyBefore(CHANNEL, Long.MAX_VALUE, none));
            assertEmptyPage(broker.historyAfter(CHANNEL, 0, none));
        }
    }

    private static void assertEmptyPage(Broker.Page page) {
        assertThat(page.messages()).isEmpty();
        assertThat(page.position().offset()).isEqualTo(3);
    }

    @Test
    void keepsTheNewestMessages() throws Exception {
        Broker broker = open(Retention.DEFAULT.withMessages(5).withArchive(Duration.ZERO));
        publishMany(broker, 12);

        Broker.Page page = broker.historyAfter(CHANNEL, 0, 100);

        assertThat(offsets(page)).containsExactly(8L, 9L, 10L, 11L, 12L);
    }

    @Test
    void forgetsOldMessagesButNotThePosition() throws Exception {
        Broker broker = open(Retention.DEFAULT.withAge(Duration.ofMillis(50)).withArchive(Duration.ZERO));
        publishMany(broker, 3);

        Eventually.eventually(() -> assertThat(offsets(history(broker))).isEmpty());

        assertThat(publish(broker, "next").offset()).isEqualTo(4);
    }

    @Test
    void endsNobodyElsesSubscriptionWhenOneIsClosedTwice() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        Broker.Subscription twice = broker.subscribe(CHANNEL, listener);
        broker.subscribe(CHANNEL, listener);
        Position first = publish(broker, "to both");
        assertThat(listener.nextMessage().position()).isEqualTo(first);
        assertThat(listener.nextMessage().position()).isEqualTo(first);

        twice.close();
        twice.close();

        assertThat(listener.isEmpty()).isTrue();
        assertThat(publish(broker, "to the other"))
                .isEqualTo(listener.nextMessage().position());
    }

    @Test
    void deletesAChannelsMessagesAndKeepsItsPositions() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        brokers.add(other);
        RecordingListener listener = new RecordingListener();
        other.subscribe(CHANNEL, listener);
        publishMany(broker, 10);
        broker.publish("there", "ada", text("stays"), "");

        broker.delete(CHANNEL);

        assertThat(history(broker).messages()).isEmpty();
        assertThat(history(other).position().offset()).isEqualTo(10);
        assertThat(broker.historyBefore(CHANNEL, Long.MAX_VALUE, 10).messages()).isEmpty();
        assertThat(offsets(broker.historyAfter("there", 0, 10))).containsExactly(1L);
        assertThat(publish(broker, "next").offset()).isEqualTo(11);
        assertThat(offsets(history(other))).containsExactly(11L);
        for (long offset = 1; offset <= 10; offset++) {
            assertThat(listener.nextMessage().position().offset()).isEqualTo(offset);
        }
        assertThat(listener.nextLoss().offset()).isEqualTo(10);
        assertThat(listener.nextMessage().position().offset()).isEqualTo(11);
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void deletesWhatWasNeverThere() throws Exception {
        Broker broker = open();

        broker.delete("nothing was ever said here");
        broker.deleteFrom("nobody");

        assertThat(publish(broker, "first").offset()).isEqualTo(1);
    }

    @Test
    void deletesASendersMessagesEverywhere() throws Exception {
        Broker broker = open();
        for (int i = 1; i <= 250; i++) {
            broker.publish(CHANNEL, i % 2 == 0 ? "bob *" : "ada", text("m" + i), "");
        }
        broker.publish("@ada", "bob *", text("for you alone"), "");
        broker.publish("@ada", "bob", text("of another"), "");

        broker.deleteFrom("bob *");

        Broker.Page page = broker.historyAfter(CHANNEL, 0, 1_000);
        assertThat(offsets(page)) // the other half is followed by as many deletions
                .isEqualTo(LongStream.rangeClosed(1, 375)
                        .filter(offset -> offset % 2 == 1 || offset > 250)
                        .boxed()
                        .toList());
        assertThat(page.messages())
                .allMatch(message -> message.sender().equals(message.position().offset() <= 250 ? "ada" : "operator"));
        assertThat(page.position().offset()).isEqualTo(375);
        assertThat(offsets(broker.historyAfter("@ada", 0, 10))).containsExactly(2L, 3L);
        assertThat(broker.publish(CHANNEL, "bob *", text("again"), "")
                        .position()
                        .offset())
                .isEqualTo(376);
        assertThat(offsets(broker.historyBefore(CHANNEL, Long.MAX_VALUE, 2))).containsExactly(375L, 376L);
    }

    @Test
    void remembersTheKeysOfDeletedMessages() throws Exception {
        Broker broker = open();
        Position first = broker.publish(CHANNEL, "ada", text("once"), "key").position();

        broker.delete(CHANNEL);

        assertThat(broker.publish(CHANNEL, "ada", text("once"), "key")).isEqualTo(new Broker.Receipt(first, true));
        assertThat(offsets(history(broker))).isEmpty();
    }

    @Test
    void givesTheFirstPositionForARepeatedKey() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);

        Broker.Receipt first = broker.publish(CHANNEL, "ada", text("once"), "key");
        Broker.Receipt again = broker.publish(CHANNEL, "ada", text("once"), "key");
        Broker.Receipt bobs = broker.publish(CHANNEL, "bob", text("bob's"), "key");

        assertThat(first.duplicate()).isFalse();
        assertThat(again).isEqualTo(new Broker.Receipt(first.position(), true));
        assertThat(bobs).isEqualTo(new Broker.Receipt(first.position().next(), false));
        assertThat(listener.nextMessage().sender()).isEqualTo("ada");
        assertThat(listener.nextMessage().sender()).isEqualTo("bob");
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void appendsSubmittedMessagesInTheirOrderWithThosePublishedBetween() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);
        List<Broker.PendingReceipt> pending = new ArrayList<>();

        for (int i = 1; i <= 300; i++) {
            if (i % 100 == 0) {
                assertThat(publish(broker, "" + i).offset()).isEqualTo(i);
            } else {
                pending.add(broker.submit(CHANNEL, Sender.of("ada"), text("" + i), ""));
            }
        }

        List<Long> acknowledged = new ArrayList<>();
        for (Broker.PendingReceipt one : pending) {
            acknowledged.add(one.await().position().offset());
            assertThat(one.isDone()).isTrue();
        }
        assertThat(acknowledged)
                .isEqualTo(LongStream.rangeClosed(1, 299)
                        .filter(offset -> offset % 100 != 0)
                        .boxed()
                        .toList());
        for (int i = 1; i <= 300; i++) {
            assertThat(listener.nextMessage().content()).isEqualTo(text("" + i));
        }
    }

    @Test
    void givesTheFirstPositionForAKeyThatIsSubmittedAgain() throws Exception {
        Broker broker = open();
        Sender ada = Sender.of("ada");
        broker.publish(CHANNEL, ada, text("old"), "old");

        Broker.PendingReceipt first = broker.submit(CHANNEL, ada, text("once"), "key");
        Broker.PendingReceipt old = broker.submit(CHANNEL, ada, text("old"), "old");
        Broker.PendingReceipt again = broker.submit(CHANNEL, ada, text("once"), "key");
        Broker.PendingReceipt last = broker.submit(CHANNEL, ada, text("last"), "");

        Broker.Receipt begun = first.await();
        assertThat(begun.duplicate()).isFalse();
        assertThat(begun.position().offset()).isEqualTo(2);
        assertThat(old.await()).isEqualTo(new Broker.Receipt(begun.position().at(1), true));
        assertThat(again.await()).isEqualTo(new Broker.Receipt(begun.position(), true));
        assertThat(last.await()).isEqualTo(new Broker.Receipt(begun.position().next(), false));
        assertThat(offsets(history(broker))).containsExactly(1L, 2L, 3L);
    }

    @Test
    void tellsAGuestFromAnAccountOfItsName() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        brokers.add(other);
        RecordingListener listener = new RecordingListener();
        other.subscribe(CHANNEL, listener);
        Sender guest = new Sender("ada", true);

        Broker.Receipt guests = broker.publish(CHANNEL, guest, text("a guest's"), "key");
        Broker.Receipt accounts = broker.publish(CHANNEL, "ada", text("an account's"), "key");
        assertThat(broker.publish(CHANNEL, guest, text("again"), "key"))
                .isEqualTo(new Broker.Receipt(guests.position(), true));
        assertThat(accounts.duplicate()).isFalse();

        assertThat(listener.nextMessage().guest()).isTrue();
        assertThat(listener.nextMessage().guest()).isFalse();
        assertThat(history(other).messages()).extracting(Message::guest).containsExactly(true, false);
        assertThat(history(other).messages()).extracting(Message::sender).containsExactly("ada", "ada");

        broker.signal(CHANNEL, new Broker.Signal("session", guest, text("typing")));
        assertThat(listener.nextSignal().sender()).isEqualTo(guest);

        broker.join(CHANNEL, guest);
        assertThat(listener.nextClient()).isEqualTo("joined ada ");
        broker.join(CHANNEL, "ada");
        assertThat(listener.nextClient()).isEqualTo("joined ada");
        assertThat(other.members(CHANNEL, "", 10))
                .isEqualTo(new Broker.Members(2, List.of(new Member("ada", 1), new Member("ada", 1, true))));
        broker.leave(CHANNEL, guest);
        assertThat(listener.nextClient()).isEqualTo("left ada ");
        assertThat(other.members(CHANNEL, "", 10)).isEqualTo(new Broker.Members(1, List.of(new Member("ada", 1))));
    }

    @Test
    void forgetsKeysInTime() throws Exception {
        Broker broker = open(Retention.DEFAULT.withKeys(Duration.ofMillis(20)));
        Position first = broker.publish(CHANNEL, "ada", text("first"), "key").position();

        Eventually.eventually(() -> assertThat(repeat(broker)).isFalse());

        assertThat(publish(broker, "and on").offset()).isEqualTo(first.offset() + 2);
    }

    @Test
    void countsTheSessionsOfClients() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        brokers.add(other);

        broker.join(CHANNEL, "bob");
        broker.join(CHANNEL, "ada");
        other.join(CHANNEL, "ada");
        assertThat(broker.members(CHANNEL)).isEqualTo(Map.of("ada", 2, "bob", 1));
        assertThat(broker.members(CHANNEL).keySet()).containsExactly("ada", "bob");

        broker.leave(CHANNEL, "ada");
        broker.leave(CHANNEL, "bob");
        assertThat(other.members(CHANNEL)).isEqualTo(Map.of("ada", 1));

        other.leave(CHANNEL, "ada");
        assertThat(broker.members(CHANNEL)).isEmpty();
    }

    @Test
    void givesMembersInPages() throws Exception {
        Broker broker = open();
        List<String> clients = List.of("a", "b\"", "c", "\ue000", "\uD83D\uDE00", "é");
        for (String client : clients) {
            broker.join(CHANNEL, client);
        }
        broker.join(CHANNEL, "c");
        List<String> sorted = clients.stream().sorted().toList();

        Broker.Members first = broker.members(CHANNEL, "", 2);
        assertThat(first).isEqualTo(new Broker.Members(6, List.of(new Member("a", 1), new Member("b\"", 1))));
        Broker.Members second = broker.members(CHANNEL, "b\"", 2);
        assertThat(second.page().getFirst()).isEqualTo(new Member("c", 2));
        Broker.Members third = broker.members(CHANNEL, second.page().getLast().client(), 2);
        assertThat(Stream.of(first, second, third)
                        .flatMap(page -> page.page().stream())
                        .map(Member::client))
                .isEqualTo(sorted);

        assertThat(broker.members(CHANNEL, "bb", 1).page())
                .as("after one that is not there")
                .containsExactly(new Member("c", 2));
        assertThat(broker.members(CHANNEL, sorted.getLast(), 2)).isEqualTo(new Broker.Members(6, List.of()));
        assertThat(broker.members(CHANNEL, "", 0)).isEqualTo(new Broker.Members(6, List.of()));
        assertThat(broker.members(CHANNEL, "", -1).page()).isEmpty();
        broker.leave(CHANNEL, "a");
        assertThat(broker.members(CHANNEL, "", 1))
                .as("the first page is always new")
                .isEqualTo(new Broker.Members(5, List.of(new Member("b\"", 1))));
    }

    @Test
    void tellsOnceWhenAClientComesAndGoes() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        brokers.add(other);
        RecordingListener listener = new RecordingListener();
        broker.subscribe(CHANNEL, listener);

        broker.join(CHANNEL, "a \"strange\" näme");
        other.join(CHANNEL, "a \"strange\" näme");
        other.join(CHANNEL, "bob");
        assertThat(listener.nextClient()).isEqualTo("joined a \"strange\" näme");
        assertThat(listener.nextClient()).isEqualTo("joined bob");

        broker.leave(CHANNEL, "a \"strange\" näme");
        other.leave(CHANNEL, "bob");
        other.leave(CHANNEL, "a \"strange\" näme");
        assertThat(listener.nextClient()).isEqualTo("left bob");
        assertThat(listener.nextClient()).isEqualTo("left a \"strange\" näme");
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void passesSignalsOnAndKeepsThemNowhere() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        brokers.add(other);
        RecordingListener listener = new RecordingListener();
        other.subscribe(CHANNEL, listener);
        var signal = new Broker.Signal("session", "ada", new Content.Json("{\"typing\":true}"));

        broker.signal(CHANNEL, signal);

        assertThat(listener.nextSignal()).isEqualTo(signal);
        assertThat(offsets(history(broker))).isEmpty();
        assertThat(publish(broker, "first").offset()).isEqualTo(1);
    }

    @Test
    void keepsRevocationsApartFromAllChannels() throws Exception {
        try (Broker broker = create(Retention.DEFAULT.withMessages(1));
                Broker another = another(broker, Retention.DEFAULT)) {
            long now = System.currentTimeMillis();
            broker.revoke("ada", now);
            broker.revoke("Grace {Hopper} \u00e9", now - 5);
            another.revoke("ada", now - 1_000);
            broker.revoke("long ago", now - Broker.REVOCATION_AGE.toMillis() - 1);

            broker.delete("@");
            broker.deleteFrom("ada");

            assertThat(another.revocations()).isEqualTo(Map.of("ada", now, "Grace {Hopper} \u00e9", now - 5));
            broker.revoke("ada", now + 1);
            assertThat(another.revocations()).containsEntry("ada", now + 1);
        }
    }

    @Test
    void holdsANameForOneOwnerUntilItIsReleased() throws Exception {
        Broker broker = open();
        Broker other = another(broker, Retention.DEFAULT);
        brokers.add(other);
        Duration lasting = Duration.ofMinutes(10);

        assertThat(broker.hold("ada {%7B}", "one", lasting)).isEqualTo(Broker.Hold.BEGUN);
        assertThat(other.hold("ada {%7B}", "two", lasting)).isEqualTo(Broker.Hold.REFUSED);
        assertThat(other.hold("bob", "two", lasting)).isEqualTo(Broker.Hold.BEGUN);
        assertThat(other.hold("ada {%7B}", "one", lasting)).isEqualTo(Broker.Hold.EXTENDED);

        other.release("ada {%7B}", "two");
        assertThat(other.hold("ada {%7B}", "two", lasting)).isEqualTo(Broker.Hold.REFUSED);
        other.release("ada {%7B}", "one");
        assertThat(broker.hold("ada {%7B}", "two", lasting)).isEqualTo(Broker.Hold.BEGUN);
        assertThat(broker.hold("ada {%7B}", "one", lasting)).isEqualTo(Broker.Hold.REFUSED);
    }

    @Test
    void holdsANameForAsLongAsItsOwnerSaidLast() throws Exception {
        Broker broker = open();
        Duration brief = Duration.ofMillis(20);
        broker.hold("ada", "one", brief);
        broker.hold("bob", "one", Duration.ofMinutes(10));
        broker.hold("bob", "one", brief);
        broker.hold("cyd", "one", brief);
        broker.hold("cyd", "one", Duration.ofMinutes(10));

        Eventually.eventually(() ->
                assertThat(unchecked(() -> broker.hold("ada", "two", brief))).isEqualTo(Broker.Hold.BEGUN));
        Eventually.eventually(() ->
                assertThat(unchecked(() -> broker.hold("bob", "two", brief))).isEqualTo(Broker.Hold.BEGUN));
        assertThat(broker.hold("cyd", "two", brief)).isEqualTo(Broker.Hold.REFUSED);
    }

    private static <T> T unchecked(Callable<T> call) {
        try {
            return call.call();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void keepsBansApartFromAllChannels() throws Exception {
        try (Broker broker = create(Retention.DEFAULT.withMessages(1));
                Broker another = another(broker, Retention.DEFAULT)) {
            Instant hour = Instant.now().plus(Duration.ofHours(1));
            Ban account = new Ban(Ban.Kind.ACCOUNT, "Grace {Hopper} \u00e9", hour, "a reason, \u00e9");
            Ban guest = new Ban(Ban.Kind.GUEST, "Bill", hour, "");
            Ban address = new Ban(Ban.Kind.ADDRESS, "2001:db8::1", hour, "");
            broker.ban(account);
            broker.ban(new Ban(Ban.Kind.GUEST, "BiIl", hour.plusSeconds(1), "as it looks the same"));
            broker.ban(guest);
            another.ban(address);
            another.ban(new Ban(Ban.Kind.GUEST, "short", Instant.now().plusSeconds(1), ""));

            broker.delete("@");

            Eventually.eventually(() -> assertThat(bans(another)).containsExactlyInAnyOrder(account, guest, address));
            another.unban(Ban.Kind.ADDRESS, "2001:db8:0:0::/64");
            another.unban(Ban.Kind.GUEST, "bIll");
            another.unban(Ban.Kind.GUEST, "not banned");
            assertThat(broker.bans()).containsExactly(account);
            assertThatThrownBy(() -> broker.ban(
                            new Ban(Ban.Kind.GUEST, "ada", Instant.now().minusMillis(1), "")))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(broker.bans()).containsExactly(account);
        }
    }

    private static List<Ban> bans(Broker broker) {
        try {
            return broker.bans();
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void tellsAllOtherListenersWhenOneFails() throws Exception {
        Broker broker = open();
        List<RecordingListener> listeners = List.of(new RecordingListener(), new RecordingListener());
        var signal = new Broker.Signal("session", "ada", text("typing"));
        try (LoggedLines log = new LoggedLines()) {
            broker.subscribe(CHANNEL, listeners.getFirst());
            broker.subscribe(CHANNEL, new FailingListener());
            broker.subscribe(CHANNEL, listeners.getLast());

            Position first = publish(broker, "first");
            broker.signal(CHANNEL, signal);
            broker.join(CHANNEL, "ada");
            broker.leave(CHANNEL, "ada");
            ChannelInfo info = broker.describe(CHANNEL, Sender.of("ada"), Optional.of(new Content.Json("{}")));
            Position second =
                    broker.publish(CHANNEL, "ada", text("second"), "key").position();

            for (RecordingListener listener : listeners) {
                assertThat(listener.nextMessage().position()).isEqualTo(first);
                assertThat(listener.nextSignal()).isEqualTo(signal);
                assertThat(listener.nextClient()).isEqualTo("joined ada");
                assertThat(listener.nextClient()).isEqualTo("left ada");
                assertThat(listener.nextInfo()).isEqualTo(info);
                assertThat(listener.nextMessage().position()).isEqualTo(second);
                assertThat(listener.isEmpty()).isTrue();
            }
            assertThat(log.stackTraces()).hasSize(6).allMatch(AssertionError.class::isInstance);
        }
        assertThat(offsets(history(broker))).containsExactly(1L, 2L);
    }

    /** A program's mistake, of the kind that is no exception. */
    private static final class FailingListener implements Broker.Listener {
        private static final String WHY = "made by a test";

        @Override
        public void message(Message message) {
            throw new AssertionError(WHY);
        }

        @Override
        public void lost(Position position) {
            throw new AssertionError(WHY);
        }

        @Override
        public void signal(Broker.Signal signal) {
            throw new AssertionError(WHY);
        }

        @Override
        public void joined(Sender client) {
            throw new AssertionError(WHY);
        }

        @Override
        public void left(Sender client) {
            throw new AssertionError(WHY);
        }

        @Override
        public void described(ChannelInfo info) {
            throw new AssertionError(WHY);
        }
    }

    @Test
    void refusesEverythingOnceItIsClosed() throws Exception {
        Broker broker = open();
        RecordingListener listener = new RecordingListener();
        Broker.Subscription subscription = broker.subscribe(CHANNEL, listener);
        broker.join(CHANNEL, "ada");
        publish(broker, "before");
        assertThat(listener.nextClient()).isEqualTo("joined ada");
        assertThat(listener.nextMessage().content()).isEqualTo(text("before"));

        broker.close();

        assertRefused(() -> publish(broker, "after"));
        assertRefused(() -> broker.publish("there", "ada", text("after"), "key"));
        assertRefused(() -> broker.subscribe(CHANNEL, listener));
        assertRefused(() -> broker.signal(CHANNEL, new Broker.Signal("session", "ada", text("after"))));
        assertRefused(() -> broker.historyAfter(CHANNEL, 0, 10));
        assertRefused(() -> broker.historyBefore(CHANNEL, Long.MAX_VALUE, 10));
        assertRefused(() -> broker.markRead(CHANNEL, new Broker.Reader("session", Sender.of("ada"), true), 1));
        assertRefused(() -> broker.readMark(CHANNEL, Sender.of("ada")));
        assertRefused(() -> broker.delete(CHANNEL));
        assertRefused(() -> broker.deleteFrom("ada"));
        assertRefused(() -> broker.join(CHANNEL, "bob"));
        assertRefused(() -> broker.members(CHANNEL));
        assertRefused(() -> broker.info(CHANNEL));
        assertRefused(() -> broker.describe(CHANNEL, Sender.of("ada"), Optional.empty()));
        assertRefused(() -> broker.list("", "", 10, name -> true));
        assertRefused(() -> broker.hold("ada", "one", Duration.ofMinutes(1)));
        broker.release("ada", "one");
        broker.leave(CHANNEL, "ada");
        subscription.close();
        broker.close();
        assertThat(broker.health()).isNotNull();
        assertThat(listener.isEmpty()).isTrue();
    }

    private static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessage("the broker is closed");
    }

    private static Broker.Page history(Broker broker) {
        try {
            return broker.historyAfter(CHANNEL, 0, 100);
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean repeat(Broker broker) {
        try {
            return broker.publish(CHANNEL, "ada", text("again"), "key").duplicate();
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    private static void publishMany(Broker broker, int count) throws UnavailableException {
        for (int i = 1; i <= count; i++) {
            publish(broker, Integer.toString(i));
        }
    }

    private static Position publish(Broker broker, String text) throws UnavailableException {
        return broker.publish(CHANNEL, "ada", text(text), "").position();
    }

    private static LongStream stream(Broker.Page page) {
        return page.messages().stream().mapToLong(message -> message.position().offset());
    }

    private static List<Long> offsets(Broker.Page page) {
        return stream(page).boxed().toList();
    }
}

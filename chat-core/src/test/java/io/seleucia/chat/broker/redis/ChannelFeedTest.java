package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The order of one channel's messages, and what fills their gaps. The history is a list. */
class ChannelFeedTest {
    private static final Position FIRST_EPOCH = new Position("1.first", 0);
    private static final Position SECOND_EPOCH = new Position("2.second", 0);
    private static final String HUGE = "x".repeat(100_000); // three are more than a feed buffers

    private final List<Message> history = new ArrayList<>(); // of all epochs
    private final List<Integer> pages = new ArrayList<>(); // the size of each page that was read
    private final ArrayDeque<Runnable> meanwhile = new ArrayDeque<>(); // each happens after a page was read
    private Position newest = FIRST_EPOCH;
    private boolean unavailable;

    private final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);
    private final ChannelFeed feed = new ChannelFeed("lobby", this::read, memory);
    private final RecordingListener listener = new RecordingListener();

    /** Reads as the script does: the rest of the cursor's epoch first, else a new epoch from its beginning. */
    private ChannelFeed.Segment read(String channel, ChannelFeed.Shown shown, int limit) throws UnavailableException {
        if (unavailable) {
            throw new UnavailableException("there is no history in this test", null);
        }
        Position cursor = shown.cursor().position();
        List<Message> rest = after(cursor, limit);
        List<Message> page = rest.isEmpty() && !newest.sameEpoch(cursor) ? after(newest.at(0), limit) : rest;
        pages.add(page.size());
        ChannelFeed.Segment segment = new ChannelFeed.Segment(new Broker.Page(newest, page), 0);
        if (!meanwhile.isEmpty()) {
            meanwhile.poll().run();
        }
        return segment;
    }

    private List<Message> after(Position position, int limit) {
        return history.stream()
                .filter(message -> message.position().sameEpoch(position))
                .filter(message -> message.position().offset() > position.offset())
                .sorted(Comparator.comparingLong(message -> message.position().offset()))
                .limit(limit)
                .toList();
    }

    @AfterEach
    void nothingElseWasDelivered() {
        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void beginsAtTheNewestPosition() throws Exception {
        store(FIRST_EPOCH, 1, 2, 3);
        assertThat(feed.isOpen()).isFalse();
        assertThat(feed.awaitOpened(Duration.ZERO)).isFalse();

        feed.resync();

        assertThat(feed.awaitOpened(Duration.ZERO)).isTrue();
        assertThat(feed.add(listener)).isEqualTo(FIRST_EPOCH.at(3));
        receive(FIRST_EPOCH, 4);
        assertNext(FIRST_EPOCH, 4);
        assertThat(pages)
                .as("no message is read before there is a first position")
                .containsExactly(0);
    }

    @Test
    void deliversMessagesThatArriveBeforeTheFirstPositionIsKnown() throws Exception {
        feed.add(listener);
        store(FIRST_EPOCH, 1, 2);
        receive(FIRST_EPOCH, 2);
        meanwhile.add(() -> storeAndReceive(FIRST_EPOCH, 3, 4));

        feed.resync();

        assertNext(FIRST_EPOCH, 3, 4);
    }

    @Test
    void deliversMessagesInOrderWithoutTheHistory() throws Exception {
        open();

        assertThat(receive(FIRST_EPOCH, 1)).isFalse();
        assertThat(receive(FIRST_EPOCH, 2)).isFalse();

        assertNext(FIRST_EPOCH, 1, 2);
        assertThat(pages).hasSize(1);
    }

    @Test
    void fillsAHoleBeforeAnythingAfterIt() throws Exception {
        open();
        store(FIRST_EPOCH, 1, 2, 3);

        assertThat(storeAndReceive(FIRST_EPOCH, 4)).as("needs a resync").isTrue();
        assertThat(storeAndReceive(FIRST_EPOCH, 5)).as("needs another one").isFalse();
        assertThat(listener.isEmpty()).isTrue();
        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3, 4, 5);
        assertThat(receive(FIRST_EPOCH, 6)).isFalse();
        assertNext(FIRST_EPOCH, 6);
    }

    @Test
    void dropsMessagesThatComeTwice() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1, 2);
        assertThat(receive(FIRST_EPOCH, 1)).isFalse();
        assertThat(receive(FIRST_EPOCH, 2)).isFalse();
        storeAndReceive(FIRST_EPOCH, 4); // which waits, and is in the history as well
        store(FIRST_EPOCH, 3);

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3, 4);
    }

    @Test
    void reportsWhatTheHistoryNoLongerHas() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1);
        store(FIRST_EPOCH, 4, 6);
        storeAndReceive(FIRST_EPOCH, 7);
        feed.resync();

        assertNext(FIRST_EPOCH, 1);
        assertNextLoss(FIRST_EPOCH.at(3));
        assertNext(FIRST_EPOCH, 4);
        assertNextLoss(FIRST_EPOCH.at(5));
        assertNext(FIRST_EPOCH, 6, 7);
    }

    @Test
    void reportsWhatIsMissingAtTheEndOfTheHistory() throws Exception {
        open();
        newest = FIRST_EPOCH.at(3);
        feed.invalidate();
        feed.resync();

        assertNextLoss(FIRST_EPOCH.at(3));
        receive(FIRST_EPOCH, 4);
        assertNext(FIRST_EPOCH, 4);
    }

    @Test
    void aNewEpochComesAfterTheRestOfTheFormerOne() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1);
        store(FIRST_EPOCH, 2, 3);
        store(SECOND_EPOCH, 1);
        assertThat(storeAndReceive(SECOND_EPOCH, 2)).isTrue();

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3);
        assertNextLoss(SECOND_EPOCH);
        assertNext(SECOND_EPOCH, 1, 2);
    }

    @Test
    void aNewEpochWithoutMessagesIsReported() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1);
        newest = SECOND_EPOCH;
        feed.invalidate();
        feed.resync();

        assertNext(FIRST_EPOCH, 1);
        assertNextLoss(SECOND_EPOCH);
        receive(SECOND_EPOCH, 1);
        assertNext(SECOND_EPOCH, 1);
    }

    @Test
    void aLateMessageOfAFormerEpochIsNotDelivered() throws Exception {
        open();
        store(SECOND_EPOCH, 1);
        feed.invalidate();
        feed.resync();
        assertNextLoss(SECOND_EPOCH);
        assertNext(SECOND_EPOCH, 1);

        assertThat(receive(FIRST_EPOCH, 1)).isTrue(); // as from a former master
        feed.resync();

        assertThat(receive(SECOND_EPOCH, 2)).isFalse();
        assertNext(SECOND_EPOCH, 2);
    }

    @Test
    void messagesThatArriveDuringAResyncFollowTheHistory() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        meanwhile.add(() -> storeAndReceive(FIRST_EPOCH, 3, 4));

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3, 4);
        assertThat(pages.subList(1, pages.size())).as("pages read").containsExactly(2);
    }

    @Test
    void aGapAmongMessagesThatArriveDuringAResyncIsFilledToo() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        meanwhile.add(() -> {
            store(FIRST_EPOCH, 3);
            storeAndReceive(FIRST_EPOCH, 4);
        });

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3, 4);
        assertThat(feed.needsResync()).isFalse();
    }

    @Test
    void whatIsMissedWhileTheHistoryIsReadIsReadNext() throws Exception {
        open();
        feed.invalidate();
        meanwhile.add(() -> {
            store(FIRST_EPOCH, 1);
            feed.invalidate(); // a connection that broke
        });

        feed.resync();

        assertNext(FIRST_EPOCH, 1);
        assertThat(feed.needsResync()).isFalse();
    }

    /** The history may have been put back: only a read finds out whether the message follows what was delivered. */
    @Test
    void theNextMessageWaitsForAResyncToo() throws Exception {
        open();
        feed.invalidate();

        storeAndReceive(FIRST_EPOCH, 1);
        assertThat(listener.isEmpty()).isTrue();
        feed.resync();

        assertNext(FIRST_EPOCH, 1);
    }

    @Test
    void messagesThatAreTooMuchToBufferAreReadFromTheHistory() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        meanwhile.add(() -> {
            for (long offset = 3; offset <= 8; offset++) {
                receive(store(message(FIRST_EPOCH.at(offset), HUGE)));
            }
        });

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3, 4, 5, 6, 7, 8);
        assertThat(memory.used()).isZero();
    }

    @Test
    void readsALongHistoryInPages() throws Exception {
        open();
        long[] missed = LongStream.rangeClosed(1, 250).toArray();
        store(FIRST_EPOCH, missed);
        feed.invalidate();

        feed.resync();

        assertNext(FIRST_EPOCH, missed);
        assertThat(pages.subList(1, pages.size())).containsExactly(100, 100, 50);
    }

    @Test
    void aResyncThatFailsIsDoneAgainWithoutALoss() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        assertThat(feed.claimResync()).isTrue();
        unavailable = true;

        assertThatThrownBy(feed::resync).isInstanceOf(UnavailableException.class);

        assertThat(feed.needsResync()).isTrue();
        assertThat(listener.isEmpty()).isTrue();
        unavailable = false;
        assertThat(feed.claimResync()).as("the claim is released").isTrue();
        feed.resync();
        assertNext(FIRST_EPOCH, 1, 2);
    }

    @Test
    void oneThreadAtATimeClaimsAResync() throws Exception {
        open();
        assertThat(feed.claimResync()).as("no resync is due").isFalse();
        feed.invalidate();

        assertThat(feed.claimResync()).isTrue();
        assertThat(feed.claimResync()).isFalse();
        feed.releaseResyncClaim();
        assertThat(feed.claimResync()).isTrue();
    }

    @Test
    void isBehindAPositionThatItHasNotReached() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1, 2);
        assertNext(FIRST_EPOCH, 1, 2);

        assertThat(feed.isBehind(FIRST_EPOCH.at(1))).isFalse();
        assertThat(feed.isBehind(FIRST_EPOCH.at(2))).isFalse();
        assertThat(feed.isBehind(FIRST_EPOCH.at(3))).isTrue();
        assertThat(feed.isBehind(SECOND_EPOCH)).isTrue();
        assertThat(feed.isBehind(Position.NONE))
                .as("Redis has forgotten the channel")
                .isTrue();
        feed.invalidate();
        assertThat(feed.isBehind(FIRST_EPOCH.at(3))).as("a resync is due").isFalse();
    }

    @Test
    void messagesWithoutAPositionAndSignalsWaitForNoResync() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 2);
        receive(message(Position.NONE, "pushed"));
        feed.receive(new MessageCodec.Live.Signalled(
                new Broker.Signal("session", Sender.ofKey("ada"), new Content.Text("typing"))));
        feed.receive(new MessageCodec.Live.Joined("bob"));
        feed.receive(new MessageCodec.Live.Left("bob"));

        assertThat(listener.nextMessage().content()).isEqualTo(new Content.Text("pushed"));
        assertThat(listener.nextSignal().content()).isEqualTo(new Content.Text("typing"));
        assertThat(listener.nextClient()).isEqualTo("joined bob");
        assertThat(listener.nextClient()).isEqualTo("left bob");
    }

    @Test
    void aFeedThatHasEndedCallsNoListener() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 2);
        feed.end();

        store(FIRST_EPOCH, 1);
        feed.resync();
        storeAndReceive(FIRST_EPOCH, 3);

        assertThat(listener.isEmpty()).isTrue();
    }

    @Test
    void aFeedThatEndsDuringAResyncCallsNoListener() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        meanwhile.add(feed::end);

        feed.resync();

        assertThat(listener.isEmpty()).isTrue();
        assertThat(memory.used()).isZero();
    }

    @Test
    void theNewestPositionIsTheFurthestThatWasDeliveredOrAcknowledged() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1);
        assertThat(feed.newest()).isEqualTo(FIRST_EPOCH.at(1));
        feed.acknowledge(FIRST_EPOCH.at(3));
        feed.acknowledge(FIRST_EPOCH.at(2));
        assertThat(feed.newest()).isEqualTo(FIRST_EPOCH.at(3));
        storeAndReceive(FIRST_EPOCH, 2, 3, 4);
        assertThat(feed.newest()).isEqualTo(FIRST_EPOCH.at(4));
        feed.acknowledge(SECOND_EPOCH.at(1));

        assertThat(feed.newest()).isEqualTo(SECOND_EPOCH.at(1));
        assertThat(feed.shown().newest()).isEqualTo(SECOND_EPOCH.at(1));
        assertThat(feed.shown().cursor().position()).as("what members have").isEqualTo(FIRST_EPOCH.at(4));
        assertNext(FIRST_EPOCH, 1, 2, 3, 4);
    }

    @Test
    void tellsOfADeletionBehindTheMessagesThatItConcerns() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1, 2);
        history.clear();

        assertThat(receiveEmptied(FIRST_EPOCH.at(2))).isFalse();
        receive(FIRST_EPOCH, 3);

        assertNext(FIRST_EPOCH, 1, 2);
        assertNextLoss(FIRST_EPOCH.at(2));
        assertNext(FIRST_EPOCH, 3);
        assertThat(pages).hasSize(1);
    }

    @Test
    void reportsDeletedMessagesThatNeverCameOnce() throws Exception {
        open();
        storeAndReceive(FIRST_EPOCH, 1);
        history.clear();
        newest = FIRST_EPOCH.at(3);

        assertThat(receiveEmptied(FIRST_EPOCH.at(3))).as("needs a resync").isTrue();
        feed.resync();

        assertNext(FIRST_EPOCH, 1);
        assertNextLoss(FIRST_EPOCH.at(3));
        receive(FIRST_EPOCH, 4);
        assertNext(FIRST_EPOCH, 4);
    }

    @Test
    void tellsOfADeletionWhileTheHistoryIsRead() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        meanwhile.add(() -> {
            storeAndReceive(FIRST_EPOCH, 3);
            history.clear();
            assertThat(receiveEmptied(FIRST_EPOCH.at(3))).isFalse();
            receive(FIRST_EPOCH, 4);
        });

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2, 3);
        assertNextLoss(FIRST_EPOCH.at(3));
        assertNext(FIRST_EPOCH, 4);
    }

    @Test
    void readsAgainIfDeletedMessagesAreMissingWhileTheHistoryIsRead() throws Exception {
        open();
        store(FIRST_EPOCH, 1);
        storeAndReceive(FIRST_EPOCH, 2);
        meanwhile.add(() -> {
            history.clear();
            newest = FIRST_EPOCH.at(4);
            receiveEmptied(FIRST_EPOCH.at(4)); // and 3 and 4 never came
        });

        feed.resync();

        assertNext(FIRST_EPOCH, 1, 2);
        assertNextLoss(FIRST_EPOCH.at(4));
        assertThat(feed.needsResync()).isFalse();
    }

    @Test
    void isNotConcernedByADeletionInAnEarlierEpochOrBeforeItBegan() throws Exception {
        feed.add(listener);
        receiveEmptied(SECOND_EPOCH.at(4));
        newest = SECOND_EPOCH.at(4);
        feed.resync();

        assertThat(receiveEmptied(FIRST_EPOCH.at(9))).isFalse();

        receive(SECOND_EPOCH, 5);
        assertNext(SECOND_EPOCH, 5);
    }

    private boolean receiveEmptied(Position position) {
        return feed.receive(new MessageCodec.Live.Emptied(position));
    }

    private void open() throws UnavailableException {
        feed.resync();
        feed.add(listener);
    }

    private void store(Position epoch, long... offsets) {
        for (long offset : offsets) {
            store(message(epoch.at(offset), "hi"));
        }
    }

    private Message store(Message message) {
        history.add(message);
        newest = RedisEpoch.newest(newest, message.position());
        return message;
    }

    /** Publishes messages that reach the feed. Returns whether the last has made a resync necessary. */
    private boolean storeAndReceive(Position epoch, long... offsets) {
        store(epoch, offsets);
        return receive(epoch, offsets);
    }

    private boolean receive(Position epoch, long... offsets) {
        boolean resyncs = false;
        for (long offset : offsets) {
            resyncs = receive(message(epoch.at(offset), "hi"));
        }
        return resyncs;
    }

    private boolean receive(Message message) {
        return feed.receive(new MessageCodec.Live.Published(message));
    }

    private static Message message(Position position, String text) {
        return new Message("lobby", position, "ada", 1, new Content.Text(text));
    }

    /** Asserts that the listener was told of these messages next. */
    private void assertNext(Position epoch, long... offsets) throws InterruptedException {
        for (long offset : offsets) {
            assertThat(listener.isEmpty()).as("nothing was delivered").isFalse();
            assertThat(listener.nextMessage().position()).isEqualTo(epoch.at(offset));
        }
    }

    /** Asserts that the listener was told next that messages up to there are lost. */
    private void assertNextLoss(Position position) throws InterruptedException {
        assertThat(listener.isEmpty()).as("nothing was delivered").isFalse();
        assertThat(listener.nextLoss()).isEqualTo(position);
    }
}

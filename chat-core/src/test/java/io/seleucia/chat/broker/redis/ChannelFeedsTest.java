package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The feeds in use, and what is known of channels without one. */
class ChannelFeedsTest {
    private static final Position FIRST = new Position("1.epoch", 1);
    private static final int RACES = 2_000;

    private final MemoryBudget memory = MemoryBudget.ofBytes(64 << 20);
    private final ChannelFeeds feeds = new ChannelFeeds(
            (channel, shown, limit) -> new ChannelFeed.Segment(new Broker.Page(FIRST, List.of()), 0), memory);

    @Test
    void allUsersOfAChannelShareAFeedThatTheLastOneEnds() throws Exception {
        ChannelFeed feed = feeds.acquire("lobby");
        RecordingListener listener = new RecordingListener();
        feed.resync();
        feed.add(listener);
        assertThat(feeds.acquire("lobby")).isSameAs(feed);

        assertThat(feeds.release(feed)).isFalse();
        receive(feed, 2);
        assertThat(feeds.release(feed)).isTrue();
        receive(feed, 3);

        assertThat(listener.nextMessage().position()).isEqualTo(FIRST.at(2));
        assertThat(listener.isEmpty()).isTrue();
        assertThat(feeds.contains(feed)).isFalse();
        assertThat(feeds.channels()).isEmpty();
    }

    @Test
    void aFormerFeedIsNotTheOneInUse() {
        ChannelFeed former = feeds.acquire("lobby");
        feeds.release(former);
        ChannelFeed now = feeds.acquire("lobby");

        assertThat(feeds.contains(former)).isFalse();
        assertThat(feeds.contains(now)).isTrue();
        assertThat(feeds.release(former)).isFalse();
        assertThat(feeds.contains(now)).isTrue();
    }

    @Test
    void whatAFeedHasDeliveredIsKnownAfterItsEnd() throws Exception {
        ChannelFeed feed = feeds.acquire("lobby");
        feed.resync();
        receive(feed, 2);
        feeds.release(feed);

        assertThat(feeds.newest("lobby")).isEqualTo(FIRST.at(2));
        assertThat(feeds.acquire("lobby").newest()).isEqualTo(FIRST.at(2));
    }

    @Test
    void whatWasAcknowledgedIsKnownWithAndWithoutAFeed() {
        feeds.acknowledge("lobby", FIRST.at(5));
        assertThat(feeds.newest("lobby")).isEqualTo(FIRST.at(5));

        ChannelFeed feed = feeds.acquire("lobby");
        assertThat(feed.newest()).isEqualTo(FIRST.at(5));
        feeds.acknowledge("lobby", FIRST.at(6));
        assertThat(feed.newest()).isEqualTo(FIRST.at(6));
        feeds.release(feed);

        assertThat(feeds.newest("lobby")).isEqualTo(FIRST.at(6));
        assertThat(feeds.newest("elsewhere")).isEqualTo(Position.NONE);
    }

    @Test
    void allThatWasShownIsThatOfFeedsAndOfOtherChannels() throws Exception {
        feeds.acknowledge("elsewhere", FIRST.at(9));
        feeds.acknowledge("lobby", FIRST.at(1));
        ChannelFeed feed = feeds.acquire("lobby");
        feed.resync();
        receive(feed, 2);

        assertThat(feeds.allShown())
                .containsOnlyKeys("elsewhere", "lobby")
                .containsEntry("elsewhere", ChannelFeed.Shown.of(FIRST.at(9)))
                .containsEntry("lobby", feed.shown());
        assertThat(feeds.shown("lobby").cursor().position()).isEqualTo(FIRST.at(2));
    }

    /** A position that nobody knows could be given to another message by a Redis that is put back. */
    @Test
    void aPositionThatIsAcknowledgedWhileAFeedBeginsOrEndsIsKnown() throws Exception {
        AtomicInteger race = new AtomicInteger();
        AtomicInteger acknowledged = new AtomicInteger();
        Thread publisher = Thread.ofPlatform().start(() -> {
            for (int i = 1; i <= RACES; i++) {
                awaitValue(race, i);
                feeds.acknowledge("channel-" + i, FIRST);
                acknowledged.set(i);
            }
        });
        List<String> unknown = new ArrayList<>();
        for (int i = 1; i <= RACES; i++) {
            String channel = "channel-" + i;
            race.set(i);
            ChannelFeed feed = feeds.acquire(channel);
            if (i % 2 == 0) {
                feeds.release(feed);
            }
            awaitValue(acknowledged, i);
            if (!feeds.newest(channel).equals(FIRST)) {
                unknown.add(channel);
            }
        }
        publisher.join();

        assertThat(unknown).isEmpty();
    }

    private static void awaitValue(AtomicInteger variable, int value) {
        while (variable.get() != value) {
            Thread.yield();
        }
    }

    @Test
    void endsAllFeedsAndKeepsNothingOnceItIsClosed() throws Exception {
        ChannelFeed feed = feeds.acquire("lobby");
        RecordingListener listener = new RecordingListener();
        feed.resync();
        feed.add(listener);
        feeds.acknowledge("elsewhere", FIRST);

        feeds.end();
        feeds.close();
        receive(feed, 2);
        feeds.acknowledge("elsewhere", FIRST.at(2));

        assertThat(listener.isEmpty()).isTrue();
        assertThat(memory.used()).isZero();
    }

    private static void receive(ChannelFeed feed, long offset) {
        feed.receive(new MessageCodec.Live.Published(
                new Message("lobby", FIRST.at(offset), "ada", 1, new Content.Text("hi"))));
    }
}

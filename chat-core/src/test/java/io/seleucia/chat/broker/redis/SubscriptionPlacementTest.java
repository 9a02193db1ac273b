package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each feed is subscribed at the node of a cluster that owns its slot, and nowhere else. */
class SubscriptionPlacementTest {
    private static RedisClusterProcesses cluster;

    private RedisParts parts;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = RedisClusterProcesses.begin();
    }

    @AfterAll
    static void stopCluster() throws Exception {
        if (cluster != null) {
            cluster.close();
        }
    }

    @BeforeEach
    void start() throws Exception {
        cluster.awaitHealth();
        cluster.flush();
        parts = new RedisParts(cluster.servers()).start();
    }

    @AfterEach
    void stop() {
        parts.close();
    }

    @Test
    void subscribesEachFeedAtTheOwnerOfItsSlot() throws Exception {
        for (int master = 0; master < 3; master++) {
            String channel = RedisClusterProcesses.channelOf(master, "lobby");
            ChannelFeed feed = parts.open(channel);

            assertThat(parts.placement.isPlaced(feed)).isTrue();
            assertSubscribedAt(cluster.owner(channel), channel);
        }
    }

    @Test
    void aSubscriptionMovesWithItsSlot() throws Exception {
        RecordingListener listener = new RecordingListener();
        ChannelFeed feed = parts.open("lobby");
        Position start = feed.add(listener);
        RedisProcess from = cluster.owner("lobby");
        RedisProcess to = cluster.another("lobby");
        int slot = RedisClusterProcesses.slot("lobby");

        cluster.migrate(slot, from, to);
        try {
            assertSubscribedAt(to, "lobby");
            eventually(() -> assertThat(parts.placement.isPlaced(feed)).isTrue());
            assertThat(parts.topology.all())
                    .allSatisfy(node -> assertThat(node.subscriber().has(feed))
                            .isEqualTo(node.address().getPort() == to.port()));
            RedisHistory.Post hi = new RedisHistory.Post(Sender.of("ada"), new Draft(new Content.Text("hi"), ""));
            Position published = RedisHistory.receipt(parts.history
                            .publish("lobby", List.of(hi), feed.newest())
                            .getFirst())
                    .position();
            assertThat(published).isEqualTo(start.next());
            assertThat(listener.nextMessage().position()).isEqualTo(published);
        } finally {
            cluster.migrate(slot, to, from);
        }
    }

    @Test
    void theLastReleaseEndsTheSubscription() throws Exception {
        ChannelFeed feed = parts.open("lobby");
        parts.feeds.acquire("lobby");

        parts.release(feed);
        assertSubscribedAt(cluster.owner("lobby"), "lobby");
        parts.release(feed);

        eventually(() ->
                cluster.nodes().forEach(node -> assertThat(subscriptions(node)).isEmpty()));
        assertThat(parts.placement.isPlaced(feed)).isFalse();
    }

    /** The thread that moves subscriptions has found a feed, which then ends before it looks where that is subscribed. */
    @Test
    void aFeedThatHasEndedTakesNoSubscriptionFromItsSuccessor() throws Exception {
        ChannelFeed ended = parts.open("lobby");
        parts.release(ended);
        ChannelFeed successor = parts.open("lobby");

        parts.placement.subscribeAtOwner(ended);

        eventually(() -> assertThat(parts.placement.isPlaced(successor)).isTrue());
        assertThat(parts.owner("lobby").subscriber().has(ended)).isFalse();
        assertSubscribedAt(cluster.owner("lobby"), "lobby");
    }

    @Test
    void aFeedWhoseOwnerIsUnknownWaitsForIt() throws Exception {
        try (RedisParts others = new RedisParts(cluster.servers())) {
            ChannelFeed feed = others.feeds.acquire("lobby");
            assertThatThrownBy(() -> others.placement.open(feed))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("no Redis is known");
            assertThat(others.placement.isPlaced(feed)).isFalse();

            others.start(); // where another caller waits for the feed

            others.placement.open(feed);
            assertThat(others.placement.isPlaced(feed)).isTrue();
        }
    }

    @Test
    void aFeedIsNotPlacedWhileItsOwnerIsDown() throws Exception {
        ChannelFeed feed = parts.open("lobby");
        RedisProcess owner = cluster.owner("lobby");
        owner.kill();
        try {
            eventually(() -> assertThat(parts.placement.isPlaced(feed)).isFalse());

            eventually(() -> assertThat(parts.placement.isPlaced(feed)).isTrue()); // at the replica that takes over

            assertThat(parts.owner("lobby").address().getPort()).isNotEqualTo(owner.port());
            assertSubscribedAt(cluster.owner("lobby"), "lobby");
        } finally {
            owner.start();
        }
    }

    /** Waits until that node, and no other, has the subscription of a channel. */
    private static void assertSubscribedAt(RedisProcess owner, String channel) {
        eventually(() -> cluster.nodes().stream().filter(RedisProcess::isAlive).forEach(node -> {
            assertThat(subscriptions(node).contains("chat:{" + channel + "}:live"))
                    .as("%s is subscribed at %s, owned by %s", channel, node.address(), owner.address())
                    .isEqualTo(node == owner);
        }));
    }

    private static List<?> subscriptions(RedisProcess node) {
        return (List<?>) node.ask("PUBSUB", "SHARDCHANNELS", "chat:{*}:live");
    }
}

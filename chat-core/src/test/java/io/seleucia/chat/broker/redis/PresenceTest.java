package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;

/** Members on servers that start, die and come back, step by step, by a clock that the test moves; Redis is a real one. */
class PresenceTest {
    private static final PresenceTiming TIMING = RedisBrokers.withoutPauses();
    private static final Duration LONG_ENOUGH_TO_BE_SURE = Duration.ofMinutes(2);
    private static final Duration DEATH = TIMING.silence().plus(TIMING.beat());
    private static final int ALL_CHANNELS = 32; // rounds of renewal

    private static RedisProcess redis;

    private final AtomicLong clock = new AtomicLong(System.nanoTime());
    private final List<Server> servers = new ArrayList<>();
    private final RecordingListener listener = new RecordingListener();
    private RedisClient client;
    private RedisBroker listening;

    /** A server's members, without the threads that would do by themselves what the test has done step by step. */
    private final class Server {
        private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
        private final RedisTopology topology;
        private final Presence presence;

        private Server(String name) throws Exception {
            this(name, redis.uri());
            assertThat(topology.awaitUp(Duration.ofSeconds(60))).isTrue();
        }

        private Server(String name, URI uri) {
            RedisServers at = RedisServers.at(uri);
            RedisKeys keys = new RedisKeys("chat:");
            topology = new RedisTopology(
                    at,
                    new RedisConnectionFactory(at, name),
                    keys,
                    name,
                    new Deaf(),
                    () -> {},
                    MemoryBudget.ofBytes(8 << 20));
            topology.start();
            presence = new Presence(name, new PresenceStore(new Commands(topology), keys), TIMING, clock::get, memory);
            servers.add(this);
        }

        private void renewAndWrite() throws Exception {
            presence.renew(Duration.ZERO);
            presence.repair();
        }
    }

    /** Nothing is subscribed. */
    private static final class Deaf implements Subscriber.Receiver {
        @Override
        public void received(ChannelFeed feed, MessageCodec.Live live) {}

        @Override
        public void subscribed(ChannelFeed feed) {}

        @Override
        public void connected(HostAndPort server) {}

        @Override
        public void unsubscribed() {}

        @Override
        public void refused(HostAndPort server, JedisDataException why) {}

        @Override
        public void commandsConnected(HostAndPort server) {}
    }

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
    void listen() throws Exception {
        client = redis.client();
        client.flushAll();
        URI uri = redis.uri();
        listening = RedisBrokers.connect(RedisServers.at(uri));
        assertThat(listening.awaitReachable(Duration.ofSeconds(60))).isTrue();
        listening.subscribe("lobby", listener);
    }

    @AfterEach
    void stopServers() {
        if (client != null) {
            listening.close();
            servers.forEach(server -> server.topology.close());
            client.close();
        }
    }

    /** Lets time pass, in which only these servers live. */
    private void pass(Duration time, Server... living) {
        for (Duration left = time; left.isPositive(); left = left.minus(TIMING.beat())) {
            clock.addAndGet(TIMING.beat().toNanos());
            for (Server server : living) {
                server.presence.beat();
            }
        }
    }

    /** What has been told of clients, up to one who comes now. */
    private List<String> told(Server any) throws Exception {
        any.presence.join("lobby", "last");
        List<String> told = new ArrayList<>();
        String next = listener.nextClient();
        while (!next.equals("joined last")) {
            told.add(next);
            next = listener.nextClient();
        }
        return told;
    }

    @Test
    void countsAServerThatHasJustStarted() throws Exception {
        Server old = new Server("A");
        old.presence.join("lobby", "x");
        pass(LONG_ENOUGH_TO_BE_SURE, old);
        Server fresh = new Server("C");
        fresh.presence.join("lobby", "x");

        old.presence.leave("lobby", "x");

        assertThat(old.presence.clients("lobby")).isEqualTo(Map.of("x", 1));
        assertThat(fresh.presence.clients("lobby")).isEqualTo(Map.of("x", 1));
        assertThat(client.hgetAll("chat:client:x")).isEqualTo(Map.of("lobby", "set"));
        assertThat(told(old)).containsExactly("joined x");
    }

    @Test
    void sweepsADeadServerAndNotOneThatHasJustStarted() throws Exception {
        Server old = new Server("A");
        Server dying = new Server("AC"); // whose name holds those of the others
        old.presence.join("lobby", "a");
        dying.presence.join("lobby", "b");
        dying.presence.join("lobby", "c");
        pass(LONG_ENOUGH_TO_BE_SURE, old, dying);
        pass(DEATH, old);
        Server fresh = new Server("C");
        fresh.presence.join("lobby", "c");
        fresh.presence.join("lobby", "d");

        old.presence.sweep();

        assertThat(client.hgetAll("chat:{lobby}:presence")).isEqualTo(Map.of("c:a", "A=1", "c:c", "C=1", "c:d", "C=1"));
        assertThat(old.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "c", 1, "d", 1));
        assertThat(client.exists("chat:client:b")).isFalse();
        assertThat(told(old)).containsExactly("joined a", "joined b", "joined c", "joined d", "left b");
    }

    @Test
    void countsNoneOfADeadServerBeforeItIsSwept() throws Exception {
        Server old = new Server("A");
        Server dying = new Server("B");
        dying.presence.join("lobby", "b");
        dying.presence.join("@bob", "bob");
        pass(LONG_ENOUGH_TO_BE_SURE, old, dying);
        assertThat(old.presence.clients("@bob")).isEqualTo(Map.of("bob", 1));

        pass(DEATH, old);

        assertThat(old.presence.clients("lobby")).isEmpty();
        assertThat(old.presence.clients("@bob")).isEmpty();
        old.presence.join("lobby", "b");
        old.presence.leave("lobby", "b");
        assertThat(told(old)).containsExactly("joined b", "joined b", "left b");
    }

    @Test
    void seesAtOnceWhoBearsANameOnAServerThatHasJustStarted() throws Exception {
        Server old = new Server("A");
        old.presence.join("@ada", "ada");
        pass(LONG_ENOUGH_TO_BE_SURE, old);
        Server fresh = new Server("C");

        fresh.presence.join("@bob", "bob");

        assertThat(old.presence.clients("@bob")).isEqualTo(Map.of("bob", 1));
        old.presence.join("@bob", "bob");
        assertThat(old.presence.clients("@bob")).isEqualTo(Map.of("bob", 2));
        assertThat(fresh.presence.clients("@bob")).isEqualTo(Map.of("bob", 2));
    }

    @Test
    void writesItsNotesAgainWhenItWasTakenForDeadAndComesBack() throws Exception {
        Server old = new Server("A");
        Server stopped = new Server("B");
        old.presence.join("lobby", "a");
        stopped.presence.join("lobby", "b");
        pass(LONG_ENOUGH_TO_BE_SURE, old, stopped);
        pass(DEATH, old);
        old.presence.sweep();
        assertThat(old.presence.clients("lobby")).isEqualTo(Map.of("a", 1));

        stopped.presence.beat();
        stopped.presence.repair();
        pass(TIMING.beat(), old, stopped);
        old.presence.sweep();

        assertThat(old.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "b", 1));
        assertThat(client.hgetAll("chat:client:b")).isEqualTo(Map.of("lobby", "set"));
        assertThat(told(old)).containsExactly("joined a", "joined b", "left b", "joined b");
    }

    @Test
    void renewingWritesAgainWhatOthersHaveTakenAway() throws Exception {
        Server server = new Server("A");
        for (int i = 0; i < 600; i++) { // more than are read in one round trip
            server.presence.join("den", "client " + i);
        }
        server.presence.join("lobby", "a");
        server.presence.join("lobby", "b");
        server.presence.join("hall", "b");
        client.hdel("chat:{lobby}:presence", "c:b"); // each with something beside it that stays
        client.hdel("chat:client:b", "lobby");
        client.hset("chat:{lobby}:presence", "c:a", "other=1 AA=1 A=2");
        client.hdel("chat:{den}:presence", "c:client 599", "c:client 0", "c:client 300");

        server.renewAndWrite();

        assertThat(client.hgetAll("chat:{lobby}:presence")).isEqualTo(Map.of("c:a", "other=1 AA=1 A=1", "c:b", "A=1"));
        assertThat(client.hgetAll("chat:client:b")).isEqualTo(Map.of("lobby", "set", "hall", "set"));
        assertThat(client.hlen("chat:{den}:presence")).isEqualTo(600);
        assertThat(client.pttl("chat:{den}:presence")).isPositive();
    }

    @Test
    void aServerThatNobodyHasListedIsAliveForAWhileAndThenDead() throws Exception {
        Server server = new Server("A");
        server.presence.join("lobby", "a");
        client.hset("chat:{lobby}:presence", Map.of("c:b", "never-listed=1", "c:c", "listed-late=1"));
        for (int i = 0; i < ALL_CHANNELS; i++) {
            server.presence.renew(Duration.ZERO);
        }

        pass(TIMING.silence().minus(TIMING.beat()), server);
        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
        client.hset("chat:nodes", "listed-late", Long.toString(System.currentTimeMillis()));
        pass(DEATH.minus(TIMING.silence().minus(TIMING.beat())), server);
        server.presence.sweep();

        assertThat(client.hkeys("chat:{lobby}:presence")).containsExactlyInAnyOrder("c:a", "c:c");
        pass(DEATH, server);
        server.presence.sweep();
        assertThat(client.hkeys("chat:{lobby}:presence")).containsExactly("c:a");
    }

    @Test
    void takesNobodyForDeadWhenTheClockOfRedisGoesForward() throws Exception {
        Server server = new Server("A");
        Server other = new Server("B");
        server.presence.join("lobby", "a");
        other.presence.join("lobby", "b");
        pass(LONG_ENOUGH_TO_BE_SURE, server, other);

        for (int i = 0; i < 5; i++) {
            // Its last heartbeat is from an hour ago all of a sudden, until it gives another.
            long hourAgo = System.currentTimeMillis() - Duration.ofHours(1).toMillis();
            client.hset("chat:nodes", "B", Long.toString(hourAgo));
            pass(TIMING.beat(), server);
            server.presence.sweep();
            assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "b", 1));
            other.presence.beat();
        }

        assertThat(told(server)).containsExactly("joined a", "joined b");
    }

    @Test
    void findsTheDeadWhenTheClockOfRedisGoesBack() throws Exception {
        Server server = new Server("A");
        server.presence.join("lobby", "a");
        client.hset("chat:{lobby}:presence", "c:b", "B=1");
        long inAnHour = System.currentTimeMillis() + Duration.ofHours(1).toMillis();
        client.hset("chat:nodes", "B", Long.toString(inAnHour)); // given before the clock was set

        pass(TIMING.silence(), server);
        assertThat(server.presence.clients("lobby")).containsKey("b");
        pass(DEATH.minus(TIMING.silence()), server);

        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1));
    }

    @Test
    void keepsNoNotesOfClientsThatComeAndGoWhileRedisIsDown() {
        Server server = new Server("A", URI.create("redis://127.0.0.1:1")); // where no Redis is

        for (int i = 0; i < 5_000; i++) { // the notes would take a megabyte
            server.presence.join("lobby", "client-" + i);
            server.presence.join("@client-" + i, "client-" + i);
            server.presence.leave("@client-" + i, "client-" + i);
            server.presence.leave("lobby", "client-" + i);
        }

        assertThat(server.memory.used()).isZero();
        server.presence.join("lobby", "b");
        assertThat(server.memory.used(Part.WAITING)).isPositive();
    }

    @Test
    void boundsTheNotesThatWaitForRedis() throws Exception {
        Server server = new Server("A");
        for (int i = 0; i < 2_000; i++) {
            server.presence.join("lobby", "client-" + i);
        }
        server.topology.close();
        for (int i = 0; i < 2_000; i++) {
            server.presence.leave("lobby", "client-" + i);
        }

        assertThat(server.memory.used(Part.WAITING)).isLessThan(server.memory.limit() / 9);
        assertThat(server.memory.used(Part.CHANNELS)).isZero();
    }

    @Test
    void anOutageOfRedisMakesNobodyDead() throws Exception {
        Server server = new Server("A");
        Server other = new Server("B");
        Server dead = new Server("D");
        server.presence.join("lobby", "a");
        other.presence.join("lobby", "b");
        dead.presence.join("lobby", "d");
        pass(LONG_ENOUGH_TO_BE_SURE, server, other, dead);
        pass(DEATH, server, other);
        pass(TIMING.beat(), server);
        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "b", 1));

        clock.addAndGet(LONG_ENOUGH_TO_BE_SURE.toNanos()); // in which nobody reaches Redis
        server.presence.beat();
        pass(TIMING.certainty().minus(TIMING.beat()), server);

        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "b", 1));
        pass(TIMING.beat(), server);
        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1));
    }

    @Test
    void findsTheDeadOfAListThatWasLost() throws Exception {
        Server server = new Server("A");
        Server dying = new Server("B");
        server.presence.join("lobby", "a");
        dying.presence.join("lobby", "b");
        pass(LONG_ENOUGH_TO_BE_SURE, server, dying);

        client.del("chat:nodes"); // and B dies before it is listed again
        pass(DEATH, server);
        server.presence.sweep();

        assertThat(client.hkeys("chat:{lobby}:presence")).containsExactly("c:a");
    }

    @Test
    void takesBackItsOwnNotesThatARestoredRedisBringsBack() throws Exception {
        Server server = new Server("A");
        server.presence.join("lobby", "a");
        server.presence.join("lobby", "gone");
        server.presence.join("lobby", "here");
        Map<String, String> snapshot = client.hgetAll("chat:{lobby}:presence");
        Map<String, String> topology = client.hgetAll("chat:nodes");
        server.presence.leave("lobby", "gone");
        pass(LONG_ENOUGH_TO_BE_SURE, server);
        server.presence.sweep(); // for the listening broker, which is silent by this clock

        client.hset("chat:{lobby}:presence", snapshot);
        client.hset("chat:nodes", topology);
        pass(TIMING.beat(), server);
        server.presence.sweep();
        server.presence.repair();

        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("a", 1, "here", 1));
        assertThat(told(server)).containsExactly("joined a", "joined gone", "joined here", "left gone", "left gone");
    }

    @Test
    void aServerThatEndsInGoodOrderIsNoLongerListed() throws Exception {
        Server ending = new Server("B");
        ending.presence.join("lobby", "b");
        pass(TIMING.beat(), ending);
        assertThat(client.hkeys("chat:nodes")).contains("B");

        ending.presence.close();
        pass(TIMING.beat(), ending); // a heartbeat that was due just then

        assertThat(client.hkeys("chat:nodes")).doesNotContain("B");
        assertThat(client.exists("chat:{lobby}:presence")).isFalse();
    }

    @Test
    void aServerWhoseFirstHeartbeatWasNotAnsweredIsNotDeadToItself() throws Exception {
        client.hset("chat:nodes", "A", Long.toString(System.currentTimeMillis())); // the reply was lost
        Server server = new Server("A");
        server.presence.beat();
        client.del("chat:nodes");
        server.presence.join("lobby", "ada");

        pass(LONG_ENOUGH_TO_BE_SURE, server);

        assertThat(server.presence.clients("lobby")).isEqualTo(Map.of("ada", 1));
    }

    @Test
    void aServerThatIsDeadForLongIsTakenOffTheList() throws Exception {
        Server server = new Server("A");
        Server dying = new Server("B");
        pass(LONG_ENOUGH_TO_BE_SURE, server, dying);

        pass(TIMING.listed().minus(TIMING.beat()), server);
        assertThat(client.hkeys("chat:nodes")).contains("A", "B");
        pass(TIMING.beat().multipliedBy(2), server);

        assertThat(client.hkeys("chat:nodes")).contains("A").doesNotContain("B");
    }
}

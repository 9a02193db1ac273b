package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

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
class RedisMembersTest {
    private static final RedisPace PACE = RedisPace.DEFAULT.withoutPauses();
    private static final Duration LONG_ENOUGH_TO_BE_SURE = Duration.ofMinutes(2);
    private static final Duration DEATH = PACE.silence().plus(PACE.beat());
    private static final int ALL_CHANNELS = 32; // rounds of renewal

    private static RedisProcess redis;

    private final AtomicLong clock = new AtomicLong(System.nanoTime());
    private final List<Server> servers = new ArrayList<>();
    private final RecordingListener listener = new RecordingListener();
    private RedisClient client;
    private RedisBroker listening;

    /** A server's members, without the threads that would do by themselves what the test has done step by step. */
    private final class Server {
        private final RedisNodes nodes;
        private final RedisMembers members;

        private Server(String name) throws Exception {
            RedisServers at = RedisServers.at(redis.uri());
            RedisKeys keys = new RedisKeys("chat:");
            nodes = new RedisNodes(at, new RedisAccess(at, name), keys, name, new Deaf(), () -> {});
            nodes.start();
            assertThat(nodes.awaitUp(Duration.ofSeconds(60))).isTrue();
            members = new RedisMembers(name, new RedisNotes(new RedisCalls(nodes), keys), PACE, clock::get);
            servers.add(this);
        }

        private void renewAndWrite() throws Exception {
            members.renew(Duration.ZERO);
            members.keep();
        }
    }

    /** Nothing is subscribed. */
    private static final class Deaf implements RedisSubscriber.Receiver {
        @Override
        public void received(RedisFeed feed, RedisMessage.Live live) {}

        @Override
        public void subscribed(RedisFeed feed) {}

        @Override
        public void connected(HostAndPort server) {}

        @Override
        public void unsubscribed() {}

        @Override
        public void refused(HostAndPort server, JedisDataException why) {}

        @Override
        public void reached(HostAndPort server) {}
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
        listening = RedisBroker.connect(RedisServers.at(uri), "chat:", Retention.DEFAULT);
        assertThat(listening.awaitReachable(Duration.ofSeconds(60))).isTrue();
        listening.subscribe("lobby", listener);
    }

    @AfterEach
    void stopServers() {
        if (client != null) {
            listening.close();
            servers.forEach(server -> server.nodes.close());
            client.close();
        }
    }

    /** Lets time pass, in which only these servers live. */
    private void pass(Duration time, Server... living) {
        for (Duration left = time; left.isPositive(); left = left.minus(PACE.beat())) {
            clock.addAndGet(PACE.beat().toNanos());
            for (Server server : living) {
                server.members.live();
            }
        }
    }

    /** What has been told of clients, up to one who comes now. */
    private List<String> told(Server any) throws Exception {
        any.members.join("lobby", "last");
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
        old.members.join("lobby", "x");
        pass(LONG_ENOUGH_TO_BE_SURE, old);
        Server fresh = new Server("C");
        fresh.members.join("lobby", "x");

        old.members.leave("lobby", "x");

        assertThat(old.members.of("lobby")).isEqualTo(Map.of("x", 1));
        assertThat(fresh.members.of("lobby")).isEqualTo(Map.of("x", 1));
        assertThat(client.hgetAll("chat:client:x")).isEqualTo(Map.of("lobby", "set"));
        assertThat(told(old)).containsExactly("joined x");
    }

    @Test
    void sweepsADeadServerAndNotOneThatHasJustStarted() throws Exception {
        Server old = new Server("A");
        Server dying = new Server("AC"); // whose name holds those of the others
        old.members.join("lobby", "a");
        dying.members.join("lobby", "b");
        dying.members.join("lobby", "c");
        pass(LONG_ENOUGH_TO_BE_SURE, old, dying);
        pass(DEATH, old);
        Server fresh = new Server("C");
        fresh.members.join("lobby", "c");
        fresh.members.join("lobby", "d");

        old.members.sweep();

        assertThat(client.hgetAll("chat:{lobby}:presence")).isEqualTo(Map.of("c:a", "A=1", "c:c", "C=1", "c:d", "C=1"));
        assertThat(old.members.of("lobby")).isEqualTo(Map.of("a", 1, "c", 1, "d", 1));
        assertThat(client.exists("chat:client:b")).isFalse();
        assertThat(told(old)).containsExactly("joined a", "joined b", "joined c", "joined d", "left b");
    }

    @Test
    void countsNoneOfADeadServerBeforeItIsSwept() throws Exception {
        Server old = new Server("A");
        Server dying = new Server("B");
        dying.members.join("lobby", "b");
        dying.members.join("@bob", "bob");
        pass(LONG_ENOUGH_TO_BE_SURE, old, dying);
        assertThat(old.members.of("@bob")).isEqualTo(Map.of("bob", 1));

        pass(DEATH, old);

        assertThat(old.members.of("lobby")).isEmpty();
        assertThat(old.members.of("@bob")).isEmpty();
        old.members.join("lobby", "b");
        old.members.leave("lobby", "b");
        assertThat(told(old)).containsExactly("joined b", "joined b", "left b");
    }

    @Test
    void seesAtOnceWhoBearsANameOnAServerThatHasJustStarted() throws Exception {
        Server old = new Server("A");
        old.members.join("@ada", "ada");
        pass(LONG_ENOUGH_TO_BE_SURE, old);
        Server fresh = new Server("C");

        fresh.members.join("@bob", "bob");

        assertThat(old.members.of("@bob")).isEqualTo(Map.of("bob", 1));
        old.members.join("@bob", "bob");
        assertThat(old.members.of("@bob")).isEqualTo(Map.of("bob", 2));
        assertThat(fresh.members.of("@bob")).isEqualTo(Map.of("bob", 2));
    }

    @Test
    void writesItsNotesAgainWhenItWasTakenForDeadAndComesBack() throws Exception {
        Server old = new Server("A");
        Server stopped = new Server("B");
        old.members.join("lobby", "a");
        stopped.members.join("lobby", "b");
        pass(LONG_ENOUGH_TO_BE_SURE, old, stopped);
        pass(DEATH, old);
        old.members.sweep();
        assertThat(old.members.of("lobby")).isEqualTo(Map.of("a", 1));

        stopped.members.live();
        stopped.members.keep();
        pass(PACE.beat(), old, stopped);
        old.members.sweep();

        assertThat(old.members.of("lobby")).isEqualTo(Map.of("a", 1, "b", 1));
        assertThat(client.hgetAll("chat:client:b")).isEqualTo(Map.of("lobby", "set"));
        assertThat(told(old)).containsExactly("joined a", "joined b", "left b", "joined b");
    }

    @Test
    void renewingWritesAgainWhatOthersHaveTakenAway() throws Exception {
        Server server = new Server("A");
        for (int i = 0; i < 600; i++) { // more than are looked at in one question
            server.members.join("den", "client " + i);
        }
        server.members.join("lobby", "a");
        server.members.join("lobby", "b");
        server.members.join("hall", "b");
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
        server.members.join("lobby", "a");
        client.hset("chat:{lobby}:presence", Map.of("c:b", "never-listed=1", "c:c", "listed-late=1"));
        for (int i = 0; i < ALL_CHANNELS; i++) {
            server.members.renew(Duration.ZERO);
        }

        pass(PACE.silence().minus(PACE.beat()), server);
        assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
        client.hset("chat:nodes", "listed-late", Long.toString(System.currentTimeMillis()));
        pass(DEATH.minus(PACE.silence().minus(PACE.beat())), server);
        server.members.sweep();

        assertThat(client.hkeys("chat:{lobby}:presence")).containsExactlyInAnyOrder("c:a", "c:c");
        pass(DEATH, server);
        server.members.sweep();
        assertThat(client.hkeys("chat:{lobby}:presence")).containsExactly("c:a");
    }

    @Test
    void takesNobodyForDeadWhenTheClockOfRedisGoesForward() throws Exception {
        Server server = new Server("A");
        Server other = new Server("B");
        server.members.join("lobby", "a");
        other.members.join("lobby", "b");
        pass(LONG_ENOUGH_TO_BE_SURE, server, other);

        for (int i = 0; i < 5; i++) {
            // Its last heartbeat is from an hour ago all of a sudden, until it gives another.
            long hourAgo = System.currentTimeMillis() - Duration.ofHours(1).toMillis();
            client.hset("chat:nodes", "B", Long.toString(hourAgo));
            pass(PACE.beat(), server);
            server.members.sweep();
            assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1, "b", 1));
            other.members.live();
        }

        assertThat(told(server)).containsExactly("joined a", "joined b");
    }

    @Test
    void findsTheDeadWhenTheClockOfRedisGoesBack() throws Exception {
        Server server = new Server("A");
        server.members.join("lobby", "a");
        client.hset("chat:{lobby}:presence", "c:b", "B=1");
        long inAnHour = System.currentTimeMillis() + Duration.ofHours(1).toMillis();
        client.hset("chat:nodes", "B", Long.toString(inAnHour)); // given before the clock was set

        pass(PACE.silence(), server);
        assertThat(server.members.of("lobby")).containsKey("b");
        pass(DEATH.minus(PACE.silence()), server);

        assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1));
    }

    @Test
    void anOutageOfRedisMakesNobodyDead() throws Exception {
        Server server = new Server("A");
        Server other = new Server("B");
        Server dead = new Server("D");
        server.members.join("lobby", "a");
        other.members.join("lobby", "b");
        dead.members.join("lobby", "d");
        pass(LONG_ENOUGH_TO_BE_SURE, server, other, dead);
        pass(DEATH, server, other);
        pass(PACE.beat(), server);
        assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1, "b", 1));

        clock.addAndGet(LONG_ENOUGH_TO_BE_SURE.toNanos()); // in which nobody reaches Redis
        server.members.live();
        pass(PACE.certainty().minus(PACE.beat()), server);

        assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1, "b", 1));
        pass(PACE.beat(), server);
        assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1));
    }

    @Test
    void findsTheDeadOfAListThatWasLost() throws Exception {
        Server server = new Server("A");
        Server dying = new Server("B");
        server.members.join("lobby", "a");
        dying.members.join("lobby", "b");
        pass(LONG_ENOUGH_TO_BE_SURE, server, dying);

        client.del("chat:nodes"); // and B dies before it is listed again
        pass(DEATH, server);
        server.members.sweep();

        assertThat(client.hkeys("chat:{lobby}:presence")).containsExactly("c:a");
    }

    @Test
    void takesBackItsOwnNotesThatARestoredRedisBringsBack() throws Exception {
        Server server = new Server("A");
        server.members.join("lobby", "a");
        server.members.join("lobby", "gone");
        server.members.join("lobby", "here");
        Map<String, String> snapshot = client.hgetAll("chat:{lobby}:presence");
        Map<String, String> nodes = client.hgetAll("chat:nodes");
        server.members.leave("lobby", "gone");
        pass(LONG_ENOUGH_TO_BE_SURE, server);
        server.members.sweep(); // for the listening broker, which is silent by this clock

        client.hset("chat:{lobby}:presence", snapshot);
        client.hset("chat:nodes", nodes);
        pass(PACE.beat(), server);
        server.members.sweep();
        server.members.keep();

        assertThat(server.members.of("lobby")).isEqualTo(Map.of("a", 1, "here", 1));
        assertThat(told(server)).containsExactly("joined a", "joined gone", "joined here", "left gone", "left gone");
    }

    @Test
    void aServerThatEndsInGoodOrderIsNoLongerListed() throws Exception {
        Server ending = new Server("B");
        ending.members.join("lobby", "b");
        pass(PACE.beat(), ending);
        assertThat(client.hkeys("chat:nodes")).contains("B");

        ending.members.close();
        pass(PACE.beat(), ending); // a heartbeat that was due just then

        assertThat(client.hkeys("chat:nodes")).doesNotContain("B");
        assertThat(client.exists("chat:{lobby}:presence")).isFalse();
    }

    @Test
    void aServerThatIsDeadForLongIsTakenOffTheList() throws Exception {
        Server server = new Server("A");
        Server dying = new Server("B");
        pass(LONG_ENOUGH_TO_BE_SURE, server, dying);

        pass(PACE.listed().minus(PACE.beat()), server);
        assertThat(client.hkeys("chat:nodes")).contains("A", "B");
        pass(PACE.beat().multipliedBy(2), server);

        assertThat(client.hkeys("chat:nodes")).contains("A").doesNotContain("B");
    }
}

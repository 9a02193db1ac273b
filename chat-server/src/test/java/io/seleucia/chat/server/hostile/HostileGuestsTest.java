package io.seleucia.chat.server.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.LongForm;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.server.hostile.GuestAttacks.Attack;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hostile guests against the packaged program with a heap of 128 MB and its default settings, while an honest user at
 * another address talks. After each attack this must hold: the process lives, {@code /health} answers, the honest user was
 * shown everything that was acknowledged, once and in order, every request was answered, and within a minute the heap is
 * as small as before. Channels, their histories and idempotency keys are kept for longer than a minute: after attacks with them, the heap is
 * within the share that such things may take.
 *
 * <p>The time from publishing to seeing one's own message is printed. On a machine that does other things as well, a
 * generous bound is asserted for its 99th percentile, as a guard against standstills; {@code -Dhostile.strict=true}
 * asserts the 250 ms that are promised, and needs {@code -Dtests.concurrent=1}. {@code -Dhostile.seconds} sets how long each attack takes, {@code -Dhostile.only}
 * a part of the names of those that run, and {@code -Dhostile.jar} another program to measure.
 *
 * <p>{@code mvn verify} runs this after packaging; elsewhere it is skipped if the program has not been packaged.
 */
@Concurrent
class HostileGuestsTest {
    private static final Duration DURATION =
            Duration.ofSeconds(Integer.getInteger("hostile.seconds", LongForm.RUNS ? 4 : 1));
    private static final String ONLY = System.getProperty("hostile.only", "");
    private static final Duration P99 =
            Boolean.getBoolean("hostile.strict") ? Duration.ofMillis(250) : Duration.ofSeconds(20);
    private static final Duration BACK = Duration.ofMinutes(1);
    private static final long MARGIN = 16 * 1024 * 1024; // bytes of the heap that are no sign of a leak
    private static final long SHARE = 64 * 1024 * 1024; // bytes: of the heap for what is kept, by default
    private static final Set<String> KEPT =
            Set.of("channel names", "idempotency keys", "large messages in many channels", "slow readers");
    private static final Set<String> SHORT = // one of each kind; the long form of the build has all
            Set.of(
                    "channel names",
                    "slow readers",
                    "messages that never end",
                    "handshakes",
                    "passwords of combining marks");
    private static final int MANY_ADDRESSES = 16;
    private static final String HONEST = "127.0.0.2";
    private static final String FIRST = "first"; // two attacks at a time, each on a server of its own
    private static final String SECOND = "second";
    private static final String PASSWORD = "a good password";

    @TempDir
    private Path directory;

    static Stream<Arguments> guests() {
        return arguments(GuestAttacks.all());
    }

    static Stream<Arguments> logins() {
        return arguments(LoginAttacks.all());
    }

    private static Stream<Arguments> arguments(Map<String, Attack> attacks) {
        return attacks.entrySet().stream()
                .filter(attack -> attack.getKey().contains(ONLY))
                .filter(attack -> LongForm.RUNS || !ONLY.isEmpty() || SHORT.contains(attack.getKey()))
                .map(attack -> Arguments.of(attack.getKey(), attack.getValue()));
    }

    @ParameterizedTest(name = "{0}", allowZeroInvocations = true)
    @MethodSource
    @ResourceLock(FIRST)
    void guests(String name, Attack attack) throws Exception {
        try (PackagedServer server = new PackagedServer()) {
            withstand(server, name, attack, connect("\"client\":\"honest\""));
        }
    }

    @ParameterizedTest(name = "{0}", allowZeroInvocations = true)
    @MethodSource
    @ResourceLock(SECOND)
    void logins(String name, Attack attack) throws Exception {
        String users = "--users-file=" + directory.resolve("users");
        PackagedServer.run(PASSWORD + "\n", "user", "add", "ada", users);
        PackagedServer.run(PASSWORD + "\n", "user", "add", "eve", users);
        try (PackagedServer server = new PackagedServer(users)) {
            withstand(server, name, attack, connect("\"user\":\"eve\",\"password\":\"" + PASSWORD + "\""));
        }
    }

    @Test
    @ResourceLock(SECOND)
    void tlsHandshakes() throws Exception {
        String name = "TLS handshakes";
        Assumptions.assumeTrue(name.contains(ONLY));
        try (PackagedServer server = new PackagedServer(TlsAttacks.settings(directory))) {
            Peer peer = TlsAttacks.connect(HONEST, server.port());
            withstand(server, name, TlsAttacks::handshakes, peer, connect("\"client\":\"honest\""));
        }
    }

    @Test
    @ResourceLock(SECOND)
    void directMessagesToNobody() throws Exception {
        String name = "direct messages to nobody";
        Assumptions.assumeTrue(name.contains(ONLY));
        try (RedisProcess redis = RedisProcess.begin()) {
            redis.ask("CONFIG", "SET", "maxmemory", "16mb");
            try (PackagedServer server = new PackagedServer("--broker=redis", "--redis-url=" + redis.uri())) {
                withstand(server, name, GuestAttacks::directMessagesToNobody, connect("\"client\":\"honest\""));
            }
        }
    }

    private static String connect(String who) {
        return "{\"id\":1,\"type\":\"connect\"," + who + "}";
    }

    private static void withstand(PackagedServer server, String name, Attack attack, String connect) throws Exception {
        withstand(server, name, attack, Peer.connect(HONEST, server.port(), 65_536), connect);
    }

    private static void withstand(PackagedServer server, String name, Attack attack, Peer peer, String connect)
            throws Exception {
        long before = server.heap();
        Figures figures;
        try (HonestUser honest = new HonestUser(peer.handshake(), connect);
                Swarm swarm = new Swarm(server, DURATION, MANY_ADDRESSES)) {
            attack.run(swarm);
            server.health();
            figures = honest.figures();
        }
        long began = System.nanoTime();
        long after = server.heap();
        long bound = KEPT.contains(name) ? SHARE : before + MARGIN;
        while (after > bound && System.nanoTime() - began < BACK.toNanos()) {
            TimeUnit.SECONDS.sleep(1);
            after = server.heap();
        }
        System.out.printf(
                "hostile: %-32s %s, heap %d MB before, %d MB %d s after%n",
                name,
                figures,
                before >> 20,
                after >> 20,
                Duration.ofNanos(System.nanoTime() - began).toSeconds());
        assertThat(server.isAlive()).isTrue();
        assertThat(figures.end()).as("why the honest user's connection ended").isEmpty();
        assertThat(figures.lost()).isEmpty();
        assertThat(figures.ordered()).isTrue();
        assertThat(figures.unanswered()).isZero();
        assertThat(figures.refusals()).doesNotContain("rate_limited", "internal");
        assertThat(figures.within(0.99)).isLessThan(P99);
        assertThat(after).as("what the heap holds").isLessThanOrEqualTo(bound);
    }
}

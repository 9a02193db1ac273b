package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import io.seleucia.chat.LongForm;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Payload;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Any bytes at all: what is valid is delivered, what is not ends the connection by the protocol's own exceptions, and
 * nothing takes more memory than the bytes that came and the limits allow. {@code -Dfuzz.cases} sets how many are
 * tried; a failure says how to see it again.
 */
class TransportFuzzTest {
    private static final long SEED = Long.getLong("fuzz.seed", new Random().nextLong());
    private static final int CASES = Integer.getInteger("fuzz.cases", LongForm.RUNS ? 30_000 : 8_000);
    private static final int BATCH = 1_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60); // for a batch, which takes a fraction of a second

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int SLACK = 96 * 1024; // classes loaded meanwhile, an exception's stack trace
    private static final int LARGEST_STEP = 64 * 1024; // what a frame gets before its bytes have come
    private static final int MAX_HEAD = 16 * 1024;
    private static final int PER_BYTE = 32; // an empty ping has 6 bytes, its pong's objects some 150
    private static final int PER_HEAD_BYTE = 160; // of a list, a member takes two bytes, and some objects to look at

    private static final int[] LIMITS = {125, 4_096, 64 * 1024, 1 << 20, Integer.MAX_VALUE};
    private static final List<String> SUBPROTOCOLS = List.of("first", "second");
    private static final Handshake HANDSHAKE = new Handshake(HostNames.ANY, AllowedOrigins.OWN, false, true, true);
    private static final Set<Integer> REFUSALS = Set.of(400, 403, 405, 417, 426, 431, 501);

    @FunctionalInterface
    private interface Case {
        void run(Random random) throws IOException;
    }

    /** What a first handshake of its kind loads and links counts as allocated by it, so these are not measured. */
    @BeforeAll
    static void loadClasses() throws IOException {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            byte[] head = RandomRequest.of(random, random.nextBoolean()).head().getBytes(StandardCharsets.ISO_8859_1);
            Damage damage = random.nextBoolean() ? Damage.none(head) : Damage.random(head, List.of(), random);
            accept(wireOf(new CannedSocket(damage.bytes(), random)));
        }
    }

    @Test
    void deliversValidTrafficAndSurvivesAnyOther() {
        fuzz(TransportFuzzTest::readTraffic);
    }

    @Test
    void acceptsValidRequestsAndSurvivesAnyOther() {
        fuzz(TransportFuzzTest::acceptRequest);
    }

    private static void readTraffic(Random random) throws IOException {
        int limit = LIMITS[random.nextInt(LIMITS.length)];
        Traffic traffic = Traffic.random(random, limit);
        boolean closes = random.nextInt(4) == 0;
        if (closes) {
            traffic.close();
        }
        byte[] valid = traffic.bytes();
        Damage damage = switch (random.nextInt(8)) {
            case 0, 1 -> Damage.none(valid);
            case 2 -> Damage.noise(random);
            default -> Damage.random(valid, traffic.frames(), random);
        };
        WebSocketConnection socket =
                new WebSocketConnection(wireOf(new CannedSocket(damage.bytes(), random)), Optional.empty(), limit);
        List<Payload> messages = new ArrayList<>();
        List<Frame> pongs = new ArrayList<>();

        long before = THREADS.getCurrentThreadAllocatedBytes();
        IOException end = readAll(socket, messages, pongs);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;

        assertThat(allocated)
                .as("bytes allocated for %s", damage.bytes().length)
                .isLessThan(SLACK + 2L * Math.min(limit, LARGEST_STEP) + (long) PER_BYTE * damage.bytes().length);
        assertThat(end).isInstanceOfAny(EOFException.class, ConnectionClosedException.class);
        assertThat(messages).allMatch(message -> message.bytes().length <= limit);
        if (damage.bytes() == valid) {
            assertThat(messages).hasSize(traffic.messages(valid.length).size());
            assertThat(pongs).hasSize(traffic.pings(valid.length).size());
            assertThat(end).isInstanceOf(closes ? ConnectionClosedException.class : EOFException.class);
        }
        assertBeginsWith(messages, traffic.messages(damage.intact()));
        assertAnswers(pongs, traffic.pings(damage.intact()));
    }

    private static IOException readAll(WebSocketConnection socket, List<Payload> messages, List<Frame> pongs) {
        try {
            while (true) {
                socket.read(pongs::add).ifPresent(messages::add);
            }
        } catch (IOException e) {
            return e;
        }
    }

    private static void assertBeginsWith(List<Payload> messages, List<Payload> sent) {
        assertThat(messages).hasSizeGreaterThanOrEqualTo(sent.size());
        for (int i = 0; i < sent.size(); i++) {
            assertThat(messages.get(i).text()).isEqualTo(sent.get(i).text());
            assertThat(messages.get(i).bytes()).isEqualTo(sent.get(i).bytes());
        }
    }

    private static void assertAnswers(List<Frame> pongs, List<byte[]> pings) {
        assertThat(pongs).hasSizeGreaterThanOrEqualTo(pings.size());
        for (int i = 0; i < pings.size(); i++) {
            byte[] ping = pings.get(i);
            assertThat(pongs.get(i).bytes())
                    .isEqualTo(ByteBuffer.allocate(2 + ping.length)
                            .put((byte) 0x8a)
                            .put((byte) ping.length)
                            .put(ping)
                            .array());
        }
    }

    private static void acceptRequest(Random random) throws IOException {
        boolean valid = random.nextInt(3) > 0;
        RandomRequest request = RandomRequest.of(random, valid);
        Traffic traffic = Traffic.random(random, 125); // a client may send before it has the answer
        byte[] head = request.head().getBytes(StandardCharsets.ISO_8859_1);
        byte[] sent = ByteBuffer.allocate(head.length + traffic.bytes().length)
                .put(head)
                .put(traffic.bytes())
                .array();
        Damage damage = switch (random.nextInt(8)) {
            case 0, 1 -> Damage.none(sent);
            case 2 -> Damage.noise(random);
            default -> Damage.random(sent, List.of(), random);
        };
        CannedSocket socket = new CannedSocket(damage.bytes(), random);
        Wire wire = wireOf(socket);

        long before = THREADS.getCurrentThreadAllocatedBytes();
        Outcome outcome = accept(wire);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;

        assertThat(allocated)
                .as("bytes allocated for %s", damage.bytes().length)
                .isLessThan(SLACK + (long) PER_HEAD_BYTE * Math.min(MAX_HEAD, damage.bytes().length));
        String answer = new String(socket.written(), StandardCharsets.US_ASCII);
        assertThat(answer).startsWith(outcome.beginOfAnswer());
        if (Math.min(damage.intact(), head.length) > MAX_HEAD) {
            assertThat(outcome.refusal()).containsInstanceOf(HandshakeException.class);
        }
        if (valid && damage.intact() >= head.length) {
            assertThat(outcome).isEqualTo(new Outcome(request.agreed(SUBPROTOCOLS), Optional.empty()));
            assertThat(answer).contains("\r\nSec-WebSocket-Accept: " + request.accept() + "\r\n");
            List<Payload> messages = new ArrayList<>();
            readAll(new WebSocketConnection(wire, Optional.empty(), 125), messages, new ArrayList<>());
            assertBeginsWith(messages, traffic.messages(damage.intact() - head.length));
        }
    }

    /** What became of a handshake: a subprotocol, or none, or an exception. */
    private record Outcome(Optional<String> subprotocol, Optional<IOException> refusal) {
        String beginOfAnswer() {
            if (refusal.isEmpty()) {
                return "HTTP/1.1 101 ";
            }
            if (refusal.get() instanceof HandshakeException refused) {
                assertThat(refused.status()).isIn(REFUSALS);
                return "HTTP/1.1 " + refused.status() + " ";
            }
            assertThat(refusal.get()).isInstanceOf(EOFException.class);
            return "";
        }
    }

    private static Outcome accept(Wire wire) {
        try {
            Handshake.Agreed agreed = Handshakes.accept(
                            HANDSHAKE, wire, StaticPages.NONE, path -> SUBPROTOCOLS, Loopback.OPEN)
                    .orElseThrow();
            return new Outcome(agreed.subprotocol(), Optional.empty());
        } catch (IOException e) {
            return new Outcome(Optional.empty(), Optional.of(e));
        }
    }

    /** Never throttled: how fast a peer may send is not what is tried here. */
    private static Wire wireOf(CannedSocket socket) throws IOException {
        return new Wire(new StreamLink(socket), Integer.MAX_VALUE, new WireBytes(), MemoryBudget.ofBytes(1 << 20));
    }

    /** Each case has a seed of its own, so that one alone can be run again. */
    private static void fuzz(Case one) {
        AtomicLong seed = new AtomicLong(SEED);
        for (int done = 0; done < CASES; done += BATCH) {
            int batch = Math.min(BATCH, CASES - done);
            assertTimeoutPreemptively(PATIENCE, () -> run(one, seed, batch), () -> "no end in sight: " + replay(seed));
        }
    }

    private static void run(Case one, AtomicLong seed, int cases) {
        for (int i = 0; i < cases; i++) {
            try {
                one.run(new Random(seed.get()));
            } catch (IOException | RuntimeException | Error e) {
                throw new AssertionError(replay(seed) + ": " + e.getMessage(), e);
            }
            seed.incrementAndGet();
        }
    }

    private static String replay(AtomicLong seed) {
        return "to be seen again with -Dfuzz.seed=" + seed + " -Dfuzz.cases=1";
    }
}

package io.seleucia.chat.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The members of one channel. Whoever calls runs them all, in one thread: it selects, reads, checks each sender's
 * sequence at each member, and publishes what is due.
 *
 * <p>A message's text begins with its sender (8 characters), its sequence number (8) and the time it was sent (16), each
 * hexadecimal, the lowest digit first, in the letters from a to p; so a delivery costs four loads and no object.
 */
final class FanoutLoad implements AutoCloseable {
    /** The shortest text of a message. */
    static final int MIN_BYTES = 32;

    private static final int READ_BUFFER = 512 * 1024;
    private static final int MAX_CONNECTING = 64;
    private static final int POLL_MILLIS = 100;
    private static final long SECOND = 1_000_000_000L;
    private static final long CONNECT_NANOS = 60 * SECOND;
    private static final long STALL_NANOS = 10 * SECOND;
    private static final long AFTERMATH_NANOS = SECOND / 5;
    private static final int DIGITS = 8;
    private static final int SUBSCRIBE = 0;
    private static final int MESSAGE = 3;
    private static final String MESSAGE_END = "\\\"}\"}";

    /** A message that a member lacks, although it has a later one of that sender. */
    private record Missed(int member, int sender, int sequence) {}

    private final URI url;
    private final FanoutBenchmark.Options options;
    private final String channel =
            "fanout-%08x".formatted(ThreadLocalRandom.current().nextInt());
    private final int messageLength;
    private final Selector selector = Selector.open();
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BUFFER).order(ByteOrder.LITTLE_ENDIAN);
    private final List<FanoutMember> members = new ArrayList<>();
    private int subscribed;

    // By sender: the next sequence number, the oldest that a member lacks, and how many lack each since that one.
    private final int[] next;
    private final int[] oldest;
    private final int[][] lacking;
    private final byte[][] requests; // what each sends, but for the stamp
    private boolean publishing = true;

    private final int[][] expected; // by member and sender, the sequence number that should come now
    private final Set<Missed> missed = new HashSet<>();
    private long duplicates;
    private long reordered;
    private long arrived;

    // Since counting started.
    private boolean counting;
    private long published;
    private long delivered;
    private long reads;
    private final Latencies latencies = new Latencies();

    FanoutLoad(URI url, FanoutBenchmark.Options options) throws IOException {
        this.url = url;
        this.options = options;
        messageLength =
                ("Channel : " + channel + ", Sender : " + client(0) + ", Message : ").length() + options.bytes();
        next = new int[options.senders()];
        oldest = new int[options.senders()];
        lacking = new int[options.senders()][options.window()];
        expected = new int[options.members()][options.senders()];
        requests = new byte[options.senders()][];
        String rest = ",\\\"Message\\\":\\\"" + "x".repeat(options.bytes()) + MESSAGE_END;
        for (int sender = 0; sender < options.senders(); sender++) {
            requests[sender] = request(MESSAGE, sender, rest);
        }
    }

    /** Connects and subscribes all members, a few at a time. */
    void connect() throws IOException {
        InetSocketAddress address = new InetSocketAddress(url.getHost(), url.getPort() < 0 ? 80 : url.getPort());
        if (address.isUnresolved()) {
            throw new IOException("the host " + url.getHost() + " is unknown");
        }
        long start = System.nanoTime();
        long line = start + SECOND;
        while (subscribed < options.members()) {
            while (members.size() < options.members() && members.size() - subscribed < MAX_CONNECTING) {
                members.add(new FanoutMember(this, members.size(), url, address, selector));
            }
            poll();
            long now = System.nanoTime();
            if (now - start > CONNECT_NANOS) {
                throw new IOException("only " + subscribed + " of " + options.members() + " members could subscribe in "
                        + CONNECT_NANOS / SECOND + " s");
            }
            if (now - line >= 0 || subscribed == options.members()) {
                System.err.printf("connecting: %,d of %,d members%n", subscribed, options.members());
                line += SECOND;
            }
        }
    }

    /** Keeps every sender's window full for so long; returns how long it really was. */
    Duration run(String phase, Duration duration) throws IOException {
        for (int sender = 0; sender < options.senders(); sender++) {
            fillWindow(sender);
        }
        long start = System.nanoTime();
        long now = start;
        long line = start + SECOND;
        long lineArrived = arrived;
        long lastArrived = arrived;
        long lastArrival = start;
        while (now - start < duration.toNanos()) {
            poll();
            now = System.nanoTime();
            if (arrived != lastArrived) {
                lastArrived = arrived;
                lastArrival = now;
            } else if (now - lastArrival > STALL_NANOS) {
                throw stalled();
            }
            if (now - line >= 0) {
                System.err.printf(
                        "%s: %d of %d s, %,d deliveries%n",
                        phase, (now - start) / SECOND, duration.toSeconds(), arrived - lineArrived);
                line += SECOND;
                lineArrived = arrived;
            }
        }
        return Duration.ofNanos(now - start);
    }

    void startCounting() {
        counting = true;
    }

    void stopCounting() {
        counting = false;
    }

    /** Publishes no more, waits until all members have all messages, and a little longer for what should not come. */
    void drain() throws IOException {
        publishing = false;
        long start = System.nanoTime();
        while (!Arrays.equals(oldest, next)) {
            poll();
            if (System.nanoTime() - start > STALL_NANOS) {
                throw stalled();
            }
        }
        for (long end = System.nanoTime(); System.nanoTime() - end < AFTERMATH_NANOS; ) {
            poll();
        }
    }

    private IOException stalled() {
        return new IOException(
                "some messages did not reach every member within " + STALL_NANOS / SECOND + " s; " + faults());
    }

    private void poll() throws IOException {
        try {
            selector.select(this::ready, POLL_MILLIS);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void ready(SelectionKey key) {
        FanoutMember member = (FanoutMember) key.attachment();
        try {
            member.ready(in);
        } catch (IOException e) {
            throw new UncheckedIOException(new IOException(member + ": " + e.getMessage(), e));
        }
    }

    private void fillWindow(int sender) throws IOException {
        while (publishing && next[sender] - oldest[sender] < options.window()) {
            int sequence = next[sender]++;
            lacking[sender][sequence % options.window()] = options.members();
            byte[] request = requests[sender];
            int at = request.length - MESSAGE_END.length() - options.bytes();
            long now = System.nanoTime();
            stamp(request, at, sender);
            stamp(request, at + DIGITS, sequence);
            stamp(request, at + 2 * DIGITS, (int) now);
            stamp(request, at + 3 * DIGITS, (int) (now >>> 32));
            members.get(sender).send(request);
        }
    }

    private static void stamp(byte[] text, int at, int number) {
        for (int i = 0; i < DIGITS; i++) {
            text[at + i] = (byte) ('a' + (number >>> 4 * i & 0xf));
        }
    }

    /** Reads eight digits: pairs become bytes, pairs of these become shorts, and so on. */
    private static int number(long letters) {
        long x = letters - 0x6161616161616161L & 0x0f0f0f0f0f0f0f0fL;
        x = (x | x >>> 4) & 0x00ff00ff00ff00ffL;
        x = (x | x >>> 8) & 0x0000ffff0000ffffL;
        return (int) (x | x >>> 16);
    }

    /** The request that subscribes a member. */
    byte[] subscription(int member) {
        return request(SUBSCRIBE, member, MESSAGE_END.substring(2));
    }

    private byte[] request(int kind, int member, String rest) {
        String names = "\\\"ClientId\\\":\\\"" + client(member) + "\\\",\\\"Channel\\\":\\\"" + channel + "\\\"";
        return ("{\"Kind\":" + kind + ",\"Payload\":\"{" + names + rest).getBytes(StandardCharsets.US_ASCII);
    }

    /** A client id; all are equally long, and so are all messages. */
    static String client(int member) {
        return "m%05d".formatted(member);
    }

    /** The length of a message as it comes, in bytes: the text, and what ctesiphon puts before it. */
    int messageLength() {
        return messageLength;
    }

    /** A member has read what had come for it, which may be many messages. */
    void read() {
        reads += counting ? 1 : 0;
    }

    /** A member is told that it is one. */
    void subscribed() {
        subscribed++;
    }

    /**
     * A message has come to a member.
     *
     * @param end the index in the buffer where its text ends
     * @param now when it was read
     */
    void delivered(int member, ByteBuffer bytes, int end, long now) throws IOException {
        int at = end - options.bytes();
        int sender = number(bytes.getLong(at));
        int sequence = number(bytes.getLong(at + DIGITS));
        if (sender < 0 || sender >= options.senders() || sequence < 0 || sequence >= next[sender]) {
            throw new IOException("a message came that nobody sent");
        }
        if (sequence == expected[member][sender]) {
            expected[member][sender]++;
        } else if (!unexpected(member, sender, sequence)) {
            return;
        }
        arrived++;
        if (counting) {
            delivered++;
            long sentAt = number(bytes.getLong(at + 2 * DIGITS)) & 0xffffffffL
                    | (long) number(bytes.getLong(at + 3 * DIGITS)) << 32;
            latencies.record(now - sentAt);
        }
        if (--lacking[sender][sequence % options.window()] == 0) {
            complete(sender);
        }
    }

    /** Notes what is wrong with a message that is not the next; whether it is new to the member. */
    private boolean unexpected(int member, int sender, int sequence) {
        if (sequence < expected[member][sender]) {
            boolean late = missed.remove(new Missed(member, sender, sequence));
            reordered += late ? 1 : 0;
            duplicates += late ? 0 : 1;
            return late;
        }
        while (expected[member][sender] < sequence) {
            missed.add(new Missed(member, sender, expected[member][sender]++));
        }
        expected[member][sender]++;
        return true;
    }

    private void complete(int sender) throws IOException {
        while (oldest[sender] < next[sender] && lacking[sender][oldest[sender] % options.window()] == 0) {
            oldest[sender]++;
            published += counting ? 1 : 0;
        }
        fillWindow(sender);
    }

    /** Messages that every member has, of the counted time. */
    long published() {
        return published;
    }

    long delivered() {
        return delivered;
    }

    /** How often members read, in the counted time. */
    long reads() {
        return reads;
    }

    /** From publishing to reading, of every delivery. */
    Latencies latencies() {
        return latencies;
    }

    boolean faultless() {
        return missed.isEmpty() && duplicates == 0 && reordered == 0;
    }

    /** In words, over all phases. */
    String faults() {
        return "gaps " + missed.size() + ", duplicates " + duplicates + ", reordered " + reordered;
    }

    /** Ends all connections without a word. */
    @Override
    public void close() throws IOException {
        for (FanoutMember member : members) {
            member.close();
        }
        selector.close();
    }

    /** Nanoseconds, counted in 64 steps for each power of two: 1.6 % wide. */
    static final class Latencies {
        private static final int STEP_BITS = 6;
        private static final int STEPS = 1 << STEP_BITS;

        private final long[] counts = new long[STEPS * (Long.SIZE - STEP_BITS)];
        private long total;
        private long max;

        private void record(long nanos) {
            counts[index(Math.max(0, nanos))]++;
            total++;
            max = Math.max(max, nanos);
        }

        private static int index(long nanos) {
            if (nanos < STEPS) {
                return (int) nanos;
            }
            int shift = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos);
            return (shift << STEP_BITS) + (int) (nanos >>> shift);
        }

        /** The latency that this share of all deliveries did not exceed. */
        long quantile(double share) {
            long seen = 0;
            for (int i = 0; i < counts.length; i++) {
                seen += counts[i];
                if (seen > 0 && seen >= share * total) {
                    return Math.min(max, above(i) - 1);
                }
            }
            return max;
        }

        /** Where the next step begins. */
        private static long above(int index) {
            int shift = Math.max(0, (index >> STEP_BITS) - 1);
            return (index - ((long) shift << STEP_BITS) + 1) << shift;
        }

        long max() {
            return max;
        }
    }
}

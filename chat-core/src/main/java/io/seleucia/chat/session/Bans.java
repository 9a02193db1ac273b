package io.seleucia.chat.session;

import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Network;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The bans that a server knows. Any thread; nothing blocks. */
public final class Bans {
    private static final String V6_SUFFIX = "::/64";

    private final AtomicLong readings = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock(); // guards writing the next two
    private long newest; // of the readings whose result was taken
    private volatile Map<String, Ban> byKey = Map.of();

    /** Begins to read the bans, and returns the number of the reading. */
    long beginReading() {
        return readings.incrementAndGet();
    }

    /** Replaces the bans by the result of a reading, unless one that began later is known already. */
    void replace(long reading, List<Ban> bans) {
        Map<String, Ban> read =
                bans.stream().collect(Collectors.toUnmodifiableMap(Ban::key, Function.identity(), (one, other) -> one));
        lock.lock();
        try {
            if (reading > newest) {
                newest = reading;
                byKey = read;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether nothing is banned. */
    boolean isEmpty() {
        return byKey.isEmpty();
    }

    /** Returns the ban of an account, by its name, if it is banned now. */
    public Optional<Ban> ofAccount(String name) {
        return find(Ban.Kind.ACCOUNT, name);
    }

    /** Returns the ban of a guest, by the skeleton of its name, if it is banned now. */
    Optional<Ban> ofGuest(String skeleton) {
        return find(Ban.Kind.GUEST, skeleton);
    }

    /** Returns the ban of an address, if it is banned now. */
    public Optional<Ban> ofNetwork(Network network) {
        return isEmpty()
                ? Optional.empty()
                : find(Ban.Kind.ADDRESS, network.v6() ? network + V6_SUFFIX : network.toString());
    }

    /**
     * Returns the ban of a connection's address, if it is banned now.
     *
     * @param peer address and port; a peer without an address, as in this process, is never banned
     */
    public Optional<Ban> ofPeer(String peer) {
        if (byKey.isEmpty()) {
            return Optional.empty();
        }
        String address = Network.textOf(peer.contains(":") ? peer.substring(0, peer.lastIndexOf(':')) : peer);
        return find(Ban.Kind.ADDRESS, address.contains(":") ? address + V6_SUFFIX : address);
    }

    private Optional<Ban> find(Ban.Kind kind, String comparable) {
        Map<String, Ban> known = byKey;
        return known.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(known.get(kind.wireName() + " " + comparable))
                        .filter(ban -> ban.until().isAfter(Instant.now()));
    }

    /** Returns the sentence for a banned client. */
    public static String refusal(Ban ban) {
        String subject = switch (ban.kind()) {
            case ACCOUNT -> "this account";
            case GUEST -> "this name";
            case ADDRESS -> "this address";
        };
        return subject + " is banned until " + ban.until().truncatedTo(ChronoUnit.SECONDS);
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.FailureBackoff;
import io.seleucia.chat.message.Credentials;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The brake on guessing: each failed login doubles the pause until the next one, and an earlier login waits for its turn.
 * Failures count for their network and for the account, whether or not it exists: one network can't try many accounts, and
 * many networks can't try one account.
 *
 * <p>A success takes back the failures of the same account from the same network, and no others: a client that has one
 * password gains nothing for guessing another. From then on the account is known in that network, and logins to it from there
 * wait for their own failures only. So strangers can't lock an owner out by failing, neither elsewhere nor in the same
 * network.
 *
 * <p>Tokens can't be guessed. Their failures count by network, apart from those of passwords, and any success with a token
 * takes one back.
 *
 * <p>Memory is bounded, and names are kept as hashes with a secret of this process. Times are {@link System#nanoTime}; no
 * method blocks. Any thread.
 */
final class LoginThrottle {
    private static final int MAX_NAME_CHARS = 256; // of a longer name, the beginning counts
    private static final int MAX_NETWORKS = 8; // in which an account is known
    private static final int SECRET_BYTES = 16;

    /** The hashes by which a login is counted: of its network and kind, of the account's name if it has one, and of both. */
    record Attempt(long network, OptionalLong account, long pair) {}

    private final byte[] secret = new byte[SECRET_BYTES];
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final FailureBackoff<Long> byNetwork;
    private final FailureBackoff<Long> byAccount;
    private final FailureBackoff<Long> byPair;
    private final LinkedHashMap<Long, long[]> known =
            new LinkedHashMap<>(16, 0.75f, true); // by account, its networks, the last one first
    private final int entries;

    /**
     * Creates a brake without failures.
     *
     * @param memory the time for which failures count after the last
     * @param entries the most networks, accounts and pairs whose failures are remembered, and accounts with networks
     */
    LoginThrottle(Duration first, Duration longest, Duration memory, int entries) {
        new SecureRandom().nextBytes(secret);
        this.byNetwork = new FailureBackoff<>(first, longest, memory, entries);
        this.byAccount = new FailureBackoff<>(first, longest, memory, entries);
        this.byPair = new FailureBackoff<>(first, longest, memory, entries);
        this.entries = entries;
    }

    Attempt attempt(Credentials credentials, String network) {
        return switch (credentials) {
            case Credentials.Password given -> {
                String name = given.user()
                        .substring(0, Math.min(given.user().length(), MAX_NAME_CHARS))
                        .toLowerCase(Locale.ROOT); // an authenticator may ignore case
                yield new Attempt(
                        hash("network", network),
                        OptionalLong.of(hash("account", name)),
                        hash("pair", network + "\n" + name));
            }
            case Credentials.Token token -> new Attempt(hash("tokens", network), OptionalLong.empty(), 0);
        };
    }

    private long hash(String kind, String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(secret);
            digest.update(kind.getBytes(StandardCharsets.US_ASCII));
            digest.update((byte) '\n');
            return ByteBuffer.wrap(digest.digest(text.getBytes(StandardCharsets.UTF_8)))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Returns whether the account has logged in from that network, as far as this is remembered. */
    boolean knows(Attempt attempt) {
        lock.lock();
        try {
            return attempt.account.isPresent()
                    && Arrays.stream(known.getOrDefault(attempt.account.getAsLong(), new long[0]))
                            .anyMatch(network -> network == attempt.network);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the next place in line.
     *
     * @param isKnown whether the account is known in that network
     * @param limit the longest wait that the caller accepts
     * @return the wait, in nanoseconds; empty if it is longer, and then no place is taken
     */
    OptionalLong enter(Attempt attempt, boolean isKnown, long now, long limit) {
        lock.lock();
        try {
            long wait = isKnown
                    ? byPair.pause(attempt.pair, now)
                    : Math.max(
                            byNetwork.pause(attempt.network, now),
                            attempt.account.isPresent() ? byAccount.pause(attempt.account.getAsLong(), now) : 0);
            if (wait > limit) {
                return OptionalLong.empty();
            }
            if (isKnown) {
                byPair.begin(attempt.pair, now + wait, now);
            } else {
                byNetwork.begin(attempt.network, now + wait, now);
                attempt.account.ifPresent(account -> byAccount.begin(account, now + wait, now));
            }
            return OptionalLong.of(wait);
        } finally {
            lock.unlock();
        }
    }

    void failed(Attempt attempt, long now) {
        lock.lock();
        try {
            byNetwork.add(attempt.network, now);
            if (attempt.account.isPresent()) {
                byAccount.add(attempt.account.getAsLong(), now);
                byPair.add(attempt.pair, now);
            }
        } finally {
            lock.unlock();
        }
    }

    void succeeded(Attempt attempt, long now) {
        lock.lock();
        try {
            if (attempt.account.isEmpty()) {
                byNetwork.takeBack(attempt.network, 1, now);
                return;
            }
            long account = attempt.account.getAsLong();
            int own = byPair.remove(attempt.pair, now);
            byNetwork.takeBack(attempt.network, own, now);
            byAccount.takeBack(account, own, now);
            known.merge(account, new long[] {attempt.network}, (before, added) -> {
                long[] others = Arrays.stream(before)
                        .filter(network -> network != attempt.network)
                        .limit(MAX_NETWORKS - 1)
                        .toArray();
                long[] all = Arrays.copyOf(added, 1 + others.length);
                System.arraycopy(others, 0, all, 1, others.length);
                return all;
            });
            if (known.size() > entries) {
                known.pollFirstEntry();
            }
        } finally {
            lock.unlock();
        }
    }
}

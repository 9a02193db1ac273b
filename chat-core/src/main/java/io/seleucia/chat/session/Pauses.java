package io.seleucia.chat.session;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps an address from which logins fail from trying again at once: each failure doubles the pause until the next try.
 * A login that comes earlier waits for its turn, and tries at a time stand in line; other addresses are not concerned. A
 * success takes one failure back, so that many people behind one address do not suffer from each other's mistakes, and
 * somebody who has one password gains nothing for guessing another.
 *
 * <p>Of IPv6 addresses the first half counts, for the other is the client's own to choose. Times are {@link
 * System#nanoTime}; no method blocks. Any thread.
 */
final class Pauses {
    private static final int MAX_DOUBLINGS = 30;

    private static final class Tries {
        int failures;
        long next; // when the next one may begin
        long failedAt;
    }

    private final long first;
    private final long longest;
    private final long memory;
    private final ReentrantLock lock = new ReentrantLock(); // guards the next
    private final Map<String, Tries> byAddress;

    /**
     * @param first the pause after one failure
     * @param longest the longest pause
     * @param memory how long failures count after the last
     * @param addresses of how many addresses something is remembered at most; of more, those that were quiet longest
     *     are forgotten
     */
    Pauses(Duration first, Duration longest, Duration memory, int addresses) {
        this.first = first.toNanos();
        this.longest = longest.toNanos();
        this.memory = memory.toNanos();
        this.byAddress = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Tries> eldest) {
                return size() > addresses;
            }
        };
    }

    /**
     * Takes the next place in an address's line.
     *
     * @param limit how long the caller would wait
     * @return how long it has to, in nanoseconds; empty if that is more, and then no place is taken
     */
    OptionalLong enter(String address, long now, long limit) {
        lock.lock();
        try {
            Tries tries = byAddress.get(network(address));
            if (tries == null || now - tries.failedAt > memory || tries.failures == 0) {
                return OptionalLong.of(0);
            }
            long wait = Math.max(0, tries.next - now);
            if (wait > limit) {
                return OptionalLong.empty();
            }
            tries.next = now + wait + pause(tries.failures);
            return OptionalLong.of(wait);
        } finally {
            lock.unlock();
        }
    }

    void failed(String address, long now) {
        lock.lock();
        try {
            Tries tries = byAddress.computeIfAbsent(network(address), key -> new Tries());
            if (tries.failures == 0 || now - tries.failedAt > memory) {
                tries.failures = 0;
                tries.next = now;
            }
            tries.failures++;
            tries.failedAt = now;
            tries.next = Math.max(tries.next - now, pause(tries.failures)) + now;
        } finally {
            lock.unlock();
        }
    }

    void succeeded(String address) {
        lock.lock();
        try {
            byAddress.computeIfPresent(network(address), (key, tries) -> {
                tries.failures--;
                return tries.failures <= 0 ? null : tries;
            });
        } finally {
            lock.unlock();
        }
    }

    private long pause(int failures) {
        return Math.min(longest, first << Math.min(failures - 1, MAX_DOUBLINGS));
    }

    /** The JDK writes IPv6 addresses in eight groups, without leaving any out. */
    private static String network(String address) {
        int end = -1;
        for (int group = 0; group < 4; group++) {
            end = address.indexOf(':', end + 1);
            if (end < 0) {
                return address;
            }
        }
        return address.substring(0, end);
    }
}

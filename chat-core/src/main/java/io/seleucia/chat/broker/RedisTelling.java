package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells Redis servers what was shown of their channels, each time one may know less than before, and again until it
 * listens: one that loads its data takes connections, and no commands. A server is told by one thread at a time; requests
 * that come meanwhile have it told once more.
 */
final class RedisTelling {
    private static final Logger LOG = System.getLogger(RedisTelling.class.getName());
    private static final long PAUSE_MILLIS =
            250; // well below the time in which a Redis that has started takes no message

    /** Tells one server all. */
    interface Teller {
        /**
         * Tells it. Blocks.
         *
         * @throws UnavailableException if it did not take all
         */
        void tell(RedisNode node) throws UnavailableException;
    }

    private final RedisNodes nodes;
    private final Teller teller;
    private final CountDownLatch closed;
    private final Map<RedisNode, Integer> requests = new ConcurrentHashMap<>(); // so many since all was told

    /**
     * @param closed ends it
     */
    RedisTelling(RedisNodes nodes, Teller teller, CountDownLatch closed) {
        this.nodes = nodes;
        this.teller = teller;
        this.closed = closed;
    }

    /** Has a server told. Does not block. */
    void request(RedisNode node) {
        if (requests.merge(node, 1, Integer::sum) > 1) {
            return;
        }
        boolean begun = false;
        try {
            Thread.ofVirtual().name("redis-telling").start(() -> run(node));
            begun = true;
        } finally {
            if (!begun) {
                requests.remove(node);
            }
        }
    }

    private void run(RedisNode node) {
        Loop.run(LOG, "telling Redis what was shown", () -> requests.containsKey(node), () -> {
            Integer asked = requests.get(node);
            boolean needed = closed.getCount() > 0 && nodes.all().contains(node);
            if (!needed || tell(node)) {
                requests.remove(node, asked);
            } else {
                closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
            }
        });
    }

    private boolean tell(RedisNode node) {
        try {
            teller.tell(node);
            return true;
        } catch (UnavailableException e) {
            LOG.log(Level.DEBUG, () -> "to be told again: " + e.getMessage());
            return false;
        }
    }
}

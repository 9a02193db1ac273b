package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A channel's messages on this server, put in order. Pub/sub may lose and repeat, the history does not: whatever does
 * not follow on what was delivered last starts a healing, which reads the history from there until both meet.
 *
 * <pre>
 *            gap, other epoch, reconnect
 *   LIVE ──────────────────────────────────► HEALING   live messages wait aside, as far as there is room,
 *     ▲                                        │       and the history is read
 *     └────────────────────────────────────────┘
 *        all that waited aside follows on
 * </pre>
 *
 * <p>{@link #live} is called by the subscriber's thread, {@link #heal} by one that may block.
 */
final class RedisFeed {
    private static final Logger LOG = System.getLogger(RedisFeed.class.getName());
    private static final int PAGE = 100;
    private static final int MAX_ASIDE_CHARS = 256 * 1024;

    /**
     * What was delivered last.
     *
     * @param position its place
     * @param time when the message there was published, by which it is told from another that has its place by now; 0 if
     *     that is not known
     */
    record Seen(Position position, long time) {
        /** Nothing yet. */
        static final Seen NOTHING = new Seen(Position.NONE, 0);
    }

    private final String channel;
    private final RedisHistory history;

    private final CountDownLatch opened = new CountDownLatch(1);

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held while listeners are called
    private final List<Broker.Listener> listeners = new ArrayList<>(1);
    private final ArrayDeque<Message> aside = new ArrayDeque<>(1);
    private int asideChars;
    private boolean incomplete; // something was missed since the history was begun to be read
    private volatile boolean healing = true; // until the first position is known; written under the lock
    private boolean claimed; // a thread is at it, or will be
    private volatile Seen seen = Seen.NOTHING;
    private volatile boolean ended; // listeners are told nothing any more; set without the lock

    private final AtomicReference<Position> acknowledged = new AtomicReference<>(Position.NONE); // the newest

    RedisFeed(String channel, RedisHistory history) {
        this.channel = channel;
        this.history = history;
    }

    String channel() {
        return channel;
    }

    /** What was delivered, and the newest position that this server has shown to anyone. */
    RedisHistory.Shown shown() {
        Seen now = seen;
        return new RedisHistory.Shown(newest(), now);
    }

    /** The newest position that was delivered, or acknowledged to a publisher: no other message may ever have it. */
    Position newest() {
        return RedisEpoch.newest(last(), acknowledged.get());
    }

    /** Notes that a publisher is told this position. */
    void acknowledge(Position position) {
        acknowledged.accumulateAndGet(position, RedisEpoch::newest);
    }

    private Position last() {
        return seen.position;
    }

    /** Whether the feed knows its first position. */
    boolean isOpen() {
        return !last().equals(Position.NONE);
    }

    /** Waits until the feed knows its first position; false if that takes longer. */
    boolean awaitOpened(Duration limit) throws InterruptedException {
        return opened.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Adds a listener, which gets what comes after the returned position. */
    Position add(Broker.Listener listener) {
        lock.lock();
        try {
            listeners.add(listener);
            return last();
        } finally {
            lock.unlock();
        }
    }

    /** Removes a listener. */
    void remove(Broker.Listener listener) {
        lock.lock();
        try {
            listeners.remove(listener);
        } finally {
            lock.unlock();
        }
    }

    /** Ends all subscriptions. When this returns, no listener is called any more, but by the calling thread. */
    void end() {
        ended = true;
        lock.lock(); // a call that has begun is waited for
        lock.unlock();
    }

    /** Something came by pub/sub. Returns whether the feed must be healed. Does not block. */
    boolean live(RedisMessage.Live live) {
        return switch (live) {
            case RedisMessage.Live.Published published -> live(published.message());
            case RedisMessage.Live.Signalled signalled -> tell(listener -> listener.signal(signalled.signal()));
            case RedisMessage.Live.Joined joined -> tell(listener -> listener.joined(joined.client()));
            case RedisMessage.Live.Left left -> tell(listener -> listener.left(left.client()));
        };
    }

    private boolean tell(Consumer<Broker.Listener> what) {
        lock.lock();
        try {
            tellEach(what);
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** One that fails keeps no other from it. Called under the lock. */
    private void tellEach(Consumer<Broker.Listener> what) {
        for (Broker.Listener listener : listeners) {
            if (ended) {
                return;
            }
            try {
                what.accept(listener);
            } catch (Throwable e) {
                Loop.report(LOG, "a listener of channel " + channel, e);
            }
        }
    }

    private boolean live(Message message) {
        lock.lock();
        try {
            if (message.position().equals(Position.NONE)) {
                tellEach(listener -> listener.message(message));
                return false;
            }
            if (healing) {
                putAside(message);
                return false;
            }
            if (!follows(message)) {
                healing = true;
                putAside(message);
            }
            return healing;
        } finally {
            lock.unlock();
        }
    }

    /** Something may have been missed before now: nothing is delivered until the history has been read again. */
    void suspect() {
        lock.lock();
        try {
            healing = true;
            incomplete = true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a position that the channel had some time ago has not been reached, and nothing is done about it. */
    boolean missed(Position position) {
        lock.lock();
        try {
            return !healing && (!position.sameEpoch(last()) || position.offset() > last().offset());
        } finally {
            lock.unlock();
        }
    }

    /** Whether it is to be healed. */
    boolean isAiling() {
        return healing;
    }

    /** Whether it is to be healed, and nobody else does that; then the caller has to {@link #heal} it. */
    boolean claimHealing() {
        if (!healing) {
            return false;
        }
        lock.lock();
        try {
            boolean mine = healing && !claimed;
            claimed |= mine;
            return mine;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads the history until live messages follow on it. For whoever has claimed that. Blocks.
     *
     * @throws UnavailableException if it must be tried again later
     */
    void heal() throws UnavailableException {
        try {
            do {
                beginReading();
            } while (!deliver(history.since(channel, shown(), isOpen() ? PAGE : 0))); // until there is no more
            opened.countDown();
        } finally {
            endHealing();
        }
    }

    /** Gives the claim back: its holder no longer heals the feed. */
    void endHealing() {
        lock.lock();
        try {
            claimed = false;
        } finally {
            lock.unlock();
        }
    }

    /** What was missed before now is in the history; all that comes from now on waits aside. */
    private void beginReading() {
        lock.lock();
        try {
            incomplete = false;
        } finally {
            lock.unlock();
        }
    }

    /** Delivers a page of the history and what follows on it; whether the feed is live again. */
    private boolean deliver(RedisHistory.Stretch stretch) {
        Broker.Page page = stretch.page();
        lock.lock();
        try {
            if (!isOpen()) {
                seen = new Seen(page.position(), stretch.time());
            }
            for (Message message : page.messages()) {
                if (!follows(message)) {
                    Position before = message.position().at(message.position().offset() - 1);
                    lost(new Seen(before, 0)); // no longer in the history
                    follows(message);
                }
            }
            boolean reached = page.position().sameEpoch(last())
                    && last().offset() >= page.position().offset();
            if (page.messages().isEmpty() && !reached) {
                lost(new Seen(page.position(), stretch.time()));
                reached = true;
            }
            return reached && takeBack();
        } finally {
            lock.unlock();
        }
    }

    /** Delivers what waited aside; the feed is live again if it follows on what was delivered, all of it. */
    private boolean takeBack() {
        boolean complete = !incomplete;
        for (Message message : aside) {
            complete = complete && follows(message);
        }
        aside.clear();
        asideChars = 0;
        healing = !complete;
        return complete;
    }

    /** Delivers the message if it is the next one; false if something is missing before it. */
    private boolean follows(Message message) {
        Position position = message.position();
        if (position.sameEpoch(last()) && position.offset() <= last().offset()) {
            return true; // known
        }
        if (!position.equals(last().next())) {
            return false;
        }
        seen = new Seen(position, message.time());
        tellEach(listener -> listener.message(message));
        return true;
    }

    private void lost(Seen now) {
        seen = now;
        tellEach(listener -> listener.lost(now.position));
    }

    private void putAside(Message message) {
        asideChars += size(message.content());
        if (asideChars > MAX_ASIDE_CHARS) {
            incomplete = true;
            aside.clear(); // the history has them, and must be read once more
            asideChars = 0;
        } else {
            aside.addLast(message);
        }
    }

    private static int size(Content content) {
        return content.asText().length() + 256; // and what else a message takes
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * One channel's messages on this server, delivered in order and once each. Pub/sub may lose and repeat messages; the
 * history does not. A message that does not follow the last delivered one starts a resync, which reads the history from
 * there until the buffered live messages follow.
 *
 * <pre>
 *         gap, other epoch, reconnect
 *   LIVE ─────────────────────────────► RESYNC   live messages are buffered while the history is read
 *     ▲                                   │
 *     └───────────────────────────────────┘
 *        all buffered messages follow
 * </pre>
 *
 * <p>Threads: a subscriber's thread calls {@link #receive}; {@link #resync} is called by a thread that may block.
 */
final class ChannelFeed {
    private static final Logger LOG = System.getLogger(ChannelFeed.class.getName());
    private static final int PAGE = 100;
    private static final int MAX_BUFFERED_BYTES = 256 * 1024;
    private static final int MESSAGE_BYTES = 256; // besides the text
    private static final int INFO_BYTES = 120; // besides the text

    /**
     * The last delivered message. The time of its publication, 0 if unknown, tells it from another message at its
     * position in a history that was restored from a backup.
     */
    record Cursor(Position position, long time) {
        private static final Cursor NONE = new Cursor(Position.NONE, 0);
    }

    /** The newest position that this server has delivered to members or acknowledged to publishers, and the cursor. */
    record Shown(Position newest, Cursor cursor) {
        /** Returns the newest position of a channel of which nothing was delivered. */
        static Shown of(Position newest) {
            return new Shown(newest, Cursor.NONE);
        }
    }

    /**
     * A page of the history and, if it is empty, the time of the message at its position, 0 if unknown.
     *
     * @param info the channel's description then or later, also one that was removed
     */
    record Segment(Broker.Page page, long time, Optional<ChannelInfo> info) {
        Segment(Broker.Page page, long time) {
            this(page, time, Optional.empty());
        }
    }

    /** Reads the messages of a channel after the cursor, oldest first. */
    interface HistoryReader {
        Segment since(String channel, Shown shown, int limit) throws UnavailableException;
    }

    private final String channel;
    private final HistoryReader history;
    private final MemoryBudget memory; // buffered messages are charged to it
    private final CountDownLatch opened = new CountDownLatch(1);
    private final AtomicReference<Position> acknowledged = new AtomicReference<>(Position.NONE); // the newest
    private final AtomicBoolean openingClaimed = new AtomicBoolean();
    private final AtomicBoolean resyncClaimed = new AtomicBoolean(); // by a thread that resyncs, or soon will
    private volatile boolean ended; // listeners are no longer called

    private final ReentrantLock lock = new ReentrantLock(); // guards all below; held in calls of listeners
    private final List<Broker.Listener> listeners = new ArrayList<>(1);
    private final ArrayDeque<Message> buffer = new ArrayDeque<>(1);
    private long bufferedBytes; // charged
    private volatile boolean missed; // a message, since the current read of the history began; cleared without the lock
    private volatile boolean resyncing = true; // until the first position is known
    private volatile Cursor cursor = Cursor.NONE;
    private Optional<ChannelInfo> info = Optional.empty(); // the newest, which may have been removed; charged
    private Position emptied = Position.NONE; // all messages up to there were deleted, and listeners are yet to be told

    ChannelFeed(String channel, HistoryReader history, MemoryBudget memory) {
        this.channel = channel;
        this.history = history;
        this.memory = memory;
    }

    String channel() {
        return channel;
    }

    Shown shown() {
        Cursor now = cursor;
        return new Shown(newest(), now);
    }

    /** Returns the newest position that was delivered or acknowledged. No other message may ever get it. */
    Position newest() {
        return RedisEpoch.newest(cursor.position, acknowledged.get());
    }

    /** Records that a position was acknowledged to a publisher. */
    void acknowledge(Position position) {
        acknowledged.accumulateAndGet(position, RedisEpoch::newest);
    }

    /** Returns whether the first position is known. */
    boolean isOpen() {
        return !cursor.position.equals(Position.NONE);
    }

    /** Returns whether the caller is the first, and has to subscribe the feed. */
    boolean claimOpening() {
        return openingClaimed.compareAndSet(false, true);
    }

    /** Blocks until the first position is known. Returns false if that takes longer than the limit. */
    boolean awaitOpened(Duration limit) throws InterruptedException {
        return opened.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Adds a listener, which gets the messages after the returned position. */
    Position add(Broker.Listener listener) {
        lock.lock();
        try {
            listeners.add(listener);
            info.filter(known -> known.json().isPresent()).ifPresent(listener::described);
            return cursor.position;
        } finally {
            lock.unlock();
        }
    }

    void remove(Broker.Listener listener) {
        lock.lock();
        try {
            listeners.remove(listener);
        } finally {
            lock.unlock();
        }
    }

    /** Ends all subscriptions. Once this returns, only the calling thread may still be in a call of a listener. */
    void end() {
        ended = true;
        lock.lock(); // waits for a call in progress
        try {
            clearBuffer();
            keep(Optional.empty());
        } finally {
            lock.unlock();
        }
    }

    /** Handles an incoming pub/sub message. Returns whether the feed has to be resynced. Does not block. */
    boolean receive(MessageCodec.Live live) {
        lock.lock();
        try {
            switch (live) {
                case MessageCodec.Live.Published published -> {
                    return receive(published.message());
                }
                case MessageCodec.Live.Emptied gone -> {
                    return receiveEmptied(gone.position());
                }
                case MessageCodec.Live.Erased erased -> receiveErased();
                case MessageCodec.Live.Signalled signalled ->
                    callListeners(listener -> listener.signal(signalled.signal()));
                case MessageCodec.Live.Read read -> receive(read);
                case MessageCodec.Live.Joined joined ->
                    callListeners(listener -> listener.joined(Sender.ofKey(joined.client())));
                case MessageCodec.Live.Left left ->
                    callListeners(listener -> listener.left(Sender.ofKey(left.client())));
                case MessageCodec.Live.Described described -> describe(described.info());
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    private boolean receive(Message message) {
        if (message.position().equals(Position.NONE)) {
            callListeners(listener -> listener.message(message));
            return false;
        }
        if (!resyncing && deliver(message)) {
            return false;
        }
        boolean first = !resyncing;
        resyncing = true;
        buffer(message);
        return first;
    }

    /** Passes on how far a client has read, unless that is in another epoch than the members know. */
    private void receive(MessageCodec.Live.Read read) {
        if (read.epoch().equals(cursor.position.epoch())) {
            callListeners(listener -> listener.read(read.reader(), read.mark()));
        }
    }

    /** Tells the listeners a description, unless they know it or a later one. */
    private void describe(ChannelInfo next) {
        if (!ended && next.isLaterThan(info)) {
            keep(Optional.of(next));
            callListeners(listener -> listener.described(next));
        }
    }

    private void keep(Optional<ChannelInfo> next) {
        memory.charge(Part.CHANNELS, bytes(next) - bytes(info));
        info = next;
    }

    private static long bytes(Optional<ChannelInfo> info) {
        return info.map(it -> INFO_BYTES + 2L * it.length()).orElse(0L);
    }

    /**
     * Handles the deletion of all messages up to a position. Listeners are told behind those messages. If some of them have not
     * arrived, they have gone, which a resync finds and reports.
     */
    private boolean receiveEmptied(Position position) {
        if (!isOpen()) {
            return false;
        }
        boolean first = !resyncing;
        emptied = position;
        tellEmptied();
        resyncing |= !emptied.equals(Position.NONE);
        return first && resyncing;
    }

    /** Tells listeners that edits and reactions were removed. If some may be buffered, the history is read once more. */
    private void receiveErased() {
        if (!buffer.isEmpty()) {
            missed = true;
            clearBuffer();
        }
        callListeners(Broker.Listener::erased);
    }

    /** Tells listeners of the deletion of all messages up to a position that they have reached, if there was one. */
    private void tellEmptied() {
        Position last = cursor.position;
        if (!emptied.equals(Position.NONE) && RedisEpoch.newest(last, emptied).equals(last)) {
            boolean concerned = emptied.sameEpoch(last);
            emptied = Position.NONE;
            if (concerned) {
                callListeners(listener -> listener.lost(last));
            }
        }
    }

    private void callListeners(Consumer<Broker.Listener> call) {
        for (Broker.Listener listener : listeners) {
            if (ended) {
                return;
            }
            try {
                call.accept(listener);
            } catch (Throwable e) {
                Loop.report(LOG, "a listener of channel " + channel, e);
            }
        }
    }

    /** Stops delivery until the history has been read again, because messages may have been missed. */
    void invalidate() {
        lock.lock();
        try {
            resyncing = true;
            missed = true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether a position that the channel had some time ago was not reached, and no resync is due. */
    boolean isBehind(Position position) {
        Position last = cursor.position;
        return !resyncing && (!position.sameEpoch(last) || position.offset() > last.offset());
    }

    boolean needsResync() {
        return resyncing;
    }

    /** Returns whether a resync is needed and the caller has to do it, or release the claim. */
    boolean claimResync() {
        return resyncing && resyncClaimed.compareAndSet(false, true);
    }

    void releaseResyncClaim() {
        resyncClaimed.set(false);
    }

    /**
     * Reads the history until live messages follow, and releases the claim. Blocks.
     *
     * @throws UnavailableException if it must be retried later
     */
    void resync() throws UnavailableException {
        try {
            do {
                missed = false; // messages until now are in the history, and later ones are buffered
            } while (!deliver(history.since(channel, shown(), isOpen() ? PAGE : 0)));
            opened.countDown();
        } finally {
            releaseResyncClaim();
        }
    }

    /** Delivers a part of the history, and the buffer if it follows. Returns whether the feed is live again. */
    private boolean deliver(Segment segment) {
        Broker.Page page = segment.page();
        lock.lock();
        try {
            if (!isOpen()) {
                cursor = new Cursor(page.position(), segment.time());
            }
            segment.info().ifPresent(this::describe);
            for (Message message : page.messages()) {
                if (!deliver(message)) {
                    skipTo(new Cursor(message.position().at(message.position().offset() - 1), 0));
                    deliver(message);
                }
            }
            boolean reached = page.position().sameEpoch(cursor.position)
                    && cursor.position.offset() >= page.position().offset();
            if (page.messages().isEmpty() && !reached) {
                skipTo(new Cursor(page.position(), segment.time()));
                reached = true;
            }
            return reached && deliverBuffer();
        } finally {
            lock.unlock();
        }
    }

    /** Delivers the buffer up to a gap. Returns whether there was none, which makes the feed live. */
    private boolean deliverBuffer() {
        boolean follows = !missed && buffer.stream().allMatch(this::deliver);
        resyncing = !follows || !emptied.equals(Position.NONE); // the next read finds that messages have gone
        emptied = Position.NONE;
        clearBuffer();
        return !resyncing;
    }

    /** Delivers a message if it is the next one. Returns false if messages before it are missing. */
    private boolean deliver(Message message) {
        Position position = message.position();
        Position last = cursor.position;
        if (position.sameEpoch(last) && position.offset() <= last.offset()) {
            return true; // delivered before
        }
        if (!position.equals(last.next())) {
            return false;
        }
        cursor = new Cursor(position, message.time());
        callListeners(listener -> listener.message(message));
        tellEmptied();
        return true;
    }

    /** Reports the messages up to there as lost: the history no longer has them. */
    private void skipTo(Cursor next) {
        cursor = next;
        callListeners(listener -> listener.lost(next.position));
        if (RedisEpoch.newest(next.position, emptied).equals(next.position)) {
            emptied = Position.NONE; // which this has told
        }
    }

    private void buffer(Message message) {
        long bytes = MESSAGE_BYTES
                + Sizes.ofText(message.content().asText())
                + 2L * message.attributes().length();
        if (ended || bufferedBytes + bytes > MAX_BUFFERED_BYTES || memory.isTight()) {
            missed = true; // the history has it, and must be read once more
            clearBuffer();
        } else {
            buffer.addLast(message);
            bufferedBytes += bytes;
            memory.charge(Part.WAITING, bytes);
        }
    }

    private void clearBuffer() {
        buffer.clear();
        memory.charge(Part.WAITING, -bufferedBytes);
        bufferedBytes = 0;
    }
}

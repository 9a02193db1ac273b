package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Channels in the memory of this process: what is published is gone when it ends. Several servers in one process may
 * share one broker. Nothing blocks.
 *
 * <p>A publisher's own thread hands the message to the listeners, under the channel's lock, so that the order of the
 * offsets is the order of delivery.
 */
public final class InMemoryBroker implements Broker {
    private static final long SWEEP_SECONDS = 10;
    private static final int MESSAGE_OVERHEAD = 160;

    private final Retention retention;
    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong(); // of all histories
    private final ReentrantLock relieving = new ReentrantLock(); // guards nothing: one thread at it is enough
    private final Membership members = new Membership();
    private final ConcurrentHashMap<String, Log> logs = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    // Of all channels that begin now. As long as nothing is published, such a channel can be forgotten and begin again
    // at the same position; one that is forgotten after that takes the epoch with it.
    private volatile String epoch = UUID.randomUUID().toString();

    /** An empty broker, whose histories take a quarter of the heap at the most. */
    public InMemoryBroker(Retention retention) {
        this(retention, Runtime.getRuntime().maxMemory() / 4);
    }

    /**
     * An empty broker.
     *
     * @param maxBytes what all histories together may take, roughly; beyond it the longest lose their older half
     */
    public InMemoryBroker(Retention retention, long maxBytes) {
        this.retention = retention;
        this.maxBytes = maxBytes;
        Thread.ofVirtual().name("broker-retention").start(this::sweep);
    }

    @Override
    public Receipt publish(String channel, String sender, Content content, String key) {
        Receipt receipt = with(channel, log -> log.publish(channel, sender, content, key));
        if (bytes.get() > maxBytes && relieving.tryLock()) {
            try {
                relieve();
            } finally {
                relieving.unlock();
            }
        }
        return receipt;
    }

    /** Takes from those who have most, so that nobody can push out what others have said by saying much. */
    private void relieve() {
        while (bytes.get() > maxBytes) {
            Optional<Log> longest = logs.values().stream().max(Comparator.comparingLong(log -> log.bytes));
            if (longest.isEmpty() || longest.get().bytes == 0) {
                return;
            }
            longest.get().halve();
        }
    }

    @Override
    public Subscription subscribe(String channel, Listener listener) {
        return with(channel, log -> log.subscribe(channel, listener));
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) {
        return with(
                channel,
                log -> log.page(log.history.iterator(), m -> m.position().offset() > offset, limit));
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) {
        return with(channel, log -> {
            Page page =
                    log.page(log.history.descendingIterator(), m -> m.position().offset() < offset, limit);
            return new Page(page.position(), page.messages().reversed());
        });
    }

    @Override
    public void signal(String channel, Signal signal) {
        tell(channel, listener -> listener.signal(signal));
    }

    @Override
    public void join(String channel, String client) {
        if (members.change(channel, client, 1) == 1) {
            tell(channel, listener -> listener.joined(client));
        }
    }

    @Override
    public void leave(String channel, String client) {
        if (members.change(channel, client, -1) == 0) {
            tell(channel, listener -> listener.left(client));
        }
    }

    @Override
    public Map<String, Integer> members(String channel) {
        return members.of(channel);
    }

    /** Tells listeners, of which there are none where nobody has made the channel. */
    private void tell(String channel, Consumer<Listener> what) {
        Log log = logs.get(channel);
        if (log != null) {
            log.tell(what);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        logs.clear();
    }

    private <T> T with(String channel, Function<Log, T> use) {
        while (true) {
            Log log = logs.computeIfAbsent(channel, name -> new Log());
            log.lock.lock();
            try {
                if (!log.forgotten) {
                    log.usedAt = System.nanoTime();
                    log.trim(log.usedAt, System.currentTimeMillis());
                    T result = use.apply(log);
                    if (log.last.offset() == 0 && log.forget(log.usedAt, System.currentTimeMillis())) {
                        logs.remove(channel, log);
                    }
                    return result;
                }
            } finally {
                log.lock.unlock();
            }
        }
    }

    private void sweep() {
        try {
            while (!closed.await(SWEEP_SECONDS, TimeUnit.SECONDS)) {
                long now = System.nanoTime();
                logs.values().removeIf(log -> log.forget(now, System.currentTimeMillis()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody interrupts it; without it, old messages go when read
        }
    }

    private static long size(Message message) {
        return MESSAGE_OVERHEAD + 2L * message.content().asText().length();
    }

    /** One channel. All fields are guarded by the lock. */
    private final class Log {
        private record Key(String sender, String key) {}

        private record Kept(Position position, long until) {}

        private final ReentrantLock lock = new ReentrantLock();
        private final ArrayDeque<Message> history = new ArrayDeque<>();
        private volatile long bytes; // of the history; read by whoever looks for the longest
        private final List<Listener> listeners = new ArrayList<>(1);
        private final LinkedHashMap<Key, Kept> keys = new LinkedHashMap<>(); // the oldest first
        private Position last = new Position(epoch, 0);
        private long usedAt;
        private boolean forgotten; // no longer in the map

        private Receipt publish(String channel, String sender, Content content, String key) {
            Key kept = new Key(sender, key);
            if (!key.isEmpty() && keys.containsKey(kept)) {
                return new Receipt(keys.get(kept).position, true);
            }
            last = last.next();
            if (!key.isEmpty()) {
                keys.put(kept, new Kept(last, usedAt + retention.keys().toNanos()));
            }
            Message message = new Message(channel, last, sender, System.currentTimeMillis(), content);
            history.addLast(message);
            count(size(message));
            if (history.size() > retention.messages()) {
                removeOldest();
            }
            for (int i = 0; i < listeners.size(); i++) {
                listeners.get(i).message(message);
            }
            return new Receipt(last, false);
        }

        private Subscription subscribe(String channel, Listener listener) {
            listeners.add(listener);
            Position start = last;
            return new Subscription() {
                @Override
                public Position start() {
                    return start;
                }

                @Override
                public void close() {
                    with(channel, log -> log.listeners.remove(listener));
                }
            };
        }

        private void tell(Consumer<Listener> what) {
            lock.lock();
            try {
                listeners.forEach(what);
            } finally {
                lock.unlock();
            }
        }

        private Page page(Iterator<Message> messages, Predicate<Message> wanted, int limit) {
            List<Message> page = new ArrayList<>();
            while (page.size() < limit && messages.hasNext()) {
                Message message = messages.next();
                if (wanted.test(message)) {
                    page.add(message);
                }
            }
            return new Page(last, page);
        }

        private void trim(long now, long nowMillis) {
            long oldest = nowMillis - retention.age().toMillis();
            while (!history.isEmpty() && history.getFirst().time() < oldest) {
                removeOldest();
            }
            Iterator<Kept> oldestKeys = keys.values().iterator();
            while (oldestKeys.hasNext() && oldestKeys.next().until - now < 0) {
                oldestKeys.remove();
            }
        }

        private void removeOldest() {
            count(-size(history.removeFirst()));
        }

        private void count(long more) {
            bytes += more;
            InMemoryBroker.this.bytes.addAndGet(more);
        }

        private void halve() {
            lock.lock();
            try {
                for (int rest = history.size() / 2; history.size() > rest; ) {
                    removeOldest();
                }
            } finally {
                lock.unlock();
            }
        }

        /** Whether nobody can tell any more that the channel ever was. */
        private boolean forget(long now, long nowMillis) {
            lock.lock();
            try {
                trim(now, nowMillis);
                forgotten = listeners.isEmpty()
                        && history.isEmpty()
                        && (last.offset() == 0
                                || now - usedAt > retention.positions().toNanos());
                if (forgotten && last.offset() > 0) {
                    epoch = UUID.randomUUID().toString(); // before the channel can begin again
                }
                return forgotten;
            } finally {
                lock.unlock();
            }
        }
    }
}

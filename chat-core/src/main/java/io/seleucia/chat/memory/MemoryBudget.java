package io.seleucia.chat.memory;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.concurrent.ThrottledLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Bounds the memory that clients can make a server keep, all of it together. It is charged by its real size, and released
 * when it is gone. A broker has a budget, to which the servers that share it charge as well.
 *
 * <p>From 80 % of the limit on, memory is relieved down to 75 %, by what costs clients least first: see {@link Stage}. From
 * 90 % on, no new connections and no large messages are taken, and no history is read. From 95 % on, no queue grows long.
 * From 97 % on, nothing is published: clients that have the server keep much are stopped before those that only talk.
 *
 * <p>Any thread may call all methods. Charging does not block and costs a few nanoseconds. There is no thread of its own:
 * a charge that passes 80 % starts a virtual thread that relieves, unless one is under way.
 */
public final class MemoryBudget {
    /** The share of the heap that is the limit, where nothing else is said: a half. */
    public static final double DEFAULT_SHARE = 0.5;

    private static final Logger LOG = System.getLogger(MemoryBudget.class.getName());
    private static final int RELIEF_PERCENT = 80;
    private static final int RELIEVED_PERCENT = 75;
    private static final int TIGHT_PERCENT = 90;
    private static final int FULL_PERCENT = 95;
    private static final int LAST_PERCENT = 97;
    private static final long PATIENCE_MILLIS = 250; // of a thread that needs room
    private static final long MESSAGE_MILLIS = 1_500; // of one that publishes
    private static final long PAUSE_NANOS = 5_000_000; // before it looks again
    private static final long BACKGROUND_MILLIS = 10_000; // in which others find no thread that relieves, but this one

    /** The uses of memory that are charged. */
    public enum Part {
        /** Connections, with the first few frames that wait for each. */
        CONNECTIONS,
        /** Frames that wait to be written, beyond the first few of each connection. */
        QUEUES,
        /** Messages that have come in part, or are being handled. */
        INCOMING,
        /** Stretches of history that are being given to clients. */
        PAGES,
        /** Histories that a broker has in memory. */
        HISTORIES,
        /** Idempotency keys. */
        KEYS,
        /** Channels, with their names, positions and members. */
        CHANNELS,
        /** Frames of the newest messages, kept for members that come back. */
        RECENT,
        /** Messages and commands that wait to be written to a journal or to Redis. */
        WAITING,
        /** The windows of compressed connections, with earlier messages. */
        COMPRESSION;

        /** {@return the name in metrics} */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The order in which memory is relieved. A stage begins when the ones before it have nothing left to free. */
    public enum Stage {
        /** Positions of channels that are empty and unused. */
        UNUSED(RELIEF_PERCENT, RELIEVED_PERCENT),
        /** Frames of the newest messages. */
        RECENT(RELIEF_PERCENT, RELIEVED_PERCENT),
        /** The longest histories. */
        HISTORIES(RELIEF_PERCENT, RELIEVED_PERCENT),
        /** Connections: those for which most waits. */
        CONNECTIONS(TIGHT_PERCENT, RELIEF_PERCENT);

        private final int from;
        private final int to;

        Stage(int from, int to) {
            this.from = from;
            this.to = to;
        }
    }

    /** Frees memory in one stage. Called by one thread at a time, which may hold no lock; must not block. */
    @FunctionalInterface
    public interface Reliever {
        /**
         * Frees memory.
         *
         * @param bytes how much should be freed; less is freed if that takes long, and it is called again
         * @return about how much was freed, or will be soon; 0 if there is nothing to free
         */
        long relieve(long bytes);
    }

    /** A reliever's place, until it is closed. */
    @FunctionalInterface
    public interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The memory that is in use at a moment.
     *
     * @param limit the limit, in bytes
     * @param parts the bytes that are charged to each part
     */
    public record Usage(long limit, Map<Part, Long> parts) {
        /** Keeps its own copy. */
        public Usage {
            parts = Map.copyOf(parts);
        }

        /** {@return the bytes that are charged to all parts} */
        public long total() {
            return parts.values().stream().mapToLong(Long::longValue).sum();
        }

        /** {@return whether so much is in use that new connections are refused} */
        public boolean isShort() {
            return total() > limit / 100 * TIGHT_PERCENT;
        }
    }

    private final long limit;
    private final Charges charges;
    private final Map<Stage, List<Reliever>> relievers = new EnumMap<>(Stage.class); // not changed, but for its lists
    private final ReentrantLock relief = new ReentrantLock(); // held by the thread that relieves
    private final AtomicBoolean started = new AtomicBoolean(); // a virtual thread that relieves
    private final ThrottledLog log = new ThrottledLog(LOG, Level.WARNING);

    private MemoryBudget(long limit) {
        if (limit <= 0) {
            throw new IllegalArgumentException("a memory budget must be positive, and not " + limit);
        }
        this.limit = limit;
        this.charges = new Charges(limit);
        for (Stage stage : Stage.values()) {
            relievers.put(stage, new CopyOnWriteArrayList<>());
        }
    }

    /**
     * {@return a budget of a share of the largest heap that this process may have}
     *
     * @param share more than 0, and 1 at the most
     */
    public static MemoryBudget ofHeap(double share) {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("the share of the heap must be more than 0 and 1 at the most");
        }
        return new MemoryBudget((long) (Runtime.getRuntime().maxMemory() * share));
    }

    /**
     * {@return a budget of so many bytes}
     *
     * @param bytes the number of bytes
     * @throws IllegalArgumentException if it is not positive
     */
    public static MemoryBudget ofBytes(long bytes) {
        return new MemoryBudget(bytes);
    }

    /** {@return the limit, in bytes} */
    public long limit() {
        return limit;
    }

    /**
     * Charges bytes to a part; a negative number releases them.
     *
     * @param part the part
     * @param bytes the number of bytes
     */
    public void charge(Part part, long bytes) {
        if (charges.add(part.ordinal(), bytes) > percent(RELIEF_PERCENT)) {
            startRelief();
        }
    }

    /** {@return how much is in use} */
    public Usage usage() {
        Map<Part, Long> parts = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            parts.put(part, charges.of(part.ordinal()));
        }
        return new Usage(limit, parts);
    }

    /**
     * {@return the bytes that are charged to a part}
     *
     * @param part the part
     */
    public long used(Part part) {
        return charges.of(part.ordinal());
    }

    /** {@return the bytes that are charged to all parts} */
    public long used() {
        return Stream.of(Part.values()).mapToLong(this::used).sum();
    }

    /** {@return whether so much is in use that what can be done without should not be added: relief has not sufficed} */
    public boolean isTight() {
        return charges.total() > percent(TIGHT_PERCENT);
    }

    /** {@return whether so much is in use that queues which hold much must not grow} */
    public boolean isFull() {
        return charges.total() > percent(FULL_PERCENT);
    }

    /**
     * {@return whether there is room for a connection, or for reading a history} Blocks for a moment if memory has to be
     * relieved for it; the calling thread may hold no lock.
     */
    public boolean hasRoom() {
        return hasRoom(TIGHT_PERCENT);
    }

    /**
     * {@return whether there is room for a message that is published} Otherwise like {@link #hasRoom()}, but blocks for up to
     * 1.5 seconds: connections that were ended need some time to give their memory back, and until then a client that is not
     * to blame would be refused.
     */
    public boolean hasRoomForMessage() {
        boolean room = hasRoom(LAST_PERCENT);
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MESSAGE_MILLIS);
        while (!room
                && deadline - System.nanoTime() > 0
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(this, PAUSE_NANOS);
            room = hasRoom(LAST_PERCENT);
        }
        return room;
    }

    private boolean hasRoom(int percent) {
        if (charges.total() > percent(percent)) {
            relieve();
        }
        return charges.total() <= percent(percent);
    }

    /**
     * Registers a reliever, which is called until its registration is closed, and perhaps once after that.
     *
     * @param stage the stage
     * @param reliever the reliever
     * @return the registration, which ends it
     */
    public Registration register(Stage stage, Reliever reliever) {
        Objects.requireNonNull(reliever, "reliever");
        List<Reliever> all = relievers.get(stage);
        all.add(reliever);
        return () -> all.remove(reliever);
    }

    private void startRelief() {
        if (started.get() || !started.compareAndSet(false, true)) {
            return;
        }
        boolean begun = false;
        try {
            Thread.ofVirtual().name("memory-relief").start(this::relieveInBackground);
            begun = true;
        } finally {
            if (!begun) {
                started.set(false);
            }
        }
    }

    private void relieveInBackground() {
        try {
            if (relief.tryLock()) { // else another thread is relieving
                try {
                    relieveStages(BACKGROUND_MILLIS);
                } finally {
                    relief.unlock();
                }
            }
        } finally {
            started.set(false); // what was charged meanwhile is seen with the next charge
        }
    }

    /**
     * Relieves memory in the calling thread, if there is need, or waits a moment while another thread does. The calling
     * thread may hold no lock.
     */
    public void relieve() {
        boolean atOnce = relief.tryLock();
        try {
            if (atOnce || relief.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                try {
                    relieveStages(PATIENCE_MILLIS);
                } finally {
                    relief.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // as if the time had passed
        }
    }

    private void relieveStages(long millis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (Stage stage : Stage.values()) {
            for (Reliever reliever : relievers.get(stage)) {
                if (System.nanoTime() - deadline >= 0 || used() <= percent(stage.from)) {
                    return;
                }
                if (stage == Stage.CONNECTIONS) {
                    log.log(() -> "memory is short: " + this + "; ending the connections for which most waits");
                }
                if (relieve(reliever, percent(stage.to), deadline)) {
                    return; // the next relief begins with the first stage again
                }
            }
        }
    }

    /** Returns whether the reliever may have more to free. */
    private boolean relieve(Reliever reliever, long goal, long deadline) {
        long[] freed = new long[1];
        do {
            freed[0] = 0;
            Loop.attempt(LOG, "relieving memory", () -> freed[0] = reliever.relieve(used() - goal));
        } while (freed[0] > 0 && used() > goal && System.nanoTime() - deadline < 0);
        return freed[0] > 0;
    }

    private long percent(int percent) {
        return limit / 100 * percent;
    }

    /** The total, the limit and the parts, in KB. */
    @Override
    public String toString() {
        return used() / 1024 + " of " + limit / 1024 + " KB"
                + Stream.of(Part.values())
                        .filter(part -> used(part) > 0)
                        .map(part -> part.label() + " " + used(part) / 1024)
                        .collect(Collectors.joining(", ", " (", ")"));
    }
}

package io.seleucia.chat.broker.redis;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/** The state of the connections to a Redis node. Logs one line when they are lost, and one when they are back. */
final class RedisHealth {
    private static final Logger LOG = System.getLogger(RedisHealth.class.getName());
    private static final Duration BETWEEN_REFUSALS = Duration.ofSeconds(10);
    private static final Duration FULL = Duration.ofMinutes(1); // after the last refusal, if nothing else is tried

    private enum State {
        STARTING,
        UP,
        DOWN
    }

    private final String address;
    private final AtomicReference<State> state = new AtomicReference<>(State.STARTING);
    private final Duration betweenRefusals;
    private final AtomicBoolean refusing = new AtomicBoolean(); // and that was logged
    private final AtomicLong refusalLoggedAt = new AtomicLong(); // or 0
    private final CountDownLatch firstUp = new CountDownLatch(1);
    private final LongAdder reconnects = new LongAdder();
    private volatile boolean subscribed;
    private volatile long lostAt = System.nanoTime();
    private volatile long fullAt; // the last refusal for lack of memory, or 0
    private volatile boolean withoutChannels;
    private volatile boolean closed;

    /** @param address host and port for the log, without a password */
    RedisHealth(String address) {
        this(address, BETWEEN_REFUSALS);
    }

    /** @param betweenRefusals the shortest time between two log lines about error replies */
    RedisHealth(String address, Duration betweenRefusals) {
        this.address = address;
        this.betweenRefusals = betweenRefusals;
    }

    /** Does not log that the node refuses subscriptions, until it has channels. Called before it is used. */
    void withoutChannels() {
        withoutChannels = true;
    }

    /** Records that subscriptions are confirmed. */
    void subscribed() {
        withoutChannels = false;
        subscribed = true;
        if (firstUp.getCount() == 0) {
            BrokerReconnectEvent.commit(address, Duration.ofNanos(System.nanoTime() - lostAt));
            reconnects.increment();
        }
        if (state.getAndSet(State.UP) == State.DOWN) {
            LOG.log(Level.INFO, "Redis at " + address + " is back");
        }
        firstUp.countDown();
    }

    /** Records that subscriptions were lost. */
    void unsubscribed(Exception why) {
        if (subscribed) {
            lostAt = System.nanoTime();
        }
        subscribed = false;
        lost(why);
    }

    /** Returns when subscriptions were last lost, or the first were begun, as {@link System#nanoTime}. */
    long lostAt() {
        return lostAt;
    }

    /** Records the reply to a command. */
    void answered() {
        refusing.set(false);
        if (subscribed && state.compareAndSet(State.DOWN, State.UP)) {
            LOG.log(Level.INFO, "Redis at " + address + " answers again");
        }
    }

    /** Records that Redis can't be reached. */
    void lost(Exception why) {
        if (!closed && !withoutChannels && state.getAndSet(State.DOWN) != State.DOWN) {
            LOG.log(
                    Level.WARNING,
                    "Redis at " + address + " can't be reached, trying again until it can: " + rootCause(why));
        }
    }

    /** Records an error reply. If errors alternate with other replies, the log has one line for a while. */
    void refused(Exception why) {
        long now = System.nanoTime() | 1;
        long logged = refusalLoggedAt.get();
        boolean due = logged == 0 || now - logged > betweenRefusals.toNanos();
        if (!refusing.get() && due && refusalLoggedAt.compareAndSet(logged, now)) {
            refusing.set(true);
            LOG.log(Level.WARNING, "Redis at " + address + " refuses: " + why.getMessage());
        }
    }

    /** Records that Redis lacks memory for a message. */
    void full() {
        fullAt = System.nanoTime() | 1;
    }

    /** Records that Redis has stored a message. */
    void stored() {
        if (fullAt != 0) {
            fullAt = 0;
        }
    }

    /** Returns why Redis can't be used now, if it can't. */
    Optional<String> flaw() {
        if (!isUp()) {
            return Optional.of("Redis at " + address + " can't be reached");
        }
        long since = fullAt;
        return since != 0 && System.nanoTime() - since < FULL.toNanos()
                ? Optional.of(
                        "Redis at " + address + " is full and takes no messages: raise its maxmemory, or delete some")
                : Optional.empty();
    }

    /** Returns how often subscriptions were confirmed again after the first time. */
    long reconnects() {
        return reconnects.sum();
    }

    boolean isUp() {
        return state.get() == State.UP;
    }

    /** Blocks until subscriptions are first confirmed. Returns false if that takes longer than the limit. */
    boolean awaitUp(Duration limit) throws InterruptedException {
        return firstUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Does not log losses from now on, because the connections are closed on purpose. */
    void closed() {
        closed = true;
    }

    private static String rootCause(Throwable why) {
        return why.getCause() == null ? why.getMessage() : rootCause(why.getCause());
    }
}

package io.seleucia.chat.broker;

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

/** Whether Redis can be reached, and the log lines about it: one when it goes, one when it is back. */
final class RedisHealth {
    private static final Logger LOG = System.getLogger(RedisHealth.class.getName());
    private static final Duration BETWEEN_REFUSALS = Duration.ofSeconds(10);

    private enum State {
        STARTING,
        UP,
        DOWN
    }

    private final String address;
    private final AtomicReference<State> state = new AtomicReference<>(State.STARTING);
    private final Duration betweenRefusals;
    private final AtomicBoolean refusing = new AtomicBoolean(); // and that was said
    private final AtomicLong refusalSaidAt = new AtomicLong(); // or 0
    private final CountDownLatch firstUp = new CountDownLatch(1);
    private final LongAdder reconnects = new LongAdder();
    private volatile boolean subscribed;
    private volatile long lostAt = System.nanoTime();
    private volatile boolean withoutChannels;
    private volatile boolean closed;

    /**
     * @param address what the log calls it: host and port, no password
     */
    RedisHealth(String address) {
        this(address, BETWEEN_REFUSALS);
    }

    /**
     * @param betweenRefusals how long after a line about a refusal there is no other
     */
    RedisHealth(String address, Duration betweenRefusals) {
        this.address = address;
        this.betweenRefusals = betweenRefusals;
    }

    /** It refuses subscriptions until it has channels, which is nothing to warn of. Called before it is used. */
    void withoutChannels() {
        withoutChannels = true;
    }

    /** Subscriptions stand. */
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

    /** Subscriptions are gone. */
    void unsubscribed(Exception why) {
        if (subscribed) {
            lostAt = System.nanoTime();
        }
        subscribed = false;
        lost(why);
    }

    /** When subscriptions were last lost, or the first were begun, as {@link System#nanoTime}. */
    long lostAt() {
        return lostAt;
    }

    /** A command was answered. */
    void answered() {
        refusing.set(false);
        if (subscribed && state.compareAndSet(State.DOWN, State.UP)) {
            LOG.log(Level.INFO, "Redis at " + address + " answers again");
        }
    }

    /** Redis can't be reached. */
    void lost(Exception why) {
        if (!closed && !withoutChannels && state.getAndSet(State.DOWN) != State.DOWN) {
            LOG.log(
                    Level.WARNING,
                    "Redis at " + address + " can't be reached, trying again until it can: " + rootCause(why));
        }
    }

    /** Redis answers with an error, which it may do by turns with other answers: one line says so for a while. */
    void refused(Exception why) {
        long now = System.nanoTime() | 1;
        long said = refusalSaidAt.get();
        boolean due = said == 0 || now - said > betweenRefusals.toNanos();
        if (!refusing.get() && due && refusalSaidAt.compareAndSet(said, now)) {
            refusing.set(true);
            LOG.log(Level.WARNING, "Redis at " + address + " refuses: " + why.getMessage());
        }
    }

    /** Why Redis can't be used now, if it can't. */
    Optional<String> flaw() {
        return isUp() ? Optional.empty() : Optional.of("Redis at " + address + " can't be reached");
    }

    /** How often subscriptions stood anew after the first time. */
    long reconnects() {
        return reconnects.sum();
    }

    boolean isUp() {
        return state.get() == State.UP;
    }

    /** Waits until subscriptions stand for the first time; false if that takes longer. */
    boolean awaitUp(Duration limit) throws InterruptedException {
        return firstUp.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What ends from now on was meant to end. */
    void closed() {
        closed = true;
    }

    private static String rootCause(Throwable why) {
        Throwable cause = why;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage();
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.FairGate;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.metrics.Counters;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The allowance of one session: requests at the session's own rate, and the quotas of its {@link Source}. Used by the
 * inbound loop, except where a method says otherwise.
 */
final class Allowance {
    private static final Logger LOG = System.getLogger(Allowance.class.getName());
    private static final long PAUSE_NANOS = 200_000_000L;
    private static final long SHORTEST_PAUSE_NANOS = 1_000_000L;
    private static final long TURN_NANOS = 5_000_000_000L; // the longest wait for a turn

    /** The most bytes that are decoded or encoded without waiting for a turn: more take long. */
    static final int LARGE = 8 * 1024;

    /** The longest wait of a client that can't be told of a failure. */
    static final long PATIENCE_NANOS = 10_000_000_000L;

    /** Takes from quotas of a source. Returns the quota that is used up, if one is; then nothing is taken. */
    interface Taking {
        Optional<Quota> at(long now);

        /** Returns the sentence for the client about the quota that was used up. */
        default String message(Quota quota) {
            return quota.message();
        }
    }

    private final ServedConnection served;
    private final Replies replies;
    private final Sources sources;
    private final RateLimiter rate;
    private final ReentrantLock counting = new ReentrantLock(); // guards the next, and the source that it counts for
    private int counted; // subscriptions
    private volatile Source source; // null before it began
    private volatile boolean over; // it no longer counts for its source
    private Payload received; // the request that came last

    Allowance(ServedConnection served, Replies replies, Sources sources, SessionLimits limits) {
        this.served = served;
        this.replies = replies;
        this.sources = sources;
        this.rate = new RateLimiter(limits.requests(), System.nanoTime());
    }

    /**
     * Counts the session for its source: the account if it is logged in, else the network. Its subscriptions move to the new
     * source.
     */
    void enter(Optional<Login> login) {
        String name = Sources.nameOf(
                login, served.connection().name(), served.connection().peer());
        Source former = source;
        if (former != null && former.name().equals(name)) {
            return;
        }
        Source next = sources.enter(name);
        counting.lock();
        try {
            source = next;
            next.unsubscribe(-counted);
            if (former != null) {
                former.unsubscribe(counted);
            }
        } finally {
            counting.unlock();
        }
        if (former != null) {
            former.left(served);
            sources.leave(former.name());
        }
    }

    void leave() {
        over = true;
        if (source != null) {
            source.left(served);
            sources.leave(source.name());
        }
    }

    Source source() {
        return source;
    }

    /** Returns the rates of senders in channels that limit them. */
    SenderRates senders() {
        return sources.senders();
    }

    /** Notes the message that holds the next request; {@code null} when it is done, or an idle session would keep it. */
    void received(Payload message) {
        received = message;
    }

    /**
     * Decodes or encodes bytes. If they are many, first waits for the source's turn, for up to five seconds. The work must
     * not block.
     */
    <T> T inTurn(long bytes, Supplier<T> work) {
        Source of = source;
        boolean entered = bytes > LARGE && enter(sources.large());
        try {
            return work.get();
        } finally {
            if (entered) {
                sources.large().leave(of);
            }
        }
    }

    /** A step that reads a history. */
    interface Reading<T, E extends Exception> {
        T run() throws UnavailableException, E;
    }

    /** A step that reads a history, without a result. */
    interface Step {
        void run() throws UnavailableException;
    }

    /**
     * Reads a history when it is the turn of the source, and blocks until then. The step must not do the same again.
     *
     * @throws UnavailableException if the turn does not come within five seconds, or the step throws it
     */
    <T, E extends Exception> T reading(Reading<T, E> step) throws UnavailableException, E {
        Source of = source;
        if (!enter(sources.pages())) {
            throw new UnavailableException("too many read histories", null);
        }
        try {
            return step.run();
        } finally {
            sources.pages().leave(of);
        }
    }

    /** Reads a history as {@link #reading} does. */
    void whileReading(Step step) throws UnavailableException {
        reading(() -> {
            step.run();
            return true;
        });
    }

    private boolean enter(FairGate<Source> gate) {
        try {
            return gate.enter(source, TURN_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Returns the bytes that the last message received has as a JSON string. */
    long receivedBytes() {
        return received == null ? 0 : StrictJson.quotedBytes(received.bytes());
    }

    /** Takes a request, and returns true; or refuses it. Blocks instead if the client can't be told of a refusal. */
    boolean takeRequest(Request request) {
        long now = System.nanoTime();
        boolean own = rate.allows(now);
        boolean shared = own && source.take(Quota.MESSAGES, now);
        while (!shared && !replies.areExpected() && !served.hasEnded()) {
            Thread.interrupted(); // an earlier interrupt would end the pause
            LockSupport.parkNanos(Math.max(
                    own ? source.nanosUntil(Quota.MESSAGES, now) : rate.nanosUntilNext(now), SHORTEST_PAUSE_NANOS));
            now = System.nanoTime();
            own = own || rate.allows(now);
            shared = own && source.take(Quota.MESSAGES, now);
        }
        if (own && !shared) {
            refuse(request, Quota.MESSAGES);
        } else if (!own) {
            served.counters().add(Counters.Count.RATE_LIMITED);
            replies.fail(request, ErrorCode.RATE_LIMITED, "too many requests, slow down");
            endFlood();
        }
        return shared;
    }

    /** Takes from quotas, and returns true; or refuses the request, after up to 10 s if the client can't be told. */
    boolean take(Request request, Taking taking) {
        long began = System.nanoTime();
        long now = began;
        Optional<Quota> lacking = taking.at(now);
        while (lacking.isPresent()
                && lacking.get() != Quota.DAILY_BYTES
                && !replies.areExpected()
                && !served.hasEnded()
                && now - began < PATIENCE_NANOS) {
            pause();
            now = System.nanoTime();
            lacking = taking.at(now);
        }
        lacking.ifPresent(quota -> refuse(request, quota, taking.message(quota)));
        return lacking.isEmpty();
    }

    static void pause() {
        Thread.interrupted(); // an interrupt that ended the attempt would end the pause
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE_NANOS);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "interrupted before a request was tried again");
        }
    }

    /** Answers that a quota of the source is used up. */
    void refuse(Request request, Quota quota) {
        refuse(request, quota, quota.message());
    }

    private void refuse(Request request, Quota quota, String message) {
        sources.refused(quota);
        replies.fail(request, quota.code(), message);
        if (quota.code() == ErrorCode.RATE_LIMITED) {
            served.counters().add(Counters.Count.RATE_LIMITED);
            rate.refuse(System.nanoTime());
            endFlood();
        }
    }

    private void endFlood() {
        if (rate.exhausted()) {
            served.end(CloseCode.RATE_LIMITED, false);
        }
    }

    boolean takeSubscription() {
        counting.lock();
        try {
            boolean taken = source.subscribe();
            counted += taken ? 1 : 0;
            return taken;
        } finally {
            counting.unlock();
        }
    }

    /** Counts one subscription fewer for the current source. Any thread. */
    void giveSubscriptionBack() {
        counting.lock();
        try {
            counted--;
            source.unsubscribe(1);
        } finally {
            counting.unlock();
        }
    }

    /** Ends the source's connection with the longest queue, if too much waits for all of them. Called by the watchdog. */
    void checkQueue() {
        Source of = source;
        if (of == null) {
            return;
        }
        of.queued(served, served.queuedBytes()).ifPresent(fullest -> {
            sources.refused(Quota.QUEUED_BYTES);
            fullest.end(CloseCode.SLOW_CONSUMER, true);
        });
        if (over || of != source) {
            of.left(served); // for good
        }
    }
}

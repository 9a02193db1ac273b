package io.seleucia.chat.client;

import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * The state to which the client returns after a lost connection: its name, its inbox, and its channels with their positions
 * and requests. Used by the client's thread only, except {@link #reserve}.
 */
final class DesiredState {
    private final Map<String, ChannelQueue> queues = new LinkedHashMap<>(); // by channel
    private final Set<PendingRequest<?>> expiring = new LinkedHashSet<>(); // in the order in which they expire
    private final AtomicLong waiting = new AtomicLong(); // bytes, also of requests that are not added yet
    private final int bound;
    private final long timeoutNanos;
    private final RandomGenerator random;
    private Optional<Position> inbox;
    private String name = ""; // unknown until the first login

    DesiredState(int bound, Duration timeout, Optional<Position> inbox, RandomGenerator random) {
        this.bound = bound;
        this.timeoutNanos = timeout.toNanos();
        this.inbox = inbox;
        this.random = random;
    }

    /** Reserves room for a request. Returns false if too much waits already. Called by any thread. */
    boolean reserve(PendingRequest<?> request) {
        if (waiting.addAndGet(request.bytes()) <= bound) {
            return true;
        }
        waiting.addAndGet(-request.bytes());
        return false;
    }

    /** Adds a request for which room is reserved. */
    void add(PendingRequest<?> request) {
        queues.computeIfAbsent(request.channel(), channel -> new ChannelQueue(channel, this::gone, random))
                .add(request);
        if (request.kind().expires()) {
            expiring.add(request);
        }
    }

    private void gone(PendingRequest<?> request) {
        waiting.addAndGet(-request.bytes());
        expiring.remove(request);
    }

    /** Fails expired requests, and settles those that need no server. */
    void tidy(Alarm alarm) {
        List<PendingRequest<?>> expired = expiring.stream()
                .takeWhile(request -> alarm.isDue(request.createdAt() + timeoutNanos))
                .toList();
        for (PendingRequest<?> request : expired) {
            expiring.remove(request);
            request.failUnanswered(ChatException.of(ChatException.Reason.EXPIRED, "not acknowledged in time"));
        }
        queues.values().forEach(ChannelQueue::tidy);
        queues.values().removeIf(ChannelQueue::isEmpty);
    }

    Collection<ChannelQueue> queues() {
        return queues.values();
    }

    Optional<ChannelQueue> queue(String channel) {
        return Optional.ofNullable(queues.get(channel));
    }

    /** Returns the position in the inbox; empty before the first login, unless the program has set it. */
    Optional<Position> inbox() {
        return inbox;
    }

    void moveInboxTo(Position reached) {
        inbox = Optional.of(reached);
    }

    /** Returns whether this is the client's name, which must be the same on all connections. */
    boolean isCalled(String client) {
        if (name.isEmpty()) {
            name = client;
        }
        return name.equals(client);
    }

    String name() {
        return name;
    }

    void disconnected() {
        queues.values().forEach(ChannelQueue::disconnected);
    }

    /** Returns whether published messages are not acknowledged yet. */
    boolean publishes() {
        return queues.values().stream().anyMatch(ChannelQueue::publishes);
    }

    /** Fails the requests under way. */
    void reject(ChatException reason) {
        queues.values().forEach(queue -> queue.reject(reason));
    }

    /** Fails all requests. */
    void fail(ChatException reason) {
        queues.values().forEach(queue -> queue.fail(reason));
    }
}

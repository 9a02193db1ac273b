package io.seleucia.chat.client;

import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.ArrayList;
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
 * Where the client returns to whatever happens to its connection: its name and its inbox, its channels with their
 * positions, and what is to be done there. Used by the client's thread only, but for {@link #reserve}.
 */
final class DesiredState {
    private final Map<String, Lane> lanes = new LinkedHashMap<>(); // by channel
    private final Set<Task<?>> expiring = new LinkedHashSet<>(); // in the order in which they expire
    private final AtomicLong waiting = new AtomicLong(); // bytes, those on their way to this thread included
    private final int bound;
    private final long timeoutNanos;
    private final RandomGenerator random;
    private Optional<Position> inbox;
    private String name = ""; // as the server says; until then nobody knows

    DesiredState(int bound, Duration timeout, Optional<Position> inbox, RandomGenerator random) {
        this.bound = bound;
        this.timeoutNanos = timeout.toNanos();
        this.inbox = inbox;
        this.random = random;
    }

    /** Makes room for a task that is to be added; false if too much waits already. Called by any thread. */
    boolean reserve(Task<?> task) {
        if (waiting.addAndGet(task.bytes()) <= bound) {
            return true;
        }
        waiting.addAndGet(-task.bytes());
        return false;
    }

    /** Adds a task for which there is room. */
    void add(Task<?> task) {
        lanes.computeIfAbsent(task.lane(), channel -> new Lane(channel, this::gone, random))
                .add(task);
        if (task.kind().expires()) {
            expiring.add(task);
        }
    }

    private void gone(Task<?> task) {
        waiting.addAndGet(-task.bytes());
        expiring.remove(task);
    }

    /** Fails what was not answered in time, and settles what needs no server. */
    void tidy(Alarm alarm) {
        List<Task<?>> expired = new ArrayList<>();
        for (Task<?> task : expiring) {
            if (!alarm.isDue(task.createdAt() + timeoutNanos)) {
                break;
            }
            expired.add(task);
        }
        for (Task<?> task : expired) {
            expiring.remove(task);
            task.failUnanswered(ChatException.of(ChatException.Reason.EXPIRED, "not acknowledged in time"));
        }
        lanes.values().forEach(Lane::tidy);
        lanes.values().removeIf(Lane::isEmpty);
    }

    Collection<Lane> lanes() {
        return lanes.values();
    }

    Optional<Lane> lane(String channel) {
        return Optional.ofNullable(lanes.get(channel));
    }

    /** Up to where the own inbox has been shown; empty before the first connection, unless the program said it. */
    Optional<Position> inbox() {
        return inbox;
    }

    void moveInboxTo(Position reached) {
        inbox = Optional.of(reached);
    }

    /** The server says what the client is called: the same on every connection. Whether it is. */
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
        lanes.values().forEach(Lane::disconnected);
    }

    /** Whether something that was published is not acknowledged yet. */
    boolean publishes() {
        return lanes.values().stream().anyMatch(Lane::publishes);
    }

    /** Fails what is on its way. */
    void reject(ChatException reason) {
        lanes.values().forEach(lane -> lane.reject(reason));
    }

    /** Fails everything. */
    void fail(ChatException reason) {
        lanes.values().forEach(lane -> lane.fail(reason));
    }
}

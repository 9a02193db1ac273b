package io.seleucia.chat.client;

import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Position;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * What is desired of one channel, or of one inbox that is written to: whether to be in it, from which position on, and
 * what is to be done there, one after the other. Only one request is on its way at a time: the next one leaves when it
 * is answered. So whatever is repeated, for a lost connection or because the server could not do it, nothing that was
 * published later is ahead of it. Used by the client's thread only.
 */
final class Lane {
    private static final long PAUSE_NANOS = 250_000_000L; // and up to twice as long, before what failed is repeated

    private final String channel;
    private final Deque<Task<?>> tasks = new ArrayDeque<>();
    private final Consumer<Task<?>> gone;
    private final RandomGenerator random;
    private boolean member; // desired: to be in it
    private boolean presence;
    private Position position = Position.NONE; // up to which it has been shown; means nothing if it is no member
    private boolean standing; // actual: the server knows that it is a member
    private boolean asked; // a request is on its way: for the first task, or for the membership if that does not stand
    private long dueAt = System.nanoTime();

    /**
     * Nothing is desired yet.
     *
     * @param gone is told each task that waits no longer
     */
    Lane(String channel, Consumer<Task<?>> gone, RandomGenerator random) {
        this.channel = channel;
        this.gone = gone;
        this.random = random;
    }

    String channel() {
        return channel;
    }

    /** Where it is, if it is shown what is published here. */
    Optional<Position> position() {
        return member && standing ? Optional.of(position) : Optional.empty();
    }

    void moveTo(Position reached) {
        position = reached;
    }

    void add(Task<?> task) {
        tasks.add(task);
    }

    boolean isEmpty() {
        return !member && tasks.isEmpty();
    }

    /** Settles what needs no server. */
    void tidy() {
        while (!tasks.isEmpty() && !isOnItsWay() && settle(tasks.getFirst())) {
            remove();
        }
    }

    private boolean isOnItsWay() {
        return asked && (standing || !member);
    }

    private boolean settle(Task<?> task) {
        if (task.isDone()) {
            return true;
        }
        if (task.kind() == Task.Kind.JOIN && member) {
            task.fail(ChatException.refused(ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel));
        } else if (task.kind().needsMembership() && !member) {
            task.fail(ChatException.refused(ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel));
        } else if (task.kind() == Task.Kind.LEAVE && !standing && !asked) {
            leave(task);
        } else {
            return false;
        }
        return true;
    }

    private Task<?> remove() {
        Task<?> task = tasks.removeFirst();
        gone.accept(task);
        return task;
    }

    private void leave(Task<?> task) {
        member = false;
        standing = false;
        task.succeed(new Event.Unsubscribed(List.of(channel)), position);
    }

    /** What is to be sent now, if anything. */
    Optional<String> next(Alarm alarm) {
        boolean wanted = member && !standing || !tasks.isEmpty();
        if (asked || !wanted || !alarm.isDue(dueAt)) {
            return Optional.empty();
        }
        asked = true;
        if (member && !standing) {
            return Optional.of(ClientCodec.subscribe(channel, Optional.of(position), presence));
        }
        tasks.getFirst().sent();
        return Optional.of(tasks.getFirst().request());
    }

    /**
     * Takes the answer to what was sent last.
     *
     * @param lost is told the positions between which messages are lost
     * @return why it is not in the channel any more, if it desired to be
     */
    Optional<ChatException> answered(Event.Reply reply, BiConsumer<Position, Position> lost) {
        asked = false;
        if (member && !standing) {
            return restored(reply, lost);
        }
        if (reply instanceof Event.Failed failed) {
            refused(failed);
            return Optional.empty();
        }
        Task<?> task = tasks.getFirst();
        switch (task.kind()) {
            case JOIN -> {
                task.succeed(reply, position);
                member = true;
                presence = task.following().presence();
                task.following().since().ifPresent(this::moveTo);
                begin(((Event.Subscribed) reply).recovery(), lost);
            }
            case LEAVE -> leave(task);
            case PUBLISH, DIRECT, SIGNAL, ASK_MEMBER, ASK -> {
                if (!task.isDone()) {
                    task.succeed(reply, position);
                }
            }
        }
        remove();
        return Optional.empty();
    }

    private Optional<ChatException> restored(Event.Reply reply, BiConsumer<Position, Position> lost) {
        if (!(reply instanceof Event.Failed failed)) {
            begin(((Event.Subscribed) reply).recovery(), lost);
            return Optional.empty();
        }
        if (isPassing(failed.code())) {
            pause();
            return Optional.empty();
        }
        member = false;
        return Optional.of(ChatException.refused(failed.code(), failed.message()));
    }

    private void begin(Event.Recovery recovery, BiConsumer<Position, Position> lost) {
        standing = true;
        if (recovery.recovered().isEmpty()) {
            position = recovery.position();
        } else if (!recovery.recovered().get()) {
            Position before = position;
            position = recovery.position();
            lost.accept(before, position);
        }
    }

    private void refused(Event.Failed failed) {
        if (isPassing(failed.code())) {
            pause();
        } else {
            remove().fail(ChatException.refused(failed.code(), failed.message()));
        }
    }

    private static boolean isPassing(ErrorCode code) {
        return code == ErrorCode.UNAVAILABLE || code == ErrorCode.RATE_LIMITED;
    }

    private void pause() {
        dueAt = System.nanoTime() + PAUSE_NANOS + random.nextLong(PAUSE_NANOS);
    }

    /** Nothing that was sent will be answered any more, and the server forgets that it was a member. */
    void disconnected() {
        if (isOnItsWay() && tasks.getFirst().kind() == Task.Kind.LEAVE) {
            leave(remove());
        }
        asked = false;
        standing = false;
        dueAt = System.nanoTime();
        for (Task<?> task : tasks) {
            if (task.kind() == Task.Kind.SIGNAL) {
                task.fail(ChatException.of(ChatException.Reason.OFFLINE, "the connection was lost"));
            }
        }
    }

    /** Fails what is on its way, for it is not sent again. */
    void reject(ChatException reason) {
        if (isOnItsWay()) {
            tasks.getFirst().failUnanswered(reason);
        }
    }

    /** Whether something that was published is not acknowledged yet. */
    boolean publishes() {
        return tasks.stream().anyMatch(task -> task.kind().publishes() && !task.isDone());
    }

    /** Fails all that is not done. */
    void fail(ChatException reason) {
        tasks.forEach(task -> task.failUnanswered(reason));
    }
}

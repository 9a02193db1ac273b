package io.seleucia.chat.client;

import io.seleucia.chat.message.Command;
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
 * The desired state of one channel, or of another client's inbox: the membership, the position, and the requests in order.
 * Only one request is under way at a time, so that a repeated message never comes after a later one. Used by the client's
 * thread only.
 */
final class ChannelQueue {
    private static final long PAUSE_NANOS = 250_000_000L; // and up to twice as long, before what failed is repeated

    private final String channel;
    private final Deque<PendingRequest<?>> requests = new ArrayDeque<>();
    private final Consumer<PendingRequest<?>> gone;
    private final RandomGenerator random;
    private boolean member; // desired
    private Command.Interest interest = Command.Interest.MESSAGES;
    private Position position = Position.NONE; // up to which the listener is shown the channel, if a member
    private boolean subscribed; // actual: the server knows of the membership
    private boolean asked; // a request is under way: the first one, or one that subscribes again
    private long dueAt = System.nanoTime();

    /** @param gone takes each request that waits no longer */
    ChannelQueue(String channel, Consumer<PendingRequest<?>> gone, RandomGenerator random) {
        this.channel = channel;
        this.gone = gone;
        this.random = random;
    }

    String channel() {
        return channel;
    }

    /** Returns the position, if the client is subscribed. */
    Optional<Position> position() {
        return member && subscribed ? Optional.of(position) : Optional.empty();
    }

    void moveTo(Position reached) {
        position = reached;
    }

    void add(PendingRequest<?> request) {
        requests.add(request);
    }

    boolean isEmpty() {
        return !member && requests.isEmpty();
    }

    /** Settles requests that need no server. */
    void tidy() {
        while (!requests.isEmpty() && !isUnderWay() && settle(requests.getFirst())) {
            remove();
        }
    }

    private boolean isUnderWay() {
        return asked && (subscribed || !member);
    }

    private boolean settle(PendingRequest<?> request) {
        if (request.isDone()) {
            return true;
        }
        if (request.kind() == PendingRequest.Kind.JOIN && member) {
            request.fail(ChatException.refused(ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel));
        } else if (request.kind().needsMembership() && !member) {
            request.fail(ChatException.refused(ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel));
        } else if (request.kind() == PendingRequest.Kind.LEAVE && !subscribed && !asked) {
            leave(request);
        } else {
            return false;
        }
        return true;
    }

    private PendingRequest<?> remove() {
        PendingRequest<?> request = requests.removeFirst();
        gone.accept(request);
        return request;
    }

    private void leave(PendingRequest<?> request) {
        member = false;
        subscribed = false;
        request.succeed(new Event.Unsubscribed(List.of(channel)), position);
    }

    /** Ends the membership, by the server's order. Returns whether there was one. */
    boolean removed() {
        boolean was = member && subscribed;
        if (was) {
            member = false;
            subscribed = false;
        }
        return was;
    }

    /** Returns a request that is to be sent now, if there is one. */
    Optional<String> next(Alarm alarm) {
        boolean wanted = member && !subscribed || !requests.isEmpty();
        if (asked || !wanted || !alarm.isDue(dueAt)) {
            return Optional.empty();
        }
        asked = true;
        if (member && !subscribed) {
            return Optional.of(ClientCodec.subscribe(channel, Optional.of(position), interest));
        }
        requests.getFirst().sent();
        return Optional.of(requests.getFirst().json());
    }

    /**
     * Takes the reply to the last request.
     *
     * @param lost takes the positions between which messages are lost
     * @return the reason why the membership has ended, if it has
     */
    Optional<ChatException> answered(Event.Reply reply, BiConsumer<Position, Position> lost) {
        asked = false;
        if (member && !subscribed) {
            return restored(reply, lost);
        }
        if (reply instanceof Event.Failed failed) {
            if (isPassing(failed.code())) {
                pause();
            } else {
                remove().fail(ChatException.refused(failed.code(), failed.message()));
            }
            return Optional.empty();
        }
        PendingRequest<?> request = requests.getFirst();
        switch (request.kind()) {
            case JOIN -> {
                request.succeed(reply, position);
                member = true;
                interest = request.interest();
                begin(((Event.Subscribed) reply).recovery(), request.since(), lost);
            }
            case LEAVE -> leave(request);
            case PUBLISH, DIRECT, SIGNAL, CALL, ASK_MEMBER, ASK -> {
                if (!request.isDone()) {
                    request.succeed(reply, position);
                }
            }
        }
        remove();
        return Optional.empty();
    }

    private Optional<ChatException> restored(Event.Reply reply, BiConsumer<Position, Position> lost) {
        if (!(reply instanceof Event.Failed failed)) {
            begin(((Event.Subscribed) reply).recovery(), Optional.of(position), lost);
            return Optional.empty();
        }
        if (isPassing(failed.code())) {
            pause();
            return Optional.empty();
        }
        member = false;
        return Optional.of(ChatException.refused(failed.code(), failed.message()));
    }

    /**
     * Begins at the server's position. Without the right to the history, the server ignores the requested position: the
     * messages between are lost.
     *
     * @param known the requested position
     */
    private void begin(Event.Recovery recovery, Optional<Position> known, BiConsumer<Position, Position> lost) {
        subscribed = true;
        if (known.isPresent() && recovery.recovered().orElse(false)) {
            position = known.get();
            return;
        }
        position = recovery.position();
        boolean missed = recovery.recovered().isPresent() || !position.equals(known.orElse(position));
        if (known.isPresent() && missed) {
            lost.accept(known.get(), position);
        }
    }

    private static boolean isPassing(ErrorCode code) {
        return code == ErrorCode.UNAVAILABLE || code == ErrorCode.RATE_LIMITED;
    }

    private void pause() {
        dueAt = System.nanoTime() + PAUSE_NANOS + random.nextLong(PAUSE_NANOS);
    }

    /** Handles the end of the connection: the request under way gets no reply, and the server forgets the membership. */
    void disconnected() {
        if (isUnderWay() && requests.getFirst().kind() == PendingRequest.Kind.LEAVE) {
            leave(remove());
        }
        asked = false;
        subscribed = false;
        dueAt = System.nanoTime();
        for (PendingRequest<?> request : requests) {
            boolean repeated = request.kind() != PendingRequest.Kind.SIGNAL
                    && (request.kind() != PendingRequest.Kind.CALL || !request.isSent());
            if (!repeated) {
                request.failUnanswered(ChatException.of(ChatException.Reason.OFFLINE, "the connection was lost"));
            }
        }
    }

    /** Fails the request under way, which is not sent again. */
    void reject(ChatException reason) {
        if (isUnderWay()) {
            requests.getFirst().failUnanswered(reason);
        }
    }

    /** Returns whether published messages are not acknowledged yet. */
    boolean publishes() {
        return requests.stream().anyMatch(request -> request.kind().publishes() && !request.isDone());
    }

    /** Fails all requests that are not done. */
    void fail(ChatException reason) {
        requests.forEach(request -> request.failUnanswered(reason));
    }
}

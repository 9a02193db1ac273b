package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * A request of the program, until it is answered. Created by the program's thread, then used by the client's. Each future is
 * completed by a thread of its own, so that the program's callbacks do not delay the client.
 *
 * @param <T> the result
 */
final class PendingRequest<T> {
    /** The kind of a request. All but signals and calls are repeated after a lost connection. */
    enum Kind {
        /** Subscribes. Repeated without a deadline. */
        JOIN,
        /** Unsubscribes, which a lost connection does as well. */
        LEAVE,
        /** Publishes in a channel. Repeated with the same key. */
        PUBLISH,
        /** Publishes in an inbox. Repeated with the same key. */
        DIRECT,
        /** Sends a signal. */
        SIGNAL,
        /** Calls a method. It may have been carried out although the connection was lost, and is not repeated. */
        CALL,
        /** Asks about a channel to which the client is subscribed. */
        ASK_MEMBER,
        /** Asks a question that needs no subscription. */
        ASK;

        boolean needsMembership() {
            return switch (this) {
                case LEAVE, PUBLISH, SIGNAL, ASK_MEMBER -> true;
                case JOIN, DIRECT, CALL, ASK -> false;
            };
        }

        boolean expires() {
            return this != JOIN && this != LEAVE;
        }

        boolean publishes() {
            return this == PUBLISH || this == DIRECT;
        }

        /** Returns whether the server may have carried out the request although no reply has come. */
        boolean hasEffect() {
            return publishes() || this == CALL;
        }
    }

    private static final Logger LOG = System.getLogger(PendingRequest.class.getName());
    private static final int OVERHEAD_BYTES = 256;

    private final Kind kind;
    private final String channel;
    private final String json;
    private final Optional<Position> since; // of a subscription
    private final Command.Interest interest; // of a subscription
    private final BiFunction<Event.Reply, Position, T> result;
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final long createdAt = System.nanoTime();
    private boolean sent;
    private boolean done;

    private PendingRequest(
            Kind kind,
            String channel,
            String json,
            Optional<Position> since,
            Command.Interest interest,
            BiFunction<Event.Reply, Position, T> result) {
        this.kind = kind;
        this.channel = channel;
        this.json = json;
        this.since = since;
        this.interest = interest;
        this.result = result;
    }

    /**
     * Returns a request other than a subscription.
     *
     * @param channel the channel, {@code @name} for an inbox, "" for none
     * @param json the request as JSON, without an id
     * @param result takes the reply and the client's position in the channel; throws a {@link ClassCastException} for a
     *     reply of another kind
     */
    static <T> PendingRequest<T> of(
            Kind kind, String channel, String json, BiFunction<Event.Reply, Position, T> result) {
        return new PendingRequest<>(kind, channel, json, Optional.empty(), Command.Interest.MESSAGES, result);
    }

    /** Returns a request to subscribe. */
    static <T> PendingRequest<T> join(
            String channel,
            Optional<Position> since,
            Command.Interest interest,
            BiFunction<Event.Reply, Position, T> result) {
        String json = ClientCodec.subscribe(channel, since, interest);
        return new PendingRequest<>(Kind.JOIN, channel, json, since, interest, result);
    }

    Kind kind() {
        return kind;
    }

    String channel() {
        return channel;
    }

    String json() {
        return json;
    }

    /** Returns the position after which a subscription begins. */
    Optional<Position> since() {
        return since;
    }

    Command.Interest interest() {
        return interest;
    }

    CompletableFuture<T> future() {
        return future;
    }

    long createdAt() {
        return createdAt;
    }

    /** Returns the memory of the request, roughly. */
    int bytes() {
        return OVERHEAD_BYTES + 2 * json.length();
    }

    /** Notes that the request is sent, for the first time or again. */
    void sent() {
        sent = true;
    }

    boolean isSent() {
        return sent;
    }

    /** Returns whether the request is answered, has failed, or was cancelled by the program. */
    boolean isDone() {
        return done || future.isCancelled();
    }

    /**
     * Completes the request.
     *
     * @param reached the client's position in the channel
     */
    void succeed(Event.Reply reply, Position reached) {
        T value = result.apply(reply, reached);
        done = true;
        settle(() -> future.complete(value));
    }

    /** Fails the request, if it is not done. */
    void fail(ChatException reason) {
        if (!done) {
            done = true;
            settle(() -> future.completeExceptionally(reason));
        }
    }

    /** Completes the future in a new thread, or in this one if no thread can be started. */
    private static void settle(Runnable completion) {
        try {
            Thread.startVirtualThread(completion);
        } catch (Throwable e) {
            completion.run();
            Loop.report(LOG, "starting a thread for an answer", e);
        }
    }

    /** Fails the request, and says so if it may have been carried out nevertheless. */
    void failUnanswered(ChatException reason) {
        fail(sent && kind.hasEffect() ? reason.uncertain() : reason);
    }
}

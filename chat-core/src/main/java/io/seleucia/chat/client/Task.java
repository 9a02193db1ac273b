package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;

/**
 * Something that the program has asked for, until it is answered. Made by the program's thread, and used by the client's
 * after that. Each future is completed by a thread of its own: what a program hangs on it can't hold up the client.
 *
 * @param <T> what the answer says
 */
final class Task<T> {
    /** What is to become of it when the connection is lost, and what it needs. */
    enum Kind {
        /** Subscribing: repeated for as long as it takes. */
        JOIN,
        /** Unsubscribing: a lost connection has done it. */
        LEAVE,
        /** Publishing in a channel: repeated with the same key. */
        PUBLISH,
        /** Publishing in somebody's inbox: the same. */
        DIRECT,
        /** Of use only at once: not repeated. */
        SIGNAL,
        /** A question about a channel that the client is subscribed to: repeated. */
        ASK_MEMBER,
        /** A question for which no subscription is needed: repeated. */
        ASK;

        boolean needsMembership() {
            return switch (this) {
                case LEAVE, PUBLISH, SIGNAL, ASK_MEMBER -> true;
                case JOIN, DIRECT, ASK -> false;
            };
        }

        boolean expires() {
            return switch (this) {
                case JOIN, LEAVE -> false;
                case PUBLISH, DIRECT, SIGNAL, ASK_MEMBER, ASK -> true;
            };
        }

        boolean publishes() {
            return this == PUBLISH || this == DIRECT;
        }
    }

    private static final Logger LOG = System.getLogger(Task.class.getName());
    private static final int OVERHEAD_BYTES = 256;

    private final Kind kind;
    private final String lane;
    private final String request;
    private final Following following;
    private final BiFunction<Event.Reply, Position, T> result;
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final long createdAt = System.nanoTime();
    private boolean sent;
    private boolean done;

    private Task(
            Kind kind, String lane, String request, Following following, BiFunction<Event.Reply, Position, T> result) {
        this.kind = kind;
        this.lane = lane;
        this.request = request;
        this.following = following;
        this.result = result;
    }

    /**
     * A task other than a subscription.
     *
     * @param lane the channel that it concerns, {@code @name} for somebody's inbox, "" for none
     * @param request what is sent
     * @param result reads the answer, and where the client is in the channel; a {@link ClassCastException} says that it is the answer to something else
     */
    static <T> Task<T> of(Kind kind, String lane, String request, BiFunction<Event.Reply, Position, T> result) {
        return new Task<>(kind, lane, request, Following.NOW, result);
    }

    /** A subscription. */
    static <T> Task<T> join(String channel, Following following, BiFunction<Event.Reply, Position, T> result) {
        String request = ClientCodec.subscribe(channel, following.since(), following.presence());
        return new Task<>(Kind.JOIN, channel, request, following, result);
    }

    Kind kind() {
        return kind;
    }

    String lane() {
        return lane;
    }

    String request() {
        return request;
    }

    /** How a subscription begins. */
    Following following() {
        return following;
    }

    CompletableFuture<T> future() {
        return future;
    }

    long createdAt() {
        return createdAt;
    }

    /** What it occupies, roughly, while it waits. */
    int bytes() {
        return OVERHEAD_BYTES + 2 * request.length();
    }

    /** It goes over the wire, not necessarily for the first time. */
    void sent() {
        sent = true;
    }

    /** Whether nothing more is to be done for it: it is answered, has failed, or its program has cancelled it. */
    boolean isDone() {
        return done || future.isCancelled();
    }

    /**
     * Takes the answer.
     *
     * @param reached where the client is in the channel
     */
    void succeed(Event.Reply reply, Position reached) {
        T value = result.apply(reply, reached);
        done = true;
        settle(() -> future.complete(value));
    }

    /** Fails it, if it is not done. */
    void fail(ChatException reason) {
        if (!done) {
            done = true;
            settle(() -> future.completeExceptionally(reason));
        }
    }

    /** Whatever happens, the program must not wait for its answer for ever. */
    private static void settle(Runnable completion) {
        try {
            Thread.startVirtualThread(completion);
        } catch (Throwable e) {
            completion.run();
            Loop.report(LOG, "starting a thread for an answer", e);
        }
    }

    /** The same, for a reason that says nothing about what has become of what was sent. */
    void failUnanswered(ChatException reason) {
        fail(sent && kind.publishes() ? reason.uncertain() : reason);
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import java.lang.System.Logger;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Function;

/**
 * The replies to the requests of one session, one for each, in the order of the requests, encoded by its protocol. Used by the
 * inbound loop.
 *
 * <p>The reply to a publish may come later, when its message is stored: meanwhile the loop carries out further publishes, but
 * nothing else. {@link #settle} waits for all of them.
 *
 * <p>Replies are queued behind messages: a client reads everything in the order in which it happened, and a protocol without
 * request ids can tell which reply belongs to which request. A request can fail after its reply, for
 * example a subscription, when the rest of the history can't be read. Then the connection ends, because the client believes
 * that the request succeeded.
 */
final class Replies {
    private static final Logger LOG = System.getLogger(Replies.class.getName());
    private static final int MAX_PENDING = 32;

    /** A reply that is not known yet. */
    interface Pending {
        /** Blocks until the reply is known. */
        Event.Reply await() throws UnavailableException;
    }

    private record Owed(Request request, Pending reply) {}

    private final ServedConnection served;
    private final Protocol protocol;
    private final Function<UnavailableException, Event.Failed> unavailable;
    private final ArrayDeque<Owed> owed = new ArrayDeque<>(0); // the oldest first
    private boolean replied; // to the current request

    /** @param unavailable returns the reply to a request that the broker could not carry out */
    Replies(ServedConnection served, Protocol protocol, Function<UnavailableException, Event.Failed> unavailable) {
        this.served = served;
        this.protocol = protocol;
        this.unavailable = unavailable;
    }

    /** Begins the next request. */
    void begin() {
        replied = false;
    }

    /** Returns whether the protocol acknowledges requests, so that a client learns of a refusal. */
    boolean areExpected() {
        return protocol.acknowledgesRequests();
    }

    /** Answers that a request has failed. A client that can't be told is disconnected. */
    void fail(Request request, ErrorCode code, String message) {
        reply(request, new Event.Failed(code, message));
    }

    /** Answers that a request needs a subscription to a channel. */
    void failNotSubscribed(Request request, String channel) {
        fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel);
    }

    /** Answers a request, after all earlier ones. A client that can't be told of a failure is disconnected. */
    void reply(Request request, Event.Reply reply) {
        settle();
        if (reply instanceof Event.Failed failed && (replied || isUntold(request, failed))) {
            served.end(failed.code().closeCode(), false, failed.message());
            return;
        }
        replied = true;
        send(request, reply);
    }

    /**
     * Answers a request with what may become wrong at any time, after all earlier ones.
     *
     * @return whether the gate was open when the reply had been encoded; if not, the request is not answered
     */
    boolean reply(Request request, Event.Reply reply, Gate gate) {
        settle();
        Optional<Frame> frame =
                protocol.encode(request, reply).map(served.connection().framing()::frame);
        boolean passed = gate.pass(() -> frame.ifPresent(served::offer));
        replied |= passed;
        return passed;
    }

    private void send(Request request, Event.Reply reply) {
        protocol.encode(request, reply)
                .ifPresent(payload -> served.offer(served.connection().framing().frame(payload)));
    }

    /**
     * Answers a request when its reply is known. If too many are owed, blocks until the first of them is known. Only for
     * protocols that acknowledge requests.
     */
    void owe(Request request, Pending reply) {
        owed.addLast(new Owed(request, reply));
        if (owed.size() > MAX_PENDING) {
            answer(owed.removeFirst());
        }
    }

    /** Returns whether replies are owed. */
    boolean areOwed() {
        return !owed.isEmpty();
    }

    /** Answers all requests that have come. Blocks until the replies that are owed are known. */
    void settle() {
        while (!owed.isEmpty()) {
            answer(owed.removeFirst());
        }
    }

    private void answer(Owed one) {
        try {
            send(one.request, outcome(one));
        } catch (Throwable e) {
            Loop.report(LOG, served + ": a reply", e);
            send(one.request, new Event.Failed(ErrorCode.INTERNAL, "internal error"));
        } finally {
            Thread.interrupted(); // an interrupt ends one wait, not those behind it
        }
    }

    private Event.Reply outcome(Owed one) {
        try {
            return one.reply.await();
        } catch (UnavailableException e) {
            return unavailable.apply(e);
        }
    }

    /** Returns whether a failed request can be retried, because the client can't be told of the failure otherwise. */
    boolean mayRetry(Request request, Event.Failed failed) {
        return !replied && !served.hasEnded() && isUntold(request, failed);
    }

    private boolean isUntold(Request request, Event.Failed failed) {
        return !areExpected() && protocol.encode(request, failed).isEmpty();
    }
}

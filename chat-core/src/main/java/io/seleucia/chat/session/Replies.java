package io.seleucia.chat.session;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Protocol;

/**
 * The replies to the requests of one session, one for each, encoded by its protocol. Used by the inbound loop.
 *
 * <p>Replies are queued behind messages: a client reads everything in the order in which it happened, and a protocol without
 * request ids can tell which reply belongs to which request. A request can fail after its reply, for
 * example a subscription, when the rest of the history can't be read. Then the connection ends, because the client believes
 * that the request succeeded.
 */
final class Replies {
    private final ServedConnection served;
    private final Protocol protocol;
    private boolean replied; // to the current request

    Replies(ServedConnection served, Protocol protocol) {
        this.served = served;
        this.protocol = protocol;
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

    /** Answers a request. A client that can't be told of a failure is disconnected. */
    void reply(Request request, Event.Reply reply) {
        if (reply instanceof Event.Failed failed && (replied || isUntold(request, failed))) {
            served.end(failed.code().closeCode(), false, failed.message());
            return;
        }
        replied = true;
        protocol.encode(request, reply)
                .ifPresent(payload -> served.offer(served.connection().framing().frame(payload)));
    }

    /** Returns whether a failed request can be retried, because the client can't be told of the failure otherwise. */
    boolean mayRetry(Request request, Event.Failed failed) {
        return !replied && !served.hasEnded() && isUntold(request, failed);
    }

    private boolean isUntold(Request request, Event.Failed failed) {
        return !areExpected() && protocol.encode(request, failed).isEmpty();
    }
}

package io.seleucia.chat.client;

import io.seleucia.chat.message.ErrorCode;
import java.util.Optional;

/** The reason why a request to a {@link ChatClient} has failed, or why the client has ended. */
public final class ChatException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The kind of a failure. */
    public enum Reason {
        /** The server refused the request for good, with a {@link ChatException#code}. */
        REFUSED,
        /** The request was not acknowledged in time. */
        EXPIRED,
        /** Too many requests wait already; a later attempt may succeed. */
        FULL,
        /** There was no connection, and the request is useless later. */
        OFFLINE,
        /** The server closed the connection because of the request, which is not repeated. */
        REJECTED,
        /** The client has ended, by {@link ChatClient#close} or because the server refused it. */
        ENDED
    }

    /** The kind of failure. */
    private final Reason reason;

    /** The server's code, or null if it gave none. */
    private final ErrorCode code;

    /** Set if the request may have been carried out. */
    private final boolean uncertain;

    private ChatException(Reason reason, ErrorCode code, boolean uncertain, String message) {
        super(message);
        this.reason = reason;
        this.code = code;
        this.uncertain = uncertain;
    }

    static ChatException of(Reason reason, String message) {
        return new ChatException(reason, null, false, message);
    }

    static ChatException refused(ErrorCode code, String message) {
        return new ChatException(Reason.REFUSED, code, false, code.wireName() + ": " + message);
    }

    /** Returns the same for a request that was sent and may have been carried out. */
    ChatException uncertain() {
        return new ChatException(reason, code, true, getMessage() + "; it was sent, and may have been carried out");
    }

    /** {@return the kind of failure} */
    public Reason reason() {
        return reason;
    }

    /** {@return the server's code, if it gave one} */
    public Optional<ErrorCode> code() {
        return Optional.ofNullable(code);
    }

    /** {@return whether a message may have been published, or a call carried out, because it was sent and no reply came} */
    public boolean isUncertain() {
        return uncertain;
    }
}

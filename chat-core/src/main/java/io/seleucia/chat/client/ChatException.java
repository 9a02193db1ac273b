package io.seleucia.chat.client;

import io.seleucia.chat.message.ErrorCode;
import java.util.Optional;

/** Why something that a program asked of a {@link ChatClient} did not come about, or why the client has ended. */
public final class ChatException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What kind of failure it is. */
    public enum Reason {
        /** The server refused it for good; {@link ChatException#code} says why. */
        REFUSED,
        /** It was not acknowledged in time. */
        EXPIRED,
        /** Too much waits already: nothing was accepted, and a later attempt may succeed. */
        FULL,
        /** There was no connection, and it is of no use later. */
        OFFLINE,
        /** The server closed the connection because of what was sent, which is not sent again. */
        REJECTED,
        /** The client has ended, by {@link ChatClient#close} or because the server turned it away. */
        ENDED
    }

    private final Reason reason;
    private final ErrorCode code; // null where the server named none
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

    /** The same for something that was sent, so that nobody knows what became of it. */
    ChatException uncertain() {
        return new ChatException(reason, code, true, getMessage() + "; it was sent, and may have been published");
    }

    /** What kind of failure it is. */
    public Reason reason() {
        return reason;
    }

    /** The code that the server gave, if it gave one. */
    public Optional<ErrorCode> code() {
        return Optional.ofNullable(code);
    }

    /**
     * Whether a message may have been published all the same, because it was sent and no answer came. If not, it
     * certainly was not.
     */
    public boolean isUncertain() {
        return uncertain;
    }
}

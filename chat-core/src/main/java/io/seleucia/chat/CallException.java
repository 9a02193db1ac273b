package io.seleucia.chat;

import io.seleucia.chat.message.ErrorCode;
import java.util.Objects;

/** Answers a call with an error, which is not logged. */
public final class CallException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The code that the client is told. */
    private final ErrorCode code;

    /**
     * Creates an answer.
     *
     * @param code the code that the client is told
     * @param message the reason, for a person
     */
    public CallException(ErrorCode code, String message) {
        super(Objects.requireNonNull(message, "message"), null, false, false);
        this.code = Objects.requireNonNull(code, "code");
    }

    /** {@return the code that the client is told} */
    public ErrorCode code() {
        return code;
    }
}

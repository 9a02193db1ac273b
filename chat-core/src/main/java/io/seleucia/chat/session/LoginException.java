package io.seleucia.chat.session;

import io.seleucia.chat.message.ErrorCode;

/** A failed login. The message is for the client, and holds no secret. */
public final class LoginException extends Exception {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    LoginException(ErrorCode code, String message) {
        super(message, null, false, false); // an answer, which needs no stack trace
        this.code = code;
    }

    /** Returns {@code UNAUTHORIZED}, {@code FORBIDDEN} for a banned account, or a code that allows a later attempt. */
    public ErrorCode code() {
        return code;
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.message.ErrorCode;

/** A login that did not come about. The message is for the client, and holds no secret. */
public final class LoginException extends Exception {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    LoginException(ErrorCode code, String message) {
        super(message, null, false, false); // an answer, and no fault: nobody needs its stack
        this.code = code;
    }

    /** Why: {@code UNAUTHORIZED}, or what says that it may be tried again later. */
    public ErrorCode code() {
        return code;
    }
}

package io.seleucia.chat.server.management;

/** Refuses a request. The message tells the client why, in one sentence. */
final class HttpError extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;

    /** @param status of HTTP (RFC 9110 §15) */
    HttpError(int status, String why) {
        super(why);
        this.status = status;
    }

    /** Returns a refusal for a client that may try again later. */
    static HttpError busy(String why, Throwable cause) {
        HttpError error = new HttpError(503, why + ", try again later");
        error.initCause(cause);
        return error;
    }

    int status() {
        return status;
    }
}

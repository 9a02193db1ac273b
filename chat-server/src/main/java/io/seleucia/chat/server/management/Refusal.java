package io.seleucia.chat.server.management;

/** A request that is not carried out; the message says why, in one sentence for who sent it. */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;

    /** @param status of HTTP (RFC 9110 §15) */
    Refusal(int status, String why) {
        super(why);
        this.status = status;
    }

    int status() {
        return status;
    }
}

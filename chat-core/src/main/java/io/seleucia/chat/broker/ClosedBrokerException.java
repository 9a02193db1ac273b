package io.seleucia.chat.broker;

/** A broker was used after it had been closed. */
public final class ClosedBrokerException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    /** States that the broker is closed. */
    public ClosedBrokerException() {
        super("the broker is closed");
    }
}

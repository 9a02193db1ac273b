package io.seleucia.chat.broker;

/** Thrown when a broker is used after it has been closed. */
public final class ClosedBrokerException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    /** Creates an exception that says that the broker is closed. */
    public ClosedBrokerException() {
        super("the broker is closed");
    }
}

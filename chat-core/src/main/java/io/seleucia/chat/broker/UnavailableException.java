package io.seleucia.chat.broker;

/** Thrown when a broker can't be reached, or did not answer in time. */
public final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * Creates an exception.
     *
     * @param message what failed, for the log
     * @param cause the exception that the broker's client threw; null if there is none
     */
    public UnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}

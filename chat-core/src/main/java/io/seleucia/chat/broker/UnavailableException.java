package io.seleucia.chat.broker;

/** The broker can't be reached, or did not answer in time. */
public final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param message what did not work, for the log
     * @param cause what the broker's client reported
     */
    public UnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}

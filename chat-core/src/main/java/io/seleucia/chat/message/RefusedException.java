package io.seleucia.chat.message;

import java.util.Objects;

/**
 * A message is not to be published. Its publisher is told why, with {@link ErrorCode#FORBIDDEN}; where the protocol has
 * no words for that, the connection is closed.
 */
public final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * An exception with the reason that the client is told.
     *
     * @param reason a sentence for the person who is refused
     */
    public RefusedException(String reason) {
        super(
                Objects.requireNonNull(reason, "reason"),
                null,
                false,
                false); // an answer, and no fault: its stack says nothing
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.FoldedMessage;
import java.util.Objects;

/** Signals that a message can't be published because of the message that it refers to. Nothing was published. */
public final class ReferenceException extends Exception {
    private static final long serialVersionUID = 1;

    /** Why a reference is refused. */
    public enum Reason {
        /** There is no such message yet. */
        UNKNOWN(ErrorCode.BAD_REQUEST, "there is no message with that offset"),
        /** The message is an annotation itself. */
        ANNOTATION(ErrorCode.BAD_REQUEST, "an edit, a deletion or a reaction can't be referred to"),
        /** The message is deleted, or no longer in the history. */
        TOO_OLD(ErrorCode.TOO_OLD, "the message is deleted, or no longer in the history"),
        /** The message is another client's. */
        FORBIDDEN(ErrorCode.FORBIDDEN, "the message is another client's"),
        /** The message has as many edits or reactions as it may have. */
        TOO_MANY(ErrorCode.TOO_LARGE, "the message can't have more edits or reactions"),
        /** The client has reacted to the message with as many texts as it may. */
        TOO_MANY_OF_CLIENT(
                ErrorCode.TOO_LARGE,
                "a client can react to a message with " + FoldedMessage.MAX_CLIENT_REACTIONS
                        + " texts at the most: take one back first"),
        /** The client has repeated its reactions to the message, or taken them back, as often as it may. */
        TOO_OFTEN(
                ErrorCode.TOO_LARGE,
                "this client has repeated or taken back its reactions to the message too often: it can only take back those"
                        + " that are left");

        private final ErrorCode code;
        private final String text;

        Reason(ErrorCode code, String text) {
            this.code = code;
            this.text = text;
        }

        /** {@return the code with which a client is answered} */
        public ErrorCode code() {
            return code;
        }
    }

    /** Why the reference is refused. */
    private final Reason reason;

    /**
     * Creates the exception.
     *
     * @param reason why the reference is refused
     */
    public ReferenceException(Reason reason) {
        super(Objects.requireNonNull(reason, "reason").text, null, false, false); // an answer: its stack says nothing
        this.reason = reason;
    }

    /** {@return why the reference is refused} */
    public Reason reason() {
        return reason;
    }
}

package io.seleucia.chat.transport;

import java.io.EOFException;

/** Ends a loop of reading, because the peer sends no more. The usual end of a connection, and so without a stack trace. */
final class EndOfInputException extends EOFException {
    private static final long serialVersionUID = 1L;

    EndOfInputException() {
        super("the peer closed the connection");
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}

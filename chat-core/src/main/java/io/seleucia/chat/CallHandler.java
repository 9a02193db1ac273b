package io.seleucia.chat;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Content;

/**
 * A method of the program that clients call, by the request {@code call} of chat.v1. One handler serves all clients: each of
 * them calls it from its own thread, one call at a time.
 */
@FunctionalInterface
public interface CallHandler {
    /**
     * {@return the result, which is the reply to the client; {@link Content#NONE} for none} While this method blocks, nothing
     * more is read from this client; other clients are not affected. An exception is logged, and the reply is {@code internal}.
     * So it is if the result is larger than a message may be.
     *
     * @param user the client, which may be a guest; the handler decides what it may do
     * @param data what the client has sent
     * @throws CallException to answer with an error
     */
    Content call(User user, Content data) throws CallException;
}

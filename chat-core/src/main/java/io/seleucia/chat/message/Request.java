package io.seleucia.chat.message;

import java.util.Optional;

/**
 * A command with what its protocol needs to answer it.
 *
 * @param tag whatever ties the reply to the request on the wire, such as a request id; only the protocol that made it
 *     looks at it
 * @param client the client id that the request claims to come from, in protocols that repeat it in every request; the
 *     first one a session sees is its name, and no other is accepted after it
 * @param command what is asked
 */
public record Request(Object tag, Optional<String> client, Command command) {
    /** A request that carries neither a tag nor a client id. */
    public static Request of(Command command) {
        return new Request("", Optional.empty(), command);
    }
}

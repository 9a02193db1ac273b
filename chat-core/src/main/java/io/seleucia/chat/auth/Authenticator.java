package io.seleucia.chat.auth;

import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.util.Optional;

/**
 * Tells who somebody is. An embedding program implements it over accounts of its own; {@link Tokens} is one for tokens
 * that another program issues. Any thread may call, many at a time.
 */
@FunctionalInterface
public interface Authenticator {
    /**
     * Who shows these credentials. Runs in a thread of its own, and may block: only this login waits, up to {@code
     * Limits.loginTimeout}, when the thread is interrupted. An exception that is not declared is logged, and costs this
     * login only.
     *
     * @param credentials as the client sent them
     * @param address the IP address that they come from
     * @return empty if they are wrong, for whatever reason; the client is not told which
     * @throws IOException if that can't be told now; the message goes to the client
     */
    Optional<User> authenticate(Credentials credentials, String address) throws IOException;

    /**
     * Whether there is an account of that name: no guest can bear it, and direct messages can be sent to it. Empty if
     * this can't be told, as by default; then guests can only bear names that begin with {@code guest-}, which no user
     * can. May block the client that it is asked for.
     */
    default Optional<Boolean> hasAccount(String name) {
        return Optional.empty();
    }

    /**
     * Returns whether a client has logged in with that name and its password from that address before. Such logins are not
     * slowed down by what strangers try elsewhere. The server itself remembers what it has seen since it started. Must not
     * block; called by any thread.
     *
     * @param name as in {@link Credentials.Password}
     * @param address an IP address
     */
    default boolean knows(String name, String address) {
        return false;
    }

    /**
     * Whether a login still holds that was made before; if not, its sessions end with 4401. Asked about every second for
     * every session, so it must not block.
     *
     * @param user as {@link #authenticate} has returned it
     */
    default boolean holds(User user) {
        return true;
    }
}

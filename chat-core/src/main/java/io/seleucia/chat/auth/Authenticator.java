package io.seleucia.chat.auth;

import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.util.Optional;

/**
 * Checks credentials. An embedding program implements it over its own accounts; {@link Tokens} checks tokens that another
 * program issues. Called by any thread, many at a time.
 */
@FunctionalInterface
public interface Authenticator {
    /**
     * Returns the user with these credentials. Runs in a thread of its own, and may block: only this login waits, until the
     * thread is interrupted after {@code Limits.loginTimeout}. An undeclared exception is logged, and fails this login only.
     *
     * @param credentials as the client sent them
     * @param address the client's IP address
     * @return empty if they are wrong for any reason; the client is not told which
     * @throws IOException if they can't be checked now; the message goes to the client
     */
    Optional<User> authenticate(Credentials credentials, String address) throws IOException;

    /**
     * {@return whether there is an account with that name: no guest can take it, and direct messages can be sent to it} Empty
     * if that is unknown, the default: guests can then only take names that begin with {@code guest-}, which no user can
     * have. A message to a name without an account goes to the guest with that name. May block, and delays one client then.
     *
     * @param name the name
     */
    default Optional<Boolean> hasAccount(String name) {
        return Optional.empty();
    }

    /**
     * {@return whether there is an account whose name has this {@linkplain io.seleucia.chat.message.Names#skeleton
     * skeleton}: a guest with a name that looks like it is closed with 4401} Called about every second for every guest with
     * a name, so it must not block. Empty if that is unknown, the default: only {@link #hasAccount} counts then, when a
     * guest connects.
     *
     * @param skeleton a skeleton by {@link io.seleucia.chat.message.Names#skeleton}
     */
    default Optional<Boolean> hasAccountLike(String skeleton) {
        return Optional.empty();
    }

    /**
     * {@return whether a client has logged in with that name and its password from that address before} Failed logins from
     * other addresses do not slow down such a login. The server itself remembers the logins since its start. Called by any
     * thread; must not block.
     *
     * @param name as in {@link Credentials.Password}
     * @param address an IP address
     */
    default boolean knows(String name, String address) {
        return false;
    }

    /**
     * {@return whether an earlier login is still valid; if not, its sessions are closed with 4401} Called about every second
     * for every session, so it must not block.
     *
     * @param user the result of {@link #authenticate}
     */
    default boolean holds(User user) {
        return true;
    }
}

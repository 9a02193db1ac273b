package io.seleucia.chat.auth;

import io.seleucia.chat.message.Names;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * A logged-in user, or a guest.
 *
 * @param name the name of the account, which is the client id of all its sessions
 * @param guest whether the user is a guest, who has not logged in
 * @param issued the time at which the token was issued, if there was one; a later revocation makes it void
 * @param expires the time at which the sessions end, unless the client sends another token before
 * @param rules the limits of the user's rights, if there are any
 * @param version the authenticator's own mark, by which {@link Authenticator#holds} recognises an outdated login
 */
public record User(
        String name,
        boolean guest,
        Optional<Instant> issued,
        Optional<Instant> expires,
        Optional<Rules> rules,
        String version) {
    /** Refuses null and names that are no client ids; keeps the {@linkplain Names#normal normal form} of the name. */
    public User {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(issued, "issued");
        Objects.requireNonNull(expires, "expires");
        Objects.requireNonNull(rules, "rules");
        Objects.requireNonNull(version, "version");
        Optional<String> flaw = Names.flawOfClient(name);
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
        name = Names.normal(name);
    }

    /**
     * Creates a user whose login lasts as long as the connection.
     *
     * @param name the name
     */
    public User(String name) {
        this(name, false, Optional.empty(), Optional.empty(), Optional.empty(), "");
    }

    /**
     * {@return a guest with that name}
     *
     * @param name the name
     */
    public static User guest(String name) {
        return new User(name, true, Optional.empty(), Optional.empty(), Optional.empty(), "");
    }

    /**
     * {@return this user with a token that was issued at that time}
     *
     * @param issued the time
     */
    public User withIssued(Instant issued) {
        Objects.requireNonNull(issued, "issued");
        return new User(name, guest, Optional.of(issued), expires, rules, version);
    }

    /**
     * {@return this user with a login until that time}
     *
     * @param expires the time
     */
    public User withExpires(Instant expires) {
        Objects.requireNonNull(expires, "expires");
        return new User(name, guest, issued, Optional.of(expires), rules, version);
    }

    /**
     * {@return this user with rights that are limited by these rules}
     *
     * @param rules the rules
     */
    public User withRules(Rules rules) {
        Objects.requireNonNull(rules, "rules");
        return new User(name, guest, issued, expires, Optional.of(rules), version);
    }

    /**
     * {@return this user with another version}
     *
     * @param version the version
     */
    public User withVersion(String version) {
        return new User(name, guest, issued, expires, rules, version);
    }
}

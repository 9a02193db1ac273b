package io.seleucia.chat.auth;

import io.seleucia.chat.message.Names;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Somebody who is logged in, or a guest.
 *
 * @param name the name of the account, which is the client id of all its sessions
 * @param guest whether nothing proves who it is
 * @param issued when the token was issued that it came with; empty if it came with none. A revocation after that makes
 *     it void
 * @param expires when its sessions end, if it does not show another token before
 * @param rules what it may do at the most, whatever others allow it
 * @param version whatever its authenticator recognises a login by that holds no longer: see {@link Authenticator#holds}
 */
public record User(
        String name,
        boolean guest,
        Optional<Instant> issued,
        Optional<Instant> expires,
        Optional<Rules> rules,
        String version) {
    /** Refuses null, and what is no client id. */
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
    }

    /** Somebody who is logged in for as long as the connection lives. */
    public User(String name) {
        this(name, false, Optional.empty(), Optional.empty(), Optional.empty(), "");
    }

    /** Somebody who says to be called so. */
    public static User guest(String name) {
        return new User(name, true, Optional.empty(), Optional.empty(), Optional.empty(), "");
    }

    /** The same, logged in with a token that was issued then. */
    public User withIssued(Instant issued) {
        Objects.requireNonNull(issued, "issued");
        return new User(name, guest, Optional.of(issued), expires, rules, version);
    }

    /** The same until then. */
    public User withExpires(Instant expires) {
        Objects.requireNonNull(expires, "expires");
        return new User(name, guest, issued, Optional.of(expires), rules, version);
    }

    /** The same, bound by these rules. */
    public User withRules(Rules rules) {
        Objects.requireNonNull(rules, "rules");
        return new User(name, guest, issued, expires, Optional.of(rules), version);
    }

    /** The same with another version. */
    public User withVersion(String version) {
        return new User(name, guest, issued, expires, rules, version);
    }
}

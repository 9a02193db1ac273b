package io.seleucia.chat.client;

import io.seleucia.chat.message.ResumeSecret;
import java.util.Optional;
import java.util.function.Supplier;

/** The client's identity, with its secrets. Never printed. */
final class Identity {
    private final Optional<String> name;
    private final Optional<String> password;
    private final Optional<Supplier<String>> token;

    // The server could choose it, but its reply may get lost, and a guest's name with it.
    private final ResumeSecret resume = ResumeSecret.random();

    Identity(Optional<String> name, Optional<String> password, Optional<Supplier<String>> token) {
        if (name.isEmpty() && token.isEmpty()) {
            throw new IllegalStateException("a client needs a name or a token");
        }
        if (password.isPresent() && (name.isEmpty() || token.isPresent())) {
            throw new IllegalStateException("a password needs a name, and no token");
        }
        this.name = name;
        this.password = password;
        this.token = token;
    }

    /** Returns whether the next credentials may differ. */
    boolean renewable() {
        return token.isPresent();
    }

    /** Returns the credentials of the next login. Asks the program for a token, which may block. */
    ClientCodec.Credentials credentials() {
        if (token.isPresent()) {
            return new ClientCodec.Credentials(
                    Optional.empty(), Optional.empty(), Optional.of(token.get().get()), Optional.empty());
        }
        return new ClientCodec.Credentials(
                name, password, Optional.empty(), password.isEmpty() ? Optional.of(resume) : Optional.empty());
    }
}

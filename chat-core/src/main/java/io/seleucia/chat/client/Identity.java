package io.seleucia.chat.client;

import java.util.Optional;
import java.util.function.Supplier;

/** How a client says who it is. Never printed: there are secrets in it. */
final class Identity {
    private final Optional<String> name;
    private final Optional<String> password;
    private final Optional<Supplier<String>> token;

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

    /** Whether asking again may give others. */
    boolean renewable() {
        return token.isPresent();
    }

    /** The request that logs in, all but the inbox's position. Asks the program for a token, which may take long. */
    ClientCodec.Login login() {
        if (token.isPresent()) {
            return new ClientCodec.Login(
                    Optional.empty(), Optional.empty(), Optional.of(token.get().get()));
        }
        return new ClientCodec.Login(name, password, Optional.empty());
    }
}

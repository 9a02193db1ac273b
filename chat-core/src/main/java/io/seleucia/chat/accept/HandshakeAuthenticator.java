package io.seleucia.chat.accept;

import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.session.Login;
import io.seleucia.chat.session.LoginException;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.text.Utf8;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.HandshakeRefusal;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The login of one connection by its handshake: by the field {@code Authorization}, or by the parameter {@value #PARAMETER}
 * for browsers, which cannot set fields. Runs in the connection's thread.
 */
final class HandshakeAuthenticator implements Handshake.Gate {
    /** The query parameter that holds a token. */
    static final String PARAMETER = "access_token";

    private final Logins logins;
    private final boolean ignoresAuthorization;
    private final String peer;
    private final Duration limit;
    private final Predicate<String> needsLogin;
    private Optional<Login> login = Optional.empty();

    /**
     * Creates an authenticator for one handshake.
     *
     * @param ignoresAuthorization whether the field {@code Authorization} is for another program, such as a proxy
     * @param needsLogin whether a client of a path cannot log in later, and so must log in now
     */
    HandshakeAuthenticator(
            Logins logins, boolean ignoresAuthorization, String peer, Duration limit, Predicate<String> needsLogin) {
        this.logins = logins;
        this.ignoresAuthorization = ignoresAuthorization;
        this.peer = peer;
        this.limit = limit;
        this.needsLogin = needsLogin;
    }

    /** Returns the login, after {@link #check}; empty if there was none. */
    Optional<Login> login() {
        return login;
    }

    @Override
    public void check(String path, Optional<String> authorization, Map<String, String> parameters)
            throws HandshakeException {
        if (!logins.exist()) {
            return; // the field is for another program
        }
        Optional<Credentials> credentials = authorization.isPresent() && !ignoresAuthorization
                ? Optional.of(credentials(authorization.get()))
                : Optional.ofNullable(parameters.get(PARAMETER)).map(Credentials.Token::new);
        if (credentials.isPresent()) {
            login = Optional.of(login(credentials.get()));
        } else if (!logins.guests() && needsLogin.test(path)) {
            throw new HandshakeException(401, "log in first");
        }
    }

    /** Returns the parameters of a query without the token, for a protocol. */
    Map<String, String> withoutSecret(Map<String, String> parameters) {
        if (!logins.exist() || !parameters.containsKey(PARAMETER)) {
            return parameters;
        }
        Map<String, String> others = new HashMap<>(parameters);
        others.remove(PARAMETER);
        return others;
    }

    private Login login(Credentials credentials) throws HandshakeException {
        try {
            return logins.login(credentials, peer, limit);
        } catch (LoginException e) {
            throw e.code() == ErrorCode.FORBIDDEN
                    ? new HandshakeException(403, HandshakeRefusal.BANNED, e.getMessage())
                    : new HandshakeException(statusOf(e.code()), e.getMessage());
        }
    }

    private static int statusOf(ErrorCode code) {
        return switch (code) {
            case UNAUTHORIZED -> 401;
            case RATE_LIMITED -> 429;
            default -> 503;
        };
    }

    /** Parses the field: RFC 7617 and RFC 6750 §2.1. */
    private static Credentials credentials(String authorization) throws HandshakeException {
        int space = authorization.indexOf(' ');
        String scheme = authorization.substring(0, Math.max(0, space)).toLowerCase(Locale.ROOT);
        String value = authorization.substring(space + 1).strip();
        return switch (scheme) {
            case "bearer" -> new Credentials.Token(value);
            case "basic" -> password(value);
            default -> throw new HandshakeException(401, "Authorization must be Basic or Bearer");
        };
    }

    private static Credentials password(String base64) throws HandshakeException {
        try {
            String pair = Utf8.decode(Base64.getDecoder().decode(base64));
            int colon = pair.indexOf(':');
            if (colon >= 0) {
                return new Credentials.Password(pair.substring(0, colon), pair.substring(colon + 1));
            }
        } catch (IllegalArgumentException | CharacterCodingException e) {
            // The message of the first quotes what may be a password.
        }
        throw new HandshakeException(401, "Authorization must be a name, a colon and a password, as UTF-8 in base64");
    }
}

package io.seleucia.chat.transport;

import java.util.Locale;

/** The reasons for which a server refuses a connection before it is open. */
public enum HandshakeRefusal {
    /** The request is not a valid handshake: malformed, for another protocol or with a wrong version. */
    MALFORMED,
    /** The head of the request is too large. */
    TOO_LARGE,
    /** The request is for a host that the server does not serve. */
    HOST,
    /** The page that connects belongs to an origin that is not allowed. */
    ORIGIN,
    /** A login is missing or wrong. */
    LOGIN,
    /** The account or the address is banned. */
    BANNED,
    /** The client has no right to what it asks for. */
    FORBIDDEN,
    /** There were too many failed logins. */
    RATE_LIMITED,
    /** There are too many connections, in all or of the address, or memory is short. */
    FULL,
    /** Something that the handshake needs is not available, such as the check of a login. */
    UNAVAILABLE,
    /** The TLS handshake failed. */
    TLS,
    /** The handshake was not complete in time. */
    TIMEOUT;

    /** Returns the usual reason for a status of HTTP. */
    static HandshakeRefusal of(int status) {
        return switch (status) {
            case 401 -> LOGIN;
            case 403 -> ORIGIN;
            case 421 -> HOST;
            case 429 -> RATE_LIMITED;
            case 431 -> TOO_LARGE;
            case 503 -> UNAVAILABLE;
            default -> MALFORMED;
        };
    }

    /** Returns the name in metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}

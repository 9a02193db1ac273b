package io.seleucia.chat.session;

/** What an operator wants on all servers that share a broker. Times are milliseconds since 1970-01-01T00:00Z. */
public sealed interface Order {
    /** Whom it concerns. */
    String name();

    /** Sessions that began to bear the name before this time, by this server's clock, are concerned. */
    long until();

    /**
     * A user's logins are void.
     *
     * @param given when the order was given: tokens that were issued up to then are void too
     */
    record Revoke(String name, long given, long until) implements Order {}

    /** The sessions of a client end. */
    record Disconnect(String name, long until) implements Order {}
}

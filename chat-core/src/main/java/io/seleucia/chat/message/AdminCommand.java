package io.seleucia.chat.message;

/** An operator's command to all servers that share a broker. Times are milliseconds since 1970-01-01T00:00Z. */
public sealed interface AdminCommand {
    /**
     * Revokes all logins of a user.
     *
     * @param name the user's name
     * @param given when the order was given: tokens that were issued up to then are void too
     * @param until logins that were begun before this time, by this server's clock, are void
     */
    record Revoke(String name, long given, long until) implements AdminCommand {}

    /**
     * Ends the sessions of a client.
     *
     * @param name the client's name
     * @param until sessions that took the name before this time, by this server's clock, end
     */
    record Disconnect(String name, long until) implements AdminCommand {}

    /** Tells that the bans have changed, so that sessions of banned clients end. */
    record BansChanged() implements AdminCommand {}
}

package io.seleucia.chat.session;

import io.seleucia.chat.auth.User;

/**
 * A login that was found right.
 *
 * @param since when it was begun, in milliseconds since 1970-01-01T00:00Z; what was revoked since may concern it
 */
public record Login(User user, long since) {}

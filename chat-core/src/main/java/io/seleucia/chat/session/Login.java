package io.seleucia.chat.session;

import io.seleucia.chat.auth.User;

/**
 * A successful login.
 *
 * @param since its beginning, in milliseconds since 1970-01-01T00:00Z; a later revocation may concern it
 */
public record Login(User user, long since) {}

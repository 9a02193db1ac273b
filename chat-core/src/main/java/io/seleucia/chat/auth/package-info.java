/**
 * Logins and rights. An embedding program implements {@link io.seleucia.chat.auth.Authenticator}, or uses {@link
 * io.seleucia.chat.auth.Tokens}; it implements {@link io.seleucia.chat.auth.Authorizer}, or uses {@link
 * io.seleucia.chat.auth.Rules}.
 */
package io.seleucia.chat.auth;

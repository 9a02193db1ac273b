/**
 * Who may come in, and what they may do there: what an embedding program implements, and what is there for it to use.
 *
 * <p>{@link io.seleucia.chat.auth.Authenticator} tells who somebody is, {@link io.seleucia.chat.auth.Authorizer} what
 * they may do. {@link io.seleucia.chat.auth.Tokens} is an authenticator, {@link io.seleucia.chat.auth.Rules} an
 * authorizer.
 */
package io.seleucia.chat.auth;

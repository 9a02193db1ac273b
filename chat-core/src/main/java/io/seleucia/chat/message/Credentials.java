package io.seleucia.chat.message;

/** The credentials of a login. They are never written anywhere: {@code toString} leaves the secret out. */
public sealed interface Credentials {
    /**
     * The name of an account, as the client gives it, and its password.
     *
     * @param user the account's name
     * @param password the password
     */
    record Password(String user, String password) implements Credentials {
        @Override
        public String toString() {
            return "a password";
        }
    }

    /**
     * A token that says itself who bears it.
     *
     * @param token the token
     */
    record Token(String token) implements Credentials {
        @Override
        public String toString() {
            return "a token";
        }
    }
}

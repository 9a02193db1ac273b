package io.seleucia.chat.message;

/** What a client shows to log in. Neither is ever written anywhere: {@code toString} leaves the secret out. */
public sealed interface Credentials {
    /** The name of an account, as the client gives it, and its password. */
    record Password(String user, String password) implements Credentials {
        @Override
        public String toString() {
            return "a password";
        }
    }

    /** A token that says itself who bears it. */
    record Token(String token) implements Credentials {
        @Override
        public String toString() {
            return "a token";
        }
    }
}

package io.seleucia.chat.server.management;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The accounts of a server, as its operators see and change them. Any thread; all methods block for files. */
public interface Users {
    /**
     * An account, without its password or anything made of it.
     *
     * @param disabled whether nobody can log in with it
     * @param lastLogin when it last logged in
     * @param lastAddress from where
     */
    record UserEntry(String name, boolean disabled, Optional<Instant> lastLogin, Optional<String> lastAddress) {}

    /** A change that is refused. The message says why, for the operator. */
    final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        /** @param cause has the sentence for the operator */
        public Refused(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** Returns all accounts, sorted by name. */
    List<UserEntry> list() throws IOException;

    /** Adds an account. */
    void add(String name, String password) throws IOException;

    /** Changes the password of an account. */
    void setPassword(String name, String password) throws IOException;

    /** Disables or enables an account. */
    void setDisabled(String name, boolean disabled) throws IOException;

    /** Removes an account. */
    void remove(String name) throws IOException;
}

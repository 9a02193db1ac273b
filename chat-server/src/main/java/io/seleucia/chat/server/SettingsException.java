package io.seleucia.chat.server;

/** A wrong setting or argument. The message says in one line which one and what is allowed. */
final class SettingsException extends Exception {
    private static final long serialVersionUID = 1;

    SettingsException(String message) {
        super(message);
    }
}

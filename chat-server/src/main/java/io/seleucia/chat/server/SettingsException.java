package io.seleucia.chat.server;

/** A setting that stops the start; the message says in one line which it is and what is allowed. */
final class SettingsException extends Exception {
    private static final long serialVersionUID = 1;

    SettingsException(String message) {
        super(message);
    }
}

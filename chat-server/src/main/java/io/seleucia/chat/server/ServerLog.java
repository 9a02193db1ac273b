package io.seleucia.chat.server;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Logging of the program: to standard error, a line for each event. An operator who wants it otherwise configures
 * java.util.logging in the usual way, with {@code -Djava.util.logging.config.file}.
 */
public final class ServerLog extends LogManager {
    /** For java.util.logging, which makes one. */
    public ServerLog() {}

    /** Must come before the first logger is made. */
    static void start() {
        System.setProperty("java.util.logging.manager", ServerLog.class.getName());
        // Jedis logs through SLF4J, which has nobody to write to here and should not say so: what matters of Redis
        // is logged by the broker.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
    }

    /** From now on lines look like this, unless the operator has configured them. */
    static void format(boolean json) {
        if (System.getProperty("java.util.logging.config.file") == null
                && System.getProperty("java.util.logging.config.class") == null) {
            for (Handler handler : Logger.getLogger("").getHandlers()) {
                handler.setFormatter(new LogFormat(json));
            }
        }
    }

    /** Gives what is logged to one more, too. */
    static void copyTo(Handler handler) {
        Logger.getLogger("").addHandler(handler);
    }

    /**
     * Loads all that writing a line needs, so that it can still be done when no file can be opened any more. To be called
     * before anybody is told that the server listens, and may fill it with connections.
     */
    static void load() {
        LogRecord record = new LogRecord(Level.INFO, "");
        record.setThrown(new IllegalStateException());
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            if (handler.getFormatter() != null) {
                handler.getFormatter().format(record);
            }
        }
    }

    /** Does nothing: it is called at shutdown, when the server still has something to say. */
    @Override
    public void reset() {}
}

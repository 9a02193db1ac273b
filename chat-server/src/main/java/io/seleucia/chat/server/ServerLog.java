package io.seleucia.chat.server;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Logging of the program: a line for each event to standard error. {@code -Djava.util.logging.config.file} configures
 * java.util.logging in the usual way instead.
 */
public final class ServerLog extends LogManager {
    /** Called by java.util.logging. */
    public ServerLog() {}

    /** Sets up logging. Must be called before the first logger is created. */
    static void start() {
        System.setProperty("java.util.logging.manager", ServerLog.class.getName());
        // Jedis logs through SLF4J, which has no provider here and must not warn about it. The broker logs problems of
        // Redis.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
    }

    /** Sets the format of lines, unless java.util.logging is configured. */
    static void format(boolean json) {
        if (System.getProperty("java.util.logging.config.file") == null
                && System.getProperty("java.util.logging.config.class") == null) {
            for (Handler handler : Logger.getLogger("").getHandlers()) {
                handler.setFormatter(new LogFormat(json));
            }
        }
    }

    static void addHandler(Handler handler) {
        Logger.getLogger("").addHandler(handler);
    }

    /** Formats a record, to load all classes before connections can use up the file descriptors. */
    static void loadClasses() {
        LogRecord record = new LogRecord(Level.INFO, "");
        record.setThrown(new IllegalStateException());
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            if (handler.getFormatter() != null) {
                handler.getFormatter().format(record);
            }
        }
    }

    /** Does nothing. The JVM calls it at shutdown, when the server still logs. */
    @Override
    public void reset() {}
}

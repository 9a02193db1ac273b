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
    private static final String LINE = "%1$tFT%1$tT.%1$tL%1$tz %4$-7s %3$s: %5$s%6$s%n";

    /** For java.util.logging, which makes one. */
    public ServerLog() {}

    /** Must come before the first logger is made. */
    static void start() {
        System.setProperty("java.util.logging.manager", ServerLog.class.getName());
        if (System.getProperty("java.util.logging.SimpleFormatter.format") == null) {
            System.setProperty("java.util.logging.SimpleFormatter.format", LINE);
        }
        // Jedis logs through SLF4J, which has nobody to write to here and should not say so: what matters of Redis
        // is logged by the broker.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
    }

    /**
     * Loads all that writing a line needs, so that it can still be done when no file can be opened any more. To be called
     * before anybody is told that the server listens, and may fill it with connections.
     */
    static void load() {
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            if (handler.getFormatter() != null) {
                handler.getFormatter().format(new LogRecord(Level.INFO, ""));
            }
        }
    }

    /** Does nothing: it is called at shutdown, when the server still has something to say. */
    @Override
    public void reset() {}
}

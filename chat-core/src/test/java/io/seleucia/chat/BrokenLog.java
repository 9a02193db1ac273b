package io.seleucia.chat;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Lets every line fail that a class of the library logs while it is open, as the log handler of a program may. */
public final class BrokenLog extends Handler implements AutoCloseable {
    private final Logger logger;
    private final Level before;

    public BrokenLog(Class<?> of) {
        logger = Logger.getLogger(of.getName());
        before = logger.getLevel();
        setLevel(Level.ALL);
        logger.setLevel(Level.ALL);
        logger.setUseParentHandlers(false);
        logger.addHandler(this);
    }

    @Override
    public void publish(LogRecord line) {
        throw new IllegalStateException("thrown by a test");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setLevel(before);
        logger.setUseParentHandlers(true);
    }
}

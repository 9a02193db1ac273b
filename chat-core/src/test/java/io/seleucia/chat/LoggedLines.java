package io.seleucia.chat;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the library logs while it is open, from INFO up; what is below is formatted, so that this is tried too. */
public final class LoggedLines extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger("io.seleucia.chat");
    private final Level before = logger.getLevel();
    private final ConcurrentLinkedQueue<LogRecord> records = new ConcurrentLinkedQueue<>();

    public LoggedLines() {
        setLevel(Level.ALL);
        logger.setUseParentHandlers(false);
        logger.setLevel(Level.ALL);
        logger.addHandler(this);
    }

    public List<String> lines() {
        return records.stream().map(LogRecord::getMessage).toList();
    }

    public List<Throwable> stackTraces() {
        return records.stream()
                .map(LogRecord::getThrown)
                .filter(thrown -> thrown != null)
                .toList();
    }

    @Override
    public void publish(LogRecord line) {
        if (line.getLevel().intValue() >= Level.INFO.intValue() || line.getThrown() != null) {
            records.add(line);
        }
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

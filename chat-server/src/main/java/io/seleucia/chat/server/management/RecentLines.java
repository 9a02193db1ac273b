package io.seleucia.chat.server.management;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;

/** The newest lines of the log, for the operator's console; long lines are cut. Any thread. */
public final class RecentLines extends Handler {
    private static final int MAX_LINES = 500;
    private static final int MAX_CHARS = 4_000;

    /**
     * A line of the log, with the names of the API.
     *
     * @param number 1 for the first since the start, 2 for the next
     */
    record Line(long number, String text) {}

    private final ReentrantLock lock = new ReentrantLock(); // guards the two below
    private final ArrayDeque<Line> lines = new ArrayDeque<>();
    private long newest;

    /** @param format turns a record into a line */
    public RecentLines(Formatter format) {
        setFormatter(format);
    }

    @Override
    public void publish(LogRecord record) {
        if (!isLoggable(record)) {
            return;
        }
        String line;
        try {
            line = getFormatter().format(record).stripTrailing();
        } catch (RuntimeException e) { // must not reach the code that logs
            reportError(null, e, ErrorManager.FORMAT_FAILURE);
            return;
        }
        String text = line.length() > MAX_CHARS ? line.substring(0, MAX_CHARS) + " …" : line;
        lock.lock();
        try {
            lines.add(new Line(++newest, text));
            if (lines.size() > MAX_LINES) {
                lines.remove();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns the kept lines after a number. */
    List<Line> after(long number) {
        lock.lock();
        try {
            return lines.stream().filter(line -> line.number > number).toList();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}

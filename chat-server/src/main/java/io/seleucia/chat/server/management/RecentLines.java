package io.seleucia.chat.server.management;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.Stream;

/**
 * The newest lines of the log, for the operator's console. Long lines are cut. Warnings and errors are kept longer than other
 * lines, which may be many. Any thread.
 */
public final class RecentLines extends Handler {
    private static final int MAX_LINES = 500;
    private static final int MAX_WARNINGS = 200; // beyond the newest lines
    private static final int MAX_LINE_CHARS = 4_000;
    private static final int MAX_CHARS = 2 * 1024 * 1024; // of the newest lines, and as many of warnings

    /** The levels, by the names of {@link System.Logger.Level}. */
    enum Severity {
        DEBUG,
        INFO,
        WARNING,
        ERROR;

        static Severity of(Level level) {
            int value = level.intValue();
            return value >= Level.SEVERE.intValue()
                    ? ERROR
                    : value >= Level.WARNING.intValue() ? WARNING : value >= Level.INFO.intValue() ? INFO : DEBUG;
        }
    }

    /**
     * A line of the log, with the names of the API.
     *
     * @param number 1 for the first since the start, 2 for the next
     */
    record Line(long number, Severity level, String text) {}

    /** Lines in order, bounded in number and in characters. */
    private static final class Ring {
        private final int most;
        private final ArrayDeque<Line> lines = new ArrayDeque<>();
        private long chars;

        Ring(int most) {
            this.most = most;
        }

        /** Adds a line. Returns those that had to go. */
        List<Line> add(Line line) {
            lines.add(line);
            chars += line.text.length();
            ArrayDeque<Line> gone = new ArrayDeque<>();
            while (lines.size() > most || chars > MAX_CHARS) {
                gone.add(lines.remove());
                chars -= gone.getLast().text.length();
            }
            return List.copyOf(gone);
        }
    }

    private final ReentrantLock lock = new ReentrantLock(); // guards the next three
    private final Ring newest = new Ring(MAX_LINES);
    private final Ring warnings = new Ring(MAX_WARNINGS); // older than the newest lines
    private long last;

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
        String text = line.length() > MAX_LINE_CHARS ? line.substring(0, MAX_LINE_CHARS) + " …" : line;
        lock.lock();
        try {
            newest.add(new Line(++last, Severity.of(record.getLevel()), text)).stream()
                    .filter(gone -> gone.level.compareTo(Severity.WARNING) >= 0)
                    .forEach(warnings::add);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns the kept lines after a number.
     *
     * @param least the lowest level that is wanted
     * @param contains a part of the text, in any case
     */
    List<Line> after(long number, Severity least, String contains) {
        String part = contains.toLowerCase(Locale.ROOT);
        return copy().stream()
                .filter(line -> line.number > number && line.level.compareTo(least) >= 0)
                .filter(line ->
                        part.isEmpty() || line.text.toLowerCase(Locale.ROOT).contains(part))
                .toList();
    }

    private List<Line> copy() {
        lock.lock();
        try {
            return Stream.concat(warnings.lines.stream(), newest.lines.stream()).toList();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the number of the newest line; 0 if there is none. */
    long last() {
        lock.lock();
        try {
            return last;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}

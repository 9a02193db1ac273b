package io.seleucia.chat.server;

import com.google.gson.JsonObject;
import io.seleucia.chat.message.Printable;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Formats a log record as one line. Escapes control characters and marks that change the order of letters, as
 * {@link Printable} does. Called by the thread that logs.
 */
final class LogFormat extends Formatter {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final boolean json;

    /** @param json whether a line is a JSON object, or text for people */
    LogFormat(boolean json) {
        this.json = json;
    }

    @Override
    public String format(LogRecord record) {
        return (json ? json(record) : text(record)) + "\n";
    }

    private String text(LogRecord record) {
        String thrown = record.getThrown() == null ? "" : ": " + trace(record.getThrown());
        return Printable.line("%s %-7s %s: %s%s"
                .formatted(
                        time(record.getInstant()),
                        level(record.getLevel()),
                        record.getLoggerName(),
                        formatMessage(record),
                        thrown));
    }

    private String json(LogRecord record) {
        JsonObject line = new JsonObject();
        line.addProperty("time", time(record.getInstant()));
        line.addProperty("level", level(record.getLevel()));
        line.addProperty("logger", record.getLoggerName());
        line.addProperty("thread", Thread.currentThread().getName());
        line.addProperty("message", formatMessage(record));
        if (record.getThrown() != null) {
            line.addProperty("error", trace(record.getThrown()));
        }
        return Printable.line(line.toString()); // JSON has escaped those below U+0020 already
    }

    private static String time(Instant at) {
        return TIME.format(at);
    }

    /** Returns the level's name in System.Logger. */
    private static String level(Level level) {
        int value = level.intValue();
        return value >= Level.SEVERE.intValue()
                ? "ERROR"
                : value >= Level.WARNING.intValue()
                        ? "WARNING"
                        : value >= Level.INFO.intValue() ? "INFO" : value >= Level.FINE.intValue() ? "DEBUG" : "TRACE";
    }

    private static String trace(Throwable thrown) {
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace));
        return trace.toString().strip();
    }
}

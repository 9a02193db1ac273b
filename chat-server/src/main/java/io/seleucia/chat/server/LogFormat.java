package io.seleucia.chat.server;

import com.google.gson.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A log record as one line, whatever stands in it: line ends and other characters that would move a terminal's cursor
 * are written as {@code \n} and {@code \u001b}. Called by the thread that logs.
 */
final class LogFormat extends Formatter {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\u2028\\u2029]");

    private final boolean json;

    /** @param json whether a line is an object of JSON, for programs, or a text, for people */
    LogFormat(boolean json) {
        this.json = json;
    }

    @Override
    public String format(LogRecord record) {
        return (json ? json(record) : text(record)) + "\n";
    }

    private String text(LogRecord record) {
        String thrown = record.getThrown() == null ? "" : ": " + trace(record.getThrown());
        return escaped("%s %-7s %s: %s%s"
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
        return escaped(line.toString()); // where control characters are escaped already, but for DEL and the like
    }

    private static String time(Instant at) {
        return TIME.format(at);
    }

    /** The names by which the code logs, instead of java.util.logging's. */
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

    private static String escaped(String line) {
        return CONTROL.matcher(line)
                .replaceAll(
                        found -> Matcher.quoteReplacement(escape(found.group().charAt(0))));
    }

    private static String escape(char control) {
        return switch (control) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> "\\u%04x".formatted((int) control);
        };
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Latencies;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.DoubleFunction;

/** What one run has measured, in the order of the report. */
final class Figures {
    /** How a figure is counted and written. */
    enum Unit {
        COUNT(value -> "%,.0f".formatted(value)),
        PER_SECOND(value -> "%,.0f/s".formatted(value)),
        MICROS(Unit::time),
        SECONDS(value -> "%,.2f s".formatted(value)),
        BYTES(value -> Math.abs(value) < 1e6 ? "%,.0f B".formatted(value) : "%,.1f MB".formatted(value / 1e6)),
        PERCENT(value -> "%.1f %%".formatted(value));

        private final DoubleFunction<String> format;

        Unit(DoubleFunction<String> format) {
            this.format = format;
        }

        private static String time(double micros) {
            return micros < 1e3
                    ? "%.1f us".formatted(micros)
                    : micros < 1e6 ? "%,.1f ms".formatted(micros / 1e3) : "%,.2f s".formatted(micros / 1e6);
        }

        String format(double value) {
            return format.apply(value);
        }
    }

    record Figure(double value, Unit unit) {
        @Override
        public String toString() {
            return unit.format(value);
        }
    }

    /** What Redis executed: how often for one of what is counted, and how long each took. */
    record Command(double times, double micros) {
        @Override
        public String toString() {
            return "%,.2f x %.1f us".formatted(times, micros);
        }
    }

    private static final int MOST_COMMANDS = 12;

    private final String name;
    private final Map<String, Figure> figures = new LinkedHashMap<>();
    private final Map<String, Command> commands = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();

    Figures(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    void put(String title, double value, Unit unit) {
        figures.put(title, new Figure(value, unit));
    }

    void put(String title, OptionalLong now, OptionalLong before, double by, Unit unit) {
        if (now.isPresent() && before.isPresent()) {
            put(title, (now.getAsLong() - before.getAsLong()) / by, unit);
        }
    }

    /** Puts some quantiles, if anything was measured. */
    void put(String title, Latencies latencies) {
        if (latencies.total() > 0) {
            put(title + " p50", latencies.quantile(0.5) / 1e3, Unit.MICROS);
            put(title + " p99", latencies.quantile(0.99) / 1e3, Unit.MICROS);
            put(title + " p99.9", latencies.quantile(0.999) / 1e3, Unit.MICROS);
            put(title + " max", latencies.max() / 1e3, Unit.MICROS);
        }
    }

    /** Puts who was how busy, of one processor. */
    void busy(String prefix, Usage usage) {
        put(prefix + "Redis busy", 100 * usage.redis().cpuSeconds() / usage.seconds(), Unit.PERCENT);
        put(prefix + "servers busy", 100 * usage.serverNanos() / 1e9 / usage.seconds(), Unit.PERCENT);
        put(prefix + "load busy", 100 * usage.loadNanos() / 1e9 / usage.seconds(), Unit.PERCENT);
        usage.othersNanos()
                .ifPresent(nanos -> put(prefix + "others busy", 100 * nanos / 1e9 / usage.seconds(), Unit.PERCENT));
    }

    /** Puts the commands that took Redis longest, for each {@code unit} of which there were so many. */
    void commands(String title, RedisReading difference, double count, String unit) {
        difference.commands().entrySet().stream()
                .filter(entry -> !entry.getKey().equals("info"))
                .sorted(Comparator.comparingLong(entry -> -entry.getValue().micros()))
                .limit(MOST_COMMANDS)
                .forEach(entry -> commands.put(
                        title + ": " + entry.getKey() + "/" + unit,
                        new Command(
                                entry.getValue().count() / count,
                                (double) entry.getValue().micros()
                                        / entry.getValue().count())));
    }

    /** Notes something that must not be. */
    void fail(String why) {
        failures.add(why);
    }

    /** Puts what clients saw go wrong, and notes what must not be at the end. */
    void outcome(Status status) {
        put("lost", status.expected() - status.delivered(), Unit.COUNT);
        put("duplicates", status.faults().duplicates(), Unit.COUNT);
        put("reordered", status.faults().reordered(), Unit.COUNT);
        put("wrong offsets", status.misplaced(), Unit.COUNT);
        errors(status);
        if (status.expected() != status.delivered()
                || status.faults().gaps()
                                + status.faults().duplicates()
                                + status.faults().reordered()
                        > 0
                || status.misplaced() > 0) {
            fail("lost %d, %s, wrong offsets %d"
                    .formatted(status.expected() - status.delivered(), status.faults(), status.misplaced()));
        }
    }

    /** Puts what servers refused and connections ended by. */
    void errors(Status status) {
        status.errors().forEach((what, count) -> put("error: " + what, count, Unit.COUNT));
    }

    Map<String, Figure> figures() {
        return figures;
    }

    Map<String, Command> commands() {
        return commands;
    }

    List<String> failures() {
        return failures;
    }
}

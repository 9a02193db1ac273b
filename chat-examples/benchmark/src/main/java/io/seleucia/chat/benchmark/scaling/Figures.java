package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Faults;
import io.seleucia.chat.benchmark.Latencies;
import io.seleucia.chat.benchmark.scaling.Status.Counter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.DoubleFunction;

/** The results of one run, in the order of the report. */
final class Figures {
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

    /** A cell of the report, in a row with a name. */
    interface Named {
        String name();
    }

    record Figure(String name, double value, Unit unit) implements Named {
        @Override
        public String toString() {
            return unit.format(value);
        }
    }

    /** A command of Redis: how often it was executed for each counted thing, and its duration. */
    record Command(String name, double times, double micros) implements Named {
        @Override
        public String toString() {
            return "%,.2f x %.1f us".formatted(times, micros);
        }
    }

    private static final int MOST_COMMANDS = 12;

    private final String name;
    private final List<Figure> figures = new ArrayList<>();
    private final List<Command> commands = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    Figures(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    void put(String title, double value, Unit unit) {
        figures.add(new Figure(title, value, unit));
    }

    void put(String title, OptionalLong now, OptionalLong before, double by, Unit unit) {
        if (now.isPresent() && before.isPresent()) {
            put(title, (now.getAsLong() - before.getAsLong()) / by, unit);
        }
    }

    void put(String title, Latencies latencies) {
        if (latencies.total() > 0) {
            put(title + " p50", latencies.quantile(0.5) / 1e3, Unit.MICROS);
            put(title + " p99", latencies.quantile(0.99) / 1e3, Unit.MICROS);
            put(title + " p99.9", latencies.quantile(0.999) / 1e3, Unit.MICROS);
            put(title + " max", latencies.max() / 1e3, Unit.MICROS);
        }
    }

    /** Puts the CPU load of each process, as a share of one processor. */
    void busy(String prefix, Usage usage) {
        put(prefix + "Redis busy", 100 * usage.redis().cpuSeconds() / usage.seconds(), Unit.PERCENT);
        put(prefix + "servers busy", 100 * usage.serverNanos() / 1e9 / usage.seconds(), Unit.PERCENT);
        put(prefix + "load busy", 100 * usage.loadNanos() / 1e9 / usage.seconds(), Unit.PERCENT);
        usage.othersNanos()
                .ifPresent(nanos -> put(prefix + "others busy", 100 * nanos / 1e9 / usage.seconds(), Unit.PERCENT));
    }

    /** Puts the commands that took Redis longest, per unit. */
    void commands(String title, RedisReading difference, double count, String unit) {
        difference.commands().entrySet().stream()
                .filter(entry -> !entry.getKey().equals("info"))
                .sorted(Comparator.comparingLong(entry -> -entry.getValue().micros()))
                .limit(MOST_COMMANDS)
                .forEach(entry -> commands.add(new Command(
                        title + ": " + entry.getKey() + "/" + unit,
                        entry.getValue().count() / count,
                        (double) entry.getValue().micros() / entry.getValue().count())));
    }

    void fail(String why) {
        failures.add(why);
    }

    /** Puts the faults that clients have seen, and fails if there are any. */
    void outcome(Status status) {
        long lost = status.count(Counter.EXPECTED) - status.count(Counter.DELIVERED);
        long misplaced = status.count(Counter.MISPLACED);
        put("lost", lost, Unit.COUNT);
        put("duplicates", status.faults().duplicates(), Unit.COUNT);
        put("reordered", status.faults().reordered(), Unit.COUNT);
        put("wrong offsets", misplaced, Unit.COUNT);
        errors(status);
        if (lost != 0 || !status.faults().equals(Faults.NONE) || misplaced > 0) {
            fail("lost %d, %s, wrong offsets %d".formatted(lost, status.faults(), misplaced));
        }
    }

    void errors(Status status) {
        status.errors().forEach((what, count) -> put("error: " + what, count, Unit.COUNT));
    }

    List<Figure> figures() {
        return figures;
    }

    List<Command> commands() {
        return commands;
    }

    List<String> failures() {
        return failures;
    }
}

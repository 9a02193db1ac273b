package io.seleucia.chat.benchmark;

import java.util.function.DoubleFunction;

/** The metrics. A result lacks those that are unknown. */
enum Metric {
    RATE("perSecond", "", value -> "%,.0f".formatted(value)),
    SERVER_CPU("serverCpuMicros", "", value -> "%,.2f us".formatted(value)),
    P50("p50Micros", "p50", Metric::time),
    P99("p99Micros", "p99", Metric::time),
    P999("p999Micros", "p99.9", Metric::time),
    MAX("maxMicros", "max", Metric::time),
    RESIDENT("residentBytes", "resident", value -> "%,.0f MB".formatted(value / 1e6)),
    RESIDENT_EACH("residentBytesPerConnection", "resident each", value -> "%,.0f B".formatted(value)),
    HEAP_EACH("liveHeapBytesPerConnection", "live heap each", value -> "%,.0f B".formatted(value)),
    LOAD_BUSY("loadBusyPercent", "load busy", value -> "%.0f %%".formatted(value)),
    BATCH("perRead", "per read", value -> "%.1f".formatted(value));

    private final String key;
    private final String title;
    private final DoubleFunction<String> format;

    Metric(String key, String title, DoubleFunction<String> format) {
        this.key = key;
        this.title = title;
        this.format = format;
    }

    private static String time(double micros) {
        return micros < 1_000 ? "%.0f us".formatted(micros) : "%,.1f ms".formatted(micros / 1_000);
    }

    /** Returns the name in JSON, which contains the unit. */
    String key() {
        return key;
    }

    String title(Scenario scenario) {
        String unit = scenario.unit();
        return switch (this) {
            case RATE -> (unit.endsWith("y") ? unit.substring(0, unit.length() - 1) + "ies" : unit + "s") + "/s";
            case SERVER_CPU -> "CPU/" + unit;
            case P50, P99, P999, MAX, RESIDENT, RESIDENT_EACH, HEAP_EACH, LOAD_BUSY, BATCH -> title;
        };
    }

    String format(double value) {
        return format.apply(value);
    }

    /** Returns whether servers can be compared by it. */
    boolean isOfServer() {
        return this != LOAD_BUSY;
    }
}

package io.seleucia.chat.examples.benchmark.scaling;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.examples.benchmark.Columns;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** What was measured, as a table with a column for each run, or as JSON. */
final class ScalingReport {
    private ScalingReport() {}

    /** The runs of one scenario as a table. */
    static String table(ScalingOptions options, List<Figures> runs) {
        Columns columns = new Columns();
        columns.add(
                Stream.concat(Stream.of(""), runs.stream().map(Figures::name)).toList());
        add(columns, runs, Figures::figures);
        columns.add(List.of(""));
        add(columns, runs, Figures::commands);
        return options.scenario() + ": " + options.scenario().purpose() + System.lineSeparator() + columns;
    }

    private static <T> void add(Columns columns, List<Figures> runs, Function<Figures, Map<String, T>> part) {
        Set<String> titles = new LinkedHashSet<>();
        runs.forEach(run -> titles.addAll(part.apply(run).keySet()));
        for (String title : titles) {
            Stream<String> cells = runs.stream()
                    .map(run -> part.apply(run).containsKey(title)
                            ? part.apply(run).get(title).toString()
                            : "-");
            columns.add(Stream.concat(Stream.of(title), cells).toList());
        }
    }

    /** All runs as one document; {@code failures} says in words what went wrong. */
    static String json(Map<ScalingOptions, List<Figures>> results, List<String> failures) {
        JsonObject report = new JsonObject();
        report.addProperty("version", ChatServer.NAME);
        report.addProperty("time", Instant.now().toString());
        report.addProperty("java", System.getProperty("java.runtime.version"));
        report.addProperty("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        report.addProperty("processors", Runtime.getRuntime().availableProcessors());
        JsonArray runs = new JsonArray();
        results.forEach((options, figures) -> figures.forEach(run -> runs.add(json(options, run))));
        report.add("runs", runs);
        JsonArray failed = new JsonArray();
        failures.forEach(failed::add);
        report.add("failures", failed);
        return new GsonBuilder().setPrettyPrinting().create().toJson(report);
    }

    private static JsonObject json(ScalingOptions options, Figures run) {
        JsonObject json = new JsonObject();
        json.addProperty("scenario", options.scenario().toString());
        json.addProperty("name", run.name());
        JsonArray figures = new JsonArray();
        run.figures().forEach((title, figure) -> {
            JsonObject one = new JsonObject();
            one.addProperty("name", title);
            one.addProperty("value", figure.value());
            one.addProperty("unit", figure.unit().name().toLowerCase(Locale.ROOT));
            figures.add(one);
        });
        json.add("figures", figures);
        JsonArray commands = new JsonArray();
        run.commands().forEach((title, command) -> {
            JsonObject one = new JsonObject();
            one.addProperty("name", title);
            one.addProperty("times", command.times());
            one.addProperty("micros", command.micros());
            commands.add(one);
        });
        json.add("commands", commands);
        return json;
    }
}

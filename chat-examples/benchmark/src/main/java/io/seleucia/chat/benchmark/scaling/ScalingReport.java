package io.seleucia.chat.benchmark.scaling;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.benchmark.Arguments;
import io.seleucia.chat.benchmark.Columns;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** The results as a table with a column for each run, or as a JSON document, which is this record. */
record ScalingReport(
        String version,
        String time,
        String java,
        String system,
        int processors,
        List<Run> runs,
        List<String> failures) {
    private record Run(String scenario, String name, List<Figures.Figure> figures, List<Figures.Command> commands) {}

    private static final JsonSerializer<Figures.Unit> UNITS =
            (unit, type, context) -> new JsonPrimitive(Arguments.lower(unit));

    static String table(ScalingOptions options, List<Figures> runs) {
        Columns columns = new Columns();
        columns.add(
                Stream.concat(Stream.of(""), runs.stream().map(Figures::name)).toList());
        add(columns, runs, Figures::figures);
        columns.add(List.of(""));
        add(columns, runs, Figures::commands);
        return options.scenario() + ": " + options.scenario().purpose() + System.lineSeparator() + columns;
    }

    private static void add(
            Columns columns, List<Figures> runs, Function<Figures, List<? extends Figures.Named>> part) {
        runs.stream()
                .map(part)
                .flatMap(List::stream)
                .map(Figures.Named::name)
                .distinct()
                .forEach(title -> {
                    Stream<String> cells = runs.stream()
                            .map(run -> part.apply(run).stream()
                                    .filter(cell -> cell.name().equals(title))
                                    .map(Object::toString)
                                    .findFirst()
                                    .orElse("-"));
                    columns.add(Stream.concat(Stream.of(title), cells).toList());
                });
    }

    static String json(Map<ScalingOptions, List<Figures>> results, List<String> failures) {
        List<Run> runs = new ArrayList<>();
        results.forEach((options, all) -> all.forEach(
                run -> runs.add(new Run(options.scenario().toString(), run.name(), run.figures(), run.commands()))));
        ScalingReport report = new ScalingReport(
                ChatServer.NAME,
                Instant.now().toString(),
                System.getProperty("java.runtime.version"),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                Runtime.getRuntime().availableProcessors(),
                runs,
                failures);
        return new GsonBuilder()
                .setPrettyPrinting()
                .serializeSpecialFloatingPointValues()
                .registerTypeAdapter(Figures.Unit.class, UNITS)
                .create()
                .toJson(report);
    }
}

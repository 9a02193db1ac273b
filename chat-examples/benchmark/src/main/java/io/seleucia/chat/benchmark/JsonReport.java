package io.seleucia.chat.benchmark;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import io.seleucia.chat.ChatServer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** All results, run by run, as one JSON document. */
record JsonReport(
        String version,
        String time,
        String java,
        String system,
        String protocol,
        int warmupSeconds,
        int seconds,
        String serverCpus,
        List<JsonObject> scenarios,
        List<String> failures) {
    private static final JsonSerializer<Double> ROUNDED = (value, type, context) -> new JsonPrimitive(rounded(value));
    private static final Gson GSON = new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .registerTypeAdapter(Double.class, ROUNDED)
            .registerTypeAdapter(double.class, ROUNDED)
            .create();

    static String of(Options options, Pinning pinning, List<Comparison> comparisons, List<String> failures) {
        return GSON.toJson(new JsonReport(
                ChatServer.NAME,
                Instant.now().toString(),
                System.getProperty("java.runtime.version"),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                options.protocol().subprotocol(),
                options.warmup(),
                options.seconds(),
                pinning.serverCpus().orElse("any"),
                comparisons.stream().map(JsonReport::scenario).toList(),
                failures));
    }

    private static JsonObject scenario(Comparison comparison) {
        Workload workload = comparison.workload();
        JsonObject json = GSON.toJsonTree(workload).getAsJsonObject();
        json.addProperty("scenario", workload.scenario().toString());
        json.addProperty("unit", workload.scenario().unit());
        List<JsonObject> runs = new ArrayList<>();
        for (String server : comparison.servers()) {
            int pair = 1;
            for (Result result : comparison.results(server)) {
                runs.add(run(server, pair++, result));
            }
        }
        json.add("runs", GSON.toJsonTree(runs));
        json.add(
                "ratios",
                GSON.toJsonTree(comparison.pairs().stream()
                        .map(pair -> ratios(comparison, pair))
                        .toList()));
        return json;
    }

    private static JsonObject run(String server, int pair, Result result) {
        JsonObject json = new JsonObject();
        json.addProperty("server", server);
        json.addProperty("pair", pair);
        result.values().forEach((metric, value) -> json.addProperty(metric.key(), rounded(value)));
        GSON.toJsonTree(result.faults()).getAsJsonObject().asMap().forEach(json::add);
        return json;
    }

    private static JsonObject ratios(Comparison comparison, Comparison.Pair pair) {
        JsonObject json = GSON.toJsonTree(pair).getAsJsonObject();
        for (Metric metric : Metric.values()) {
            if (metric.isOfServer()) {
                comparison.ratio(pair, metric).ifPresent(ratio -> json.add(metric.key(), GSON.toJsonTree(ratio)));
            }
        }
        return json;
    }

    /** Rounds to three decimals below 1,000, and else to a whole number. */
    private static Number rounded(double value) {
        return Math.abs(value) < 1_000 ? (Number) (Math.round(value * 1e3) / 1e3) : (Number) Math.round(value);
    }
}

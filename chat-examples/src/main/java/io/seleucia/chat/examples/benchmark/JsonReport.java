package io.seleucia.chat.examples.benchmark;

import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.ChatServer;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All that was measured, run by run, as one JSON document. */
final class JsonReport {
    private final StringWriter text = new StringWriter();
    private final JsonWriter json = new JsonWriter(text);

    private JsonReport() {
        json.setIndent("  ");
    }

    /** Writes it; {@code failures} says in words what could not be measured. */
    static String of(Options options, Pinning pinning, List<Comparison> comparisons, List<String> failures) {
        try {
            JsonReport report = new JsonReport();
            report.write(options, pinning, comparisons, failures);
            return report.text.toString();
        } catch (IOException e) {
            throw new IllegalStateException("a StringWriter takes everything", e);
        }
    }

    private void write(Options options, Pinning pinning, List<Comparison> comparisons, List<String> failures)
            throws IOException {
        json.beginObject();
        json.name("version").value(ChatServer.NAME);
        json.name("time").value(Instant.now().toString());
        json.name("java").value(System.getProperty("java.runtime.version"));
        json.name("system").value(System.getProperty("os.name") + " " + System.getProperty("os.version"));
        json.name("protocol").value(options.protocol().subprotocol());
        json.name("warmupSeconds").value(options.warmup());
        json.name("seconds").value(options.seconds());
        json.name("serverCpus").value(pinning.serverCpus().orElse("any"));
        json.name("scenarios").beginArray();
        for (Comparison comparison : comparisons) {
            write(comparison);
        }
        json.endArray();
        json.name("failures").beginArray();
        for (String failure : failures) {
            json.value(failure);
        }
        json.endArray();
        json.endObject();
    }

    private void write(Comparison comparison) throws IOException {
        Workload workload = comparison.workload();
        json.beginObject();
        json.name("scenario").value(workload.scenario().toString());
        json.name("unit").value(workload.scenario().unit());
        json.name("channels").value(workload.channels());
        json.name("members").value(workload.members());
        json.name("senders").value(workload.senders());
        json.name("window").value(workload.window());
        json.name("rate").value(workload.rate());
        json.name("bytes").value(workload.bytes());
        json.name("runs").beginArray();
        for (String server : comparison.servers()) {
            int pair = 1;
            for (Result result : comparison.results(server)) {
                write(server, pair++, result);
            }
        }
        json.endArray();
        json.name("ratios").beginArray();
        for (Pair pair : Pair.of(comparison.servers())) {
            write(comparison, pair);
        }
        json.endArray();
        json.endObject();
    }

    private void write(String server, int pair, Result result) throws IOException {
        json.beginObject();
        json.name("server").value(server);
        json.name("pair").value(pair);
        for (Map.Entry<Metric, Double> value : result.values().entrySet()) {
            json.name(value.getKey().key()).value(rounded(value.getValue()));
        }
        json.name("gaps").value(result.faults().gaps());
        json.name("duplicates").value(result.faults().duplicates());
        json.name("reordered").value(result.faults().reordered());
        json.endObject();
    }

    private void write(Comparison comparison, Pair pair) throws IOException {
        json.beginObject();
        json.name("server").value(pair.server());
        json.name("other").value(pair.other());
        for (Metric metric : Metric.values()) {
            Optional<Comparison.Ratio> ratio = comparison.ratio(pair.server(), pair.other(), metric);
            if (metric.isOfServer() && ratio.isPresent()) {
                json.name(metric.key()).beginObject();
                json.name("median").value(rounded(ratio.get().median()));
                json.name("least").value(rounded(ratio.get().low()));
                json.name("most").value(rounded(ratio.get().high()));
                json.endObject();
            }
        }
        json.endObject();
    }

    /** Three decimals where they say something. */
    private static Number rounded(double value) {
        return Math.abs(value) < 1_000 ? (Number) (Math.round(value * 1e3) / 1e3) : (Number) Math.round(value);
    }
}

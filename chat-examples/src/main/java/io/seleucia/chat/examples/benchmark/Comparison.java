package io.seleucia.chat.examples.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One scenario with several servers, each as often as the others, in turn: run n of one belongs to run n of another. */
final class Comparison {
    /** The median of what was measured in pairs, the smallest and the largest. */
    record Ratio(double median, double low, double high) {}

    private final Workload workload;
    private final Map<String, List<Result>> results = new LinkedHashMap<>(); // by server

    Comparison(Workload workload) {
        this.workload = workload;
    }

    Workload workload() {
        return workload;
    }

    void add(String server, Result result) {
        results.computeIfAbsent(server, any -> new ArrayList<>()).add(result);
    }

    /** In the order in which they were measured. */
    List<String> servers() {
        return List.copyOf(results.keySet());
    }

    List<Result> results(String server) {
        return results.get(server);
    }

    /** The median over all runs with a server, if they have it. */
    Optional<Double> median(String server, Metric metric) {
        return values(server, metric).map(Comparison::median);
    }

    /** One server's values by another's, pair by pair. */
    Optional<Ratio> ratio(String server, String other, Metric metric) {
        Optional<List<Double>> above = values(server, metric);
        Optional<List<Double>> below = values(other, metric);
        if (above.isEmpty() || below.isEmpty() || below.get().contains(0.0)) {
            return Optional.empty();
        }
        List<Double> ratios = new ArrayList<>();
        for (int pair = 0; pair < above.get().size(); pair++) {
            ratios.add(above.get().get(pair) / below.get().get(pair));
        }
        ratios.sort(null);
        return Optional.of(new Ratio(median(ratios), ratios.getFirst(), ratios.getLast()));
    }

    private Optional<List<Double>> values(String server, Metric metric) {
        List<Double> values = results.get(server).stream()
                .map(result -> result.values().get(metric))
                .toList();
        return values.contains(null) ? Optional.empty() : Optional.of(values);
    }

    /** Of all runs with a server together. */
    Latencies latencies(String server) {
        Latencies all = new Latencies();
        results.get(server).forEach(result -> all.add(result.latencies()));
        return all;
    }

    /** Of all runs with a server together. */
    Faults faults(String server) {
        return results.get(server).stream().map(Result::faults).reduce(Faults.NONE, Faults::plus);
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}

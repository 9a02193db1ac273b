package io.seleucia.chat.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The results of one scenario with several servers, which were measured in turn: the nth runs of all servers are pairs. */
final class Comparison {
    /** The median, least and largest ratio of the pairs of runs. */
    record Ratio(double median, double least, double most) {}

    /** Two servers whose ratio is of interest. */
    record Pair(String server, String other) {
        @Override
        public String toString() {
            return server + " : " + other;
        }
    }

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

    /** Returns the servers in the order in which they were measured. */
    List<String> servers() {
        return List.copyOf(results.keySet());
    }

    /** Returns the measured pairs: the server and the selector server, and with and without a journal. */
    List<Pair> pairs() {
        String seleucia = Candidate.Kind.SELEUCIA.toString();
        String selector = Candidate.Kind.SELECTOR.toString();
        return Stream.of(new Pair(seleucia, selector), new Pair(Candidate.JOURNAL, seleucia))
                .filter(pair -> results.containsKey(pair.server) && results.containsKey(pair.other))
                .toList();
    }

    List<Result> results(String server) {
        return results.get(server);
    }

    /** Returns the median over all runs with a server, if they have the metric. */
    Optional<Double> median(String server, Metric metric) {
        return values(server, metric).map(Comparison::median);
    }

    Optional<Ratio> ratio(Pair pair, Metric metric) {
        Optional<List<Double>> above = values(pair.server, metric);
        Optional<List<Double>> below = values(pair.other, metric);
        if (above.isEmpty() || below.isEmpty() || below.get().contains(0.0)) {
            return Optional.empty();
        }
        List<Double> ratios = new ArrayList<>();
        for (int run = 0; run < above.get().size(); run++) {
            ratios.add(above.get().get(run) / below.get().get(run));
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

    Faults faults(String server) {
        return results.get(server).stream().map(Result::faults).reduce(Faults.NONE, Faults::plus);
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}

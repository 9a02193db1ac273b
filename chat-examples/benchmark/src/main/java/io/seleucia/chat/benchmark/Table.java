package io.seleucia.chat.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** A comparison as text: a line with medians for each server, and lines with ratios. */
final class Table {
    private final Comparison comparison;
    private final List<Metric> metrics;
    private final Columns rows = new Columns();

    private Table(Comparison comparison) {
        this.comparison = comparison;
        metrics = Arrays.stream(Metric.values())
                .filter(metric -> comparison.servers().stream()
                        .anyMatch(server -> comparison.median(server, metric).isPresent()))
                .toList();
    }

    static String of(Comparison comparison) {
        Table table = new Table(comparison);
        table.head();
        comparison.servers().forEach(table::server);
        comparison.pairs().forEach(table::pair);
        return "%s: %s%n%s"
                .formatted(
                        comparison.workload().scenario(), comparison.workload().description(), table.rows);
    }

    private void head() {
        Stream<String> titles = metrics.stream()
                .map(metric -> metric.title(comparison.workload().scenario()));
        rows.add(row("", Stream.concat(titles, Stream.of("gaps", "duplicates", "reordered"))));
    }

    private void server(String server) {
        Faults faults = comparison.faults(server);
        Stream<String> medians = metrics.stream()
                .map(metric ->
                        comparison.median(server, metric).map(metric::format).orElse("-"));
        Stream<String> counts = Stream.of(faults.gaps(), faults.duplicates(), faults.reordered())
                .map("%,d"::formatted);
        rows.add(row(server, Stream.concat(medians, counts)));
    }

    private void pair(Comparison.Pair pair) {
        rows.add(ratios(pair, pair.toString(), Comparison.Ratio::median));
        if (comparison.results(pair.server()).size() > 1) {
            rows.add(ratios(pair, "  least", Comparison.Ratio::least));
            rows.add(ratios(pair, "  most", Comparison.Ratio::most));
        }
    }

    private List<String> ratios(Comparison.Pair pair, String title, ToDoubleFunction<Comparison.Ratio> part) {
        return row(
                title,
                metrics.stream()
                        .map(metric -> Optional.of(metric)
                                .filter(Metric::isOfServer)
                                .flatMap(of -> comparison.ratio(pair, of))
                                .map(ratio -> "%.2f".formatted(part.applyAsDouble(ratio)))
                                .orElse("")));
    }

    private static List<String> row(String title, Stream<String> cells) {
        return Stream.concat(Stream.of(title), cells).toList();
    }
}

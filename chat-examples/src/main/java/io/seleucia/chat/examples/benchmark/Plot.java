package io.seleucia.chat.examples.benchmark;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A picture of latencies, as SVG: a panel for each scenario, a line for each server. To the right the share of slower
 * messages becomes ten times smaller with each step, so that the slowest few are seen as well as the many.
 */
final class Plot {
    private static final int PANEL_WIDTH = 620;
    private static final int PANEL_HEIGHT = 400;
    private static final int LEFT = 74; // from the edges of a panel to its axes
    private static final int RIGHT = 40;
    private static final int TOP = 84;
    private static final int BOTTOM = 62;
    private static final int LEGEND_STEP = 130;
    private static final int TITLE_Y = 28;
    private static final int SUBTITLE_Y = 47;
    private static final int LEGEND_Y = 70;
    private static final double LINE_STEP = 0.02; // of a power of ten
    private static final double MIN_DECADES = 2;
    private static final double MAX_DECADES = 5;
    private static final double MANY = 0.05; // faster ones are not worth the height they would take
    private static final List<String> COLOURS = List.of("#2563eb", "#d97706", "#059669");

    /** 1, 2 and 5 nanoseconds, and so on, up to 500 seconds. */
    private static final List<Double> TICKS = IntStream.range(0, 12)
            .mapToObj(power -> Stream.of(1, 2, 5).map(digit -> digit * Math.pow(10, power)))
            .flatMap(ticks -> ticks)
            .toList();

    private final StringBuilder svg = new StringBuilder();
    private final Comparison comparison;
    private final List<Latencies> latencies; // by server
    private final double left;
    private final double top;
    private final double decades; // of the share of slower messages
    private final double lowest; // latency, in nanoseconds
    private final double highest;

    private Plot(Comparison comparison, double x, double y) {
        this.comparison = comparison;
        left = x + LEFT;
        top = y + TOP;
        latencies = comparison.servers().stream().map(comparison::latencies).toList();
        decades = latencies.stream()
                .mapToDouble(of -> Math.clamp(Math.log10(of.total()), MIN_DECADES, MAX_DECADES))
                .max()
                .orElse(MIN_DECADES);
        double least =
                latencies.stream().mapToDouble(of -> of.quantile(MANY)).min().orElse(1);
        double most = latencies.stream().mapToDouble(Latencies::max).max().orElse(1);
        lowest = TICKS.stream()
                .mapToDouble(Double::doubleValue)
                .filter(tick -> tick <= least)
                .max()
                .orElse(1);
        highest = TICKS.stream()
                .mapToDouble(Double::doubleValue)
                .filter(tick -> tick > Math.max(most, lowest))
                .min()
                .orElse(most);
    }

    /** Draws what has latencies; scenarios that were given up, and that of idle connections, have none. */
    static String of(List<Comparison> comparisons) {
        List<Comparison> drawn = comparisons.stream()
                .filter(comparison -> !comparison.servers().isEmpty())
                .filter(comparison -> comparison.workload().scenario() != Scenario.IDLE)
                .toList();
        int columns = drawn.size() > 1 ? 2 : 1;
        int width = columns * PANEL_WIDTH;
        int height = (drawn.size() + columns - 1) / columns * PANEL_HEIGHT;
        StringBuilder svg = new StringBuilder();
        svg.append("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" \
                font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12" fill="#374151">
                <rect width="100%%" height="100%%" fill="#ffffff"/>
                """.formatted(width, height, width, height));
        for (int i = 0; i < drawn.size(); i++) {
            svg.append(new Plot(drawn.get(i), i % columns * PANEL_WIDTH, i / columns * PANEL_HEIGHT).panel());
        }
        return svg.append("</svg>\n").toString();
    }

    private String panel() {
        Workload workload = comparison.workload();
        double x = left;
        double y = top - TOP;
        svg.append(
                "<text x=\"%.0f\" y=\"%.0f\" font-size=\"16\" font-weight=\"600\" fill=\"#111827\">%s: latency</text>\n"
                        .formatted(x, y + TITLE_Y, workload.scenario()));
        text(x, y + SUBTITLE_Y, "start", workload.description());
        shares();
        times();
        for (int server = 0; server < latencies.size(); server++) {
            String colour = COLOURS.get(server % COLOURS.size());
            line(latencies.get(server), colour);
            legend(comparison.servers().get(server), colour, x + server * LEGEND_STEP, y + LEGEND_Y);
        }
        return svg.toString();
    }

    /** The axis below: the median, then 90 %, 99 % and so on, a step each. */
    private void shares() {
        share(Math.log10(2), "50 %");
        share(1, "90 %");
        for (int nines = 2; nines <= decades; nines++) {
            share(nines, "99" + (nines > 2 ? "." + "9".repeat(nines - 2) : "") + " %");
        }
        text(x(decades / 2), bottom() + 44, "middle", "share of " + plural() + " that took no longer");
    }

    private String plural() {
        return Metric.RATE.title(comparison.workload().scenario()).replace("/s", "");
    }

    private void share(double at, String name) {
        grid(x(at), top, x(at), bottom(), "#e5e7eb");
        text(x(at), bottom() + 20, "middle", name);
    }

    /** The axis on the left. Where all names would not find room, those of powers of ten do. */
    private void times() {
        boolean roomy = highest / lowest <= 1e3;
        for (int i = 0; i < TICKS.size(); i++) {
            double tick = TICKS.get(i);
            boolean power = i % 3 == 0;
            if (tick >= lowest && tick <= highest) {
                grid(left, y(tick), x(decades), y(tick), power ? "#d1d5db" : "#f0f1f3");
                if (power || roomy) {
                    text(left - 8, y(tick) + 4, "end", time(tick));
                }
            }
        }
    }

    static String time(double nanos) {
        if (nanos < 1e3) {
            return "%.0f ns".formatted(nanos);
        }
        if (nanos < 1e6) {
            return "%.0f µs".formatted(nanos / 1e3);
        }
        return nanos < 1e9 ? "%.0f ms".formatted(nanos / 1e6) : "%.0f s".formatted(nanos / 1e9);
    }

    private void line(Latencies of, String colour) {
        double end = Math.min(decades, Math.log10(Math.max(1, of.total())));
        StringBuilder points = new StringBuilder();
        for (double at = 0; at < end; at += LINE_STEP) {
            points.append("%.1f,%.1f ".formatted(x(at), y(of.quantile(1 - Math.pow(10, -at)))));
        }
        points.append("%.1f,%.1f".formatted(x(end), y(of.quantile(1 - Math.pow(10, -end)))));
        svg.append(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n"
                        .formatted(points, colour));
    }

    private void legend(String server, String colour, double x, double y) {
        svg.append("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"3\"/>\n"
                .formatted(x, y - 4, x + 22, y - 4, colour));
        text(x + 29, y, "start", server);
    }

    private void grid(double x1, double y1, double x2, double y2, String colour) {
        svg.append("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n"
                .formatted(x1, y1, x2, y2, colour));
    }

    private void text(double x, double y, String anchor, String text) {
        String escaped = text.replace("&", "&amp;").replace("<", "&lt;");
        svg.append("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n".formatted(x, y, anchor, escaped));
    }

    private double x(double at) {
        return left + at / decades * (PANEL_WIDTH - LEFT - RIGHT);
    }

    private double bottom() {
        return top + PANEL_HEIGHT - TOP - BOTTOM;
    }

    private double y(double nanos) {
        double share = Math.log10(Math.max(lowest, nanos) / lowest) / Math.log10(highest / lowest);
        return bottom() - share * (bottom() - top);
    }
}

package io.seleucia.chat.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class PlotTest {
    private static Comparison comparison(Scenario scenario, LongStream... nanos) {
        Comparison comparison = new Comparison(scenario.workload(128));
        for (int server = 0; server < nanos.length; server++) {
            Latencies latencies = new Latencies();
            nanos[server].forEach(latencies::record);
            comparison.add("server & <" + server + ">", new Result(Map.of(), latencies, Faults.NONE));
        }
        return comparison;
    }

    private static Document draw(Comparison... comparisons) throws Exception {
        byte[] svg = Plot.of(List.of(comparisons)).getBytes(StandardCharsets.UTF_8);
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg));
    }

    private static List<Element> elements(Document svg, String name) {
        NodeList nodes = svg.getElementsByTagName(name);
        return IntStream.range(0, nodes.getLength())
                .mapToObj(i -> (Element) nodes.item(i))
                .toList();
    }

    @Test
    void isWellFormedWithALineForEachServer() throws Exception {
        Document svg = draw(
                comparison(Scenario.BIG, new Random(1).longs(10_000, 1_000_000, 90_000_000), LongStream.of(7_000_000)),
                comparison(Scenario.ECHO, LongStream.of(50_000)));

        assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(elements(svg, "polyline")).hasSize(3);
        assertThat(elements(svg, "text"))
                .extracting(Element::getTextContent)
                .contains("big: latency", "echo: latency", "server & <0>", "server & <1>", "99.9 %", "10 ms", "50 µs");
    }

    @Test
    void staysWithinItsFrame() throws Exception {
        Document svg = draw(comparison(
                Scenario.WIDE,
                LongStream.of(0, 1, 10_000_000_000L),
                LongStream.range(0, 3_000).map(i -> i * i)));
        double width = Double.parseDouble(svg.getDocumentElement().getAttribute("width"));
        double height = Double.parseDouble(svg.getDocumentElement().getAttribute("height"));

        for (Element line : elements(svg, "polyline")) {
            for (String point : line.getAttribute("points").split(" ")) {
                assertThat(Double.parseDouble(point.split(",")[0])).isBetween(0.0, width);
                assertThat(Double.parseDouble(point.split(",")[1])).isBetween(0.0, height);
            }
        }
    }

    @Test
    void leavesOutWhatHasNoLatencies() throws Exception {
        Document svg = draw(comparison(Scenario.IDLE, LongStream.of(5)), comparison(Scenario.SOLO));

        assertThat(elements(svg, "polyline")).isEmpty();
    }

    @Test
    void namesTimes() {
        assertThat(Plot.time(500)).isEqualTo("500 ns");
        assertThat(Plot.time(20_000)).isEqualTo("20 µs");
        assertThat(Plot.time(5_000_000)).isEqualTo("5 ms");
        assertThat(Plot.time(2_000_000_000)).isEqualTo("2 s");
    }
}

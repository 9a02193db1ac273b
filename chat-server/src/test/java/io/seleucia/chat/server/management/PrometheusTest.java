package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.TestClient;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.SimpleFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The page of metrics, read as strictly as the format 0.0.4 is described. */
class PrometheusTest {
    private static final Pattern HELP = Pattern.compile("# HELP ([a-z_]+) ([A-Z0-9][^\\\\]*)");
    private static final Pattern TYPE = Pattern.compile("# TYPE ([a-z_]+) (counter|gauge|histogram)");
    private static final Pattern SAMPLE = Pattern.compile(
            "([a-z_]+)((?:\\{[a-z_]+=\"[^\"\\\\]*\"(?:,[a-z_]+=\"[^\"\\\\]*\")*})?) (-?[0-9]+(?:\\.[0-9]+)?(?:E-?[0-9]+)?)");

    private ChatServer server;
    private Management management;
    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, Double> samples = new LinkedHashMap<>();

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder().port(0).start();
        management = new Management(Access.local(), 0);
        management.serve(server, new RecentLines(new SimpleFormatter()), List::of);
    }

    @AfterEach
    void stop() {
        management.close();
        server.close();
    }

    private void scrape() throws Exception {
        types.clear();
        samples.clear();
        Http.Reply reply = new Http(URI.create(management.url()).getPort()).get("/metrics");
        assertThat(reply.headers()).containsIgnoringCase("Content-Type: text/plain; version=0.0.4; charset=utf-8");
        assertThat(reply.body()).endsWith("\n");
        String announced = "";
        for (String line : reply.body().split("\n")) {
            Matcher help = HELP.matcher(line);
            Matcher type = TYPE.matcher(line);
            Matcher sample = SAMPLE.matcher(line);
            if (help.matches()) {
                announced = help.group(1);
            } else if (type.matches()) {
                assertThat(type.group(1)).as("behind its help").isEqualTo(announced);
                assertThat(types.put(announced, type.group(2))).as(line).isNull();
            } else {
                assertThat(sample.matches()).as(line).isTrue();
                assertThat(sample.group(1)).as("behind its type").matches(announced + "(_bucket|_sum|_count)?");
                assertThat(samples.put(sample.group(1) + sample.group(2), Double.valueOf(sample.group(3))))
                        .as(line)
                        .isNull();
            }
        }
    }

    @Test
    void namesCountersAndUnitsAsIsTheCustom() throws Exception {
        scrape();

        assertThat(types).hasSizeGreaterThan(20);
        types.forEach((name, type) -> {
            assertThat(name.endsWith("_total")).as(name).isEqualTo(type.equals("counter"));
            assertThat(name).doesNotContain("millis", "kilobytes");
        });
    }

    @Test
    void countsAConversation() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            ada.publish("ada", "lobby", "one").next();
            bob.publish("bob", "lobby", "two").next();
            ada.next();
            bob.next();
            ada.expectNothingElse();
            bob.expectNothingElse();
            scrape();
        }

        assertThat(samples)
                .containsEntry("seleucia_connections", 2.0)
                .containsEntry("seleucia_channels", 1.0)
                .containsEntry("seleucia_connections_begun_total", 2.0)
                .containsEntry("seleucia_connections_ended_total{code=\"1000\",reason=\"normal\"}", 0.0)
                .containsEntry("seleucia_messages_received_total", 6.0)
                .containsEntry("seleucia_publish_duration_seconds_count", 2.0)
                .containsEntry("seleucia_messages_delivered_total", 4.0)
                .containsEntry("seleucia_slow_consumers_total", 0.0)
                .containsEntry("seleucia_recoveries_total{result=\"hit\"}", 0.0)
                .containsEntry("seleucia_broker_up", 1.0)
                .containsEntry("seleucia_draining", 0.0);
        assertThat(samples.get("seleucia_received_bytes_total")).isGreaterThan(100);
        assertThat(samples.get("seleucia_sent_bytes_total")).isGreaterThan(100);
        assertThat(samples.get("process_cpu_seconds_total")).isPositive();
    }

    @Test
    void hasAHistogramThatOnlyRises() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            ada.publish("ada", "lobby", "one").next();
            scrape();
        }

        List<Double> bounds = new ArrayList<>();
        List<Double> counts = new ArrayList<>();
        samples.forEach((name, value) -> {
            Matcher bucket = Pattern.compile("seleucia_publish_duration_seconds_bucket\\{le=\"(.*)\"}")
                    .matcher(name);
            if (bucket.matches()) {
                bounds.add(bucket.group(1).equals("+Inf") ? Double.POSITIVE_INFINITY : Double.valueOf(bucket.group(1)));
                counts.add(value);
            }
        });
        assertThat(bounds).isSorted().doesNotHaveDuplicates().startsWith(0.0001).endsWith(Double.POSITIVE_INFINITY);
        assertThat(counts).isSorted().endsWith(1.0);
        assertThat(samples.get("seleucia_publish_duration_seconds_sum")).isPositive();
    }
}

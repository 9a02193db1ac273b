package io.seleucia.chat.server.management;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Metrics;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.message.CloseCode;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;

/**
 * The metrics in Prometheus' text format 0.0.4: a page, written once and by one thread. Base units are seconds and
 * bytes, and no label has a value that a client chooses.
 */
final class Prometheus {
    static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";
    private static final double NANOS = 1e9;
    private static final double MILLIS = 1e3;

    private final ChatServer server;
    private final StringBuilder page = new StringBuilder();

    Prometheus(ChatServer server) {
        this.server = server;
    }

    String text() {
        Metrics metrics = server.metrics();
        gauge("seleucia_connections", "Connections that are there.", metrics.connections());
        gauge("seleucia_channels", "Channels that have subscribers on this server.", metrics.channels());
        gauge("seleucia_queued_bytes", "What waits to be written to all clients.", metrics.queuedBytes());
        counter("seleucia_connections_begun", "Connections whose handshake was done.", metrics.connectionsBegun());
        ended(metrics);
        counter("seleucia_slow_consumers", "Connections that were closed with 4000.", metrics.slowConsumers());
        counter("seleucia_messages_received", "Messages that came, requests of all kinds.", metrics.received());
        counter("seleucia_requests_rate_limited", "Requests that were refused as too many.", metrics.rateLimited());
        publishing(metrics.publishing());
        counter("seleucia_messages_delivered", "Messages given to a member of a channel.", metrics.delivered());
        counter("seleucia_received_bytes", "Bytes that came, inside TLS.", metrics.bytesIn());
        counter("seleucia_sent_bytes", "Bytes that were written, inside TLS.", metrics.bytesOut());
        head("seleucia_recoveries_total", "counter", "Subscriptions that said since when they missed something.");
        sample("seleucia_recoveries_total", "{result=\"hit\"}", metrics.recovered());
        sample("seleucia_recoveries_total", "{result=\"miss\"}", metrics.notRecovered());
        broker(metrics);
        gauge("seleucia_draining", "1 while the server is ending.", server.isDraining() ? 1 : 0);
        head("seleucia_info", "gauge", "Always 1, with the version.");
        sample("seleucia_info", "{version=\"" + ChatServer.NAME.replaceFirst(".*/", "") + "\"}", 1);
        process();
        return page.toString();
    }

    private void ended(Metrics metrics) {
        String name = "seleucia_connections_ended_total";
        head(name, "counter", "Connections whose end has begun, by its reason and code.");
        for (CloseCode code : CloseCode.values()) {
            String reason = code.name().toLowerCase(Locale.ROOT);
            sample(
                    name,
                    "{code=\"" + code.code() + "\",reason=\"" + reason + "\"}",
                    metrics.connectionsEnded().get(code));
        }
    }

    private void publishing(Metrics.Durations durations) {
        String name = "seleucia_publish_duration_seconds";
        head(name, "histogram", "How long the broker took for a message of a client.");
        long upToHere = 0;
        for (Metrics.Bucket bucket : durations.buckets()) {
            upToHere += bucket.count();
            String bound = bucket.upTo().equals(Metrics.Bucket.UNBOUNDED)
                    ? "+Inf"
                    : number(bucket.upTo().toNanos() / NANOS);
            sample(name + "_bucket", "{le=\"" + bound + "\"}", upToHere);
        }
        sample(name + "_sum", "", durations.total().toNanos() / NANOS);
        sample(name + "_count", "", upToHere);
    }

    private void broker(Metrics metrics) {
        Broker.Health health = server.broker().health();
        gauge(
                "seleucia_broker_up",
                "1 while the broker takes messages.",
                health.flaw().isEmpty() ? 1 : 0);
        health.proven()
                .ifPresent(age -> gauge(
                        "seleucia_broker_proof_age_seconds",
                        "How long ago it was last seen that messages arrive.",
                        age.toNanos() / NANOS));
        counter("seleucia_broker_reconnects", "Connections to the broker made anew.", metrics.brokerReconnects());
    }

    private void process() {
        gauge(
                "process_start_time_seconds",
                "When the process began, since 1970.",
                ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            counter("process_cpu_seconds", "CPU time of the process.", system.getProcessCpuTime() / NANOS);
        }
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            gauge("process_open_fds", "Open file descriptors.", unix.getOpenFileDescriptorCount());
            gauge("process_max_fds", "File descriptors that may be open.", unix.getMaxFileDescriptorCount());
        }
        gauge(
                "jvm_heap_used_bytes",
                "What the heap holds, garbage included.",
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        gauge(
                "jvm_heap_max_bytes",
                "What the heap may hold.",
                Runtime.getRuntime().maxMemory());
        List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
        counter(
                "jvm_gc_seconds",
                "Time that garbage collectors took.",
                collectors.stream()
                                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                                .sum()
                        / MILLIS);
    }

    private void gauge(String name, String help, double value) {
        head(name, "gauge", help);
        sample(name, "", value);
    }

    private void counter(String name, String help, double value) {
        head(name + "_total", "counter", help);
        sample(name + "_total", "", value);
    }

    private void head(String name, String type, String help) {
        page.append("# HELP ").append(name).append(' ').append(help).append('\n');
        page.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void sample(String name, String labels, double value) {
        page.append(name).append(labels).append(' ').append(number(value)).append('\n');
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
    }
}

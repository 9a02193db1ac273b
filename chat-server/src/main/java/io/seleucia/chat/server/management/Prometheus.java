package io.seleucia.chat.server.management;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Metrics;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.CloseCode;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Locale;
import java.util.TreeMap;

/**
 * A page of metrics in Prometheus' text format 0.0.4, written by one thread. Units are seconds and bytes. No label has a
 * value that a client chooses.
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
        gauge("seleucia_connections", "Open connections.", metrics.connections());
        gauge("seleucia_channels", "Channels with subscribers on this server.", metrics.channels());
        memory(metrics.memory());
        gauge("seleucia_queued_bytes", "Bytes queued for all clients.", metrics.queuedBytes());
        counter("seleucia_connections_begun", "Connections with a completed handshake.", metrics.connectionsBegun());
        head("seleucia_handshakes_refused_total", "counter", "Connections refused before they were open, by reason.");
        new TreeMap<>(metrics.handshakesRefused())
                .forEach((reason, count) ->
                        sample("seleucia_handshakes_refused_total", "{reason=\"" + reason + "\"}", count));
        ended(metrics);
        counter(
                "seleucia_slow_consumers",
                "Connections closed with 4000 because the client read too slowly.",
                metrics.slowConsumers());
        counter("seleucia_messages_received", "Requests of all kinds that were received.", metrics.received());
        counter("seleucia_requests_rate_limited", "Requests refused by a rate limit.", metrics.rateLimited());
        head("seleucia_quota_refusals_total", "counter", "Requests refused because a client had used up a quota.");
        new TreeMap<>(metrics.quotaRefusals())
                .forEach((quota, count) -> sample("seleucia_quota_refusals_total", "{quota=\"" + quota + "\"}", count));
        publishing(metrics.publishing());
        counter("seleucia_messages_delivered", "Messages queued for a member of a channel.", metrics.delivered());
        counter("seleucia_received_bytes", "Bytes read from clients, inside TLS.", metrics.bytesIn());
        counter("seleucia_sent_bytes", "Bytes written to clients, inside TLS.", metrics.bytesOut());
        head(
                "seleucia_recoveries_total",
                "counter",
                "Subscriptions from a position, by whether all messages since then were recovered.");
        sample("seleucia_recoveries_total", "{result=\"hit\"}", metrics.recovered());
        sample("seleucia_recoveries_total", "{result=\"miss\"}", metrics.notRecovered());
        broker(metrics);
        gauge("seleucia_draining", "1 while the server is draining.", server.isDraining() ? 1 : 0);
        head("seleucia_info", "gauge", "Always 1, with the version.");
        sample("seleucia_info", "{version=\"" + ChatServer.NAME.replaceFirst(".*/", "") + "\"}", 1);
        process();
        return page.toString();
    }

    private void memory(MemoryBudget.Usage memory) {
        gauge("seleucia_memory_limit_bytes", "Limit of the memory kept for clients.", memory.limit());
        head("seleucia_memory_used_bytes", "gauge", "Memory kept for clients, by part.");
        for (MemoryBudget.Part part : MemoryBudget.Part.values()) {
            sample(
                    "seleucia_memory_used_bytes",
                    "{part=\"" + part.label() + "\"}",
                    memory.parts().get(part));
        }
    }

    private void ended(Metrics metrics) {
        String name = "seleucia_connections_ended_total";
        head(name, "counter", "Connections that have ended or are ending, by reason and close code.");
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
        head(name, "histogram", "Time that the broker took to publish a message of a client.");
        long cumulative = 0;
        for (Metrics.Bucket bucket : durations.buckets()) {
            cumulative += bucket.count();
            String bound = bucket.upTo().equals(Metrics.Bucket.UNBOUNDED)
                    ? "+Inf"
                    : number(bucket.upTo().toNanos() / NANOS);
            sample(name + "_bucket", "{le=\"" + bound + "\"}", cumulative);
        }
        sample(name + "_sum", "", durations.total().toNanos() / NANOS);
        sample(name + "_count", "", cumulative);
    }

    private void broker(Metrics metrics) {
        Broker.Health health = server.broker().health();
        gauge(
                "seleucia_broker_up",
                "1 while the broker is available.",
                health.flaw().isEmpty() ? 1 : 0);
        health.proven()
                .ifPresent(age -> gauge(
                        "seleucia_broker_proof_age_seconds",
                        "Time since the broker last proved that messages arrive.",
                        age.toNanos() / NANOS));
        counter("seleucia_broker_reconnects", "Reconnections to the broker.", metrics.brokerReconnects());
    }

    private void process() {
        gauge(
                "process_start_time_seconds",
                "Start of the process, since the Unix epoch.",
                ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS);
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            counter("process_cpu_seconds", "CPU time of the process.", system.getProcessCpuTime() / NANOS);
        }
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            gauge("process_open_fds", "Open file descriptors.", unix.getOpenFileDescriptorCount());
            gauge("process_max_fds", "Maximum number of open file descriptors.", unix.getMaxFileDescriptorCount());
        }
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        gauge("jvm_heap_used_bytes", "Used heap, including garbage.", heap.getUsed());
        gauge(
                "jvm_heap_max_bytes",
                "Maximum size of the heap.",
                Runtime.getRuntime().maxMemory());
        long gcMillis = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
        counter("jvm_gc_seconds", "Time spent in garbage collection.", gcMillis / MILLIS);
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

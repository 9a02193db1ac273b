package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Metrics;
import io.seleucia.chat.memory.MemoryBudget;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The console's overview: health and counters, of which the page makes rates. */
final class Status {
    private final ChatServer server;
    private final Health health;
    private final Instant began = Instant.now();

    Status(ChatServer server, Health health) {
        this.server = server;
        this.health = health;
    }

    JsonObject json() {
        Metrics metrics = server.metrics();
        return Json.object(
                "server", ChatServer.NAME,
                "uptimeSeconds", Duration.between(began, Instant.now()).toSeconds(),
                "health", health.json(),
                "connections", metrics.connections(),
                "channels", metrics.channels(),
                "memory", memory(metrics.memory()),
                "queuedBytes", metrics.queuedBytes(),
                "connectionsBegun", metrics.connectionsBegun(),
                "connectionsEnded", ended(metrics),
                "received", metrics.received(),
                "rateLimited", metrics.rateLimited(),
                "published", metrics.publishing().count(),
                "publishingSeconds", metrics.publishing().total().toNanos() / 1e9,
                "delivered", metrics.delivered(),
                "bytesIn", metrics.bytesIn(),
                "bytesOut", metrics.bytesOut(),
                "slowConsumers", metrics.slowConsumers(),
                "recovered", metrics.recovered(),
                "notRecovered", metrics.notRecovered(),
                "brokerReconnects", metrics.brokerReconnects());
    }

    private static JsonObject memory(MemoryBudget.Usage memory) {
        Map<String, Long> parts = new LinkedHashMap<>();
        for (MemoryBudget.Part part : MemoryBudget.Part.values()) {
            parts.put(part.label(), memory.parts().get(part));
        }
        return Json.object("limit", memory.limit(), "used", memory.total(), "parts", parts);
    }

    /** Counts ends by the code of the close frame, which some reasons share. */
    private static Map<Integer, Long> ended(Metrics metrics) {
        Map<Integer, Long> ended = new TreeMap<>();
        metrics.connectionsEnded().forEach((reason, count) -> ended.merge(reason.code(), count, Long::sum));
        return ended;
    }
}

package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Metrics;
import io.seleucia.chat.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The console's overview: health and counters, of which the page makes rates. */
final class Status {
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private final ChatServer server;
    private final Health health;
    private final boolean users;
    private final String name;
    private final Instant began = Instant.now();

    /** @param users whether there is a users file that operators can change */
    Status(ChatServer server, Health health, boolean users) {
        this.server = server;
        this.health = health;
        this.users = users;
        this.name = hostName()
                + server.webSocketPort().stream()
                        .mapToObj(port -> ":" + port)
                        .findFirst()
                        .orElse("");
    }

    /** Returns the machine's name. Asks no name server, which could delay the start. */
    private static String hostName() {
        try {
            String name = Files.readString(HOST_NAME).strip();
            return name.isEmpty() ? "localhost" : name;
        } catch (IOException e) {
            return Optional.ofNullable(System.getenv("COMPUTERNAME")).orElse("localhost");
        }
    }

    /** Returns the server's name for operators: that of its machine, and its port. */
    String name() {
        return name;
    }

    /** Returns the state of this server among others. Does not block. */
    JsonObject summary() {
        Metrics metrics = server.metrics();
        JsonObject state = health.json();
        return Json.object(
                "name", name,
                "version", ChatServer.NAME,
                "uptimeSeconds", Duration.between(began, Instant.now()).toSeconds(),
                "ok", state.get("ok"),
                "draining", state.get("draining"),
                "degraded", state.get("degraded"),
                "connections", metrics.connections(),
                "channels", metrics.channels(),
                "memoryUsed", metrics.memory().total(),
                "memoryLimit", metrics.memory().limit());
    }

    JsonObject json() {
        Metrics metrics = server.metrics();
        return Json.object(
                "server", ChatServer.NAME,
                "name", name,
                "users", users,
                "uptimeSeconds", Duration.between(began, Instant.now()).toSeconds(),
                "health", health.json(),
                "connections", metrics.connections(),
                "channels", metrics.channels(),
                "memory", memory(metrics.memory()),
                "queuedBytes", metrics.queuedBytes(),
                "connectionsBegun", metrics.connectionsBegun(),
                "connectionsEnded", ended(metrics),
                "handshakesRefused", metrics.handshakesRefused(),
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

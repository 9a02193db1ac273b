package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Metrics;
import io.seleucia.chat.message.CloseCode;
import java.time.Duration;
import java.time.Instant;

/** What the console shows at a glance: health, and numbers that a page makes rates of. */
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
        JsonObject json = new JsonObject();
        json.addProperty("server", ChatServer.NAME);
        json.addProperty("uptimeSeconds", Duration.between(began, Instant.now()).toSeconds());
        json.add("health", health.json());
        json.addProperty("connections", metrics.connections());
        json.addProperty("channels", metrics.channels());
        json.addProperty("queuedBytes", metrics.queuedBytes());
        json.addProperty("connectionsBegun", metrics.connectionsBegun());
        json.add("connectionsEnded", ended(metrics));
        json.addProperty("received", metrics.received());
        json.addProperty("rateLimited", metrics.rateLimited());
        json.addProperty("published", metrics.publishing().count());
        json.addProperty("publishingSeconds", metrics.publishing().total().toNanos() / 1e9);
        json.addProperty("delivered", metrics.delivered());
        json.addProperty("bytesIn", metrics.bytesIn());
        json.addProperty("bytesOut", metrics.bytesOut());
        json.addProperty("slowConsumers", metrics.slowConsumers());
        json.addProperty("recovered", metrics.recovered());
        json.addProperty("notRecovered", metrics.notRecovered());
        json.addProperty("brokerReconnects", metrics.brokerReconnects());
        return json;
    }

    /** By the code of the close frame, which some reasons share. */
    private static JsonObject ended(Metrics metrics) {
        JsonObject json = new JsonObject();
        for (CloseCode code : CloseCode.values()) {
            String name = Integer.toString(code.code());
            long others = json.has(name) ? json.get(name).getAsLong() : 0;
            json.addProperty(name, others + metrics.connectionsEnded().get(code));
        }
        return json;
    }
}

package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.memory.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The health of the server. Load balancers send it new clients only while it is {@code ok}. */
final class Health {
    private static final double NANOS = 1e9;
    private static final long MEGABYTE = 1 << 20;

    private final ChatServer server;
    private final Supplier<List<String>> warnings;

    /** @param warnings problems that don't keep the server from serving, but must be fixed */
    Health(ChatServer server, Supplier<List<String>> warnings) {
        this.server = server;
        this.warnings = warnings;
    }

    /** Returns the health with status 200 or 503, and with reasons and warnings if it is detailed. */
    HttpResponse answer(boolean detailed) {
        JsonObject json = json();
        boolean well = json.get("ok").getAsBoolean();
        if (!detailed) {
            json.remove("why");
            json.remove("warnings");
        }
        return HttpResponse.of(well ? 200 : 503, json);
    }

    /** Returns whether the server takes new clients, with status 200 or 503, and the reason if it is detailed. */
    HttpResponse ready(boolean detailed) {
        Optional<String> why = flaw(server.broker().health()).or(this::shortage);
        return HttpResponse.of(
                why.isEmpty() ? 200 : 503,
                Json.object("ready", why.isEmpty(), "why", detailed ? why.orElse(null) : null));
    }

    private Optional<String> flaw(Broker.Health broker) {
        return server.isDraining()
                ? Optional.of("the server is draining: it ends when its clients have left")
                : broker.flaw();
    }

    private Optional<String> shortage() {
        MemoryBudget.Usage memory = server.memory();
        return memory.isShort()
                ? Optional.of("memory is short: the server keeps " + memory.total() / MEGABYTE + " of "
                        + memory.limit() / MEGABYTE + " MB for clients; new clients are refused")
                : Optional.empty();
    }

    JsonObject json() {
        Broker.Health broker = server.broker().health();
        Optional<String> why = flaw(broker);
        List<String> flaws = new ArrayList<>(warnings.get());
        shortage().ifPresent(flaws::add);
        return Json.object(
                "ok",
                why.isEmpty(),
                "why",
                why.orElse(null),
                "draining",
                server.isDraining(),
                "degraded",
                !flaws.isEmpty(),
                "warnings",
                flaws.isEmpty() ? null : flaws,
                "provenSecondsAgo",
                broker.proven().map(age -> age.toNanos() / NANOS).orElse(null));
    }
}

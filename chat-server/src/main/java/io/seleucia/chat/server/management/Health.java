package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.Broker;
import java.util.Optional;

/** Whether the server can serve: who balances loads sends it new clients only while it can. */
final class Health {
    private static final double NANOS = 1e9;

    private final ChatServer server;

    Health(ChatServer server) {
        this.server = server;
    }

    /** @param detailed whether the asker may know why it can't */
    Answer answer(boolean detailed) {
        JsonObject json = json();
        boolean well = json.get("ok").getAsBoolean();
        if (!detailed) {
            json.remove("why");
        }
        return Answer.of(well ? 200 : 503, json);
    }

    JsonObject json() {
        Broker.Health broker = server.broker().health();
        boolean draining = server.isDraining();
        Optional<String> why =
                draining ? Optional.of("the server is draining: it ends when its clients have gone") : broker.flaw();
        JsonObject json = new JsonObject();
        json.addProperty("ok", why.isEmpty());
        why.ifPresent(flaw -> json.addProperty("why", flaw));
        json.addProperty("draining", draining);
        broker.proven().ifPresent(age -> json.addProperty("provenSecondsAgo", age.toNanos() / NANOS));
        return json;
    }
}

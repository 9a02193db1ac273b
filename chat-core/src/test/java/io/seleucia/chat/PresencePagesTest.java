package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.client.ChatClient;
import java.net.URI;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who is in a channel with very many clients. */
class PresencePagesTest {
    private static final int CLIENTS = 20_000;
    private static final int QUEUE = 1 << 20;
    private static final String NAME = "a name that is as long as names may be, in letters, or %05d";

    private static InMemoryBroker crowded() {
        InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
        for (int i = 0; i < CLIENTS; i++) {
            broker.join("lobby", NAME.formatted(i));
        }
        return broker;
    }

    @Test
    void noClientIsEndedByAsking() throws Exception {
        try (InMemoryBroker broker = crowded();
                ChatServer server = ChatServer.builder()
                        .broker(broker)
                        .limits(Limits.DEFAULT.withOutboundQueueBytes(QUEUE))
                        .withoutPort()
                        .start();
                InMemoryClient ada = server.connect("chat.v1")) {
            ada.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
            ada.receive();
            ada.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
            ada.receive();
            Set<String> known = new TreeSet<>();
            String after = "";
            JsonObject page;
            do {
                ada.send("{\"id\":3,\"type\":\"presence\",\"channel\":\"lobby\",\"after\":\"" + after + "\"}");
                String answer = ada.receive();
                assertThat(answer.length()).isLessThan(QUEUE / 4);
                page = JsonParser.parseString(answer).getAsJsonObject();
                JsonArray clients = page.getAsJsonArray("clients");
                assertThat(clients.size()).isBetween(1, 1_000);
                clients.forEach(
                        one -> known.add(one.getAsJsonObject().get("client").getAsString()));
                after = clients.get(clients.size() - 1)
                        .getAsJsonObject()
                        .get("client")
                        .getAsString();
            } while (page.has("more"));

            assertThat(known).hasSize(CLIENTS + 1).contains("ada", NAME.formatted(CLIENTS - 1));
            assertThat(page.get("total").getAsInt()).isEqualTo(CLIENTS + 1);
        }
    }

    @Test
    void theJavaClientGathersThem() throws Exception {
        try (InMemoryBroker broker = crowded();
                ChatServer server = ChatServer.builder()
                        .broker(broker)
                        .host("127.0.0.1")
                        .port(0)
                        .start();
                ChatClient ada = ChatClient.builder(URI.create("ws://127.0.0.1:" + server.port() + "/"))
                        .name("ada")
                        .start()) {
            ada.subscribe("lobby").get(60, TimeUnit.SECONDS);

            assertThat(ada.presence("lobby").get(60, TimeUnit.SECONDS)).hasSize(CLIENTS + 1);
            assertThat(ada.presence("lobby", NAME.formatted(CLIENTS - 2), 1)
                            .get(60, TimeUnit.SECONDS)
                            .clients())
                    .singleElement()
                    .satisfies(member -> assertThat(member.client()).isEqualTo(NAME.formatted(CLIENTS - 1)));
        }
    }
}

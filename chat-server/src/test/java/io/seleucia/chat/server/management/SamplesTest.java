package io.seleucia.chat.server.management;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.TestClient;
import org.junit.jupiter.api.Test;

class SamplesTest {
    private static double value(JsonObject reply, int sample, String field) {
        JsonArray fields = reply.getAsJsonArray("fields");
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).getAsString().equals(field)) {
                return reply.getAsJsonArray("samples")
                        .get(sample)
                        .getAsJsonArray()
                        .get(i)
                        .getAsDouble();
            }
        }
        throw new AssertionError("no field " + field);
    }

    @Test
    void haveTheRatesSinceTheSampleBefore() throws Exception {
        try (ChatServer server = ChatServer.builder().port(0).start();
                Samples samples = new Samples(server::metrics);
                TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            ada.publish("ada", "lobby", "hi").next();
            eventually(() -> assertThat(server.metrics().delivered()).isEqualTo(1));
            samples.take();
            samples.take();

            JsonObject reply = samples.after(0).getAsJsonObject();
            assertThat(reply.getAsJsonArray("samples")).hasSize(2);
            assertThat(value(reply, 0, "connections")).isEqualTo(1);
            assertThat(value(reply, 0, "published")).isPositive();
            assertThat(value(reply, 0, "delivered")).isPositive();
            assertThat(value(reply, 0, "latency")).isPositive();
            assertThat(value(reply, 0, "memory")).isPositive();
            assertThat(value(reply, 1, "published")).isZero();
            assertThat(value(reply, 1, "latency")).isZero();
            assertThat(samples.after((long) value(reply, 1, "time"))
                            .getAsJsonObject()
                            .getAsJsonArray("samples"))
                    .isEmpty();
            ada.expectNothingElse();
        }
    }

    @Test
    void areKeptForAnHour() throws Exception {
        try (ChatServer server = ChatServer.builder().withoutPort().start();
                Samples samples = new Samples(server::metrics)) {
            for (int i = 0; i < 1_000; i++) {
                samples.take();
            }

            assertThat(samples.after(0).getAsJsonObject().getAsJsonArray("samples"))
                    .hasSize(360);
        }
    }
}

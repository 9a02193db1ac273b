package io.seleucia.chat.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.InMemoryClient;
import java.io.IOException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class ControllerExampleTest {
    @AutoClose
    private final ChatServer server = ControllerExample.settings().withoutPort().start();

    private final InMemoryClient buyer = client();
    private final InMemoryClient seller = client();

    ControllerExampleTest() throws IOException {}

    @Test
    void bindsParametersByName() throws IOException {
        buyer.send("{\"c\":\"stock\",\"t\":\"total\",\"d\":{\"quantity\":3,\"price\":7}}");
        assertThat(buyer.receive()).isEqualTo("{\"c\":\"stock\",\"t\":\"total\",\"d\":\"21.0\"}");
    }

    @Test
    void tellsWhomItConcerns() throws IOException {
        buyer.send("{\"c\":\"stock\",\"t\":\"limit\",\"d\":20.5}");
        buyer.send("{\"c\":\"stock\",\"t\":\"5\",\"d\":{\"T\":\"sel\",\"A\":true}}");
        buyer.receive();

        seller.send("{\"c\":\"stock\",\"t\":\"sell\",\"d\":{\"share\":\"SEL\",\"quantity\":2,\"price\":20}}");
        assertThat(seller.receive()).isEqualTo("{\"c\":\"stock\",\"t\":\"sell\",\"d\":\"40.0\"}");
        assertThat(buyer.receive())
                .isEqualTo("{\"c\":\"stock\",\"t\":\"sold\","
                        + "\"d\":\"{\\\"share\\\":\\\"SEL\\\",\\\"quantity\\\":2,\\\"price\\\":20.0}\"}");
        assertThat(buyer.receive()).isEqualTo("{\"c\":\"stock\",\"t\":\"sel\",\"d\":\"20.0\"}");

        seller.send("{\"c\":\"stock\",\"t\":\"sell\",\"d\":{\"share\":\"SEL\",\"quantity\":1,\"price\":21}}");
        seller.receive();
        assertThat(buyer.receive())
                .as("too dear, but subscribed")
                .contains("\"t\":\"sel\"")
                .contains("21.0");
    }

    @Test
    void saysThatACallFailed() throws IOException {
        seller.send("{\"c\":\"stock\",\"t\":\"sell\",\"d\":{\"share\":\"SEL\",\"quantity\":0,\"price\":20}}");
        assertThat(seller.receive()).contains("\"t\":\"4\"");
    }

    private InMemoryClient client() throws IOException {
        InMemoryClient client = server.connect("XSocketsNET");
        client.send("{\"c\":\"stock\",\"t\":\"1\"}");
        assertThat(client.receive()).startsWith("{\"c\":\"stock\",\"t\":\"2\"");
        return client;
    }
}

package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What handshakes and compression take is charged while they take it. */
class ConnectionMemoryTest {
    private static final String REQUEST = "GET /chat HTTP/1.1\r\nHost: chat.example:8600\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    private static final String OFFER = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    private static final Handshake HANDSHAKE = new Handshake(HostNames.ANY, AllowedOrigins.OWN, false, true, true);

    private final MemoryBudget memory = MemoryBudget.ofBytes(4 << 20);

    @AutoClose
    private final Loopback loopback = new Loopback();

    @Test
    void chargesAContextFromTheHandshakeToTheEnd() throws Exception {
        Wire wire = wire(REQUEST + OFFER + "\r\n");
        WebSocketConnection webSocket = new WebSocketConnection(wire, accept(wire), 1_000);

        assertThat(memory.used(Part.COMPRESSION)).isEqualTo(300 * 1024);
        webSocket.release();
        assertThat(memory.used()).isZero();
    }

    @Test
    void keepsNoContextsBeyondAQuarterOfTheBudget() throws Exception {
        memory.charge(Part.COMPRESSION, 1 << 20);
        Wire wire = wire(REQUEST + OFFER + "\r\n");
        WebSocketConnection webSocket = new WebSocketConnection(wire, accept(wire), 1_000);

        assertThat(memory.used(Part.COMPRESSION)).isEqualTo(1 << 20);
        assertThat(new String(loopback.received(), StandardCharsets.ISO_8859_1))
                .contains("permessage-deflate; server_no_context_takeover; client_no_context_takeover");
        webSocket.release();
        assertThat(memory.used()).isEqualTo(1 << 20);
    }

    @Test
    void chargesALongHeadUntilItHasBeenAnswered() throws Exception {
        long[] charged = new long[1];
        Handshakes.accept(
                HANDSHAKE,
                wire(REQUEST + "X: " + "x".repeat(12_000) + "\r\n\r\n"),
                StaticPages.NONE,
                path -> List.of(),
                (path, authorization, parameters) -> charged[0] = memory.used(Part.INCOMING));

        assertThat(charged[0]).isBetween(24_000L, 40_000L);
        assertThat(memory.used()).isZero();
    }

    @Test
    void refusesALongHeadWhileMemoryIsShort() throws Exception {
        memory.charge(Part.RECENT, memory.limit());

        assertThatThrownBy(() -> accept(wire(REQUEST + "X: " + "x".repeat(12_000) + "\r\n\r\n")))
                .isInstanceOfSatisfying(
                        HandshakeException.class,
                        refused -> assertThat(refused.status()).isEqualTo(503));
        assertThat(memory.used(Part.INCOMING)).isZero();
    }

    @Test
    void chargesAnInflaterWhileACompressedMessageIsUnderWay() throws Exception {
        byte[] begun = HexFormat.of().parseHex("418300000000" + "f248cd"); // a part of "Hello", not the last
        FrameReader reader =
                Loopback.reader(loopback.wireOf(begun, memory), 1_000, Optional.of(new MessageInflater(false)));

        assertThat(reader.read(answer -> {})).isEmpty();
        assertThat(memory.used(Part.INCOMING)).isGreaterThanOrEqualTo(MessageInflater.INFLATER_BYTES);
        reader.release();
        assertThat(memory.used()).isZero();
    }

    private Wire wire(String request) throws IOException {
        return loopback.wireOf(request.getBytes(StandardCharsets.ISO_8859_1), memory);
    }

    private static Handshake.Agreed accept(Wire wire) throws IOException {
        return Handshakes.accept(HANDSHAKE, wire, StaticPages.NONE, path -> List.of(), Loopback.OPEN)
                .orElseThrow();
    }
}

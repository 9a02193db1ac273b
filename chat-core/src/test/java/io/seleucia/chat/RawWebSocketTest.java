package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Payload;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** WebSockets without a chat protocol, byte for byte. */
class RawWebSocketTest {
    private static final int MEBIBYTE = 1024 * 1024;
    private static final int PUSHES = 5_000;

    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private ChatServer server;

    @BeforeEach
    void start() throws IOException {
        server = ChatServer.builder()
                .port(0)
                .limits(Limits.DEFAULT
                        .withMaxMessageBytes(16 * MEBIBYTE)
                        .withRateBytes(Integer.MAX_VALUE)
                        .withWriteTimeout(Duration.ofMinutes(1)))
                .webSocket("/echo/*", new Echo())
                .webSocket("/echo/broken", (socket, message) -> {
                    throw new IllegalStateException("a fault of the handler");
                })
                .webSocket("/pushes", new Pushing())
                .webSocket("/once", (socket, message) -> {
                    socket.send(message);
                    socket.close();
                })
                .start();
    }

    private final class Echo implements WebSocketHandler {
        @Override
        public void opened(RawWebSocket socket) {
            opened.incrementAndGet();
        }

        @Override
        public void message(RawWebSocket socket, Payload message) {
            socket.send(message);
        }

        @Override
        public void closed(RawWebSocket socket) {
            closed.incrementAndGet();
        }
    }

    /** Echoes, and meanwhile another thread sends 1, 2, 3 … as binary messages. */
    private static final class Pushing implements WebSocketHandler {
        @Override
        public void opened(RawWebSocket socket) {
            Thread.startVirtualThread(() -> {
                for (int i = 1; i <= PUSHES; i++) {
                    socket.offer(new Payload(false, new byte[] {(byte) (i >> 8), (byte) i}));
                    Thread.yield();
                }
            });
        }

        @Override
        public void message(RawWebSocket socket, Payload message) {
            socket.send(message);
        }
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void echoesTextAsTextAndBinaryAsBinary() throws Exception {
        try (Peer peer = new Peer("/echo/any")) {
            peer.send("81 85 00000000 48 65 6c 6c 6f");
            peer.expect("81 05 48 65 6c 6c 6f");
            peer.send("82 82 00000000 00 ff");
            peer.expect("82 02 00 ff");
            peer.send("81 80 00000000");
            peer.expect("81 00");
        }
    }

    @Test
    void answersInOrderAndThenCloses() throws Exception {
        try (Peer peer = new Peer("/echo/any")) {
            peer.send("81 81 00000000 61  89 81 00000000 70  81 81 00000000 62  88 82 00000000 03 e8");
            byte[] received = peer.socket.getInputStream().readAllBytes();
            // A pong may overtake what waits; messages and the close may not overtake each other.
            String hex = HexFormat.of().formatHex(received);
            assertThat(hex).contains("8a0170").endsWith("880203e8");
            assertThat(hex.replace("8a0170", "")).isEqualTo("810161" + "810162" + "880203e8");
        }
        eventually(() -> assertThat(closed).hasValue(1));
        assertThat(opened).hasValue(1);
    }

    @Test
    void keepsAnswersAndPushesWholeAndEachInOrder() throws Exception {
        try (Peer peer = new Peer("/pushes")) {
            int pushed = 0;
            for (int asked = 1; asked <= PUSHES; asked++) {
                peer.send(String.format("81 84 00000000 %08x", 0x30303030 + asked % 10));
                boolean answered = false;
                while (!answered) {
                    answered = peer.in.readUnsignedByte() == 0x81;
                    if (answered) {
                        assertThat(peer.in.readUnsignedByte()).isEqualTo(4);
                        assertThat(peer.in.readInt()).isEqualTo(0x30303030 + asked % 10);
                    } else {
                        assertThat(peer.in.readUnsignedByte()).isEqualTo(2);
                        assertThat(peer.in.readUnsignedShort()).isEqualTo(++pushed);
                    }
                }
            }
            while (pushed < PUSHES) {
                assertThat(peer.in.readUnsignedShort()).isEqualTo(0x8202);
                assertThat(peer.in.readUnsignedShort()).isEqualTo(++pushed);
            }
        }
    }

    @Test
    void processesNothingAfterAClose() throws Exception {
        try (Peer peer = new Peer("/echo/any")) {
            peer.send("88 80 00000000  81 81 00000000 61  ff ff ff");
            assertThat(peer.socket.getInputStream().readAllBytes()).isEqualTo(new byte[] {(byte) 0x88, 0});
        }
    }

    @Test
    void echoesALargeMessageThatComesInSmallPieces() throws Exception {
        byte[] message = new byte[16 * MEBIBYTE];
        new Random(1).nextBytes(message);
        try (Peer peer = new Peer("/echo/any")) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> peer.sendInPieces(message, 64));
            peer.expectBinary(message);
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void answersAPingBehindALargeMessage() throws Exception {
        byte[] message = new byte[4 * MEBIBYTE]; // more than waits for a peer otherwise
        for (int round = 0; round < 10; round++) {
            try (Peer peer = new Peer("/echo/any")) {
                peer.sendInPieces(message, message.length);
                peer.send("89 81 00000000 70");
                byte[] pong = HexFormat.of().parseHex("8a0170");
                byte[] first = peer.in.readNBytes(2);
                if (first[0] == pong[0]) {
                    peer.in.readNBytes(1);
                    peer.expectBinary(message);
                } else {
                    assertThat(first).isEqualTo(new byte[] {(byte) 0x82, 0x7f});
                    peer.in.readNBytes(8 + message.length);
                    assertThat(peer.in.readNBytes(3)).isEqualTo(pong);
                }
            }
        }
    }

    @Test
    void answersEveryPingOfAPeerThatReadsLate() throws Exception {
        int count = 100_000;
        try (Peer peer = new Peer("/echo/any")) {
            byte[] ping = HexFormat.of().parseHex("8981" + "00000000" + "70");
            byte[] pings = new byte[count * ping.length];
            for (int i = 0; i < count; i++) {
                System.arraycopy(ping, 0, pings, i * ping.length, ping.length);
            }
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                try {
                    peer.socket.getOutputStream().write(pings);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            byte[] pongs = peer.in.readNBytes(3 * count);
            for (int i = 0; i < pongs.length; i += 3) {
                assertThat(Arrays.copyOfRange(pongs, i, i + 3)).isEqualTo(new byte[] {(byte) 0x8a, 1, 'p'});
            }
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void givesAPeerThatSendsNoMoreWhatItIsDue() throws Exception {
        for (int round = 0; round < 20; round++) {
            try (Peer peer = new Peer("/echo/any")) {
                peer.send("81 81 00000000 61");
                peer.socket.shutdownOutput();
                peer.expect("81 01 61");
            }
        }
    }

    @Test
    void refusesAMessageOverTheLimit() throws Exception {
        try (Peer peer = new Peer("/echo/any")) {
            peer.send("82 ff 0000000001000001 00000000");
            byte[] close = peer.socket.getInputStream().readAllBytes();
            assertThat(Arrays.copyOf(close, 4)).isEqualTo(HexFormat.of().parseHex("881303f1")); // 1009
        }
    }

    @Test
    void readsNoFasterThanThePeerReads() throws Exception {
        byte[] message = new byte[MEBIBYTE];
        int count = 64;
        try (Peer peer = new Peer("/echo/any")) {
            // More than all buffers on the way hold, so that the server must wait, and must not close.
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < count; i++) {
                    peer.sendInPieces(message, message.length);
                }
            });
            assertThatThrownBy(() -> sending.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            for (int i = 0; i < count; i++) {
                peer.expectBinary(message);
            }
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void closesOnAFaultOfTheHandlerAndServesOn() throws Exception {
        try (Peer peer = new Peer("/echo/broken")) {
            peer.send("81 80 00000000");
            byte[] close = peer.socket.getInputStream().readAllBytes();
            assertThat(Arrays.copyOf(close, 4)).isEqualTo(HexFormat.of().parseHex("881003f3")); // 1011
        }
        echoesTextAsTextAndBinaryAsBinary();
    }

    @Test
    void closesWhenTheHandlerSaysSo() throws Exception {
        try (Peer peer = new Peer("/once")) {
            peer.send("81 81 00000000 61  81 81 00000000 62");
            peer.expect("81 01 61  88 02 03 e8");
        }
    }

    @Test
    void speaksChatOnAllOtherPaths() throws Exception {
        try (Peer peer = new Peer("/echo")) {
            peer.send("81 8a 00000000 7b 22 4b 69 6e 64 22 3a 34 7d"); // {"Kind":4}
            peer.expect("81 1b");
        }
    }

    @Test
    void refusesUnknownSubprotocolsWhereItIsToldTo() throws Exception {
        try (ChatServer strict =
                ChatServer.builder().port(0).subprotocolRequired(true).start()) {
            assertThat(status(strict, "Sec-WebSocket-Protocol: soap, wamp\r\n")).isEqualTo("400");
            assertThat(status(strict, "Sec-WebSocket-Protocol: soap, ctesiphon\r\n"))
                    .isEqualTo("101");
            assertThat(status(strict, "")).isEqualTo("101");
        }
        assertThat(status(server, "Sec-WebSocket-Protocol: soap, wamp\r\n")).isEqualTo("101");
    }

    private static String status(ChatServer server, String fields) throws IOException {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(request("/", fields));
            return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII).substring(9);
        }
    }

    private static byte[] request(String path, String fields) {
        return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + fields
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** A client that sends and expects bytes. */
    private final class Peer implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        Peer(String path) throws IOException {
            socket = new Socket("localhost", server.port());
            socket.setSoTimeout(60_000);
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write(request(path, ""));
            in = new DataInputStream(socket.getInputStream());
            StringBuilder head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) in.readUnsignedByte());
            }
            assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
        }

        void send(String hex) throws IOException {
            socket.getOutputStream().write(HexFormat.of().parseHex(hex.replace(" ", "")));
        }

        /** A binary message in writes of so many bytes; the mask is 0. */
        void sendInPieces(byte[] message, int piece) {
            try {
                OutputStream out = socket.getOutputStream();
                out.write(HexFormat.of()
                        .parseHex("82ff" + HexFormat.of().toHexDigits((long) message.length) + "00000000"));
                for (int i = 0; i < message.length; i += piece) {
                    out.write(message, i, Math.min(piece, message.length - i));
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        void expect(String hex) throws IOException {
            byte[] expected = HexFormat.of().parseHex(hex.replace(" ", ""));
            assertThat(in.readNBytes(expected.length)).isEqualTo(expected);
        }

        void expectBinary(byte[] message) throws IOException {
            expect("82 7f");
            assertThat(in.readLong()).isEqualTo(message.length);
            assertThat(Arrays.equals(in.readNBytes(message.length), message)).isTrue();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}

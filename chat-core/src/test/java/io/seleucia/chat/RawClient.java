package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A client that does nothing by itself: it reads and writes bytes just where the test does, and keeps no rules. */
final class RawClient implements AutoCloseable {
    static final int TEXT = 0x81;
    static final int CLOSE = 0x88;
    static final int PING = 0x89;
    static final int PONG = 0x8a;

    private static final int PATIENCE_MILLIS = 60_000;
    private static final byte[] HANDSHAKE = ("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                    + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);

    private final Socket socket = new Socket();
    private final DataInputStream in;

    private RawClient(String from, int port) throws IOException {
        socket.setReceiveBufferSize(4 * 1024);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
        socket.connect(new InetSocketAddress("localhost", port), PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
    }

    /** Connects and says nothing. */
    static RawClient connect(int port) throws IOException {
        return new RawClient("127.0.0.1", port);
    }

    /** Connects from another address of the loopback interface. */
    static RawClient connectFrom(String address, int port) throws IOException {
        return new RawClient(address, port);
    }

    /** Connects and shakes hands. */
    static RawClient open(int port) throws IOException {
        return connect(port).send(handshake()).readHandshake();
    }

    /** Connects, shakes hands, subscribes to a channel and has read the reply. */
    static RawClient member(int port, String client, String channel) throws IOException {
        RawClient member = open(port).send(subscribe(client, channel));
        assertThat(member.read(TEXT)).contains("SUCCESSFULLY");
        return member;
    }

    static byte[] handshake() {
        return HANDSHAKE.clone();
    }

    static byte[] subscribe(String client, String channel) {
        return frame(
                TEXT, TestClient.request(0, TestClient.payload(client, channel)).getBytes(StandardCharsets.UTF_8));
    }

    static byte[] unsubscribe(String client, String channel) {
        return frame(
                TEXT, TestClient.request(1, TestClient.payload(client, channel)).getBytes(StandardCharsets.UTF_8));
    }

    static byte[] publish(String client, String channel, String text) {
        var payload = TestClient.payload(client, channel);
        payload.addProperty("Message", text);
        return frame(TEXT, TestClient.request(3, payload).getBytes(StandardCharsets.UTF_8));
    }

    /** A masked frame, its mask being zeros. */
    static byte[] frame(int first, byte... payload) {
        int n = payload.length;
        ByteBuffer frame = ByteBuffer.allocate(n + (n < 126 ? 6 : 8)).put((byte) first);
        if (n < 126) {
            frame.put((byte) (0x80 | n));
        } else {
            assertThat(n).isLessThan(0x10000);
            frame.put((byte) (0x80 | 126)).putShort((short) n);
        }
        return frame.putInt(0).put(payload).array();
    }

    RawClient send(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    RawClient readHandshake() throws IOException {
        assertThat(readLine()).startsWith("HTTP/1.1 101 ");
        while (!readLine().isEmpty()) {
            // A header line, which says nothing that matters here.
        }
        return this;
    }

    /** A line of HTTP, without its end. */
    String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.indexOf("\r\n") < 0) {
            line.append((char) in.readUnsignedByte());
        }
        return line.substring(0, line.length() - 2);
    }

    /** A line of a body, without its end. */
    String readLine(char end) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.readUnsignedByte(); b != end; b = in.readUnsignedByte()) {
            line.append((char) b);
        }
        return line.toString();
    }

    /** A frame from the server, its payload byte for character. */
    record Received(int first, String payload) {
        int closeCode() {
            return payload.charAt(0) << 8 | payload.charAt(1);
        }
    }

    Received receive() throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        byte[] payload = new byte[length == 126 ? in.readUnsignedShort() : length];
        in.readFully(payload);
        return new Received(first, new String(payload, StandardCharsets.ISO_8859_1));
    }

    /** Receives frames until one has this first byte, and gives its payload. */
    String read(int wanted) throws IOException {
        Received received = receive();
        while (received.first != wanted) {
            received = receive();
        }
        return received.payload;
    }

    /** Receives frames until the server's Close, and gives its code. */
    int readCloseCode() throws IOException {
        return new Received(CLOSE, read(CLOSE)).closeCode();
    }

    /** Reads whatever comes until the server has closed or reset the connection. */
    void awaitEnd() throws IOException {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset"); // an end, if not a polite one
        }
    }

    /** Closes politely: Close, the server's Close, and the end. */
    void closePolitely() throws IOException {
        send(frame(CLOSE, (byte) 0x03, (byte) 0xe8));
        assertThat(readCloseCode()).isEqualTo(1000);
        assertThat(in.read()).isEqualTo(-1);
        close();
    }

    /** Ends the connection by a reset, as a crashed machine does. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Leaves without a word. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}

package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A chat.v1 connection of a test's own: one thread reads, any number write, one at a time. It can be cut like a cable. */
final class ChatSocket implements AutoCloseable {
    private static final int TEXT = 0x81;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String HANDSHAKE = "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n";
    private static final String CHAT = "Sec-WebSocket-Protocol: chat.v1\r\n";

    private final Socket socket;
    private final DataInputStream in;

    private ChatSocket(Socket socket, Duration silence, String path, String protocol) throws IOException {
        this.socket = socket;
        socket.setSoTimeout((int) silence.toMillis());
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        socket.getOutputStream().write(HANDSHAKE.formatted(path, protocol).getBytes(StandardCharsets.US_ASCII));
        if (!readLine().startsWith("HTTP/1.1 101 ")) {
            throw new IOException("the handshake was refused");
        }
        while (!readLine().isEmpty()) {
            // A header line, which says nothing that matters here.
        }
    }

    /** Connects and shakes hands. */
    static ChatSocket open(int port) throws IOException {
        return open(port, PATIENCE);
    }

    /**
     * The same.
     *
     * @param silence after which {@link #read} fails: not even a ping has come
     */
    static ChatSocket open(int port, Duration silence) throws IOException {
        return open(port, silence, "/", CHAT);
    }

    /** Connects and shakes hands at the root for another protocol. */
    static ChatSocket open(int port, Duration silence, String protocol) throws IOException {
        return open(port, silence, "/", CHAT.replace("chat.v1", protocol));
    }

    /** Connects and shakes hands at a path of a handler, which has no protocol. */
    static ChatSocket openPath(int port, Duration silence, String path) throws IOException {
        return open(port, silence, path, "");
    }

    private static ChatSocket open(int port, Duration silence, String path, String protocol) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress("localhost", port), (int) PATIENCE.toMillis());
            return new ChatSocket(socket, silence, path, protocol);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.indexOf("\r\n") < 0) {
            line.append((char) in.readUnsignedByte());
        }
        return line.substring(0, line.length() - 2);
    }

    /**
     * The next message, within two minutes; pings before it are answered. An {@link EOFException} is a close, or an end
     * without one, perhaps in the midst of a frame.
     *
     * @throws ProtocolException if a whole frame is not what a server may send
     */
    JsonObject read() throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() - deadline < 0) {
            int first = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            long size = length == 127 ? in.readLong() : length == 126 ? in.readUnsignedShort() : length;
            byte[] payload = new byte[Math.toIntExact(size)];
            in.readFully(payload);
            switch (first) {
                case TEXT -> {
                    return parse(new String(payload, StandardCharsets.UTF_8));
                }
                case PING -> write(PONG, payload);
                case CLOSE -> throw new EOFException("closed by the server");
                default -> throw new ProtocolException("a frame that nobody asked for: " + first);
            }
        }
        throw new SocketTimeoutException("nothing came but pings");
    }

    private static JsonObject parse(String text) throws ProtocolException {
        try {
            return JsonParser.parseString(text).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException e) {
            throw new ProtocolException("no object of JSON: " + text);
        }
    }

    void send(JsonObject message) throws IOException {
        write(TEXT, message.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a masked frame, its mask being zeros. */
    private void write(int first, byte[] payload) throws IOException {
        int n = payload.length;
        ByteBuffer frame = ByteBuffer.allocate(n + 8).put((byte) first);
        if (n < 126) {
            frame.put((byte) (0x80 | n));
        } else {
            frame.put((byte) (0x80 | 126)).putShort((short) n);
        }
        frame.putInt(0).put(payload);
        socket.getOutputStream().write(frame.array(), 0, frame.position());
    }

    /** Ends the connection by a reset, as a crashed machine does. */
    void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // It is closed already, which is an end as well.
        }
        close();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing more can be done for it.
        }
    }
}

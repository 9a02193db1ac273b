package io.seleucia.chat.server.hostile;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A chat.v1 connection, frame by frame, from an address of the test's choice. It keeps no rules by itself. One thread at a
 * time reads; any number write, one after the other.
 */
final class Peer implements AutoCloseable {
    static final int TEXT = 0x81;
    static final int FIRST_FRAGMENT = 0x01;
    static final int NEXT_FRAGMENT = 0x00;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;
    private static final String HANDSHAKE = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n";

    private final Socket socket;
    private final DataInputStream in;

    /** Speaks over a connected socket. */
    Peer(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1024));
    }

    /**
     * Connects from a loopback address.
     *
     * @param receiveBuffer how much the system takes for it before the server has to wait, in bytes
     */
    static Peer connect(String from, int port, int receiveBuffer) throws IOException {
        return new Peer(socket(from, port, receiveBuffer));
    }

    /** Connects a socket from a loopback address, with limits for how long connecting and reading may take. */
    static Socket socket(String from, int port, int receiveBuffer) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setReceiveBufferSize(receiveBuffer);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
            socket.bind(new InetSocketAddress(from, 0));
            socket.connect(new InetSocketAddress("127.0.0.1", port), (int)
                    Duration.ofSeconds(20).toMillis());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Sends the opening handshake and reads the answer. Fails if the server refuses. */
    Peer handshake() throws IOException {
        write(HANDSHAKE.getBytes(StandardCharsets.US_ASCII));
        String status = readLine();
        if (!status.startsWith("HTTP/1.1 101 ")) {
            throw new IOException(status);
        }
        while (!readLine().isEmpty()) {
            // A header line, which says nothing that matters here.
        }
        return this;
    }

    /** Sends the beginning of the opening handshake. */
    void halfHandshake() throws IOException {
        write(HANDSHAKE.substring(0, HANDSHAKE.length() / 2).getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends a GET to an HTTP port, and does not read the answer. */
    void get(String path) throws IOException {
        write("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n".formatted(path).getBytes(StandardCharsets.US_ASCII));
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.indexOf("\r\n") < 0) {
            line.append((char) in.readUnsignedByte());
        }
        return line.substring(0, line.length() - 2);
    }

    /** Sends a text message in one frame. */
    void send(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        frame(TEXT, bytes.length, bytes);
    }

    /**
     * Sends a frame, its mask being zeros.
     *
     * @param length that the frame is said to have
     * @param payload that is sent of it
     */
    void frame(int first, int length, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14).put((byte) first);
        if (length < 126) {
            frame.put((byte) (0x80 | length));
        } else if (length < 65_536) {
            frame.put((byte) (0x80 | 126)).putShort((short) length);
        } else {
            frame.put((byte) (0x80 | 127)).putLong(length);
        }
        write(frame.putInt(0).put(payload).array(), frame.position());
    }

    private void write(byte[] bytes) throws IOException {
        write(bytes, bytes.length);
    }

    private void write(byte[] bytes, int length) throws IOException {
        socket.getOutputStream().write(bytes, 0, length);
    }

    /** Returns the next message and answers pings before it. Fails when the connection ends. */
    String read() throws IOException {
        while (true) {
            int first = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            long size = length == 127 ? in.readLong() : length == 126 ? in.readUnsignedShort() : length;
            byte[] payload = new byte[Math.toIntExact(size)];
            in.readFully(payload);
            switch (first) {
                case PING -> frame(PONG, payload.length, payload);
                case CLOSE -> throw new EOFException("closed by the server: " + closeCode(payload));
                default -> {
                    return new String(payload, StandardCharsets.UTF_8);
                }
            }
        }
    }

    private static int closeCode(byte[] payload) {
        return payload.length < 2 ? 0 : ByteBuffer.wrap(payload).getShort();
    }

    /** Reads and forgets everything from now on, in a thread of its own. */
    Peer discard() {
        Thread.ofVirtual().name("discard").start(() -> {
            try {
                while (true) {
                    read();
                }
            } catch (IOException e) {
                close();
            }
        });
        return this;
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

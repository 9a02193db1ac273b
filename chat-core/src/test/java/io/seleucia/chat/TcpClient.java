package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;

/** A client of TcpChat that does nothing by itself; its messages are made of bytes, not by the code under test. */
final class TcpClient implements AutoCloseable {
    static final int CHAT = 0;
    static final int BROADCAST = 1;
    static final int KEEPALIVE = 2;
    static final int SET_NICKNAME = 3;
    static final int ACK = 4;
    static final int NAK = 5;

    private static final int PATIENCE_MILLIS = 60_000;
    private static final byte[] GUID = HexFormat.of().parseHex("000102030405060708090a0b0c0d0eff");

    private final Socket socket;
    private final DataInputStream in;

    /** A message from the server: its type, and all that follows. */
    record Received(int type, byte[] payload) {
        /** {@code from: text} of a broadcast. */
        String broadcast() {
            assertThat(type).isEqualTo(BROADCAST);
            ByteBuffer fields = ByteBuffer.wrap(payload);
            String line = string(fields, Byte.toUnsignedInt(fields.get()));
            line += ": " + string(fields, Short.toUnsignedInt(fields.getShort()));
            assertThat(fields.hasRemaining()).isFalse();
            return line;
        }

        private static String string(ByteBuffer in, int length) {
            byte[] bytes = new byte[length];
            in.get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private TcpClient(Socket socket, int port) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress("127.0.0.1", port), PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
    }

    static TcpClient connect(int port) throws IOException {
        return new TcpClient(new Socket(), port);
    }

    /** Connects over TLS. */
    static TcpClient connect(int port, SSLContext trusting) throws IOException {
        return new TcpClient(trusting.getSocketFactory().createSocket(), port);
    }

    /** Connects and is in the channel, under a nickname. */
    static TcpClient called(String nickname, int port) throws IOException {
        TcpClient client = connect(port);
        assertThat(client.rename(nickname)).isEqualTo("ack");
        return client;
    }

    /** What it is called until it has a nickname. */
    String address() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    static byte[] message(int type, byte[]... fields) {
        int length = Integer.BYTES;
        for (byte[] field : fields) {
            length += field.length;
        }
        ByteBuffer message =
                ByteBuffer.allocate(Integer.BYTES + length).putInt(length).putInt(type);
        for (byte[] field : fields) {
            message.put(field);
        }
        return message.array();
    }

    static byte[] chat(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        byte[] length = {(byte) (utf8.length >> 8), (byte) utf8.length};
        return message(CHAT, length, utf8);
    }

    static byte[] nickname(String nickname) {
        byte[] utf8 = nickname.getBytes(StandardCharsets.UTF_8);
        return message(SET_NICKNAME, GUID, new byte[] {(byte) utf8.length}, utf8);
    }

    TcpClient send(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    TcpClient say(String text) throws IOException {
        return send(chat(text));
    }

    /** Asks for a nickname and gives the answer, which must come next: {@code ack}, or the reason of a nak. */
    String rename(String nickname) throws IOException {
        send(nickname(nickname));
        return answer();
    }

    String answer() throws IOException {
        Received answer = next();
        ByteBuffer fields = ByteBuffer.wrap(answer.payload);
        byte[] id = new byte[GUID.length];
        fields.get(id);
        assertThat(id).isEqualTo(GUID);
        String reason = answer.type == NAK ? Received.string(fields, Short.toUnsignedInt(fields.getShort())) : "ack";
        assertThat(answer.type).isIn(ACK, NAK);
        assertThat(fields.hasRemaining()).isFalse();
        return reason;
    }

    /** The next message, whatever it is. */
    Received receive() throws IOException {
        byte[] message = new byte[in.readInt() - Integer.BYTES];
        Received received = new Received(in.readInt(), message);
        in.readFully(message);
        return received;
    }

    /** The next message that is no keepalive. */
    Received next() throws IOException {
        Received received = receive();
        while (received.type == KEEPALIVE) {
            assertThat(received.payload).isEmpty();
            received = receive();
        }
        return received;
    }

    String nextBroadcast() throws IOException {
        return next().broadcast();
    }

    byte[] readBytes(int n) throws IOException {
        byte[] bytes = new byte[n];
        in.readFully(bytes);
        return bytes;
    }

    /** Reads whatever comes until the server has closed or reset the connection. */
    TcpClient awaitEnd() throws IOException {
        try {
            while (in.read() >= 0) {
                // It may say something still.
            }
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset"); // an end, if not a polite one
        }
        return this;
    }

    /** Whether the stream has ended, politely; waits for what comes. */
    boolean atEnd() throws IOException {
        return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

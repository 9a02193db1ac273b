package io.seleucia.chat.client;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;

/** A server that does what a test tells it, frame by frame: what a good one never does, or not when one waits for it. */
final class ScriptedServer implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    private final ServerSocket listening;

    ScriptedServer() throws IOException {
        listening = new ServerSocket(0, 16, InetAddress.getByName("127.0.0.1"));
        listening.setSoTimeout(PATIENCE_MILLIS);
    }

    URI uri() {
        return URI.create("ws://127.0.0.1:" + listening.getLocalPort() + "/");
    }

    /** The next connection, whose handshake is answered. */
    Peer accept() throws Exception {
        Peer peer = new Peer(listening.accept());
        String key = peer.readHead().orElseThrow();
        byte[] hash = MessageDigest.getInstance("SHA-1")
                .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
        peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Protocol: chat.v1\r\nSec-WebSocket-Accept: "
                + Base64.getEncoder().encodeToString(hash) + "\r\n\r\n");
        return peer;
    }

    /** The next connection, whose handshake, or request for a stream, is refused with a status. */
    void refuse(int status) throws IOException {
        try (Peer peer = new Peer(listening.accept())) {
            peer.readHead();
            peer.write("HTTP/1.1 " + status + " No\r\nContent-Length: 0\r\n\r\n");
        }
    }

    /** The next connection, on which a client has logged in as ada, with an inbox at 5. */
    Peer welcome() throws Exception {
        Peer peer = accept();
        peer.connected(peer.expect("connect"));
        return peer;
    }

    /** The same, and it has subscribed to the lobby, which is at 7, anew. */
    Peer welcomeInLobby() throws Exception {
        Peer peer = welcome();
        peer.answer(peer.expect("subscribe"), "subscribed", "'channel':'lobby','epoch':'e','offset':7");
        return peer;
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }

    /** One connection. Writes JSON with single quotes. */
    static final class Peer implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        private Peer(Socket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout(PATIENCE_MILLIS);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        }

        /** Reads a request, and returns the key of its handshake, if it is for a WebSocket. */
        private Optional<String> readHead() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.readUnsignedByte());
            }
            return head.toString()
                    .lines()
                    .filter(line -> line.toLowerCase().startsWith("sec-websocket-key:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        }

        private void write(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        /** The next request. An {@link EOFException} is a close, or an end without one. */
        JsonObject read() throws IOException {
            while (true) {
                int first = in.readUnsignedByte();
                int length = in.readUnsignedByte() & 0x7f;
                long size = length == 127 ? in.readLong() : length == 126 ? in.readUnsignedShort() : length;
                byte[] mask = new byte[4];
                in.readFully(mask);
                byte[] payload = new byte[Math.toIntExact(size)];
                in.readFully(payload);
                for (int i = 0; i < payload.length; i++) {
                    payload[i] ^= mask[i % 4];
                }
                if (first == 0x88) {
                    throw new EOFException(
                            "closed with " + ByteBuffer.wrap(payload).getShort());
                }
                if (first == 0x81) {
                    return JsonParser.parseString(new String(payload, StandardCharsets.UTF_8))
                            .getAsJsonObject();
                }
            }
        }

        /** The next request, which must be of that type. */
        JsonObject expect(String type) throws IOException {
            JsonObject request = read();
            if (!request.get("type").getAsString().equals(type)) {
                throw new AssertionError(request + " is not " + type);
            }
            return request;
        }

        void connected(JsonObject connect) throws IOException {
            connected(connect, 25, 65_536);
        }

        void connected(JsonObject connect, int pingSeconds, int maxMessageBytes) throws IOException {
            String inbox = connect.has("inbox") ? ",'inbox':{'epoch':'i','offset':5,'recovered':true}" : "";
            answer(
                    connect,
                    "connected",
                    "'session':'s','client':'ada','server':'scripted','pingSeconds':" + pingSeconds
                            + ",'maxMessageBytes':" + maxMessageBytes + inbox);
            if (inbox.isEmpty()) {
                answer(expect("history"), "history", "'channel':'@ada','epoch':'i','offset':5,'messages':[]");
            }
        }

        void answer(JsonObject request, String type, String fields) throws IOException {
            String more = fields.isEmpty() ? "" : "," + fields;
            send("{'id':" + request.get("id") + ",'type':'" + type + "'" + more + "}");
        }

        void published(JsonObject publish, int offset) throws IOException {
            answer(publish, "published", "'channel':'lobby','epoch':'e','offset':" + offset);
        }

        void fail(JsonObject request, String code) throws IOException {
            answer(request, "error", "'code':'" + code + "','message':'because'");
        }

        /** A message in the lobby. */
        void message(int offset, String text) throws IOException {
            send("{'type':'message','channel':'lobby','offset':" + offset + ",'sender':'bob','time':1,'data':'" + text
                    + "'}");
        }

        void send(String json) throws IOException {
            frame(0x81, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        }

        /** A message of which more is to come. */
        void begin(String json) throws IOException {
            frame(0x01, json.getBytes(StandardCharsets.UTF_8));
        }

        void close(int code) throws IOException {
            frame(0x88, ByteBuffer.allocate(2).putShort((short) code).array());
        }

        private void frame(int first, byte[] payload) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(payload.length + 10).put((byte) first);
            if (payload.length < 126) {
                frame.put((byte) payload.length);
            } else if (payload.length < 1 << 16) {
                frame.put((byte) 126).putShort((short) payload.length);
            } else {
                frame.put((byte) 127).putLong(payload.length);
            }
            frame.put(payload);
            socket.getOutputStream().write(frame.array(), 0, frame.position());
        }

        /** Ends it without a word, as a crash does; what was just sent may be lost with it. */
        @Override
        public void close() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}

package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The opening handshake of RFC 6455, the same for all clients of a load. */
public final class Handshake {
    /** Ends the head of a request or response. */
    static final String END = "\r\n\r\n";

    // The same for all connections: keys differ only because of caches.
    private static final String KEY =
            Base64.getEncoder().encodeToString("fanout benchmark".getBytes(StandardCharsets.US_ASCII));
    private static final String ACCEPT = accept(KEY);

    private final InetSocketAddress address;
    private final String subprotocol;
    private final byte[] request;

    /** Resolves the server's address. The subprotocol may be empty. */
    public Handshake(URI url, String subprotocol) throws IOException {
        this.subprotocol = subprotocol;
        address = new InetSocketAddress(url.getHost(), url.getPort() < 0 ? 80 : url.getPort());
        if (address.isUnresolved()) {
            throw new IOException("the host " + url.getHost() + " is unknown");
        }
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String target = url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
        String offer = subprotocol.isEmpty() ? "" : "\r\nSec-WebSocket-Protocol: " + subprotocol;
        request = ("GET " + target + " HTTP/1.1\r\nHost: " + url.getRawAuthority()
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: " + KEY + offer + END)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns the value of Sec-WebSocket-Accept for a key. */
    static String accept(String key) {
        try {
            byte[] text = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    byte[] request() {
        return request;
    }

    /**
     * Reads the response. Returns false if it is incomplete.
     *
     * @throws IOException if the server refuses the handshake
     */
    boolean accepts(ByteBuffer in) throws IOException {
        String head = StandardCharsets.ISO_8859_1.decode(in.duplicate()).toString();
        int end = head.indexOf(END);
        if (end < 0) {
            return false;
        }
        String[] lines = head.substring(0, end).split("\r\n");
        if (!lines[0].startsWith("HTTP/1.1 101 ")) {
            throw new IOException("the server answered " + lines[0]);
        }
        require(lines, "Sec-WebSocket-Accept", ACCEPT);
        if (!subprotocol.isEmpty()) {
            require(lines, "Sec-WebSocket-Protocol", subprotocol);
        }
        in.position(end + END.length());
        return true;
    }

    private static void require(String[] lines, String name, String value) throws IOException {
        for (String line : lines) {
            String[] field = line.split(":", 2);
            if (field[0].equalsIgnoreCase(name) && field[1].strip().equals(value)) {
                return;
            }
        }
        throw new IOException("the response to the handshake lacks " + name + ": " + value);
    }
}

package io.seleucia.chat.transport;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The server's side of the opening handshake (RFC 6455 §4.2), over strict HTTP/1.1 (RFC 9112). Stateless; each call runs in
 * its connection's thread.
 *
 * @param hosts the names of the server; a request for another host is refused
 * @param allowedOrigins the origins whose pages may connect. Clients that send none, as programs do, may always connect
 * @param subprotocolRequired whether a client that offers only unknown subprotocols is refused
 * @param compression whether permessage-deflate is accepted
 * @param contextTakeover whether compression keeps its context from message to message, while the contexts of all
 *     connections take less than a quarter of the memory budget
 */
public record Handshake(
        HostNames hosts,
        AllowedOrigins allowedOrigins,
        boolean subprotocolRequired,
        boolean compression,
        boolean contextTakeover) {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final MessageDigest SHA1 = sha1(); // cloned: getInstance leaves a thread-local in each idle thread
    private static final String PASS_HOST_ON = "a proxy must pass Host on (in nginx: proxy_set_header Host $http_host)";
    private static final int KEY_BYTES = 16;
    private static final int CONTEXTS_SHARE = 4;
    private static final int MAX_QUOTED = 100; // characters of a requested host

    /**
     * The result of a handshake.
     *
     * @param path the requested path
     * @param parameters the parameters of the query
     * @param subprotocol empty if the client offered none that is spoken there
     */
    public record Agreed(
            String path,
            Map<String, String> parameters,
            Optional<String> subprotocol,
            Optional<DeflateParameters> compression) {}

    /** Admits or refuses clients. */
    @FunctionalInterface
    public interface Gate {
        /**
         * Checks a request that is valid otherwise, before it is answered. May block.
         *
         * @param authorization the field {@code Authorization}
         * @param parameters the parameters of the query
         * @throws HandshakeException to refuse the client, which is told why
         */
        void check(String path, Optional<String> authorization, Map<String, String> parameters)
                throws HandshakeException;
    }

    /**
     * Answers a request for a WebSocket. Blocks until that is done or the wire is aborted.
     *
     * @param subprotocols gives the subprotocols of a path, the most preferred first
     * @throws HandshakeException if the request is refused; the client is yet to be told
     * @throws IOException if the connection broke
     */
    public Agreed accept(HttpRequest request, Function<String, List<String>> subprotocols, Gate gate)
            throws IOException {
        HttpHead head = request.head();
        Wire wire = request.wire();
        String path = head.path();
        Map<String, String> parameters = head.parameters();
        String key = check(request);
        Optional<String> subprotocol = negotiate(head, subprotocols.apply(path));
        Optional<DeflateParameters> agreed = compression
                ? DeflateParameters.negotiate(
                        head.lines("sec-websocket-extensions"), contextTakeover && hasRoomForContext(wire.memory()))
                : Optional.empty();
        gate.check(path, head.single("authorization"), parameters);
        wire.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + field("Sec-WebSocket-Accept", Optional.of(answerTo(key)))
                        + field("Sec-WebSocket-Protocol", subprotocol)
                        + field("Sec-WebSocket-Extensions", agreed.map(DeflateParameters::answer))
                        + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        return new Agreed(path, parameters, subprotocol, agreed);
    }

    private static boolean hasRoomForContext(MemoryBudget memory) {
        return memory.used(Part.COMPRESSION) < memory.limit() / CONTEXTS_SHARE;
    }

    private static String field(String name, Optional<String> value) {
        return value.map(text -> name + ": " + text + "\r\n").orElse("");
    }

    /**
     * Checks the host of any request.
     *
     * @throws HandshakeException if the server does not serve it
     */
    public void checkHost(HttpRequest request) throws HandshakeException {
        String host = request.head().host();
        if (host.isEmpty() && !hosts.equals(HostNames.ANY)) { // of HTTP/1.0
            throw new HandshakeException(400, "Host is missing");
        }
        if (!host.isEmpty() && !hosts.include(host)) {
            throw new HandshakeException(
                    421,
                    "this server does not serve the host " + quoted(host)
                            + ": its setting hosts names those it serves, and " + PASS_HOST_ON);
        }
    }

    /** Checks the rules of RFC 6455 §4.2.1, and returns the key. */
    private String check(HttpRequest request) throws HandshakeException {
        HttpHead head = request.head();
        if (!head.method().equals("GET")) {
            throw new HandshakeException(405, "the method must be GET");
        }
        if (head.minor() == 0) {
            throw new HandshakeException(400, HttpHead.VERSION_RULE);
        }
        if (request.hasBody()) {
            throw new HandshakeException(400, "a handshake has no body");
        }
        if (!head.lists("upgrade", "websocket")) {
            throw new HandshakeException(400, "this is a WebSocket server: Upgrade must be websocket");
        }
        if (!head.lists("connection", "upgrade")) {
            throw new HandshakeException(400, "Connection must include Upgrade");
        }
        if (!head.single("sec-websocket-version").orElse("").equals("13")) {
            throw new HandshakeException(426, "Sec-WebSocket-Version must be 13");
        }
        String key = head.single("sec-websocket-key")
                .filter(Handshake::isKey)
                .orElseThrow(() -> new HandshakeException(400, "Sec-WebSocket-Key must be 16 bytes in base64"));
        Optional<String> origin = head.single("origin");
        if (origin.isPresent() && !allows(request, origin.get())) {
            throw foreign(request, origin.get());
        }
        return key;
    }

    /**
     * Checks the origin of a request without an upgrade. If it may be one of another origin's page, all answers let that read
     * them, but never with cookies (Fetch §3.3).
     *
     * @throws HandshakeException if the origin is not allowed
     */
    public void checkOrigin(HttpRequest request) throws HandshakeException {
        Optional<String> origin = request.field("origin");
        if (origin.isPresent()) {
            if (!allows(request, origin.get())) {
                throw foreign(request, origin.get());
            }
            request.giveAnswers("Access-Control-Allow-Origin: " + origin.get() + "\r\nVary: Origin\r\n");
        }
    }

    /**
     * Lets the pages of allowed origins use the answer to a request, such as a script, but never with cookies. Others may have
     * the answer too, and their browsers keep it from them.
     */
    public void shareWithOrigin(HttpRequest request) throws HandshakeException {
        Optional<String> origin = request.field("origin");
        boolean shared = origin.isPresent() && allows(request, origin.get());
        request.giveAnswers(
                (shared ? "Access-Control-Allow-Origin: " + origin.get() + "\r\n" : "") + "Vary: Origin\r\n");
    }

    private static boolean isKey(String key) {
        try {
            // The decoder accepts stray bits and missing padding, so the key is encoded again.
            byte[] decoded = Base64.getDecoder().decode(key);
            return decoded.length == KEY_BYTES
                    && Base64.getEncoder().encodeToString(decoded).equals(key);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private boolean allows(HttpRequest request, String text) throws HandshakeException {
        if (allowedOrigins.isOwnOnly()) {
            Optional<Origin> origin = Origin.of(text);
            return origin.isPresent() && origin.equals(Origin.of(request.scheme(), request.host()));
        }
        return allowedOrigins.include(text);
    }

    private HandshakeException foreign(HttpRequest request, String origin) throws HandshakeException {
        String rule = allowedOrigins.isOwnOnly()
                ? " is not " + request.scheme() + "://" + quoted(request.host()) + ", as it was asked for: "
                        + PASS_HOST_ON
                        + " and, if it ends TLS, the scheme, and be one of trusted-proxies; or the setting allowed-origins"
                        + " must name the origin"
                : " is not one of the setting allowed-origins";
        return new HandshakeException(403, "this origin is not allowed: " + quoted(origin) + rule);
    }

    private static String quoted(String text) {
        return text.length() <= MAX_QUOTED ? text : text.substring(0, MAX_QUOTED) + "…";
    }

    private Optional<String> negotiate(HttpHead head, List<String> spoken) throws HandshakeException {
        List<String> offered = head.list("sec-websocket-protocol");
        for (String name : offered) {
            if (!HttpHead.isToken(name)) {
                throw new HandshakeException(400, "Sec-WebSocket-Protocol must be a list of tokens");
            }
        }
        for (String name : spoken) {
            if (offered.contains(name)) {
                return Optional.of(name);
            }
        }
        if (subprotocolRequired && !offered.isEmpty()) {
            throw new HandshakeException(400, "none of these subprotocols is spoken here");
        }
        return Optional.empty();
    }

    private static String answerTo(String key) {
        try {
            MessageDigest sha1 = (MessageDigest) SHA1.clone();
            return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(StandardCharsets.ISO_8859_1)));
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("every JDK can clone its SHA-1", e);
        }
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** Refuses a connection before its request is read. */
    public static void refuse(Wire wire, int status, String why) throws IOException {
        new HandshakeException(status, why).answer().sendLast(wire, true);
    }
}

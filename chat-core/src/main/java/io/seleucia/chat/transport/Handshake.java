package io.seleucia.chat.transport;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The server's side of the opening handshake (RFC 6455 §4.2), over HTTP/1.1 as RFC 9112 has it and no laxer. Stateless;
 * each call runs in its connection's thread.
 *
 * @param hosts the names that a request may call the server; one for another name is refused, whatever it asks for
 * @param allowedOrigins the values of {@code Origin} that may connect; {@code *} is any; if empty, the origin that the
 *     request itself is for, by scheme, host and port. Clients that are no browsers send none, and may always connect.
 * @param subprotocolRequired whether a client that offers only unknown subprotocols is refused
 * @param compression whether permessage-deflate is agreed on with clients that offer it
 * @param contextTakeover whether contexts are kept from message to message then
 */
public record Handshake(
        HostNames hosts,
        Set<String> allowedOrigins,
        boolean subprotocolRequired,
        boolean compression,
        boolean contextTakeover) {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final MessageDigest SHA_1 = sha1();
    private static final int KEY_BYTES = 16;
    private static final int MAX_TOLD = 100; // characters of a host, to who asked for it
    // §3.2.2
    private static final String SEPARATORS = "()<>@,;:\\\"/[]?={}";

    /** Keeps its own copies. */
    public Handshake {
        allowedOrigins = Set.copyOf(allowedOrigins);
    }

    /**
     * What was agreed on.
     *
     * @param path the path that the client asked for
     * @param parameters what stood in its query
     * @param subprotocol empty if the client offered none that is spoken there
     */
    public record Agreed(
            String path,
            Map<String, String> parameters,
            Optional<String> subprotocol,
            Optional<Compression> compression) {}

    /** Decides whether who is asking may come in. */
    @FunctionalInterface
    public interface Gate {
        /**
         * Called when all else is well with a request, before it is answered. May block.
         *
         * @param path the path that is asked for
         * @param authorization the field {@code Authorization}
         * @param parameters what stood in the query
         * @throws HandshakeException if not, for the client to be told
         */
        void check(String path, Optional<String> authorization, Map<String, String> parameters)
                throws HandshakeException;
    }

    /** Like {@link #accept(Wire, Pages, Function, Gate)}, for whoever comes. */
    public Optional<Agreed> accept(Wire wire, Pages pages, Function<String, List<String>> subprotocols)
            throws IOException {
        return accept(wire, pages, subprotocols, (path, authorization, parameters) -> {});
    }

    /**
     * Reads the request and answers it. Blocks; who watches over the deadline aborts the wire.
     *
     * @param pages what is given to those who want no WebSocket
     * @param subprotocols what is spoken at a path, the most preferred first
     * @param gate decides last, about those who want one
     * @return empty if a page was asked for and given, and the connection has ended
     * @throws HandshakeException if the request was refused, after the client was told why
     * @throws IOException if the connection broke
     */
    public Optional<Agreed> accept(Wire wire, Pages pages, Function<String, List<String>> subprotocols, Gate gate)
            throws IOException {
        boolean body = true;
        try {
            HttpHead head = HttpHead.read(wire);
            body = !head.method().equals("HEAD"); // RFC 9110 §9.3.2
            checkHost(head.host());
            if (pages.concern(head)) {
                pages.answer(head).send(wire, body);
                return Optional.empty();
            }
            String key = check(head, wire.isSecure() ? "https" : "http");
            Optional<String> subprotocol = negotiate(head, subprotocols.apply(head.path()));
            Optional<Compression> agreed = compression
                    ? Compression.negotiate(head.lines("sec-websocket-extensions"), contextTakeover)
                    : Optional.empty();
            gate.check(head.path(), head.single("authorization"), head.parameters());
            wire.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + field("Sec-WebSocket-Accept", Optional.of(answerTo(key)))
                            + field("Sec-WebSocket-Protocol", subprotocol)
                            + field("Sec-WebSocket-Extensions", agreed.map(Compression::answer))
                            + "\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            wire.settle();
            return Optional.of(new Agreed(head.path(), head.parameters(), subprotocol, agreed));
        } catch (HandshakeException e) {
            refuse(wire, e, body);
            throw e;
        }
    }

    private static String field(String name, Optional<String> value) {
        return value.map(text -> name + ": " + text + "\r\n").orElse("");
    }

    private void checkHost(String host) throws HandshakeException {
        if (!hosts.include(host)) {
            String named = host.length() <= MAX_TOLD ? host : host.substring(0, MAX_TOLD) + "…";
            throw new HandshakeException(
                    421, "this server does not serve the host " + named + ": its setting hosts names those it serves");
        }
    }

    /**
     * The rules of RFC 6455 §4.2.1, in an order that tells a client the first thing to mend; returns the key.
     *
     * @param scheme that of the pages that this port gives
     */
    private String check(HttpHead head, String scheme) throws HandshakeException {
        if (!head.method().equals("GET")) {
            throw new HandshakeException(405, "the method must be GET");
        }
        if (head.announcesBody()) {
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
        if (origin.isPresent() && !allows(origin.get(), Origin.of(scheme, head.host()))) {
            throw new HandshakeException(403, "this origin is not allowed");
        }
        return key;
    }

    private static boolean isKey(String key) {
        try {
            // Encoded again, it must be the same: the decoder accepts stray bits and missing padding.
            byte[] decoded = Base64.getDecoder().decode(key);
            return decoded.length == KEY_BYTES
                    && Base64.getEncoder().encodeToString(decoded).equals(key);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** @param own the origin that the request is for */
    private boolean allows(String text, Optional<Origin> own) {
        Optional<Origin> origin = Origin.of(text);
        if (allowedOrigins.isEmpty()) {
            return origin.isPresent() && origin.equals(own);
        }
        return allowedOrigins.contains("*")
                || allowedOrigins.contains(text) // such as null, which is no origin
                || origin.isPresent() && allowedOrigins.stream().map(Origin::of).anyMatch(origin::equals);
    }

    private Optional<String> negotiate(HttpHead head, List<String> spoken) throws HandshakeException {
        List<String> offered = head.list("sec-websocket-protocol");
        for (String name : offered) {
            if (!isToken(name)) {
                throw new HandshakeException(400, "Sec-WebSocket-Protocol must be a list of tokens");
            }
        }
        Optional<String> subprotocol = spoken.stream().filter(offered::contains).findFirst();
        if (subprotocolRequired && subprotocol.isEmpty() && !offered.isEmpty()) {
            throw new HandshakeException(400, "none of these subprotocols is spoken here");
        }
        return subprotocol;
    }

    /** A token of RFC 9110 §5.6.2. */
    static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c >= 0x7f || SEPARATORS.indexOf(c) >= 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private static String answerTo(String key) {
        try {
            MessageDigest digest = (MessageDigest) SHA_1.clone();
            return Base64.getEncoder()
                    .encodeToString(digest.digest((key + GUID).getBytes(StandardCharsets.ISO_8859_1)));
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the JDK's SHA-1 can be cloned", e);
        }
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /** Refuses a connection before its request was read, such as one too many. */
    public static void refuse(Wire wire, int status, String why) throws IOException {
        refuse(wire, new HandshakeException(status, why), true);
    }

    private static void refuse(Wire wire, HandshakeException refusal, boolean withBody) throws IOException {
        HttpAnswer answer = HttpAnswer.text(refusal.status(), refusal.getMessage());
        HttpAnswer complete = switch (refusal.status()) {
            case 401 ->
                answer.with("WWW-Authenticate", "Basic realm=\"chat\", charset=\"UTF-8\"")
                        .with("WWW-Authenticate", "Bearer realm=\"chat\"");
            case 405 -> answer.with("Allow", "GET");
            case 426 -> answer.with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13");
            case 429, 503 -> answer.with("Retry-After", "10");
            default -> answer;
        };
        complete.send(wire, withBody);
    }
}

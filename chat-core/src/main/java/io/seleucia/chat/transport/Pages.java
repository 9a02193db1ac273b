package io.seleucia.chat.transport;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * What a port of WebSockets gives to browsers that want none: a small fixed set of static resources, held in memory.
 * They may load and run each other and connect to this server, and nothing else may load or run in them. Immutable; any
 * thread.
 */
public final class Pages {
    /** None: who wants no WebSocket is told that this is a WebSocket server. */
    public static final Pages NONE = new Pages(Map.of());

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Map<String, Resource> byPath;

    private record Resource(String type, byte[] content, String tag) {}

    private Pages(Map<String, Resource> byPath) {
        this.byPath = byPath;
    }

    /**
     * These and one more, or another in the place of one.
     *
     * @param path without a query, such as {@code /chat.css}
     * @param type its media type, such as {@code text/css; charset=utf-8}
     * @param content is copied
     * @throws IllegalArgumentException if path or type can't stand in HTTP
     */
    public Pages with(String path, String type, byte[] content) {
        if (!HttpHead.isPath(path)) {
            throw new IllegalArgumentException("a page's path must begin with /, and have no query: " + path);
        }
        if (!type.matches("[!-~]+/[ -~]+")) {
            throw new IllegalArgumentException("a page's type must be a media type: " + type);
        }
        Map<String, Resource> more = new HashMap<>(byPath);
        more.put(path, new Resource(type, content.clone(), tagOf(content)));
        return new Pages(Map.copyOf(more));
    }

    /** A strong validator (RFC 9110 §8.8.3). */
    private static String tagOf(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return '"' + HexFormat.of().formatHex(digest, 0, 16) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Whether a request is for one of these: not if there are none, or if a WebSocket is asked for. */
    boolean concern(HttpHead head) {
        return !byPath.isEmpty() && !head.lists("upgrade", "websocket");
    }

    /** The page that a request asks for, or why there is none. */
    HttpAnswer answer(HttpHead head) throws HandshakeException {
        head.host(); // a request without one is malformed, whatever it asks for
        if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
            return HttpAnswer.text(405, "the method must be GET or HEAD").with("Allow", "GET, HEAD");
        }
        if (head.announcesBody()) {
            throw new HandshakeException(400, "a request for a page has no body");
        }
        Resource resource = byPath.get(head.path());
        if (resource == null) {
            return HttpAnswer.text(404, "there is no such page");
        }
        boolean known = head.list("if-none-match").stream()
                .anyMatch(tag -> tag.equals("*") || tag.replaceFirst("^W/", "").equals(resource.tag()));
        HttpAnswer answer = known
                ? new HttpAnswer(304, "", new byte[0])
                : new HttpAnswer(200, "", resource.content()).with("Content-Type", resource.type());
        return answer.with("ETag", resource.tag())
                .with("Cache-Control", "no-cache")
                .with("Content-Security-Policy", POLICY)
                .with("X-Content-Type-Options", "nosniff")
                .with("Referrer-Policy", "no-referrer");
    }
}

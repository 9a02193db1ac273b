package io.seleucia.chat.transport;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The static pages of a WebSocket port, a few that are held in memory. They may load and run each other and connect to this
 * server, and nothing else. Immutable; any thread.
 */
public final class StaticPages {
    /** No pages: all requests but those for a WebSocket are refused. */
    public static final StaticPages NONE = new StaticPages(Map.of());

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Map<String, Resource> byPath;

    private record Resource(String type, byte[] content, String tag) {}

    private StaticPages(Map<String, Resource> byPath) {
        this.byPath = byPath;
    }

    /**
     * Returns these pages and one more, which may replace one.
     *
     * @param path a path without a query, such as {@code /chat.css}
     * @param type the media type, such as {@code text/css; charset=utf-8}
     * @param content the content, which is copied
     * @throws IllegalArgumentException if path or type can't stand in HTTP
     */
    public StaticPages with(String path, String type, byte[] content) {
        if (!HttpHead.isPath(path)) {
            throw new IllegalArgumentException("a page's path must begin with /, and have no query: " + path);
        }
        if (!type.matches("[!-~]+/[ -~]+")) {
            throw new IllegalArgumentException("a page's type must be a media type: " + type);
        }
        Map<String, Resource> more = new HashMap<>(byPath);
        more.put(path, new Resource(type, content.clone(), tagOf(content)));
        return new StaticPages(Map.copyOf(more));
    }

    /** Returns a strong validator (RFC 9110 §8.8.3). */
    private static String tagOf(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return '"' + HexFormat.of().formatHex(digest, 0, 16) + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Returns whether there are no pages. */
    public boolean isEmpty() {
        return byPath.isEmpty();
    }

    /** Returns the requested page, or the reason for its absence. */
    public HttpResponse answer(HttpRequest request) throws HandshakeException {
        HttpHead head = request.head();
        if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
            return HttpResponse.text(405, "the method must be GET or HEAD").with("Allow", "GET, HEAD");
        }
        if (request.hasBody()) {
            throw new HandshakeException(400, "a request for a page has no body");
        }
        Resource resource = byPath.get(head.path());
        if (resource == null) {
            return HttpResponse.text(404, "there is no such page");
        }
        boolean known = head.list("if-none-match").stream()
                .anyMatch(tag -> tag.equals("*") || tag.replaceFirst("^W/", "").equals(resource.tag()));
        HttpResponse answer = known
                ? new HttpResponse(304, "", new byte[0])
                : new HttpResponse(200, "", resource.content()).with("Content-Type", resource.type());
        return answer.with("ETag", resource.tag())
                .with("Cache-Control", "no-cache")
                .with("Content-Security-Policy", POLICY)
                .with("X-Content-Type-Options", "nosniff")
                .with("Referrer-Policy", "no-referrer");
    }
}

package io.seleucia.chat.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * The static pages of a WebSocket port, a few that are held in memory, plain and compressed. They may load and run each other and connect to this
 * server, and nothing else. Immutable; any thread.
 */
public final class StaticPages {
    /** No pages: all requests but those for a WebSocket are refused. */
    public static final StaticPages NONE = new StaticPages(Map.of());

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final double MOST_OF_IT = 0.9; // of the content, beyond which compression saves too little

    private final Map<String, Resource> byPath;

    /** A page; {@code compressed} is the plain content where that is hardly larger. */
    private record Resource(String type, Representation plain, Representation compressed) {
        boolean isCompressed() {
            return compressed != plain;
        }
    }

    private record Representation(byte[] content, String tag) {}

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
        Representation plain = new Representation(content.clone(), tagOf(content));
        byte[] compressed = compress(content);
        boolean isWorthIt = compressed.length < content.length * MOST_OF_IT;
        more.put(
                path, new Resource(type, plain, isWorthIt ? new Representation(compressed, tagOf(compressed)) : plain));
        return new StaticPages(Map.copyOf(more));
    }

    private static byte[] compress(byte[] content) {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (OutputStream out = new BestCompression(compressed)) {
            out.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException("memory can be written", e);
        }
        return compressed.toByteArray();
    }

    /** Compresses once what is sent many times. */
    private static final class BestCompression extends GZIPOutputStream {
        BestCompression(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
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
        Representation chosen = takesGzip(head) ? resource.compressed() : resource.plain();
        boolean known = head.list("if-none-match").stream()
                .anyMatch(tag -> tag.equals("*") || tag.replaceFirst("^W/", "").equals(chosen.tag()));
        HttpResponse answer = known
                ? new HttpResponse(304, "", new byte[0])
                : new HttpResponse(200, "", chosen.content()).with("Content-Type", resource.type());
        if (resource.isCompressed()) {
            answer = answer.with("Vary", "Accept-Encoding");
        }
        if (!known && chosen != resource.plain()) {
            answer = answer.with("Content-Encoding", "gzip");
        }
        return answer.with("ETag", chosen.tag())
                .with("Cache-Control", "no-cache")
                .with("Content-Security-Policy", POLICY)
                .with("X-Content-Type-Options", "nosniff")
                .with("Referrer-Policy", "no-referrer");
    }

    /** Returns whether the client takes gzip (RFC 9110 §12.5.3). */
    private static boolean takesGzip(HttpHead head) {
        return head.list("accept-encoding").stream().anyMatch(StaticPages::isGzip);
    }

    private static boolean isGzip(String coding) {
        String[] parts = coding.toLowerCase(Locale.ROOT).split(";", 2);
        boolean isRefused = parts.length == 2 && parts[1].strip().matches("q\\s*=\\s*0(\\.0*)?");
        return parts[0].strip().matches("(x-)?gzip") && !isRefused;
    }
}

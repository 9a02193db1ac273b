package io.seleucia.chat.server.management;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Access control of the management port. Without a token, it listens on this machine only, and every local program has
 * access, but no web page of another origin, not even by DNS rebinding. With a token, clients need it. Any thread.
 */
public final class Access {
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");
    private static final int MIN_TOKEN = 16;
    private static final String SCHEME = "Bearer ";

    private final Optional<byte[]> token; // its hash, so that all comparisons have one length
    private final String host;
    private final TokenThrottle throttle = new TokenThrottle();

    private Access(Optional<byte[]> token, String host) {
        this.token = token;
        this.host = host;
    }

    /** Returns access for this machine only, without a token. */
    public static Access local() {
        return new Access(Optional.empty(), "localhost");
    }

    /**
     * Returns access by a token.
     *
     * @param file whose first line is the token, of 16 characters or more
     * @param host to listen on
     * @throws IOException if the file can't be read or has no token
     */
    public static Access withToken(Path file, String host) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            throw new IOException("the management token file " + file + " does not exist", e);
        } catch (IOException e) {
            throw new IOException("the management token file " + file + " can't be read: " + e.getMessage(), e);
        }
        String token = lines.isEmpty() ? "" : lines.getFirst().strip();
        if (token.length() < MIN_TOKEN) {
            throw new IOException("the first line of the management token file " + file + " must have at least "
                    + MIN_TOKEN + " characters");
        }
        return new Access(Optional.of(hash(token)), host);
    }

    String host() {
        return host;
    }

    /** Refuses requests for other host names, if there is no token, against DNS rebinding. */
    void checkHost(HttpRequest request) throws HttpError {
        if (!isForThisMachine(request)) {
            throw new HttpError(403, "wrong host name: the Host header must be localhost");
        }
    }

    private static String hostOf(HttpRequest request) throws HttpError {
        return request.field("host").orElse("").toLowerCase(Locale.ROOT);
    }

    private boolean isForThisMachine(HttpRequest request) throws HttpError {
        return token.isPresent() || THIS_MACHINE.contains(hostOf(request).replaceFirst(":\\d*$", ""));
    }

    /** Refuses requests that a page of another origin may have sent. */
    void checkOrigin(HttpRequest request) throws HttpError {
        if (!isOwn(request.field("origin"), hostOf(request)) || !isFromHere(request)) {
            throw new HttpError(403, "pages of other origins have no access");
        }
        if (!request.isReading() && !isJson(request.field("content-type").orElse(""))) {
            throw new HttpError(415, "the Content-Type of a change must be application/json");
        }
    }

    /** Ignores the scheme: behind a proxy that ends TLS, only the browser uses https. */
    private static boolean isOwn(Optional<String> origin, String named) {
        return origin.map(text -> text.toLowerCase(Locale.ROOT).replaceFirst("^https?://", ""))
                .map(named::equals)
                .orElse(true);
    }

    /** Returns whether a request comes from this origin, as browsers say. A link to the console may be on any page. */
    private static boolean isFromHere(HttpRequest request) throws HttpError {
        boolean arrives = request.field("sec-fetch-mode").equals(Optional.of("navigate"))
                && request.path().equals("/");
        // Other programs than browsers don't send this header.
        return arrives
                || Set.of("same-origin", "none")
                        .contains(request.field("sec-fetch-site").orElse("none"));
    }

    /** Returns whether the type is JSON, which no page can send to another origin without a preflight request. */
    private static boolean isJson(String type) {
        return type.toLowerCase(Locale.ROOT).replaceFirst(";.*", "").strip().equals("application/json");
    }

    /**
     * Returns whether the request has full access, which includes the name of its host. Blocks after wrong tokens.
     *
     * @throws HttpError if too many wrong tokens have come from that network
     */
    boolean isAllowed(HttpRequest request) throws HttpError {
        if (token.isEmpty()) {
            return isForThisMachine(request);
        }
        String given = request.field("authorization").orElse("");
        if (!given.startsWith(SCHEME)) {
            return false;
        }
        byte[] hash = hash(given.substring(SCHEME.length()).strip());
        // Takes the same time however many bytes match.
        return throttle.check(request.from(), () -> MessageDigest.isEqual(token.get(), hash));
    }

    private static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

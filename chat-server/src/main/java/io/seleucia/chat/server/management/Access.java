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
 * Who is let in. Without a token, whoever can connect, and only this machine can; pages of other origins are kept out
 * all the same, even those whose name was made to point here. With a token, who knows it.
 */
public final class Access {
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");
    private static final int MIN_TOKEN = 16;
    private static final String SCHEME = "Bearer ";

    private final Optional<byte[]> token; // its hash: what is compared is of one length
    private final String host;
    private final Guesses guesses = new Guesses();

    private Access(Optional<byte[]> token, String host) {
        this.token = token;
        this.host = host;
    }

    /** For this machine alone. */
    public static Access local() {
        return new Access(Optional.empty(), "localhost");
    }

    /**
     * For who knows a token.
     *
     * @param file its first line is the token, of 16 characters or more
     * @param host where to listen
     * @throws IOException if it can't be read or is no token
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

    /** Where to listen. */
    String host() {
        return host;
    }

    /**
     * Refuses what a page of another origin may have sent. Where there is no token, it also refuses what is sent to
     * another name: one that was made to point here, so that a page from there is of the same origin.
     */
    void checkOrigin(Request request) throws Refusal {
        String named = request.field("host").orElse("").toLowerCase(Locale.ROOT);
        String name = named.replaceFirst(":\\d*$", "");
        if (token.isEmpty() && !THIS_MACHINE.contains(name)) {
            throw new Refusal(403, "this server is not called that: the Host header must be localhost");
        }
        if (!isOwn(request.field("origin"), named) || !isFromHere(request)) {
            throw new Refusal(403, "pages of other origins have no access");
        }
        if (!request.isReading() && !isJson(request.field("content-type").orElse(""))) {
            throw new Refusal(415, "the Content-Type of a change must be application/json");
        }
    }

    /** The scheme is not compared: where a proxy ends TLS, it is https for the browser only. */
    private static boolean isOwn(Optional<String> origin, String named) {
        return origin.map(text -> text.toLowerCase(Locale.ROOT).replaceFirst("^https?://", ""))
                .map(named::equals)
                .orElse(true);
    }

    /** Browsers say where a request comes from. Somebody who follows a link to the console may come from anywhere. */
    private static boolean isFromHere(Request request) throws Refusal {
        boolean arrives = request.field("sec-fetch-mode").equals(Optional.of("navigate"))
                && request.path().equals("/");
        // A program that is no browser says nothing.
        return arrives
                || Set.of("same-origin", "none")
                        .contains(request.field("sec-fetch-site").orElse("none"));
    }

    /** No page can send this type to another origin without asking first, and nobody here says yes. */
    private static boolean isJson(String type) {
        return type.toLowerCase(Locale.ROOT).replaceFirst(";.*", "").strip().equals("application/json");
    }

    /**
     * Returns whether the request comes from who may see and do everything. Blocks after wrong tokens.
     *
     * @throws Refusal if too many wrong ones have come from there
     */
    boolean isAllowed(Request request) throws Refusal {
        if (token.isEmpty()) {
            return true;
        }
        String given = request.field("authorization").orElse("");
        if (!given.startsWith(SCHEME)) {
            return false;
        }
        byte[] hash = hash(given.substring(SCHEME.length()).strip());
        // Compared in a time that does not depend on how much of it is right.
        return guesses.check(request.from(), () -> MessageDigest.isEqual(token.get(), hash));
    }

    private static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

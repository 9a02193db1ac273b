package io.seleucia.chat.server.management;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** Files in the jar that browsers load. */
public final class WebFile {
    private WebFile() {}

    /** Returns the content type of a file, by the end of its name. */
    public static String typeOf(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            case "png" -> "image/png";
            case "webmanifest" -> "application/manifest+json";
            default -> throw new IllegalArgumentException(name + " has no known content type");
        };
    }

    /** Reads a file that is beside a class, or below it. */
    public static byte[] read(Class<?> near, String name) {
        try (InputStream in = near.getResourceAsStream(name)) {
            return Objects.requireNonNull(in, () -> name + " is missing from the jar")
                    .readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " can't be read from the jar", e);
        }
    }
}

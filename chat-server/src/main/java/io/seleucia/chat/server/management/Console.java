package io.seleucia.chat.server.management;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;

/** The files of the operator's console, as they stand in the jar. */
final class Console {
    private static final Map<String, String> TYPES = Map.of(
            "console.html", "text/html; charset=utf-8",
            "console.css", "text/css; charset=utf-8",
            "console.js", "text/javascript; charset=utf-8",
            "icon.svg", "image/svg+xml");

    /** What is at a path, if something is. */
    Optional<Answer> page(String path) {
        String file = path.equals("/") ? "console.html" : path.substring(1);
        return Optional.ofNullable(TYPES.get(file)).map(type -> new Answer(200, type, read(file)));
    }

    private static byte[] read(String file) {
        try (InputStream in = Console.class.getResourceAsStream(file)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(file + " is missing from the jar", e);
        }
    }
}

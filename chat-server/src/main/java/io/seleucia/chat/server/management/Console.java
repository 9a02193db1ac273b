package io.seleucia.chat.server.management;

import java.util.Optional;
import java.util.Set;

/** The files of the operator's console, which are in the jar. */
final class Console {
    private static final Set<String> FILES = Set.of(
            "console.html",
            "console.css",
            "console.js",
            "api.js",
            "bans.js",
            "channel.js",
            "channels.js",
            "charts.js",
            "export.js",
            "list.js",
            "log.js",
            "notice.js",
            "overview.js",
            "page.js",
            "sessions.js",
            "users.js",
            "words.js",
            "icon.svg");

    private Console() {}

    /** Returns the file at a path, or empty if there is none. */
    static Optional<HttpResponse> page(String path) {
        String file = path.equals("/") ? "console.html" : path.substring(1);
        return FILES.contains(file)
                ? Optional.of(new HttpResponse(200, WebFile.typeOf(file), WebFile.read(Console.class, file)))
                : Optional.empty();
    }
}

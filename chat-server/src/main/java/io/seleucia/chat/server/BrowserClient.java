package io.seleucia.chat.server;

import io.seleucia.chat.ChatServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** The pages of the browser client, which are files in the jar. */
final class BrowserClient {
    private static final Map<String, String> FILES = Map.ofEntries(
            Map.entry("index.html", "text/html; charset=utf-8"),
            Map.entry("chat.css", "text/css; charset=utf-8"),
            Map.entry("chat-client.js", "text/javascript; charset=utf-8"),
            Map.entry("dom.js", "text/javascript; charset=utf-8"),
            Map.entry("main.js", "text/javascript; charset=utf-8"),
            Map.entry("state.js", "text/javascript; charset=utf-8"),
            Map.entry("storage.js", "text/javascript; charset=utf-8"),
            Map.entry("timeline.js", "text/javascript; charset=utf-8"),
            Map.entry("view.js", "text/javascript; charset=utf-8"),
            Map.entry("text.js", "text/javascript; charset=utf-8"),
            Map.entry("icon.svg", "image/svg+xml"));

    private BrowserClient() {}

    /** Has a server give the client to browsers that ask for {@code /}. */
    static void addTo(ChatServerBuilder builder) throws IOException {
        for (Map.Entry<String, String> file : FILES.entrySet()) {
            String path = file.getKey().equals("index.html") ? "/" : "/" + file.getKey();
            builder.page(path, file.getValue(), content(file.getKey()));
        }
    }

    private static byte[] content(String file) throws IOException {
        try (InputStream in = BrowserClient.class.getResourceAsStream("browser/" + file)) {
            if (in == null) {
                throw new IOException("the jar misses the browser client's " + file);
            }
            return in.readAllBytes();
        }
    }
}

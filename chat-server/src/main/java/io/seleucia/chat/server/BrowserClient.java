package io.seleucia.chat.server;

import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.server.management.WebFile;
import java.util.List;

/** The pages of the browser client, which are files in the jar. */
final class BrowserClient {
    private static final List<String> FILES = List.of(
            "index.html",
            "chat.css",
            "chat-client.js",
            "conversation.js",
            "history.js",
            "inbox.js",
            "outbox.js",
            "presence.js",
            "dom.js",
            "main.js",
            "state.js",
            "storage.js",
            "timeline.js",
            "view.js",
            "text.js",
            "icon.svg");

    private BrowserClient() {}

    /** Adds the pages to a server, with the client at {@code /}. */
    static void addTo(ChatServerBuilder builder) {
        for (String file : FILES) {
            String path = file.equals("index.html") ? "/" : "/" + file;
            builder.page(path, WebFile.typeOf(file), WebFile.read(BrowserClient.class, "browser/" + file));
        }
    }
}

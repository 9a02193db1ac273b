package io.seleucia.chat.server;

import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.server.management.WebFile;
import java.util.List;

/** The pages of the browser client, which are files in the jar. */
final class BrowserClient {
    private static final List<String> FILES = List.of(
            "index.html",
            "base.css",
            "login.css",
            "frame.css",
            "timeline.css",
            "composer.css",
            "small.css",
            "announcer.js",
            "channels.js",
            "chat-client.js",
            "chat-socket.js",
            "chat.js",
            "composer.js",
            "conversation.js",
            "database.js",
            "device.js",
            "dom.js",
            "feed.js",
            "history.js",
            "inbox.js",
            "language.js",
            "language-ar.js",
            "language-en.js",
            "links.js",
            "login.js",
            "main.js",
            "members.js",
            "message.js",
            "navigation.js",
            "outage.js",
            "outbox.js",
            "person.js",
            "presence.js",
            "reading.js",
            "route.js",
            "rows.js",
            "settings.js",
            "sidebar.js",
            "status.js",
            "store.js",
            "tab.js",
            "text.js",
            "theme.js",
            "timeline.js",
            "view.js",
            "words.js",
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

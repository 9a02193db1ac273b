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
            "markup.css",
            "message.css",
            "actions.css",
            "composer.css",
            "small.css",
            "announcer.js",
            "attachments.js",
            "bar.js",
            "bubble.js",
            "changes.js",
            "channels.js",
            "chat-client.js",
            "chat-socket.js",
            "chat.js",
            "completion.js",
            "composer.js",
            "conversation.js",
            "database.js",
            "deeds.js",
            "device.js",
            "dom.js",
            "editor.js",
            "emoji.js",
            "enlarged.js",
            "feed.js",
            "history.js",
            "images.js",
            "inbox.js",
            "language.js",
            "language-ar.js",
            "language-en.js",
            "links.js",
            "login.js",
            "main.js",
            "markdown.js",
            "markup.js",
            "members.js",
            "mentioned.js",
            "mentions.js",
            "menu.js",
            "message.js",
            "navigation.js",
            "notice.js",
            "outage.js",
            "outbox.js",
            "person.js",
            "picker.js",
            "pixels.js",
            "presence.js",
            "quotes.js",
            "reading.js",
            "route.js",
            "rows.js",
            "seen.js",
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

package io.seleucia.chat.server;

import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.server.management.WebFile;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The pages of the browser client, which are files in the jar. */
final class BrowserClient {
    private static final List<String> FILES = List.of(
            "base.css",
            "login.css",
            "frame.css",
            "timeline.css",
            "markup.css",
            "message.css",
            "actions.css",
            "composer.css",
            "finder.css",
            "small.css",
            "announcer.js",
            "attachments.js",
            "bar.js",
            "bubble.js",
            "candidates.js",
            "changes.js",
            "channels.js",
            "chat-client.js",
            "chat-socket.js",
            "chat.js",
            "colour.js",
            "completion.js",
            "composer.js",
            "conversation.js",
            "database.js",
            "deeds.js",
            "device.js",
            "directory.js",
            "dom.js",
            "editor.js",
            "emoji.js",
            "enlarged.js",
            "feed.js",
            "finder.js",
            "history.js",
            "images.js",
            "inbox.js",
            "language-ar.js",
            "language-en.js",
            "language.js",
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
            "mutes.js",
            "navigation.js",
            "notice.js",
            "notifier.js",
            "offline.js",
            "outage.js",
            "outbox.js",
            "person.js",
            "picker.js",
            "pixels.js",
            "presence.js",
            "quotes.js",
            "reading.js",
            "results.js",
            "route.js",
            "rows.js",
            "search.js",
            "seen.js",
            "settings.js",
            "sidebar.js",
            "sound.js",
            "status.js",
            "store.js",
            "switcher.js",
            "tab.js",
            "text.js",
            "theme.js",
            "timeline.js",
            "topic.js",
            "view.js",
            "words.js");
    private static final List<String> OTHERS = List.of("manifest.webmanifest", "icon-192.png", "icon.svg");

    private static final String WORKER = "service-worker.js";
    private static final String LARGE_ICON = "icon-512.png"; // only for those who install the page
    private static final int VERSION_BYTES = 12;
    private static final Pattern PARTS = Pattern.compile("(?m)^ *<link rel=\"(?:stylesheet|modulepreload)\".*\\n");

    private BrowserClient() {}

    /** Adds the pages to a server, with the client at {@code /}. */
    static void addTo(ChatServerBuilder builder) {
        Map<String, String> modules = new LinkedHashMap<>();
        StringBuilder styles = new StringBuilder();
        for (String file : FILES) {
            if (file.endsWith(".js")) {
                modules.put(file, PageBundle.lean(text(file)));
            } else {
                styles.append(PageBundle.lean(text(file)));
            }
        }
        modules.forEach((file, module) -> add(builder, file, bytes(module)));
        Map<String, byte[]> shell = new LinkedHashMap<>();
        shell.put("page.js", bytes(PageBundle.of("main.js", modules)));
        shell.put("theme.js", bytes(PageBundle.of("theme.js", modules))); // runs before the first frame
        shell.put("page.css", bytes(styles.toString()));
        modules.forEach((file, module) -> {
            if (file.startsWith("language-")) {
                shell.put(file, bytes(module)); // loaded by its name, which is only known there
            }
        });
        OTHERS.forEach(file -> shell.put(file, read(file)));
        MessageDigest version = newDigest();
        byte[] document = bytes(document());
        version.update(document);
        builder.page("/", WebFile.typeOf("index.html"), document);
        shell.forEach((file, content) -> {
            add(builder, file, content);
            version.update(content);
        });
        add(builder, LARGE_ICON, read(LARGE_ICON));
        String of = HexFormat.of().formatHex(version.digest(), 0, VERSION_BYTES);
        add(builder, WORKER, bytes(worker(of, shell.keySet())));
    }

    private static void add(ChatServerBuilder builder, String file, byte[] content) {
        builder.page("/" + file, WebFile.typeOf(file), content);
    }

    /** Returns the document, with one style sheet and one module in place of many. */
    private static String document() {
        return PARTS.matcher(text("index.html"))
                .replaceAll("")
                .replace("src=\"main.js\"", "src=\"page.js\"")
                .replace("</head>", "<link rel=\"stylesheet\" href=\"page.css\">\n</head>");
    }

    /** Returns the service worker that keeps these files. Its text changes with them: browsers then replace it. */
    private static String worker(String version, Set<String> files) {
        String kept = Stream.concat(Stream.of("./"), files.stream()).collect(Collectors.joining("\", \"", "\"", "\""));
        return PageBundle.lean(text(WORKER)).replace("VERSION", version).replace("\"FILES\"", kept);
    }

    private static byte[] read(String file) {
        return WebFile.read(BrowserClient.class, "browser/" + file);
    }

    private static String text(String file) {
        return new String(read(file), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

package io.seleucia.chat;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which package may know which, read from the sources. */
class LayersTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final String ROOT = "io.seleucia.chat";

    private static final Map<String, Set<String>> MAY_IMPORT = Map.ofEntries(
            entry("json", Set.of()),
            entry("keys", Set.of()),
            entry("concurrent", Set.of()),
            entry("memory", Set.of("concurrent")),
            entry("message", Set.of("json")),
            entry("text", Set.of()),
            entry("auth", Set.of("message", "json", "keys", "text", "concurrent")),
            entry("broker", Set.of("message", "memory")),
            entry("options", Set.of("auth", "broker", "message", "text")),
            entry("broker.journal", Set.of("broker", "message", "json", "concurrent", "memory")),
            entry(
                    "broker.memory",
                    Set.of("broker", "broker.journal", "options", "message", "json", "concurrent", "memory")),
            entry("broker.redis", Set.of("broker", "options", "message", "json", "keys", "concurrent", "memory")),
            entry("protocol", Set.of("message", "json", "text", "protocol.json")),
            entry("protocol.json", Set.of("message", "json")),
            entry("protocol.xsockets", Set.of("message", "concurrent", "protocol", "protocol.json")),
            entry("transport", Set.of("message", "concurrent", "keys", "memory")),
            entry("client", Set.of("message", "json", "concurrent")),
            entry("metrics", Set.of("message")),
            entry("connection", Set.of("message", "concurrent", "memory", "metrics", "transport")),
            entry(
                    "channel",
                    Set.of(
                            "message",
                            "json",
                            "concurrent",
                            "memory",
                            "metrics",
                            "broker",
                            "options",
                            "protocol",
                            "transport")),
            entry(
                    "session",
                    Set.of(
                            "message",
                            "json",
                            "concurrent",
                            "memory",
                            "metrics",
                            "auth",
                            "broker",
                            "options",
                            "protocol",
                            "transport",
                            "connection",
                            "channel")),
            entry(
                    "accept",
                    Set.of(
                            "message",
                            "text",
                            "concurrent",
                            "memory",
                            "protocol",
                            "transport",
                            "connection",
                            "session")),
            entry(
                    "",
                    Set.of(
                            "accept",
                            "message",
                            "keys",
                            "concurrent",
                            "memory",
                            "auth",
                            "broker",
                            "broker.memory",
                            "options",
                            "protocol",
                            "protocol.xsockets",
                            "transport",
                            "metrics",
                            "connection",
                            "channel",
                            "session")));

    private static final Pattern IMPORT = Pattern.compile("(?m)^\\s*import\\s+(?:static\\s+)?([\\w.*]+)\\s*;");
    private static final Pattern PACKAGE = Pattern.compile("(?m)^\\s*package\\s+[\\w.]+\\s*;");
    private static final Pattern QUALIFIED = Pattern.compile("\\bio\\.seleucia\\b[\\w.]*");
    private static final Pattern LITERAL_OR_COMMENT =
            Pattern.compile("(?s)(\"(?:\\\\.|[^\"\\\\\\n])*\")|//[^\\n]*|/\\*.*?\\*/");

    @Test
    void keepsTheLayers() throws IOException {
        List<String> violations = new ArrayList<>();
        for (Path file : sources()) {
            violations.addAll(violations(SOURCES.relativize(file).toString(), Files.readString(file)));
        }

        assertThat(violations).isEmpty();
    }

    @Test
    void readsEveryLayer() throws IOException {
        assertThat(sources())
                .contains(SOURCES.resolve("io/seleucia/chat/ChatServer.java"))
                .extracting(file -> SOURCES.resolve("io/seleucia/chat")
                        .relativize(file.getParent())
                        .toString()
                        .replace('/', '.'))
                .contains(
                        "",
                        "message",
                        "json",
                        "keys",
                        "text",
                        "auth",
                        "broker",
                        "broker.journal",
                        "broker.memory",
                        "broker.redis",
                        "options",
                        "protocol",
                        "protocol.json",
                        "protocol.xsockets",
                        "transport",
                        "metrics",
                        "connection",
                        "channel",
                        "session",
                        "accept",
                        "client",
                        "memory",
                        "concurrent");
    }

    @ParameterizedTest
    @CsvSource({
        "message/A.java, io.seleucia.chat.broker.Broker",
        "message/A.java, io.seleucia.chat.session.*",
        "broker/A.java, io.seleucia.chat.protocol.Protocol",
        "broker/A.java, io.seleucia.chat.transport.Tls",
        "keys/A.java, io.seleucia.chat.message.Message",
        "json/A.java, io.seleucia.chat.message.Message",
        "concurrent/A.java, io.seleucia.chat.message.Message",
        "memory/A.java, io.seleucia.chat.message.Message",
        "protocol/A.java, io.seleucia.chat.transport.Frame",
        "transport/A.java, io.seleucia.chat.session.Session",
        "transport/A.java, static io.seleucia.chat.session.Session.X",
        "auth/A.java, io.seleucia.chat.broker.Broker",
        "session/A.java, io.seleucia.chat.Limits",
        "channel/A.java, io.seleucia.chat.session.Session",
        "connection/A.java, io.seleucia.chat.channel.Channel",
        "connection/A.java, io.seleucia.chat.protocol.Protocol",
        "session/A.java, io.seleucia.chat.*",
        "session/A.java, io.seleucia.chat.unknown.Unknown",
        "A.java, io.seleucia.elsewhere.Other",
        "unknown/A.java, io.seleucia.chat.message.Message",
        "session/A.java, com.google.gson.Gson",
        "auth/A.java, com.google.gson.Gson",
        "A.java, com.google.gson.*",
        "client/ChatClient.java, com.google.gson.Gson",
        "client/A.java, io.seleucia.chat.session.Session",
        "client/A.java, io.seleucia.chat.ChatServer",
        "session/A.java, io.seleucia.chat.client.ChatClient",
        "A.java, io.seleucia.chat.client.ChatClient",
        "accept/A.java, io.seleucia.chat.Limits",
        "session/A.java, io.seleucia.chat.accept.Acceptor",
        "session/ClientCodec.java, com.google.gson.Gson",
        "protocol/A.java, io.seleucia.chat.protocol.xsockets.Controller",
        "session/A.java, io.seleucia.chat.protocol.xsockets.Controller",
        "protocol/A.java, redis.clients.jedis.Jedis",
        "broker/memory/InMemoryBroker.java, redis.clients.jedis.Jedis",
        "broker/A.java, io.seleucia.chat.broker.journal.Journal",
        "broker/journal/A.java, io.seleucia.chat.broker.memory.InMemoryBroker",
        "broker/redis/A.java, io.seleucia.chat.broker.journal.Journal",
        "session/RedisSession.java, redis.clients.jedis.Jedis",
    })
    void refusesImports(String file, String imported) {
        assertThat(violations("io/seleucia/chat/" + file, source("import " + imported + ";")))
                .hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "message/A.java, java.util.List",
        "broker/A.java, io.seleucia.chat.message.Message",
        "protocol/A.java, io.seleucia.chat.message.Event.Reply",
        "protocol/A.java, com.google.gson.Gson",
        "json/A.java, com.google.gson.Gson",
        "broker/redis/A.java, com.google.gson.Gson",
        "auth/Claims.java, com.google.gson.Gson",
        "client/ClientCodec.java, com.google.gson.Gson",
        "client/A.java, io.seleucia.chat.message.Message",
        "broker/redis/A.java, redis.clients.jedis.Jedis",
        "transport/A.java, static io.seleucia.chat.message.CloseCode.NORMAL",
        "session/A.java, io.seleucia.chat.auth.Accounts",
        "session/A.java, io.seleucia.chat.transport.*",
        "A.java, io.seleucia.chat.session.Session",
    })
    void takesImports(String file, String imported) {
        assertThat(violations("io/seleucia/chat/" + file, source("import " + imported + ";")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.seleucia.chat.session.Session session;",
                "String url = \"http://x\"; io.seleucia.chat.Limits limits;",
                "/* a */ io.seleucia.chat.Limits limits; /* b */",
                "Class<?> c = Class.forName(\"io.seleucia.chat.Limits\");",
                "com.google.gson.Gson gson;",
                "redis.clients.jedis.Jedis jedis;"
            })
    void refusesQualifiedNames(String code) {
        assertThat(violations("io/seleucia/chat/message/A.java", source(code))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/** See {@link io.seleucia.chat.session.Session}. */",
                "/**\n * Of several lines.\n *\n * @see io.seleucia.chat.Limits\n */",
                "// io.seleucia.chat.Limits",
                "String quoted = \"\\\"/*\"; // */ io.seleucia.chat.Limits"
            })
    void takesQualifiedNamesInComments(String code) {
        assertThat(violations("io/seleucia/chat/message/A.java", source(code))).isEmpty();
    }

    private static String source(String code) {
        return "package io.seleucia.chat.message;\n\n" + code + "\n\nclass A {}\n";
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("module-info.java"))
                    .toList();
        }
    }

    /**
     * What a source file may not know and does.
     *
     * @param file its path below the sources
     */
    private static List<String> violations(String file, String source) {
        String code = PACKAGE.matcher(withoutComments(source)).replaceAll("");
        String layer = layer(String.join(".", file.split("[/\\\\]")).replaceFirst("\\.java$", ""));
        if (!MAY_IMPORT.containsKey(layer)) {
            return List.of(file + " is in a package without rules");
        }
        List<String> violations = new ArrayList<>();
        IMPORT.matcher(code)
                .results()
                .map(found -> found.group(1))
                .filter(name -> name.startsWith("io.seleucia") && !mayImport(layer, layer(name)))
                .forEach(name -> violations.add(file + " imports " + name));
        String body = IMPORT.matcher(code).replaceAll("");
        QUALIFIED.matcher(body).results().forEach(found -> violations.add(file + " names " + found.group()));
        if (code.contains("com.google.gson")
                && !Set.of("protocol", "protocol.json", "protocol.xsockets", "broker.redis", "json")
                        .contains(layer)
                && !file.endsWith("chat/auth/Claims.java")
                && !file.endsWith("chat/auth/Jwk.java")
                && !file.endsWith("chat/client/ClientCodec.java")) {
            violations.add(file + " knows Gson");
        }
        if (code.contains("redis.clients") && !layer.equals("broker.redis")) {
            violations.add(file + " knows Jedis");
        }
        return violations;
    }

    private static boolean mayImport(String layer, String imported) {
        return MAY_IMPORT.get(layer).contains(imported);
    }

    /** The package of a type below ours, "" for ours itself, or the whole name where it is elsewhere. */
    private static String layer(String type) {
        Matcher name = Pattern.compile(Pattern.quote(ROOT) + "((?:\\.[a-z]\\w*)*)\\.(?:[A-Z*].*|package-info)")
                .matcher(type);
        return !name.matches()
                ? type
                : name.group(1).isEmpty() ? "" : name.group(1).substring(1);
    }

    private static String withoutComments(String source) {
        return LITERAL_OR_COMMENT
                .matcher(source)
                .replaceAll(found -> found.group(1) == null ? " " : Matcher.quoteReplacement(found.group(1)));
    }
}

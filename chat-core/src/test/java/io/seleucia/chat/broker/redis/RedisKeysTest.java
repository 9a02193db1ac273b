package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The document of the protocols lists all keys. */
class RedisKeysTest {
    private static final Set<String> NO_KEYS = Set.of("prefix", "toString", "allLogs");

    private final RedisKeys keys = new RedisKeys("chat:");

    /** By the method that gives it, with the document's letters. */
    private final Map<String, String> all = Map.ofEntries(
            Map.entry("log", keys.log("X")),
            Map.entry("meta", keys.meta("X")),
            Map.entry("live", keys.live("X")),
            Map.entry("gone", keys.gone("X")),
            Map.entry("folds", keys.folds("X")),
            Map.entry("read", keys.read("X")),
            Map.entry("info", keys.info("X")),
            Map.entry("presence", keys.presence("X")),
            Map.entry("key", keys.key("X", "Y", "K")),
            Map.entry("directory", keys.directory()),
            Map.entry("client", keys.client("Y")),
            Map.entry("hold", keys.hold("Y")),
            Map.entry("revocations", keys.revocations()),
            Map.entry("bans", keys.bans()),
            Map.entry("nodes", keys.nodes()),
            Map.entry("probe", keys.probe("N")));

    @Test
    void theDocumentHasThemAll() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "protocols.md"));
        String table = document.substring(document.indexOf("\n## In Redis\n"));
        Set<String> missing = new TreeSet<>(all.values());
        missing.removeIf(key -> table.contains("`" + key + "`"));

        assertThat(missing).isEmpty();
        assertThat(all.keySet())
                .isEqualTo(Arrays.stream(RedisKeys.class.getDeclaredMethods())
                        .filter(method -> method.getReturnType() == String.class)
                        .filter(method -> !Modifier.isPrivate(method.getModifiers()))
                        .map(Method::getName)
                        .filter(name -> !NO_KEYS.contains(name))
                        .collect(Collectors.toSet()));
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whether all that starts threads sees to what they throw, read from the sources: a file that starts one uses {@code
 * Loop}, and no loop ends because it was interrupted, or because of what an item has thrown.
 */
class LoopsEverywhereTest {
    private static final List<Path> SOURCES =
            List.of(Path.of("src/main/java"), Path.of("../chat-server/src/main/java"));

    /** Files whose threads run no loop of ours, and why. */
    private static final Map<String, String> WITHOUT_LOOP = Map.of(
            "Loop.java",
            "it is what the others use",
            "Accounts.java",
            "a pool of the JDK, whose tasks keep what they throw for whoever waits for them",
            "Main.java",
            "runs once, at the end");

    /** Files whose threads yield, and why they may. A virtual thread that yields again and again can keep others from running. */
    private static final Map<String, String> YIELDING =
            Map.of("Poller.java", "it pauses now and then", "Flusher.java", "its list ends");

    private static final Pattern STARTS = Pattern.compile(
            "\\bThread\\s*\\.\\s*(ofVirtual|ofPlatform|startVirtualThread)\\b|\\bnew Thread(PoolExecutor)?\\(|\\bExecutors\\.");
    private static final Pattern USES = Pattern.compile("\\bLoop\\.(run|every|attempt|attemptEach|report|passOn)\\(");
    private static final Pattern ENDS = Pattern.compile(
            "catch \\([^)]*\\bInterruptedException \\| (RuntimeException|Error)\\b" // a loop, most likely, which ends
                    + "|catch \\(InterruptedException \\w+\\) \\{\\s*LOG\\.log\\(Level\\.ERROR");

    @Test
    void everyThreadHasItsFailuresSeenTo() throws IOException {
        List<String> violations = new ArrayList<>();
        for (Path sources : SOURCES) {
            for (Path file : files(sources)) {
                violations.addAll(violations(file.getFileName().toString(), Files.readString(file)));
            }
        }

        assertThat(violations).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Thread.ofVirtual().start(this::run);",
                "Thread\n    .ofPlatform().daemon().unstarted(this::run);",
                "Thread.startVirtualThread(this::run);",
                "new Thread(this::run).start();",
                "Executors.newVirtualThreadPerTaskExecutor()",
                "Thread.yield();",
                "Loop.run(); try { } catch (InterruptedException | RuntimeException e) { }",
                "Loop.run(); try { } catch (InterruptedException e) {\n    LOG.log(Level.ERROR, \"no more\", e); }"
            })
    void refuses(String code) {
        assertThat(violations("A.java", code)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Thread.ofVirtual().start(() -> Loop.run(LOG, \"a\", this::isOpen, this::step));",
                "Thread.ofVirtual().start(() -> Loop.every(PAUSE, LOG, \"a\", closed, this::step));",
                "Thread.currentThread().interrupt();",
                "try { } catch (InterruptedException e) { LOG.log(Level.DEBUG, \"goes on\"); }"
            })
    void takes(String code) {
        assertThat(violations("A.java", code)).isEmpty();
    }

    private static List<Path> files(Path sources) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static List<String> violations(String file, String source) {
        if (WITHOUT_LOOP.containsKey(file)) {
            return List.of();
        }
        List<String> violations = new ArrayList<>();
        if (STARTS.matcher(source).find() && !USES.matcher(source).find()) {
            violations.add(file + " starts a thread, and does not use Loop");
        }
        if (ENDS.matcher(source).find()) {
            violations.add(file + " ends a loop that was interrupted, or whose item has failed");
        }
        if (source.contains("Thread.yield(") && !YIELDING.containsKey(file)) {
            violations.add(file + " yields, which a virtual thread must not do in a loop");
        }
        return violations;
    }
}

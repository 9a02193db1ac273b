package io.seleucia.chat.browser;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.TestDirectories;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The rules of axe-core for WCAG 2.2, at the levels A and AA, applied to a page as it is shown at the moment. The package comes
 * from npm's registry, once a run. Where npm is not found, or gives no package, the test is skipped; with {@code
 * -Daxe.required=true} it fails.
 */
public final class Accessibility {
    private static final String PACKAGE = "axe-core@4.14.1";
    private static final long PATIENCE_SECONDS = 120;
    private static final String TAGS = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";

    private static Optional<String> script;

    private Accessibility() {}

    /** The violations: the rule, what is wrong, and the element. */
    public static List<String> violations(Page page) {
        String axe = script().orElseGet(() -> {
            if (Boolean.getBoolean("axe.required")) {
                Assertions.fail("npm gives no " + PACKAGE + ", and axe.required is set");
            }
            Assumptions.abort("npm gives no " + PACKAGE + " to test with");
            return "";
        });
        page.evaluate("window.axe ? 0 : (() => {" + axe + "; return 0; })()");
        JsonElement found = page.evaluate("axe.run(document, {runOnly: " + TAGS
                + "}).then(result => result.violations.flatMap(rule => rule.nodes.map(node =>"
                + " ({rule: rule.id, why: node.failureSummary, html: node.html.slice(0, 200)}))))");
        List<String> violations = new ArrayList<>();
        for (JsonElement one : (JsonArray) found) {
            JsonObject violation = one.getAsJsonObject();
            violations.add(violation.get("rule").getAsString() + ": "
                    + violation.get("html").getAsString() + ": "
                    + violation.get("why").getAsString().replace("\n", " "));
        }
        return violations;
    }

    private static synchronized Optional<String> script() {
        if (script == null) {
            try {
                script = load();
            } catch (IOException e) {
                script = Optional.empty();
            }
        }
        return script;
    }

    private static Optional<String> load() throws IOException {
        if (Stream.of("npm", "tar").anyMatch(program -> !isInPath(program))) {
            return Optional.empty();
        }
        Path directory = TestDirectories.make();
        Path log = directory.resolve("log");
        String commands = "npm pack --silent " + PACKAGE + " && tar xzf axe-core-*.tgz package/axe.min.js";
        Process process = new ProcessBuilder("sh", "-c", commands)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                return Optional.empty();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
        return Optional.of(Files.readString(directory.resolve("package/axe.min.js")));
    }

    private static boolean isInPath(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }
}

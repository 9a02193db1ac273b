package io.seleucia.chat.browser;

import com.google.gson.JsonObject;
import io.seleucia.chat.LongForm;
import io.seleucia.chat.TestDirectories;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A Chromium without a window, in a process of its own with a profile of its own, driven over the DevTools protocol. One
 * process serves all tests of this JVM; every page has its own storage and cookies, as in a private window.
 *
 * <p>Any thread may open pages; each page is for one thread at a time.
 */
public final class Browser implements AutoCloseable {
    /** How long anything may take that must come in the end. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** The whole browsers, and before them, where the build is not in its long form, the same without its own windows. */
    private static final List<String> NAMES = Stream.of(
                    LongForm.RUNS ? List.<String>of() : List.of("chromium-headless-shell", "chrome-headless-shell"),
                    List.of("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"))
            .flatMap(List::stream)
            .toList();

    private static final int ATTEMPTS = 50; // to delete the profile
    private static Optional<Browser> shared = Optional.empty();

    private final Process process;
    private final Path profile;
    private final DevTools devTools;

    /**
     * The one of all tests, started by the first that asks. Where there is no Chromium in the path, the test is skipped;
     * with {@code -Dbrowser.required=true} it fails.
     */
    public static synchronized Browser shared() {
        if (shared.isEmpty()) {
            Optional<Path> program = find();
            if (program.isEmpty() && Boolean.getBoolean("browser.required")) {
                Assertions.fail("there is no Chromium in the path, and browser.required is set");
            }
            Assumptions.assumeTrue(program.isPresent(), "there is no Chromium in the path to test with");
            Browser browser = new Browser(program.get());
            Runtime.getRuntime().addShutdownHook(new Thread(browser::close, "browser-close"));
            shared = Optional.of(browser);
        }
        return shared.get();
    }

    private static Optional<Path> find() {
        return NAMES.stream()
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .map(directory -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Browser(Path program) {
        try {
            profile = TestDirectories.make();
            process = new ProcessBuilder(
                            program.toString(),
                            "--headless",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-dev-shm-usage",
                            "--no-first-run",
                            "--disable-extensions",
                            "--disable-sync",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-background-timer-throttling", // pages that nobody looks at run like others
                            "--disable-renderer-backgrounding",
                            "--disable-backgrounding-occluded-windows",
                            "--user-data-dir=" + profile,
                            "--remote-debugging-port=0",
                            "about:blank")
                    .redirectErrorStream(true)
                    .redirectOutput(profile.resolve("output").toFile())
                    .start();
            devTools = connect();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The browser writes its port and path into a file when it listens. */
    private DevTools connect() throws IOException {
        Path port = profile.resolve("DevToolsActivePort");
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            List<String> lines = Files.exists(port) ? Files.readAllLines(port) : List.of();
            if (lines.size() == 2) {
                return new DevTools(URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)));
            }
            if (!process.isAlive() || System.nanoTime() > deadline) {
                String output = Files.readString(profile.resolve("output"));
                kill();
                throw new IOException("Chromium does not start: " + output);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Opens a page with a storage of its own, and returns when it has loaded. */
    public Page open(String url) {
        JsonObject context = devTools.call("", "Target.createBrowserContext", new JsonObject());
        return Page.open(devTools, context.get("browserContextId").getAsString(), url);
    }

    /** Ends the process and all it has started, and deletes the profile. */
    @Override
    public void close() {
        devTools.close();
        kill();
    }

    private void kill() {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        all.forEach(ProcessHandle::destroyForcibly);
        all.forEach(one -> one.onExit()
                .completeOnTimeout(one, PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join());
        for (int attempt = 1; !isDeleted(); attempt++) { // the last of them may be writing still
            if (attempt == ATTEMPTS) {
                System.err.println("the browser's profile stays in " + profile);
                return;
            }
            LockSupport.parkNanos(100_000_000);
        }
    }

    private boolean isDeleted() {
        try (Stream<Path> files = Files.walk(profile)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
            return true;
        } catch (IOException | UncheckedIOException e) {
            return !Files.exists(profile);
        }
    }
}

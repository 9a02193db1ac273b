package io.seleucia.chat.faults;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * This machine, with another clock on the wall: processes that are started here read the time with an offset that can be
 * changed while they run. Their monotonic clock is the real one.
 */
final class FakeClock implements Host, AutoCloseable {
    private static final Path LIBRARIES = Path.of("/usr/lib");
    private static final String LIBRARY = "faketime/libfaketimeMT.so.1"; // Debian's, below the architecture's directory

    /** The C library's own malloc: Redis' jemalloc asks for the time while libfaketime is still asking for memory. */
    private static final String MALLOC = "libc_malloc_debug.so.0";

    private final Path library;
    private final Path file;
    private Duration offset = Duration.ZERO;

    private FakeClock(Path library) throws IOException {
        this.library = library;
        this.file = Files.createTempFile("clock", "");
        jump(Duration.ZERO);
    }

    /** Makes one; without libfaketime the test is skipped, or fails if {@code faketime.required} is set. */
    static FakeClock begin() throws IOException {
        Optional<Path> library = library();
        if (library.isEmpty() && Boolean.getBoolean("faketime.required")) {
            throw new AssertionError("faketime.required is set, and there is no " + LIBRARY + " below " + LIBRARIES);
        }
        Assumptions.assumeTrue(library.isPresent(), "libfaketime is not installed");
        return new FakeClock(library.get());
    }

    private static Optional<Path> library() throws IOException {
        if (!Files.isDirectory(LIBRARIES)) {
            return Optional.empty();
        }
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(LIBRARIES)) {
            for (Path directory : directories) {
                if (Files.exists(directory.resolve(LIBRARY))) {
                    return Optional.of(directory.resolve(LIBRARY));
                }
            }
        }
        return Optional.empty();
    }

    /** Sets how far it is ahead of the real one, or behind it. The processes see that within a second. */
    void jump(Duration offset) throws IOException {
        this.offset = offset;
        Path next = Files.writeString(
                file.resolveSibling(file.getFileName() + ".next"), "%+d\n".formatted(offset.toSeconds()));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Moves it on from where it is, or back. */
    void advance(Duration by) throws IOException {
        jump(offset.plus(by));
    }

    @Override
    public String address() {
        return Host.HERE.address();
    }

    @Override
    public List<String> command(List<String> command) {
        List<String> all = new ArrayList<>(List.of(
                "env",
                "LD_PRELOAD=" + MALLOC + ":" + library,
                "FAKETIME_TIMESTAMP_FILE=" + file,
                "FAKETIME_CACHE_DURATION=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1"));
        all.addAll(command);
        return all;
    }

    @Override
    public int door(int port) {
        return port;
    }

    @Override
    public void close() throws IOException {
        Files.delete(file);
    }
}

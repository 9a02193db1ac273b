package io.seleucia.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Makes the directories of tests, in memory where the machine has a file system there: so thousands of small writes do not
 * wait for a disk. In the long form of the build they are on the disk, as a server's are.
 */
public final class TestDirectories implements TempDirFactory {
    private static final Path MEMORY = Path.of("/dev/shm");

    @Override
    public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) throws IOException {
        return make();
    }

    /** Makes a directory, which the caller deletes. */
    public static Path make() throws IOException {
        return LongForm.RUNS ? Files.createTempDirectory("seleucia-test") : inMemory();
    }

    /** Makes a directory that is in memory in the long form too, if possible. */
    public static Path inMemory() throws IOException {
        return Files.isWritable(MEMORY)
                ? Files.createTempDirectory(MEMORY, "seleucia-test")
                : Files.createTempDirectory("seleucia-test");
    }
}

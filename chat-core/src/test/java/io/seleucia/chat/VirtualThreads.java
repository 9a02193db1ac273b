package io.seleucia.chat;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The virtual threads of this process, which is all threads of a server: counted in a thread dump. */
final class VirtualThreads {
    private static final Pattern VIRTUAL = Pattern.compile("^#\\d+ \".*\" virtual.*");

    private final Path directory;
    private int dumps;

    /** Dumps go to a directory that is there for them. */
    VirtualThreads(Path directory) {
        this.directory = directory;
    }

    long count() {
        try {
            Path dump = directory.resolve("threads-" + dumps++);
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(dump.toAbsolutePath().toString(), ThreadDumpFormat.TEXT_PLAIN);
            try (Stream<String> lines = Files.lines(dump)) {
                return lines.filter(VIRTUAL.asMatchPredicate()).count();
            } finally {
                Files.delete(dump);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package io.seleucia.chat.broker;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** A directory that belongs to one journal of one process as long as it is open, and to nobody but its owner. */
final class JournalDirectory implements AutoCloseable {
    private static final String SUFFIX = ".journal";
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private final Path path;
    private final FileChannel lock; // released by closing it, or by the end of the process, however that comes

    private JournalDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Makes it where there is none.
     *
     * @throws IOException if that can't be done, or another journal has it
     */
    static JournalDirectory open(Path path) throws IOException {
        FileAttribute<?>[] ownersOnly = POSIX
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        Files.createDirectories(path, ownersOnly);
        FileChannel lock = FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean free = false;
        try {
            free = lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            free = false; // this process has it, and is told the same as another would be
        } finally {
            if (!free) {
                lock.close();
            }
        }
        if (!free) {
            throw new IOException("the directory " + path + " is in use by another server");
        }
        return new JournalDirectory(path, lock);
    }

    /** What names this run of the machine, where the system tells: what was written is there until it ends. */
    static String boot() throws IOException {
        Path id = Path.of("/proc/sys/kernel/random/boot_id");
        return Files.isReadable(id) ? Files.readString(id).strip() : "";
    }

    /** The numbers of the segments in it, in their order. */
    List<Long> segments() throws IOException {
        try (var files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("\\d{16}\\" + SUFFIX))
                    .map(name -> Long.valueOf(name.substring(0, name.length() - SUFFIX.length())))
                    .sorted()
                    .toList();
        }
    }

    /** The file of a segment. */
    Path segment(long number) {
        return path.resolve(String.format("%016d%s", number, SUFFIX));
    }

    /** Brings to the disk which files there are. */
    void force() throws IOException {
        if (POSIX) {
            try (FileChannel entries = FileChannel.open(path, StandardOpenOption.READ)) {
                entries.force(true);
            }
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}

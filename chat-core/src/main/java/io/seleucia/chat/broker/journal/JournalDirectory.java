package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The directory of a journal. While it is open it belongs to one journal of one process, and only its owner can read it. Its
 * subdirectory {@code archive} has the segments that a start does not read, and the indexes of all sealed segments.
 */
public final class JournalDirectory implements AutoCloseable {
    private static final String SUFFIX = ".journal";
    private static final String INDEX = ".index";
    private static final String LIST = ".deleted";
    private static final String UNFINISHED = ".tmp";
    private static final String ARCHIVE = "archive";
    private static final String RESTORED = "restored";

    private final Path path;
    private final Path archive;
    private final Optional<DirectoryLock> lock; // empty for a reader

    private JournalDirectory(Path path, Optional<DirectoryLock> lock) {
        this.path = path;
        this.archive = path.resolve(ARCHIVE);
        this.lock = lock;
    }

    /** Opens a directory, which is created if it does not exist. Throws if another journal has it open. */
    public static JournalDirectory open(Path path) throws IOException {
        Files.createDirectories(path.resolve(ARCHIVE), OwnerOnly.DIRECTORY);
        OwnerOnly.restrict(path);
        Optional<DirectoryLock> lock = DirectoryLock.take(path);
        if (lock.isEmpty()) {
            throw new IOException("the directory " + path + " is in use by another server");
        }
        return new JournalDirectory(path, lock);
    }

    /** Returns a directory to read, which another process may have open. It needs no close. */
    public static JournalDirectory ofReader(Path path) {
        return new JournalDirectory(path, Optional.empty());
    }

    /** Returns the id of the machine's boot, until whose end all written bytes are kept; {@code ""} if it is unknown. */
    public static String boot() throws IOException {
        Path id = Path.of("/proc/sys/kernel/random/boot_id");
        return Files.isReadable(id) ? Files.readString(id).strip() : "";
    }

    /** Returns the numbers of the segments outside the archive, sorted. */
    List<Long> segments() throws IOException {
        return numbers(path, SUFFIX);
    }

    /** Returns the numbers of the segments in the archive, sorted. */
    List<Long> archived() throws IOException {
        return numbers(archive, SUFFIX);
    }

    /** Returns the numbers of the segments that have an index, sorted. */
    List<Long> indexed() throws IOException {
        return numbers(archive, INDEX);
    }

    /** Returns the numbers of the segments that have a list of deleted messages, sorted. */
    List<Long> listed() throws IOException {
        return numbers(archive, LIST);
    }

    /** Returns the numbers of all segments, sorted. */
    public SortedSet<Long> all() throws IOException {
        SortedSet<Long> all = new TreeSet<>(segments()); // first, for they move to the archive
        all.addAll(archived());
        return all;
    }

    private static List<Long> numbers(Path directory, String suffix) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("\\d{16}\\" + suffix))
                    .map(name -> Long.valueOf(name.substring(0, name.length() - suffix.length())))
                    .sorted()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    public Path segment(long number) {
        return path.resolve(name(number, SUFFIX));
    }

    /** Returns the file of a segment in the archive. */
    Path archived(long number) {
        return archive.resolve(name(number, SUFFIX));
    }

    /** Returns the file of a segment, in the archive or not; empty if it has been deleted. */
    Optional<Path> find(long number) {
        return Stream.of(segment(number), archived(number))
                .filter(Files::exists)
                .findFirst();
    }

    public Path index(long number) {
        return archive.resolve(name(number, INDEX));
    }

    /** Returns the file of a segment's list of deleted messages. */
    Path list(long number) {
        return archive.resolve(name(number, LIST));
    }

    /** Returns the name of a file while it is being written. */
    static Path unfinished(Path file) {
        return file.resolveSibling(file.getFileName() + UNFINISHED);
    }

    /** Deletes the {@linkplain #unfinished unfinished} files. */
    void removeUnfinished() throws IOException {
        for (Path directory : List.of(path, archive)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + UNFINISHED)) {
                for (Path file : files) {
                    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                        Files.delete(file);
                    }
                }
            }
        }
    }

    /** Returns another file in the directory. */
    public Path file(String name) {
        return path.resolve(name);
    }

    /** Returns whether the directory is marked as restored from a backup, and no start has begun new epochs since. */
    boolean isRestored() {
        return Files.exists(path.resolve(RESTORED), LinkOption.NOFOLLOW_LINKS);
    }

    /** Marks the directory as restored from a backup. The mark is on the disk when this returns. */
    public void markRestored() throws IOException {
        try (JournalFile mark = JournalFile.create(path.resolve(RESTORED))) {
            mark.force();
        }
        force();
    }

    /** Removes the mark of {@link #markRestored}. */
    void unmarkRestored() throws IOException {
        force(); // the new segments, before the mark goes
        Files.deleteIfExists(path.resolve(RESTORED));
        force();
    }

    private static String name(long number, String suffix) {
        return String.format("%016d%s", number, suffix);
    }

    /** Opens a segment for reading, in the archive or not; empty if it has been deleted. */
    public Optional<SegmentReader> read(long number, int windowBytes) throws IOException {
        for (Path candidate : List.of(segment(number), archived(number))) { // it may move to the archive meanwhile
            try {
                return Optional.of(SegmentReader.open(number, candidate, windowBytes));
            } catch (NoSuchFileException e) {
                // It may be the other one.
            }
        }
        return Optional.empty();
    }

    /** Moves a segment to the archive. */
    void retire(long number) throws IOException {
        Files.move(segment(number), archived(number), StandardCopyOption.ATOMIC_MOVE);
        force();
    }

    /** Replaces a file with its finished {@linkplain #unfinished successor}. */
    void replace(Path file) throws IOException {
        replaceUnsynced(file);
        force();
    }

    /** Replaces a file with its successor. Which one a power failure leaves is not certain. */
    void replaceUnsynced(Path file) throws IOException {
        Files.move(unfinished(file), file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Forces the names of the files to the disk. */
    void force() throws IOException {
        if (OwnerOnly.POSIX) {
            force(archive);
            force(path);
        }
    }

    /** Forces a directory. Only a channel can do that. An interrupt closes the channel, so it is opened again. */
    private static void force(Path directory) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                    entries.force(true);
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (lock.isPresent()) {
            lock.get().close();
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}

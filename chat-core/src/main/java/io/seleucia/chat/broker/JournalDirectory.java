package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A directory that belongs to one journal of one process as long as it is open, and to nobody but its owner. Below it lies
 * the archive: segments that a start does not read, and the indexes of all that are over.
 */
final class JournalDirectory implements AutoCloseable {
    private static final String SUFFIX = ".journal";
    private static final String INDEX = ".index";
    private static final String UNFINISHED = ".tmp";
    private static final String ARCHIVE = "archive";
    private static final String RESTORED = "restored";
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private static final Logger LOG = System.getLogger(JournalDirectory.class.getName());

    /** What a new file is created with, so that only its owner can read and write it. */
    static final FileAttribute<?>[] OWNERS_FILE = ownersOnly("rw-------");

    private static final FileAttribute<?>[] OWNERS_DIRECTORY = ownersOnly("rwx------");

    private final Path path;
    private final Path archive;
    private final JournalLock lock;

    private JournalDirectory(Path path, JournalLock lock) {
        this.path = path;
        this.archive = path.resolve(ARCHIVE);
        this.lock = lock;
    }

    /**
     * Makes it where there is none.
     *
     * @throws IOException if that can't be done, or another journal has it
     */
    static JournalDirectory open(Path path) throws IOException {
        Files.createDirectories(path.resolve(ARCHIVE), OWNERS_DIRECTORY);
        closeToOthers(path);
        return new JournalDirectory(
                path,
                JournalLock.take(path)
                        .orElseThrow(() -> new IOException("the directory " + path + " is in use by another server")));
    }

    private static FileAttribute<?>[] ownersOnly(String mode) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /** Takes the rights of others away from a directory that existed before; it holds what everybody has written. */
    private static void closeToOthers(Path directory) throws IOException {
        if (!POSIX) {
            return;
        }
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(directory);
        Set<PosixFilePermission> owners = EnumSet.of(
                PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
        if (owners.containsAll(mode)) {
            return;
        }
        if (mode.contains(PosixFilePermission.OTHERS_WRITE)) { // as /tmp, which must stay as it is
            throw new IOException(
                    "everybody can write the directory " + directory + ": give the journal a directory of its own");
        }
        try {
            Files.setPosixFilePermissions(directory, owners);
        } catch (IOException e) {
            throw new IOException(
                    "others than its owner can enter the directory " + directory
                            + ", and this process may not change that: chmod 700 " + directory,
                    e);
        }
        LOG.log(
                Level.WARNING,
                () -> "others could enter the directory " + directory + " (its mode was "
                        + PosixFilePermissions.toString(mode) + "): now only its owner can");
    }

    /** Opens a directory that exists. Like {@link #open}. */
    static JournalDirectory openExisting(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            throw new NoSuchFileException(path.toString(), null, "there is no such directory");
        }
        return open(path);
    }

    /** What names this run of the machine, where the system tells: what was written is there until it ends. */
    static String boot() throws IOException {
        Path id = Path.of("/proc/sys/kernel/random/boot_id");
        return Files.isReadable(id) ? Files.readString(id).strip() : "";
    }

    /** The numbers of the segments in it, in their order, without those in the archive. */
    List<Long> segments() throws IOException {
        return segments(path);
    }

    /** The numbers of the segments in the archive, in their order. */
    List<Long> archived() throws IOException {
        return segments(archive);
    }

    /** The numbers of the segments that have an index, in their order. */
    List<Long> indexed() throws IOException {
        return numbers(archive, INDEX);
    }

    /** The numbers of the segments in a directory, which need not be there, in their order. */
    private static List<Long> segments(Path directory) throws IOException {
        return numbers(directory, SUFFIX);
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

    /** The file of a segment. */
    Path segment(long number) {
        return path.resolve(name(number, SUFFIX));
    }

    /** The file of a segment in the archive. */
    Path archived(long number) {
        return archive.resolve(name(number, SUFFIX));
    }

    /** The file of a segment, wherever it is; empty if it has been dropped. */
    Optional<Path> find(long number) {
        return Stream.of(segment(number), archived(number))
                .filter(Files::exists)
                .findFirst();
    }

    /** The file of a segment's index. */
    Path index(long number) {
        return index(path, number);
    }

    /** The file of a segment's index below a journal's directory. */
    static Path index(Path directory, long number) {
        return directory.resolve(ARCHIVE).resolve(name(number, INDEX));
    }

    /** A file on the way to becoming another one. */
    static Path unfinished(Path file) {
        return file.resolveSibling(file.getFileName() + UNFINISHED);
    }

    /** Deletes what never became another file. */
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

    /** The file that says how far the journal was known to reach. */
    Path extent() {
        return path.resolve("extent");
    }

    /** The file with the revocations. */
    Path revocations() {
        return path.resolve("revocations");
    }

    /** Returns whether the directory is marked as put back from a backup, and no start has begun new epochs since. */
    boolean isRestored() {
        return Files.exists(path.resolve(RESTORED), LinkOption.NOFOLLOW_LINKS);
    }

    /** Marks the directory as put back from a backup; the mark is on the disk when this returns. */
    void markRestored() throws IOException {
        Path mark = path.resolve(RESTORED);
        JournalFile.createIfMissing(mark);
        try (FileChannel channel = FileChannel.open(mark, StandardOpenOption.WRITE)) {
            channel.force(true);
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

    /** Opens a segment for reading, wherever it is; empty if it has been dropped. */
    static Optional<JournalReader> read(Path directory, long number, int windowBytes) throws IOException {
        Path file = directory.resolve(name(number, SUFFIX));
        Path archived = directory.resolve(ARCHIVE).resolve(name(number, SUFFIX));
        for (Path candidate : List.of(file, archived)) { // it may move from here to there meanwhile
            try {
                return Optional.of(JournalReader.open(number, candidate, windowBytes));
            } catch (NoSuchFileException e) {
                continue;
            }
        }
        return Optional.empty();
    }

    /** Opens a segment for reading, wherever it is; empty if it has been dropped. */
    Optional<JournalReader> read(long number, int windowBytes) throws IOException {
        return read(path, number, windowBytes);
    }

    /** The numbers of all segments in a journal's directory, which another process may be writing, in their order. */
    static SortedSet<Long> all(Path directory) throws IOException {
        SortedSet<Long> all = new TreeSet<>(segments(directory)); // first, for they move to the archive
        all.addAll(segments(directory.resolve(ARCHIVE)));
        return all;
    }

    /** Puts a segment into the archive. */
    void retire(long number) throws IOException {
        Files.move(segment(number), archived(number), StandardCopyOption.ATOMIC_MOVE);
        force();
    }

    /** Puts a finished file in the place of another one. */
    void replace(Path file) throws IOException {
        Files.move(unfinished(file), file, StandardCopyOption.ATOMIC_MOVE);
        force();
    }

    /** Brings to the disk which files there are. */
    void force() throws IOException {
        if (POSIX) {
            for (Path directory : List.of(archive, path)) {
                force(directory);
            }
        }
    }

    /** Forces a directory. Only a channel can do that, and an interrupt closes the channel: then it is done again. */
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
        lock.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }
}

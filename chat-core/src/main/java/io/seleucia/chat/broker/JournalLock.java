package io.seleucia.chat.broker;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lock of a directory against other processes and against a second user in this one. A POSIX lock belongs to the
 * process, and closing <em>any</em> channel of the file gives it up. So a directory that this process has locked is refused
 * before its lock file is opened again. May be used by any thread.
 */
final class JournalLock implements AutoCloseable {
    private static final ReentrantLock OPENING = new ReentrantLock(); // guards the two below
    private static final List<Path> HELD = new ArrayList<>(); // directories that this process has locked
    private static final List<FileChannel> NEVER_CLOSED = new ArrayList<>();

    private final Path directory;
    private final FileChannel channel; // closing it releases the lock, and so does the end of the process

    private JournalLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Locks a directory. Does not block.
     *
     * @return empty if this process or another one has locked it
     */
    static Optional<JournalLock> take(Path directory) throws IOException {
        Path real = directory.toRealPath();
        OPENING.lock();
        try {
            for (Path held : HELD) {
                if (isSame(held, real)) {
                    return Optional.empty();
                }
            }
            FileChannel channel = FileChannel.open(
                    real.resolve("lock"),
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    JournalDirectory.OWNERS_FILE);
            boolean free = false;
            boolean foreign = false;
            try {
                free = channel.tryLock() != null;
            } catch (OverlappingFileLockException e) {
                foreign = true; // this library was loaded twice into this process, and the other one has it
                NEVER_CLOSED.add(channel); // which would give up the other one's lock
            } finally {
                if (!free && !foreign) {
                    channel.close();
                }
            }
            if (!free) {
                return Optional.empty();
            }
            HELD.add(real);
            return Optional.of(new JournalLock(real, channel));
        } finally {
            OPENING.unlock();
        }
    }

    /** Compares directories themselves, which may have several names. */
    private static boolean isSame(Path held, Path real) {
        try {
            return Files.isSameFile(held, real);
        } catch (IOException e) {
            return false; // the directory of a journal that is open was deleted
        }
    }

    /** Gives the lock up. Does nothing the second time. */
    @Override
    public void close() throws IOException {
        OPENING.lock();
        try {
            if (channel.isOpen()) {
                try {
                    channel.close();
                } finally {
                    HELD.remove(directory);
                }
            }
        } finally {
            OPENING.unlock();
        }
    }
}

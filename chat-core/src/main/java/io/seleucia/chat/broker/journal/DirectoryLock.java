package io.seleucia.chat.broker.journal;

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
 * The lock of a directory against other processes and a second journal in this process. A POSIX lock belongs to the process,
 * and closing <em>any</em> channel of the file releases it. So a directory that this process has locked is refused before its
 * lock file is opened again. Any thread.
 */
final class DirectoryLock implements AutoCloseable {
    private static final ReentrantLock OPENING = new ReentrantLock(); // guards the two below
    private static final List<Path> HELD = new ArrayList<>(); // directories that this process has locked
    private static final List<FileChannel> NEVER_CLOSED = new ArrayList<>();

    private final Path directory;
    private final FileChannel channel; // closing it releases the lock, and so does the end of the process

    private DirectoryLock(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /** Locks a directory, without blocking; empty if this process or another one has locked it. */
    static Optional<DirectoryLock> take(Path directory) throws IOException {
        Path real = directory.toRealPath();
        OPENING.lock();
        try {
            if (HELD.stream().anyMatch(held -> isSame(held, real))) {
                return Optional.empty();
            }
            FileChannel channel = FileChannel.open(
                    real.resolve("lock"), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.FILE);
            try {
                if (channel.tryLock() == null) {
                    channel.close();
                    return Optional.empty();
                }
            } catch (OverlappingFileLockException e) { // another copy of this library in this process has the lock
                NEVER_CLOSED.add(channel); // closing it would release that lock
                return Optional.empty();
            } catch (Throwable e) {
                channel.close();
                throw e;
            }
            HELD.add(real);
            return Optional.of(new DirectoryLock(real, channel));
        } finally {
            OPENING.unlock();
        }
    }

    /** Compares directories themselves, which may have several names. */
    private static boolean isSame(Path held, Path real) {
        try {
            return Files.isSameFile(held, real);
        } catch (IOException e) {
            return false; // the directory of an open journal was deleted
        }
    }

    /** Releases the lock. A second call has no effect. */
    @Override
    public void close() throws IOException {
        OPENING.lock();
        try {
            if (channel.isOpen()) {
                HELD.remove(directory);
                channel.close();
            }
        } finally {
            OPENING.unlock();
        }
    }
}

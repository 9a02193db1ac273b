package io.seleucia.chat.server;

import io.seleucia.chat.text.Utf8;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A file of lines that only its owner may read, and that several processes change. Each process holds the lock file beside
 * it while it reads, changes and replaces the file, and keeps its owner, group and mode. Reading needs no lock: the file
 * is always complete. All methods block.
 *
 * @param path of the file; links are followed
 */
record PrivateFile(Path path) {
    private static final long MAX_BYTES = 256L * 1024 * 1024;
    private static final ReentrantLock IN_THIS_PROCESS = new ReentrantLock(); // guards the files' locks

    /** Changes the lines, or throws if that is not possible. */
    interface Change {
        List<String> apply(List<String> lines) throws IOException;
    }

    /**
     * Returns all lines.
     *
     * @throws IOException if the file can't be read; the message is for the person who must fix it
     */
    List<String> lines() throws IOException {
        return read().orElseThrow(() -> new NoSuchFileException(path + " does not exist"));
    }

    /** Returns all lines, or empty if the file does not exist. */
    Optional<List<String>> read() throws IOException {
        try {
            if (Files.size(path) > MAX_BYTES) {
                throw new IOException(path + " is larger than " + MAX_BYTES + " bytes");
            }
            return Optional.of(Utf8.decode(Files.readAllBytes(path)).lines().toList());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (CharacterCodingException e) {
            throw new IOException(path + " is not UTF-8", e);
        } catch (AccessDeniedException e) {
            throw new IOException(path + " may not be read by this process", e);
        }
    }

    /**
     * Replaces the lines by the result of a change, exclusively among all processes. A file that does not exist is created
     * from no lines.
     */
    void change(Change change) throws IOException {
        Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
        Path lock = target.resolveSibling(target.getFileName() + ".lock");
        IN_THIS_PROCESS.lock();
        try (FileChannel channel = openLock(lock, target);
                var held = channel.lock()) {
            List<String> lines = new PrivateFile(target).read().orElse(List.of());
            replace(target, change.apply(lines));
            if (!held.isValid()) {
                throw new IOException("the lock " + lock + " was lost");
            }
        } catch (AccessDeniedException e) {
            throw new IOException(e.getFile() + " may not be written by this process", e);
        } catch (NoSuchFileException e) {
            throw new IOException("the directory of " + target + " does not exist", e);
        } finally {
            IN_THIS_PROCESS.unlock();
        }
    }

    /** Opens the lock file, which only its owner can open. A new one gets the owner of the file that it protects. */
    private static FileChannel openLock(Path lock, Path target) throws IOException {
        if (!isPosix(lock)) {
            return FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        }
        try {
            Files.createFile(lock, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            if (Files.exists(target)) {
                giveTo(ownership(target), lock);
            }
        } catch (FileAlreadyExistsException e) {
            // Another process may hold it.
        }
        return FileChannel.open(lock, StandardOpenOption.WRITE);
    }

    private static boolean isPosix(Path file) {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static PosixFileAttributes ownership(Path file) throws IOException {
        return Files.readAttributes(file, PosixFileAttributes.class);
    }

    /** Gives a file the owner and group of another one. */
    private static void giveTo(PosixFileAttributes other, Path file) throws IOException {
        PosixFileAttributes mine = ownership(file);
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (!mine.group().equals(other.group())) {
            view.setGroup(other.group());
        }
        if (!mine.owner().equals(other.owner())) {
            view.setOwner(other.owner());
        }
    }

    /** Gives the new file the owner, group and mode of the file that it replaces. Fails if that is not possible. */
    private static void keepOwnership(Path target, Path fresh) throws IOException {
        if (!isPosix(target) || !Files.exists(target)) {
            return;
        }
        PosixFileAttributes old = ownership(target);
        try {
            giveTo(old, fresh);
            Files.setPosixFilePermissions(fresh, old.permissions());
        } catch (IOException e) {
            throw new IOException(
                    target + " belongs to " + old.owner().getName() + ":"
                            + old.group().getName()
                            + ", and this process can't keep that: run the command as that user, or as root",
                    e);
        }
    }

    /** Writes a temporary file, which is private from its creation, and moves it over the target atomically. */
    private static void replace(Path target, List<String> lines) throws IOException {
        Path fresh =
                Files.createTempFile(target.getParent(), target.getFileName().toString(), ".new");
        try {
            try (FileChannel out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.UTF_8.encode(String.join("\n", lines) + "\n");
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                out.force(true);
            }
            keepOwnership(target, fresh);
            Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}

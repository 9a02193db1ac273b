package io.seleucia.chat.broker.journal;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A file that is read and written at positions, by threads that a program may interrupt at any time. An interrupt has no
 * effect on it; a {@link java.nio.channels.FileChannel} would be closed, for all threads and in the middle of a write. Used
 * by one thread at a time, except for {@link #force}. Buffers must have an array.
 */
final class JournalFile implements AutoCloseable {
    private final RandomAccessFile file;
    private long at; // where the system would read or write next; negative if unknown

    private JournalFile(RandomAccessFile file) {
        this.file = file;
    }

    /** Creates an empty file that only its owner can read and write, or empties the one that exists. */
    static JournalFile create(Path path) throws IOException {
        createIfMissing(path);
        JournalFile created = new JournalFile(new RandomAccessFile(path.toFile(), "rw"));
        try {
            created.setLength(0);
            return created;
        } catch (IOException e) {
            created.close();
            throw e;
        }
    }

    /** Creates an empty file that only its owner can read and write, unless it exists. */
    static void createIfMissing(Path path) throws IOException {
        if (Files.notExists(path)) {
            Files.createFile(path, OwnerOnly.FILE);
        }
    }

    /** Opens a file for reading and writing. Throws {@link NoSuchFileException} if it does not exist. */
    static JournalFile open(Path path) throws IOException {
        if (Files.notExists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        return new JournalFile(new RandomAccessFile(path.toFile(), "rw"));
    }

    /** Opens a file for reading only. Throws {@link NoSuchFileException} if it does not exist. */
    static JournalFile openForReading(Path path) throws IOException {
        for (boolean again = false; ; again = true) { // the file may be replaced at this moment
            try {
                return new JournalFile(new RandomAccessFile(path.toFile(), "r"));
            } catch (FileNotFoundException e) { // also thrown if the file may not be read
                if (Files.notExists(path)) {
                    throw new NoSuchFileException(path.toString());
                }
                if (again) {
                    throw e;
                }
            }
        }
    }

    long length() throws IOException {
        return file.length();
    }

    /** Reads from a position on until the buffer is full or the file ends. */
    void read(ByteBuffer into, long position) throws IOException {
        go(position);
        while (into.hasRemaining()) {
            int read = file.read(into.array(), into.arrayOffset() + into.position(), into.remaining());
            if (read < 0) {
                return;
            }
            into.position(into.position() + read);
            at += read;
        }
    }

    /** Writes a buffer's remaining bytes. If that throws anything, some or all of them may be in the file. */
    void write(ByteBuffer from, long position) throws IOException {
        go(position);
        at = -1;
        file.write(from.array(), from.arrayOffset() + from.position(), from.remaining());
        at = position + from.remaining();
        from.position(from.limit());
    }

    private void go(long position) throws IOException {
        if (position != at) {
            at = -1;
            file.seek(position);
            at = position;
        }
    }

    /** Shortens or extends the file. */
    void setLength(long length) throws IOException {
        at = -1;
        file.setLength(length);
    }

    /** Forces everything written before to the disk. Any thread may call it. */
    void force() throws IOException {
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

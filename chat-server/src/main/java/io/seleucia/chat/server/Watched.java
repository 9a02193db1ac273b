package io.seleucia.chat.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * What stands in a file that is read again when it has changed. A changed file that can't be used is logged, once, and
 * what stood there before goes on to count.
 */
final class Watched<T> {
    private static final Logger LOG = System.getLogger(Watched.class.getName());

    /** Makes something of a file; the message of what it throws is for the person who must mend it, without secrets. */
    interface Reading<T> {
        T read(Path file) throws IOException;
    }

    private final Path file;
    private final Reading<T> reading;
    private String stamp; // of the one thread that looks
    private volatile T value;

    /**
     * Reads the file.
     *
     * @throws IOException if it can't be used
     */
    Watched(Path file, Reading<T> reading) throws IOException {
        this.file = file;
        this.reading = reading;
        this.stamp = stamp(); // before it is read: what changes meanwhile is read again
        this.value = reading.read(file);
    }

    /** What stood in it when it was last looked at. Any thread; does not block. */
    T value() {
        return value;
    }

    /** Reads it again, if it has changed. One thread at a time. */
    void look() {
        String now = stamp();
        if (now.equals(stamp)) {
            return;
        }
        stamp = now; // whatever comes of it, this file is not tried again
        try {
            value = reading.read(file);
            LOG.log(Level.INFO, () -> "the changed " + file + " counts from now on");
        } catch (IOException e) {
            LOG.log(Level.WARNING, "what stood in " + file + " before goes on to count: " + e.getMessage());
        }
    }

    /** What differs when it has been written or replaced. */
    private String stamp() {
        try {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            return is.lastModifiedTime() + " " + is.size() + " " + is.fileKey();
        } catch (IOException e) {
            return "out of reach"; // reading it says why
        }
    }
}

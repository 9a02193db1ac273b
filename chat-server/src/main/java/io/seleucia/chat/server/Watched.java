package io.seleucia.chat.server;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What stands in a file, or in the files of a directory, that is read again when it has changed. If it can't be read or
 * used any more, the previous content stays in force, which is logged once for each reason, and told by {@link #flaw}
 * until it can be used again.
 */
final class Watched<T> {
    private static final Logger LOG = System.getLogger(Watched.class.getName());

    /** Makes something of a file; the message of what it throws is for the person who must mend it, without secrets. */
    interface Reading<T> {
        T read(Path file) throws IOException;
    }

    private final Path file;
    private final Reading<T> reading;
    private final Predicate<T> secret;
    private String stamp; // of the one thread that looks
    private String warned = ""; // of the same
    private volatile T value;
    private volatile Optional<String> flaw = Optional.empty();

    /**
     * Reads the file.
     *
     * @param secret whether nobody but the owner should be able to read what stands in it
     * @throws IOException if it can't be used
     */
    Watched(Path file, Predicate<T> secret, Reading<T> reading) throws IOException {
        this.file = file;
        this.reading = reading;
        this.secret = secret;
        this.stamp = stamp(); // before it is read: what changes meanwhile is read again
        this.value = reading.read(file);
        warnOfMode();
    }

    /** What stood in it when it was last looked at. Any thread; does not block. */
    T value() {
        return value;
    }

    /** Returns why the previous content is still in force, for an operator; empty if it is not. Any thread. */
    Optional<String> flaw() {
        return flaw;
    }

    /** Reads it again, if it has changed or could not be used the last time. One thread at a time. */
    void look() {
        String now = stamp();
        if (now.equals(stamp) && flaw.isEmpty()) {
            return;
        }
        stamp = now;
        try {
            value = reading.read(file);
            flaw = Optional.empty();
            LOG.log(Level.INFO, () -> "the changed " + file + " is in force from now on");
            warnOfMode();
        } catch (IOException e) {
            Optional<String> why =
                    Optional.of("the previous content of " + file + " is still in force: " + e.getMessage());
            if (!why.equals(flaw)) {
                LOG.log(Level.WARNING, why.get());
            }
            flaw = why;
        }
    }

    private void warnOfMode() {
        String warning = FileModes.warning(file, secret.test(value)).orElse("");
        if (!warning.equals(warned) && !warning.isEmpty()) {
            LOG.log(Level.WARNING, warning);
        }
        warned = warning;
    }

    /** What differs when it has been written or replaced, or its mode has changed. */
    private String stamp() {
        if (!Files.isDirectory(file)) {
            return stamp(file);
        }
        TreeSet<String> stamps = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(file)) {
            files.forEach(one -> stamps.add(one.getFileName() + " " + stamp(one)));
        } catch (IOException | DirectoryIteratorException e) {
            return "out of reach"; // reading it says why
        }
        return stamps.toString();
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            return is.lastModifiedTime() + " " + is.size() + " " + is.fileKey() + " " + Files.isReadable(file);
        } catch (IOException e) {
            return "out of reach"; // reading it says why
        }
    }
}

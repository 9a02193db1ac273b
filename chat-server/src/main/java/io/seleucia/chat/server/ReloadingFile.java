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
 * The content of a file, or of the files in a directory, which is read again when it has changed. If it can't be read or
 * used any more, the previous content stays in force. That is logged once for each reason, and {@link #flaw} returns it
 * until the file can be used again.
 */
final class ReloadingFile<T> {
    private static final Logger LOG = System.getLogger(ReloadingFile.class.getName());

    /** Reads a file. The messages of its exceptions are for the person who must fix the file, and contain no secrets. */
    interface Reading<T> {
        T read(Path file) throws IOException;
    }

    private final Path file;
    private final Reading<T> reading;
    private final Predicate<T> secret;
    private String stamp; // only for the thread that checks, as the next
    private String warned = "";
    private volatile T value;
    private volatile Optional<String> flaw = Optional.empty();

    /**
     * Reads the file.
     *
     * @param secret whether the content is a secret, which only the owner should be able to read
     * @throws IOException if it can't be used
     */
    ReloadingFile(Path file, Predicate<T> secret, Reading<T> reading) throws IOException {
        this.file = file;
        this.reading = reading;
        this.secret = secret;
        this.stamp = stamp(); // taken first, so that a change meanwhile is noticed
        this.value = reading.read(file);
        warnOfMode();
    }

    /** Returns the content that is in force. Any thread; does not block. */
    T value() {
        return value;
    }

    /** Returns why the previous content is still in force, for an operator, or empty if the file is fine. Any thread. */
    Optional<String> flaw() {
        return flaw;
    }

    /**
     * Reads the file again if it has changed, or could not be used the last time. One thread at a time.
     *
     * @return whether new content is in force
     */
    boolean look() {
        String now = stamp();
        if (now.equals(stamp) && flaw.isEmpty()) {
            return false;
        }
        stamp = now;
        try {
            value = reading.read(file);
            flaw = Optional.empty();
            LOG.log(Level.INFO, () -> file + " has changed and is in force now");
            warnOfMode();
            return true;
        } catch (IOException e) {
            Optional<String> why = Optional.of("keeping the previous content of " + file + ": " + e.getMessage());
            if (!why.equals(flaw)) {
                LOG.log(Level.WARNING, why.get());
            }
            flaw = why;
            return false;
        }
    }

    private void warnOfMode() {
        String warning = FileModes.warning(file, secret.test(value)).orElse("");
        if (!warning.equals(warned) && !warning.isEmpty()) {
            LOG.log(Level.WARNING, warning);
        }
        warned = warning;
    }

    /** Returns a text that changes when the file is written or replaced, or its mode changes. */
    private String stamp() {
        if (!Files.isDirectory(file)) {
            return stamp(file);
        }
        TreeSet<String> stamps = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(file)) {
            files.forEach(one -> stamps.add(one.getFileName() + " " + stamp(one)));
        } catch (IOException | DirectoryIteratorException e) {
            return "unreadable"; // reading it reports why
        }
        return stamps.toString();
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            return is.lastModifiedTime() + " " + is.size() + " " + is.fileKey() + " " + Files.isReadable(file);
        } catch (IOException e) {
            return "unreadable"; // reading it reports why
        }
    }
}

package io.seleucia.chat.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Checks whether other users can read or write a file that logins depend on, on POSIX file systems. */
final class FileModes {
    private static final Set<PosixFilePermission> WRITING =
            EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private FileModes() {}

    /**
     * Returns a warning for the operator if users other than the owner can write a file or, if it is secret, read it. The
     * group may read a file of another owner, because that may be how this process reads it. Returns empty for a file whose
     * mode can't be read: reading the file reports why. Follows links. Checks the files in a directory, too.
     */
    static Optional<String> warning(Path file, boolean secret) {
        try {
            Optional<String> warning = warningOfOne(file, secret && !Files.isDirectory(file));
            if (warning.isPresent() || !Files.isDirectory(file)) {
                return warning;
            }
            try (var files = Files.list(file)) {
                return files.filter(Files::isRegularFile)
                        .sorted()
                        .flatMap(one -> warning(one, secret).stream())
                        .findFirst();
            }
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> warningOfOne(Path file, boolean secret) throws IOException {
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
        if (mode.stream().anyMatch(WRITING::contains)) {
            return Optional.of(
                    "other users can write " + file + ", and so grant themselves access: run chmod go-w " + file);
        }
        boolean own = Files.getOwner(file).getName().equals(System.getProperty("user.name"));
        if (secret
                && (mode.contains(PosixFilePermission.OTHERS_READ)
                        || own && mode.contains(PosixFilePermission.GROUP_READ))) {
            return Optional.of("other users can read " + file + ", which contains a secret: run chmod go-r " + file);
        }
        return Optional.empty();
    }
}

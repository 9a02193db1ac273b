package io.seleucia.chat.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Who else can read or write a file that logins depend on, where the file system tells. */
final class FileModes {
    private static final Set<PosixFilePermission> WRITING =
            EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private FileModes() {}

    /**
     * Returns a warning for the operator if others than the owner can write a file or, if it is a secret, read it. A group
     * may read the file of another owner, for that may be how this process reads it. A file that can't be looked at has no
     * warning: reading it says why. Follows links. Of a directory, its files are looked at too.
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
                    "others than its owner can write " + file + ", and so let themselves in: chmod go-w " + file);
        }
        boolean own = Files.getOwner(file).getName().equals(System.getProperty("user.name"));
        if (secret
                && (mode.contains(PosixFilePermission.OTHERS_READ)
                        || own && mode.contains(PosixFilePermission.GROUP_READ))) {
            return Optional.of("others than its owner can read " + file + ", which holds a secret: chmod go-r " + file);
        }
        return Optional.empty();
    }
}

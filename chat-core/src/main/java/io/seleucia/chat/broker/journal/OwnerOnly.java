package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** File permissions for the owner only, if the file system has POSIX permissions. */
final class OwnerOnly {
    /** Tells whether the file system has POSIX permissions. */
    static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    /** The attributes of a new file, and of a new directory. */
    static final FileAttribute<?>[] FILE = attributes("rw-------");

    static final FileAttribute<?>[] DIRECTORY = attributes("rwx------");

    private static final Logger LOG = System.getLogger(OwnerOnly.class.getName());

    private OwnerOnly() {}

    private static FileAttribute<?>[] attributes(String mode) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    /**
     * Closes an existing directory to all other users.
     *
     * @throws IOException if that is not possible, or all users can write it
     */
    static void restrict(Path directory) throws IOException {
        if (!POSIX) {
            return;
        }
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(directory);
        Set<PosixFilePermission> owners = PosixFilePermissions.fromString("rwx------");
        if (owners.containsAll(mode)) {
            return;
        }
        if (mode.contains(PosixFilePermission.OTHERS_WRITE)) { // as /tmp, which must stay as it is
            throw new IOException(
                    "all users can write the directory " + directory + ": give the journal a directory of its own");
        }
        try {
            Files.setPosixFilePermissions(directory, owners);
        } catch (IOException e) {
            throw new IOException(
                    "other users can enter the directory " + directory
                            + ", and this process may not change that: chmod 700 " + directory,
                    e);
        }
        LOG.log(
                Level.WARNING,
                () -> "other users could enter the directory " + directory + " (mode "
                        + PosixFilePermissions.toString(mode) + "); it has been closed to them");
    }
}

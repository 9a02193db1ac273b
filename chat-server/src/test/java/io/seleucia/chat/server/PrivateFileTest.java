package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that is replaced stays whose it was. */
class PrivateFileTest {
    @TempDir
    private Path directory;

    @Test
    void keepsTheModeOfTheFile() throws Exception {
        Path file = Files.writeString(directory.resolve("users"), "old\n");
        for (String mode : List.of("rw-r-----", "r--------", "rw-rw-rw-")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));

            new PrivateFile(file).change(lines -> List.of("new"));

            assertThat(Files.readString(file)).isEqualTo("new\n");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo(mode);
        }
    }

    /** Root adds an account while the server, another user, reads the file. */
    @Test
    void keepsTheOwnerAndGroupOfTheFileAndItsLock() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "only root can give files away");
        Path file = Files.writeString(directory.resolve("users"), "old\n");
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        var lookup = file.getFileSystem().getUserPrincipalLookupService();
        UserPrincipal daemon = lookup.lookupPrincipalByName("daemon");
        view.setOwner(daemon);
        view.setGroup(lookup.lookupPrincipalByGroupName("daemon"));

        new PrivateFile(file).change(lines -> List.of("new"));

        for (String name : List.of("users", "users.lock")) {
            PosixFileAttributes is = Files.readAttributes(directory.resolve(name), PosixFileAttributes.class);
            assertThat(is.owner()).as(name).isEqualTo(daemon);
            assertThat(is.group().getName()).as(name).isEqualTo("daemon");
        }
        assertThat(Files.readString(file)).isEqualTo("new\n");
    }
}

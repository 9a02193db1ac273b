package io.seleucia.chat.keys;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.KeyManager;

/** The files with a private key and its certificates. */
public interface KeyFiles {
    /** Returns the files. When one has changed, all are read again. */
    List<Path> files();

    /**
     * Reads the files.
     *
     * @throws IOException if they can't be used; the message says which file it is, and what is wrong, and no secret
     */
    KeyManager[] read() throws IOException;

    /** Returns a whole file. The message of an exception is for the person who must mend the file. */
    static byte[] bytes(Path file) throws IOException {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new IOException(file + " may not be read by this process", e);
        } catch (IOException e) {
            throw new IOException(file + " can't be read: " + e.getMessage(), e);
        }
    }
}

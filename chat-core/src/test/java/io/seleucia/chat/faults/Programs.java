package io.seleucia.chat.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The embedding programs in a site's server processes ({@link EmbeddedMain}), each with a file for its evidence. */
final class Programs implements AutoCloseable {
    private final List<Path> evidence = new ArrayList<>();

    /** What a server process is told so that there is one more. */
    String flag() throws IOException {
        evidence.add(Files.createTempFile("evidence", ""));
        return "-D%s=%s".formatted(EmbeddedMain.EVIDENCE, evidence.getLast());
    }

    /** What they have noted up to now. */
    List<EmbeddedEvidence> evidence() throws IOException {
        List<EmbeddedEvidence> all = new ArrayList<>();
        for (Path file : evidence) {
            all.add(EmbeddedEvidence.read(file));
        }
        return all;
    }

    /** Stops what they say, if that server has one. */
    void hush(ServerProcess server) throws IOException {
        if (!evidence.isEmpty() && !server.ask("hush").equals(ServerMain.OK)) {
            throw new IOException("a program does not stop");
        }
    }

    @Override
    public void close() throws IOException {
        for (Path file : evidence) {
            Files.delete(file);
        }
    }
}

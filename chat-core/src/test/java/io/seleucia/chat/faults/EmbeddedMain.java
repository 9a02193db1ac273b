package io.seleucia.chat.faults;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.message.Position;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The part of a server process that acts as an embedding program: its threads publish and are interrupted, and its
 * listeners follow channels. Everything that the program is told goes to a file, a line with one write each, so that
 * {@code kill -9} takes away at most what nobody was told. {@link EmbeddedEvidence} reads it.
 */
final class EmbeddedMain {
    /** Names the file for the evidence; without it there is no embedding program. */
    static final String EVIDENCE = "faults.evidence";

    /** The channels in which it publishes, and which it follows. */
    static final List<String> CHANNELS = List.of("lobby", "den");

    private final FileOutputStream evidence;
    private final InterruptedPublishers publishers;

    private EmbeddedMain(ChatServer server, Path file) throws IOException {
        this.evidence = new FileOutputStream(file.toFile(), true);
        String life = UUID.randomUUID().toString().substring(0, 8);
        say("life", life);
        this.publishers = new InterruptedPublishers(server, life, this::say);
        for (String channel : CHANNELS) {
            new EmbeddedFollower(server, channel, this::say).start();
        }
    }

    /** Starts it, if the process was told to have one. */
    static Optional<EmbeddedMain> in(ChatServer server) throws IOException {
        String file = System.getProperty(EVIDENCE);
        if (file == null) {
            return Optional.empty();
        }
        EmbeddedMain program = new EmbeddedMain(server, Path.of(file));
        program.publishers.start();
        return Optional.of(program);
    }

    /** Stops publishing. When this returns, everything acknowledged is in the file. */
    void hush() throws InterruptedException {
        publishers.close();
    }

    /** Takes a line of evidence. */
    interface Notes {
        void say(String... words);

        default void say(String what, String channel, Position position, String id) {
            say(what, channel, position.epoch(), Long.toString(position.offset()), id);
        }
    }

    private void say(String... words) {
        try {
            evidence.write((String.join(" ", words) + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

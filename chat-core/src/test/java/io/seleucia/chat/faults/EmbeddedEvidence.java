package io.seleucia.chat.faults;

import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the embedding program in a server process has noted: {@link EmbeddedMain} writes it, in several lives. */
final class EmbeddedEvidence {
    private final List<Stored> acknowledged = new ArrayList<>();
    private final Map<String, Integer> failures = new HashMap<>(); // by class of the exception
    private final Map<String, Track> tracks = new HashMap<>(); // of the last life: the others were cut off somewhere

    private EmbeddedEvidence() {}

    static EmbeddedEvidence read(Path file) throws IOException {
        EmbeddedEvidence evidence = new EmbeddedEvidence();
        String text = Files.readString(file);
        text.substring(0, text.lastIndexOf('\n') + 1).lines().forEach(line -> evidence.note(line.split(" ")));
        return evidence;
    }

    private void note(String[] words) {
        switch (words[0]) {
            case "life" -> tracks.clear();
            case "acknowledged" -> acknowledged.add(new Stored(words[1], position(words), words[4]));
            case "failed" -> failures.merge(words[1].substring(words[1].lastIndexOf('.') + 1), 1, Integer::sum);
            case "began" -> tracks.put(words[1], new Track("a program", words[1], position(words)));
            case "shown" -> tracks.get(words[1]).add(new Track.Shown.Message(position(words), words[4]));
            case "lost" -> tracks.get(words[1]).add(new Track.Shown.Lost(position(words)));
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private static Position position(String[] words) {
        return new Position(words[2], Long.parseLong(words[3]));
    }

    List<Stored> acknowledged() {
        return acknowledged;
    }

    Map<String, Integer> failures() {
        return failures;
    }

    Collection<Track> tracks() {
        return tracks.values();
    }

    /** Whether the program was shown every channel up to its end. */
    boolean isAt(Map<String, Position> ends) {
        return tracks.keySet().containsAll(EmbeddedMain.CHANNELS)
                && tracks.values().stream()
                        .allMatch(track -> track.last().equals(ends.getOrDefault(track.channel(), track.last())));
    }
}

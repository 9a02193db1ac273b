package io.seleucia.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * The virtual threads that have begun since this was made and have not ended: all threads of a server started after it.
 * Counted in a flight recording. A thread dump would show them too, but may crash the virtual machine (25.0.3 does) when
 * threads park meanwhile.
 */
final class VirtualThreads implements AutoCloseable {
    private static final String START = "jdk.VirtualThreadStart";
    private static final String END = "jdk.VirtualThreadEnd";

    private final Recording recording = new Recording();
    private final Path directory;

    /** What is recorded goes to a directory that is there for it. */
    VirtualThreads(Path directory) {
        this.directory = directory;
        recording.enable(START).withoutStackTrace();
        recording.enable(END).withoutStackTrace();
        recording.start();
    }

    long count() {
        Path dump = directory.resolve("threads.jfr");
        Set<Long> begun = new HashSet<>();
        Set<Long> ended = new HashSet<>(); // events are in no particular order
        try {
            recording.dump(dump);
            try (RecordingFile events = new RecordingFile(dump)) {
                while (events.hasMoreEvents()) {
                    RecordedEvent event = events.readEvent();
                    switch (event.getEventType().getName()) {
                        case START -> begun.add(event.getLong("javaThreadId"));
                        case END -> ended.add(event.getLong("javaThreadId"));
                        default -> {} // the server's own events, which every recording has
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        begun.removeAll(ended);
        return begun.size();
    }

    @Override
    public void close() {
        recording.close();
    }
}

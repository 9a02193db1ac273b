package io.seleucia.chat.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads server-sent events. Used by one thread at a time. */
final class EventReader {
    private static final int MAX_CHARS = 16 * 1024 * 1024; // of a line; the largest pages are far smaller
    private static final int HEAD_CHARS = 4 * 1024; // of a longer one: enough to recognise it

    /**
     * An event.
     *
     * @param name empty for a frame
     * @param data empty for a comment
     */
    record ServerSent(String name, String data) {}

    private final Reader in;
    private final StringBuilder line = new StringBuilder();

    EventReader(InputStream stream) {
        this.in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    }

    /** Reads the next event or comment. Blocks until it has come; empty at the end. */
    Optional<ServerSent> next() throws IOException {
        String name = "";
        String data = "";
        while (readLine()) {
            if (line.isEmpty()) {
                return Optional.of(new ServerSent(name, data));
            }
            if (startsWith("event: ")) {
                name = line.substring(7);
            } else if (startsWith("data: ")) {
                data = line.substring(6);
            }
        }
        return Optional.empty();
    }

    private boolean startsWith(String text) {
        return line.length() >= text.length()
                && line.substring(0, text.length()).equals(text);
    }

    /** Reads a line, or the head of a longer one than any server sends. Returns false at the end. */
    private boolean readLine() throws IOException {
        line.setLength(0);
        boolean cut = false;
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return true;
            }
            if (line.length() == MAX_CHARS) {
                cut = true;
                line.setLength(HEAD_CHARS);
            }
            if (!cut) {
                line.append((char) c);
            }
        }
        return false;
    }
}

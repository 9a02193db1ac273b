package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file of small records beside a journal, which neither deletions nor the retention of messages affect. Each record is a
 * line with a checksum, appended at the end. A process rewrites the whole file before it adds its first record. Damaged
 * lines are ignored. Used by one thread at a time.
 */
public final class RecordFile implements AutoCloseable {
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{8}) (.+)");

    private final JournalFile file;
    private long length;

    private RecordFile(JournalFile file, long length) {
        this.file = file;
        this.length = length;
    }

    /**
     * Reads a file, if there is one. Returns the number of damaged lines.
     *
     * @param reader receives the records, oldest first, and returns whether a record is well formed
     * @throws IOException if it can't be read: a server without the records would admit banned users again
     */
    public static long read(Path path, Predicate<String> reader) throws IOException {
        if (Files.notExists(path)) {
            return 0;
        }
        String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        long damaged = 0;
        for (String line : text.split("\n", -1)) {
            Matcher matcher = LINE.matcher(line);
            boolean whole = matcher.matches()
                    && SegmentFormat.checksum(matcher.group(2)).equals(matcher.group(1));
            if (!line.isEmpty() && !(whole && reader.test(matcher.group(2)))) {
                damaged++;
            }
        }
        return damaged;
    }

    /** Replaces the file by one with these records, to which others can be added. */
    public static RecordFile begin(JournalDirectory directory, Path path, List<String> records) throws IOException {
        StringBuilder lines = new StringBuilder();
        records.forEach(record -> lines.append(line(record)));
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        JournalFile fresh = JournalFile.create(JournalDirectory.unfinished(path));
        try (fresh) {
            fresh.write(ByteBuffer.wrap(bytes), 0);
            fresh.force();
        }
        directory.replace(path);
        return new RecordFile(JournalFile.open(path), bytes.length);
    }

    /** Adds a record. It is on the disk when this returns. The next call overwrites the bytes of one that failed. */
    public void add(String record) throws IOException {
        byte[] line = line(record).getBytes(StandardCharsets.UTF_8);
        file.setLength(length);
        file.write(ByteBuffer.wrap(line), length);
        file.force();
        length += line.length;
    }

    public long length() {
        return length;
    }

    private static String line(String record) {
        return SegmentFormat.checksum(record) + " " + record + "\n";
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

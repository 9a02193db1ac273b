package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The extent of a journal: it reached at least this length of this segment. The extent has a small file of its own, because
 * the newest segment itself can't show that its end is missing. The file is written every second, so the journal may reach
 * further.
 */
record SegmentExtent(long segment, long length) {
    static final String FILE = "extent";

    private static final Pattern LINE = Pattern.compile("(\\d{16} \\d{16}) ([0-9a-f]{8})\n");

    /** Reads the file; empty if it does not exist or is damaged. */
    static Optional<SegmentExtent> read(Path file) throws IOException {
        String text;
        try {
            text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new IOException(
                    "the file " + file + " can't be read: " + e.getMessage()
                            + ". See to it that it can, or remove it: it only says how far the journal is known to reach",
                    e);
        }
        Matcher line = LINE.matcher(text);
        if (!line.matches() || !SegmentFormat.checksum(line.group(1)).equals(line.group(2))) {
            return Optional.empty();
        }
        String[] numbers = line.group(1).split(" ");
        return Optional.of(new SegmentExtent(Long.parseLong(numbers[0]), Long.parseLong(numbers[1])));
    }

    /** Overwrites the file, and syncs it if {@code durably}. Its length never changes, so that a full disk has room. */
    void write(Path file, boolean durably) throws IOException {
        String numbers = String.format("%016d %016d", segment, length);
        byte[] line = (numbers + " " + SegmentFormat.checksum(numbers) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        JournalFile.createIfMissing(file);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) { // which no interrupt closes
            out.write(line);
            out.setLength(line.length);
            if (durably) {
                out.getFD().sync();
            }
        }
    }
}

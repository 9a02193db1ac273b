package io.seleucia.chat.broker.journal;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A reader of one file of a journal, up to the length that the file had when the reader was created. Another thread or process
 * may append to it meanwhile. Used by one thread at a time.
 */
public final class SegmentReader implements AutoCloseable {
    /** The bytes read at a time by a caller that reads everything. */
    public static final int WHOLE = 256 * 1024;

    /** The bytes read at a time by a caller that looks for single records. */
    public static final int SINGLE = 4 * 1024;

    /** Receives records, each with the position where it begins. */
    public interface Records {
        void read(long position, JournalRecord record) throws IOException;
    }

    private final long segment;
    private final JournalFile file;
    private long length;
    private final int windowBytes;
    private int magic;
    private boolean version1;
    private boolean headDamaged;
    private boolean sealed;

    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowAt;

    SegmentReader(long segment, JournalFile file, int windowBytes) throws IOException {
        this.segment = segment;
        this.file = file;
        this.length = file.length();
        this.windowBytes = windowBytes;
    }

    /** Opens a file for reading only. */
    public static SegmentReader open(long segment, Path file, int windowBytes) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "is a directory, where a journal file should be");
        }
        JournalFile opened = JournalFile.openForReading(file);
        try {
            return new SegmentReader(segment, opened, windowBytes);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    /**
     * Reads the file's head, or derives it from the records if it is damaged. Must be called before any other method. Returns
     * false if the file has neither. Throws if it is of another version.
     */
    public boolean hasHead() throws IOException {
        if (length < SegmentFormat.HEAD) {
            return false;
        }
        ByteBuffer head = at(0, SegmentFormat.HEAD);
        long format = head.getLong();
        magic = head.getInt();
        headDamaged = SegmentFormat.checksum(at(0, SegmentFormat.HEAD - 4)) != head.getInt();
        if (headDamaged) {
            return findMagic();
        }
        version1 = format == SegmentFormat.FORMAT_1;
        if (!version1 && format != SegmentFormat.FORMAT) {
            throw new IOException("journal file " + segment + " was written by another version of this program: start"
                    + " that version");
        }
        return true;
    }

    /**
     * Takes the magic number from the first record, or if that is damaged, the number that most bytes of records have. Records
     * within records don't count, for clients choose their texts.
     */
    private boolean findMagic() throws IOException {
        Map<Integer, Long> bytes = new HashMap<>();
        int most = 0;
        for (long position = SegmentFormat.HEAD; position + SegmentFormat.RECORD_HEAD <= length; ) {
            magic = at(position, 4).getInt();
            int size = isFollowed(position) ? recordAt(position) : 0;
            if (size > 0 && position == SegmentFormat.HEAD) {
                return true;
            }
            if (size > 0) {
                bytes.merge(magic, (long) size, Long::sum);
                most = bytes.get(magic) >= bytes.getOrDefault(most, 0L) ? magic : most;
            }
            position += Math.max(1, size);
        }
        magic = most;
        return !bytes.isEmpty();
    }

    /** Returns whether the magic number or the end follows what may be a record: a quick test. */
    private boolean isFollowed(long position) throws IOException {
        int size = at(position + 4, 4).getInt();
        long next = position + SegmentFormat.RECORD_HEAD + size;
        return size > 0
                && size <= SegmentFormat.MAX_RECORD
                && (next == length || next + 4 <= length && at(next, 4).getInt() == magic);
    }

    int magic() {
        return magic;
    }

    boolean isHeadDamaged() {
        return headDamaged;
    }

    /** Returns whether the last record read is {@link JournalRecord.Sealed}, which version 1 of the format lacks. */
    boolean isSealed() {
        return sealed || version1;
    }

    long length() {
        return length;
    }

    /** Ignores the file behind this position, where a record ends. */
    void endAt(long end) {
        length = Math.min(length, end);
    }

    /**
     * Reads all records from a position on, where one begins. Returns where the last one ends.
     *
     * @param mustBeSealed whether nothing is appended to the file any more, so that a missing end is a damage
     */
    public long read(long from, boolean mustBeSealed, Records records, Consumer<SegmentDamage> damages)
            throws IOException {
        long end = from;
        boolean cut = true; // at the end, as far as is known
        for (long position = from; position < length; ) {
            int size = recordAt(position);
            Optional<JournalRecord> record = size > 0 ? decoded(position, size) : Optional.empty();
            if (record.isPresent()) {
                records.read(position, record.get());
                position += size;
                end = position;
                sealed = record.get() instanceof JournalRecord.Sealed;
                cut = !sealed;
            } else {
                long next = nextRecord(position + 1);
                boolean atEnd = next == length;
                damages.accept(new SegmentDamage(segment, magic, position, next, atEnd, atEnd && isTorn(position)));
                position = next;
                cut = !atEnd;
            }
        }
        if (cut && mustBeSealed && !headDamaged && !version1) {
            damages.accept(new SegmentDamage(segment, magic, end, end, true, false));
        }
        return end;
    }

    /** Returns the record that begins here; empty if none does. */
    public Optional<JournalRecord> record(long position) throws IOException {
        int size = recordAt(position);
        return size > 0 ? decoded(position, size) : Optional.empty();
    }

    private Optional<JournalRecord> decoded(long position, int size) throws IOException {
        ByteBuffer payload = at(position + SegmentFormat.RECORD_HEAD, size - SegmentFormat.RECORD_HEAD);
        try {
            return Optional.of(JournalRecord.decoded(payload));
        } catch (RuntimeException e) {
            return Optional.empty(); // the checksum fits, but this is no record: a damage
        }
    }

    /** Returns the size of the record that begins here; 0 if none does. */
    private int recordAt(long position) throws IOException {
        if (position + SegmentFormat.RECORD_HEAD > length) {
            return 0;
        }
        ByteBuffer head = at(position, SegmentFormat.RECORD_HEAD);
        boolean hasMagic = head.getInt() == magic;
        int size = head.getInt();
        int checksum = head.getInt();
        if (!hasMagic
                || size <= 0
                || size > SegmentFormat.MAX_RECORD
                || position + SegmentFormat.RECORD_HEAD + size > length) {
            return 0;
        }
        return checksum(position, size) == checksum ? SegmentFormat.RECORD_HEAD + size : 0;
    }

    private long nextRecord(long from) throws IOException {
        for (long position = from; position + SegmentFormat.RECORD_HEAD <= length; position++) {
            if (at(position, 4).getInt() == magic && recordAt(position) > 0) {
                return position;
            }
        }
        return length;
    }

    /**
     * Returns whether the file ends before the record that begins here does. A complete record with a damaged length looks
     * like that too, but its checksum fits the bytes that the file has.
     */
    private boolean isTorn(long position) throws IOException {
        if (position + SegmentFormat.RECORD_HEAD > length) {
            return true;
        }
        ByteBuffer head = at(position, SegmentFormat.RECORD_HEAD);
        boolean hasMagic = head.getInt() == magic;
        int size = head.getInt();
        int checksum = head.getInt();
        long rest = length - position - SegmentFormat.RECORD_HEAD;
        return hasMagic
                && size > rest
                && size <= SegmentFormat.MAX_RECORD
                && !(rest > 0 && rest <= SegmentFormat.MAX_RECORD && checksum(position, (int) rest) == checksum);
    }

    /** Returns the checksum that the record at this position would have with a payload of this size. */
    private int checksum(long position, int size) throws IOException {
        return SegmentFormat.checksum(magic, at(position + SegmentFormat.RECORD_HEAD, size));
    }

    /** Returns bytes of the file, which must have them. They are valid until the next call. */
    private ByteBuffer at(long position, int bytes) throws IOException {
        if (position < windowAt || position + bytes > windowAt + window.limit()) {
            if (window.capacity() < bytes || window.capacity() < windowBytes) {
                window = ByteBuffer.allocate(Math.max(bytes, windowBytes));
            }
            window.clear();
            windowAt = position;
            file.read(window, windowAt);
            window.flip();
            if (window.limit() < bytes) {
                throw new EOFException("journal file " + segment + " became shorter while it was read");
            }
        }
        return window.slice((int) (position - windowAt), bytes);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

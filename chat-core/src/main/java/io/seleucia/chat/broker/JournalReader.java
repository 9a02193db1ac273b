package io.seleucia.chat.broker;

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
import java.util.zip.CRC32C;

/**
 * Reads one file of a journal, up to the length that it had when this was made: another thread or process may add to it
 * meanwhile, and what it has not finished is no record yet. Used by one thread at a time.
 */
final class JournalReader implements AutoCloseable {
    /** What is read at a time by those who read all. */
    static final int WHOLE = 256 * 1024;

    /** What is read at a time by those who look for single records. */
    static final int SINGLE = 4 * 1024;

    static final int MAX_RECORD = 128 * 1024 * 1024; // more than a message can be

    /** Is given records, each with where it begins. */
    interface Records {
        void read(long position, JournalRecord record) throws IOException;
    }

    private final long segment;
    private final JournalFile file;
    private long length;
    private final int windowBytes;
    private int mark;
    private boolean version1;
    private boolean headDamaged;
    private boolean over;
    private boolean sealed;

    private ByteBuffer window = ByteBuffer.allocate(0);
    private long windowAt;

    JournalReader(long segment, JournalFile file, int windowBytes) throws IOException {
        this.segment = segment;
        this.file = file;
        this.length = file.length();
        this.windowBytes = windowBytes;
    }

    /** Opens a file for reading only. */
    static JournalReader open(long segment, Path file, int windowBytes) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FileSystemException(file.toString(), null, "is a directory, where a journal file should be");
        }
        JournalFile opened = JournalFile.openForReading(file);
        try {
            return new JournalReader(segment, opened, windowBytes);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    /**
     * Reads the file's head, or derives it from the records if it is damaged. Must be called before anything else. Returns
     * whether that was possible.
     *
     * @throws IOException if the file is of another version, or can't be read
     */
    boolean hasHead() throws IOException {
        if (length < JournalSegment.HEAD) {
            return false;
        }
        ByteBuffer head = at(0, JournalSegment.HEAD);
        long format = head.getLong();
        mark = head.getInt();
        headDamaged = JournalSegment.checksum(at(0, JournalSegment.HEAD - 4)) != head.getInt();
        if (headDamaged) {
            return findMark();
        }
        version1 = format == JournalSegment.FORMAT_1;
        if (!version1 && format != JournalSegment.FORMAT) {
            throw new IOException("journal file " + segment + " was written by another version of this program: start"
                    + " that version");
        }
        return true;
    }

    /**
     * Takes the mark from the records: the first one nearly always. If the damage reaches further, the mark that most
     * bytes of records have; records within records don't count, for their texts are what clients have chosen.
     */
    private boolean findMark() throws IOException {
        Map<Integer, Long> bytes = new HashMap<>();
        int most = 0;
        for (long position = JournalSegment.HEAD; position + JournalSegment.RECORD_HEAD <= length; ) {
            mark = at(position, 4).getInt();
            int size = isFollowed(position) ? recordAt(position) : 0;
            if (size > 0 && position == JournalSegment.HEAD) {
                return true;
            }
            if (size > 0) {
                bytes.merge(mark, (long) size, Long::sum);
                most = bytes.get(mark) >= bytes.getOrDefault(most, 0L) ? mark : most;
            }
            position += Math.max(1, size);
        }
        mark = most;
        return !bytes.isEmpty();
    }

    /** Whether behind what may be a record the mark comes again, or the end: a quick test. */
    private boolean isFollowed(long position) throws IOException {
        int size = at(position + 4, 4).getInt();
        long next = position + JournalSegment.RECORD_HEAD + size;
        return size > 0
                && size <= MAX_RECORD
                && (next == length || next + 4 <= length && at(next, 4).getInt() == mark);
    }

    int mark() {
        return mark;
    }

    /** Returns whether the head is damaged. */
    boolean isHeadDamaged() {
        return headDamaged;
    }

    /** Returns whether the file is of the first version of the format, which has no {@link JournalRecord.Sealed}. */
    boolean isVersion1() {
        return version1;
    }

    /** Sets whether nothing is added to the file any more, so that a missing end is a damage. */
    void isOver(boolean over) {
        this.over = over;
    }

    /** Returns whether the last record that was read is {@link JournalRecord.Sealed}. */
    boolean isSealed() {
        return sealed;
    }

    long length() {
        return length;
    }

    /** Lets the file end here, where a record does. */
    void endAt(long end) {
        length = Math.min(length, end);
    }

    /** Reads all records from a place on where one begins, and gives where the last one ends. */
    long read(long from, Records records, Consumer<JournalSegment.Damage> damages) throws IOException {
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
                damages.accept(
                        new JournalSegment.Damage(segment, mark, position, next, atEnd, atEnd && isTorn(position)));
                position = next;
                cut = !atEnd;
            }
        }
        if (cut && over && !headDamaged && !version1) {
            damages.accept(new JournalSegment.Damage(segment, mark, end, end, true, false));
        }
        return end;
    }

    /** The record that begins here; empty if none does. */
    Optional<JournalRecord> record(long position) throws IOException {
        int size = recordAt(position);
        return size > 0 ? decoded(position, size) : Optional.empty();
    }

    private Optional<JournalRecord> decoded(long position, int size) throws IOException {
        ByteBuffer payload = at(position + JournalSegment.RECORD_HEAD, size - JournalSegment.RECORD_HEAD);
        try {
            return Optional.of(JournalRecord.decoded(payload));
        } catch (RuntimeException e) {
            return Optional.empty(); // the checksum holds and yet it is no record: reported like all that is none
        }
    }

    /** The size of the record that begins here; 0 if none does. */
    private int recordAt(long position) throws IOException {
        if (position + JournalSegment.RECORD_HEAD > length) {
            return 0;
        }
        ByteBuffer head = at(position, JournalSegment.RECORD_HEAD);
        boolean marked = head.getInt() == mark;
        int size = head.getInt();
        int checksum = head.getInt();
        if (!marked || size <= 0 || size > MAX_RECORD || position + JournalSegment.RECORD_HEAD + size > length) {
            return 0;
        }
        return checksum(position, size) == checksum ? JournalSegment.RECORD_HEAD + size : 0;
    }

    private long nextRecord(long from) throws IOException {
        for (long position = from; position + JournalSegment.RECORD_HEAD <= length; position++) {
            if (at(position, 4).getInt() == mark && recordAt(position) > 0) {
                return position;
            }
        }
        return length;
    }

    /**
     * Whether the file ends before the record that begins here does. A whole record whose length is damaged looks like
     * that too: its checksum fits the bytes that there are.
     */
    private boolean isTorn(long position) throws IOException {
        if (position + JournalSegment.RECORD_HEAD > length) {
            return true;
        }
        ByteBuffer head = at(position, JournalSegment.RECORD_HEAD);
        boolean marked = head.getInt() == mark;
        int size = head.getInt();
        int checksum = head.getInt();
        long rest = length - position - JournalSegment.RECORD_HEAD;
        return marked
                && size > rest
                && size <= MAX_RECORD
                && !(rest > 0 && rest <= MAX_RECORD && checksum(position, (int) rest) == checksum);
    }

    /** The checksum that the record which begins here would have, if its payload were of this size. */
    private int checksum(long position, int size) throws IOException {
        CRC32C checksum = new CRC32C();
        checksum.update(ByteBuffer.allocate(8).putInt(mark).putInt(size).flip());
        checksum.update(at(position + JournalSegment.RECORD_HEAD, size));
        return (int) checksum.getValue();
    }

    /** Bytes of the file, which are there; good until the next call. */
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
                throw new EOFException("journal file " + segment + " has become shorter while it was read");
            }
        }
        return window.slice((int) (position - windowAt), bytes);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

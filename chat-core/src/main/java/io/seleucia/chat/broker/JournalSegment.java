package io.seleucia.chat.broker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * One file of a journal: a head, then records, each behind a mark, its length and a checksum of both.
 *
 * <pre>
 *   head    format (8 bytes)  mark (4)  checksum (4)
 *   record  mark (4)  length (4)  checksum (4)  payload
 * </pre>
 *
 * <p>The mark is random for each file: behind a damage the next record is found by it, and nobody can put into a message
 * what would be taken for a record there. Used by one thread at a time, but for {@link #force}.
 */
final class JournalSegment implements AutoCloseable {
    private static final long FORMAT = 0x53454c4555434a01L; // "SELEUCJ", version 1
    private static final int HEAD = 16;
    private static final int RECORD_HEAD = 12;
    private static final int MAX_RECORD = 128 * 1024 * 1024; // more than a message can be
    private static final int WINDOW = 256 * 1024;

    /**
     * Bytes of a file that are no records.
     *
     * @param to the first byte after them
     * @param atEnd whether no record follows in the file
     * @param torn whether they are the beginning of a record, as a write leaves it that was cut short
     */
    record Damage(long segment, long from, long to, boolean atEnd, boolean torn) {}

    private final Path file;
    private final long number;
    private final FileChannel channel;
    private final int mark;
    private long size; // up to where there are records
    private boolean litter; // bytes behind that, which have to go first

    private JournalSegment(Path file, long number, FileChannel channel, int mark, long size) {
        this.file = file;
        this.number = number;
        this.channel = channel;
        this.mark = mark;
        this.size = size;
    }

    /** A new file, empty but for its head. */
    static JournalSegment create(JournalDirectory directory, long number) throws IOException {
        Path file = directory.segment(number);
        FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        JournalSegment segment = new JournalSegment(file, number, channel, new SecureRandom().nextInt(), 0);
        try {
            ByteBuffer head = ByteBuffer.allocate(HEAD).putLong(FORMAT).putInt(segment.mark);
            segment.write(head.putInt(checksum(head.duplicate().flip())).flip());
            return segment;
        } catch (IOException e) {
            segment.delete();
            throw e;
        }
    }

    /**
     * An existing file, and what it holds.
     *
     * @param records is given the records in their order
     * @param damages is given what lies between them
     * @return empty if not even the head is there
     * @throws IOException if it can't be read, or is of another version
     */
    static Optional<JournalSegment> read(
            JournalDirectory directory, long number, Consumer<JournalRecord> records, Consumer<Damage> damages)
            throws IOException {
        Path file = directory.segment(number);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            Reader reader = new Reader(number, channel);
            if (reader.hasHead()) {
                long end = reader.read(records, damages);
                return Optional.of(new JournalSegment(file, number, channel, reader.mark, end));
            }
            damages.accept(new Damage(number, 0, channel.size(), true, channel.size() < HEAD));
            channel.close();
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    long number() {
        return number;
    }

    long size() {
        return size;
    }

    /** Adds records at the end: all, or none if that fails. */
    void append(List<byte[]> payloads) throws IOException {
        int length = 0;
        for (byte[] payload : payloads) {
            length += RECORD_HEAD + payload.length;
        }
        ByteBuffer records = ByteBuffer.allocate(length);
        for (byte[] payload : payloads) {
            records.putInt(mark)
                    .putInt(payload.length)
                    .putInt(checksum(mark, payload))
                    .put(payload);
        }
        write(records.flip());
    }

    private void write(ByteBuffer bytes) throws IOException {
        if (litter) {
            cut();
        }
        litter = true;
        long end = size;
        try {
            while (bytes.hasRemaining()) {
                end += channel.write(bytes, end);
            }
        } catch (IOException e) {
            try {
                cut();
            } catch (IOException again) {
                e.addSuppressed(again); // tried again before the next write
            }
            throw e;
        }
        size = end;
        litter = false;
    }

    /** Removes what lies behind the last record. */
    void cut() throws IOException {
        channel.truncate(size);
        litter = false;
    }

    /** Goes back to an earlier size, if what was written since could not be made durable. */
    void cut(long to) throws IOException {
        size = to;
        litter = true;
        cut();
    }

    /** Brings to the disk what was written before. Called by any thread. */
    void force() throws IOException {
        channel.force(false);
    }

    void delete() throws IOException {
        close();
        Files.deleteIfExists(file);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return (int) checksum.getValue();
    }

    private static int checksum(int mark, byte[] payload) {
        CRC32C checksum = new CRC32C();
        checksum.update(
                ByteBuffer.allocate(8).putInt(mark).putInt(payload.length).flip());
        checksum.update(payload);
        return (int) checksum.getValue();
    }

    /** Reads a file from its beginning to its end. */
    private static final class Reader {
        private final long segment;
        private final FileChannel channel;
        private final long length;
        private int mark;

        private ByteBuffer window = ByteBuffer.allocate(WINDOW).limit(0);
        private long windowAt;

        private Reader(long segment, FileChannel channel) throws IOException {
            this.segment = segment;
            this.channel = channel;
            this.length = channel.size();
        }

        private boolean hasHead() throws IOException {
            if (length < HEAD) {
                return false;
            }
            ByteBuffer head = at(0, HEAD);
            long format = head.getLong();
            mark = head.getInt();
            boolean whole = checksum(at(0, HEAD - 4)) == head.getInt();
            if (whole && format != FORMAT) {
                throw new IOException("journal file " + segment + " was written by another version of this program");
            }
            return whole;
        }

        /** Reads all records, and gives where the last one ends. */
        private long read(Consumer<JournalRecord> records, Consumer<Damage> damages) throws IOException {
            long end = HEAD;
            for (long position = HEAD; position < length; ) {
                int size = recordAt(position);
                if (size > 0 && isGiven(position, size, records)) {
                    position += size;
                    end = position;
                } else {
                    long next = nextRecord(position + 1);
                    boolean atEnd = next == length;
                    damages.accept(new Damage(segment, position, next, atEnd, atEnd && isTorn(position)));
                    position = next;
                }
            }
            return end;
        }

        private boolean isGiven(long position, int size, Consumer<JournalRecord> records) throws IOException {
            JournalRecord read;
            try {
                read = JournalRecord.decoded(at(position + RECORD_HEAD, size - RECORD_HEAD));
            } catch (RuntimeException e) {
                return false; // the checksum holds and yet it is no record: to be reported like all that is none
            }
            records.accept(read);
            return true;
        }

        /** The size of the record that begins here; 0 if none does. */
        private int recordAt(long position) throws IOException {
            if (position + RECORD_HEAD > length) {
                return 0;
            }
            ByteBuffer head = at(position, RECORD_HEAD);
            boolean marked = head.getInt() == mark;
            int size = head.getInt();
            int checksum = head.getInt();
            if (!marked || size <= 0 || size > MAX_RECORD || position + RECORD_HEAD + size > length) {
                return 0;
            }
            CRC32C actual = new CRC32C();
            actual.update(at(position, 8));
            actual.update(at(position + RECORD_HEAD, size));
            return (int) actual.getValue() == checksum ? RECORD_HEAD + size : 0;
        }

        private long nextRecord(long from) throws IOException {
            for (long position = from; position + RECORD_HEAD <= length; position++) {
                if (at(position, 4).getInt() == mark && recordAt(position) > 0) {
                    return position;
                }
            }
            return length;
        }

        /** Whether the file ends before the record that begins here does. */
        private boolean isTorn(long position) throws IOException {
            if (position + RECORD_HEAD > length) {
                return true;
            }
            ByteBuffer head = at(position, RECORD_HEAD);
            boolean marked = head.getInt() == mark;
            int size = head.getInt();
            return marked && size > 0 && size <= MAX_RECORD && position + RECORD_HEAD + size > length;
        }

        /** Bytes of the file, which are there; good until the next call. */
        private ByteBuffer at(long position, int bytes) throws IOException {
            if (position < windowAt || position + bytes > windowAt + window.limit()) {
                if (window.capacity() < bytes) {
                    window = ByteBuffer.allocate(bytes);
                }
                window.clear();
                windowAt = position;
                while (window.hasRemaining() && channel.read(window, windowAt + window.position()) > 0) {}
                window.flip();
            }
            return window.slice((int) (position - windowAt), bytes);
        }
    }
}

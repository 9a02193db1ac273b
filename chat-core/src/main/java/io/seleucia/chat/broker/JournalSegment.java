package io.seleucia.chat.broker;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * One file of a journal: a head, then records, each behind a mark, its length and a checksum of both. The last record of
 * a file that is over says so ({@link JournalRecord.Sealed}); files of version 1 have no such end.
 *
 * <pre>
 *   head    format (8 bytes)  mark (4)  checksum (4)
 *   record  mark (4)  length (4)  checksum (4)  payload
 * </pre>
 *
 * <p>The mark is random for each file: behind a damage the next record is found by it, and nobody can put into a message
 * what would be taken for a record there. As each record has it, a damaged head can be repaired.
 * Used by one thread at a time, but for {@link #force} and {@link #committed}.
 */
final class JournalSegment implements AutoCloseable {
    static final long FORMAT = 0x53454c4555434a02L; // "SELEUCJ", version 2
    static final long FORMAT_1 = 0x53454c4555434a01L;
    private static final Logger LOG = System.getLogger(Journal.class.getName());
    static final int HEAD = 16;
    static final int RECORD_HEAD = 12;

    /**
     * Bytes of a file that are no records; or none, where the file ends too early.
     *
     * @param mark the file's, 0 if it can't be told
     * @param to the first byte after them
     * @param atEnd whether no record follows in the file
     * @param torn whether they are the beginning of a record, as a write leaves it that was cut short
     */
    record Damage(long segment, int mark, long from, long to, boolean atEnd, boolean torn) {}

    private final Path path;
    private final long number;
    private final JournalFile file;
    private final int mark;
    private final boolean over;
    private long size; // up to where there are records
    private volatile long committed; // up to where they stay
    private boolean
            litter; // there may be bytes behind the size, even a whole record, which must go before the next write

    private JournalSegment(Path path, long number, JournalFile file, int mark, boolean over, long size) {
        this.path = path;
        this.number = number;
        this.file = file;
        this.mark = mark;
        this.over = over;
        this.size = size;
        this.committed = size;
    }

    /** A new file, empty but for its head. */
    static JournalSegment create(Path path, long number) throws IOException {
        JournalFile file = JournalFile.create(path);
        JournalSegment segment = new JournalSegment(path, number, file, new SecureRandom().nextInt(), false, 0);
        try {
            segment.write(head(FORMAT, segment.mark));
            return segment;
        } catch (Throwable e) {
            segment.discard(e);
            throw e;
        }
    }

    private static ByteBuffer head(long format, int mark) {
        ByteBuffer head = ByteBuffer.allocate(HEAD).putLong(format).putInt(mark);
        return head.putInt(checksum(head.duplicate().flip())).flip();
    }

    /**
     * An existing file, and what it holds. A head that is damaged is made again from the records.
     *
     * @param over whether it is not the newest one
     * @param records is given the records in their order
     * @param damages is given what lies between them
     * @return empty if neither a head nor any record is there
     * @throws IOException if it can't be read, or is of another version
     */
    static Optional<JournalSegment> read(
            JournalDirectory directory,
            long number,
            boolean over,
            Consumer<JournalRecord> records,
            Consumer<Damage> damages)
            throws IOException {
        Path path = directory.segment(number);
        JournalFile file = JournalFile.open(path);
        try {
            JournalReader reader = new JournalReader(number, file, JournalReader.WHOLE);
            if (reader.hasHead()) {
                reader.isOver(over);
                long end = reader.read(HEAD, (position, record) -> records.accept(record), damages);
                JournalSegment segment = new JournalSegment(
                        path, number, file, reader.mark(), reader.isVersion1() || reader.isSealed(), end);
                if (reader.isHeadDamaged()) {
                    segment.repairHead(over && !reader.isSealed());
                }
                return Optional.of(segment);
            }
            damages.accept(new Damage(number, 0, 0, file.length(), true, file.length() < HEAD));
            file.close();
            return Optional.empty();
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    long number() {
        return number;
    }

    int mark() {
        return mark;
    }

    /** Returns whether nothing may be added: the file has its end, or is of the first version of the format. */
    boolean isOver() {
        return over;
    }

    /** Writes the head again, with version 1 if the file lacks the end that version 2 has. */
    private void repairHead(boolean asVersion1) throws IOException {
        file.write(head(asVersion1 ? FORMAT_1 : FORMAT, mark), 0);
        LOG.log(
                Level.WARNING,
                "journal file " + path + ": its head was damaged and is repaired; nothing is lost there");
    }

    long size() {
        return size;
    }

    /** Up to where the records stay and may be read by others. Called by any thread. */
    long committed() {
        return committed;
    }

    /** All that has been added stays. */
    void commit() {
        committed = size;
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
        settle();
        long end = size + bytes.remaining();
        litter = true; // until the write has succeeded
        try {
            file.write(bytes, size);
        } catch (Throwable e) {
            try {
                cut();
            } catch (Throwable again) {
                e.addSuppressed(again); // tried again before the next write
            }
            throw e;
        }
        size = end;
        litter = false;
    }

    /**
     * Removes the bytes that a failed write may have left. Until then nothing may be written to other segments either: the
     * message's offset is given out again, and a start believes the first of two records with one offset.
     */
    void settle() throws IOException {
        if (litter) {
            cut();
        }
    }

    /** Removes what lies behind the last record. */
    void cut() throws IOException {
        file.setLength(size);
        litter = false;
    }

    /** Goes back to an earlier size, if what was written since can't stay. */
    void cut(long to) throws IOException {
        size = to;
        litter = true;
        cut();
    }

    /** Brings to the disk what was written before. Called by any thread. */
    void force() throws IOException {
        file.force();
    }

    void delete() throws IOException {
        try (file) {
            Files.deleteIfExists(path);
        }
    }

    /** Deletes the file of a segment that can't be used. */
    void discard(Throwable why) {
        try {
            delete();
        } catch (IOException e) {
            why.addSuppressed(e); // its content is ignored, and the next segment of this number replaces it
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    static int checksum(ByteBuffer bytes) {
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
}

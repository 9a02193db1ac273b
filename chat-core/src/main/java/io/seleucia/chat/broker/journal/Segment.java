package io.seleucia.chat.broker.journal;

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

/**
 * A file of a journal that is written or was read at a start, in the {@link SegmentFormat}. One thread at a time uses it, but
 * any thread may call {@link #force} and {@link #committed}.
 */
public final class Segment implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Segment.class.getName());

    private final Path path;
    private final long number;
    private final JournalFile file;
    private final int magic;
    private final boolean sealed;
    private long size; // of the head and the records
    private volatile long committed; // the size of those that stay

    // Set if bytes may follow the size, even a whole record. They are removed before anything is written, here or in
    // the
    // next segment: their offset is assigned again, and a start keeps the first of two records with one offset.
    private boolean leftover;

    private Segment(Path path, long number, JournalFile file, int magic, boolean sealed, long size) {
        this.path = path;
        this.number = number;
        this.file = file;
        this.magic = magic;
        this.sealed = sealed;
        this.size = size;
        this.committed = size;
    }

    /** Creates a file with nothing but its head. */
    public static Segment create(Path path, long number) throws IOException {
        return create(path, number, new SecureRandom().nextInt());
    }

    /** Creates a file with nothing but its head, which has this magic number. */
    static Segment create(Path path, long number, int magic) throws IOException {
        JournalFile file = JournalFile.create(path);
        Segment segment = new Segment(path, number, file, magic, false, 0);
        try {
            segment.write(SegmentFormat.head(SegmentFormat.FORMAT, segment.magic));
            return segment;
        } catch (Throwable e) {
            segment.discard(e);
            throw e;
        }
    }

    /**
     * Opens an existing file, and reads it. Repairs a damaged head from the records.
     *
     * @param mustBeSealed whether a missing end is a damage: the file is not the newest one
     * @param records receives the records in order
     * @param damages receives the damages between them
     * @return empty if the file has neither a head nor any record
     * @throws IOException if it can't be read, or is of another version
     */
    public static Optional<Segment> read(
            Path path,
            long number,
            boolean mustBeSealed,
            Consumer<JournalRecord> records,
            Consumer<SegmentDamage> damages)
            throws IOException {
        JournalFile file = JournalFile.open(path);
        try {
            SegmentReader reader = new SegmentReader(number, file, SegmentReader.WHOLE);
            if (!reader.hasHead()) {
                long length = file.length();
                damages.accept(new SegmentDamage(number, 0, 0, length, true, length < SegmentFormat.HEAD));
                file.close();
                return Optional.empty();
            }
            long end = reader.read(
                    SegmentFormat.HEAD, mustBeSealed, (position, record) -> records.accept(record), damages);
            Segment segment = new Segment(path, number, file, reader.magic(), reader.isSealed(), end);
            if (reader.isHeadDamaged()) {
                segment.repairHead(mustBeSealed && !reader.isSealed());
            }
            return Optional.of(segment);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    long number() {
        return number;
    }

    int magic() {
        return magic;
    }

    /** Returns whether nothing may be appended: the file is sealed, or of version 1 of the format. */
    boolean isSealed() {
        return sealed;
    }

    /** Writes the head again, with version 1 if the file lacks the end that version 2 has. */
    private void repairHead(boolean asVersion1) throws IOException {
        file.write(SegmentFormat.head(asVersion1 ? SegmentFormat.FORMAT_1 : SegmentFormat.FORMAT, magic), 0);
        LOG.log(
                Level.WARNING,
                "journal file " + path + ": its head was damaged and has been repaired; no message is lost");
    }

    long size() {
        return size;
    }

    /** Returns the size up to which records stay, so that other threads may read them. */
    long committed() {
        return committed;
    }

    /** Keeps everything that has been appended. */
    void commit() {
        committed = size;
    }

    /** Appends records: all of them, or none if that fails. */
    public void append(List<byte[]> payloads) throws IOException {
        int length = 0;
        for (byte[] payload : payloads) {
            length += SegmentFormat.RECORD_HEAD + payload.length;
        }
        ByteBuffer records = ByteBuffer.allocate(length);
        for (byte[] payload : payloads) {
            records.putInt(magic)
                    .putInt(payload.length)
                    .putInt(SegmentFormat.checksum(magic, ByteBuffer.wrap(payload)))
                    .put(payload);
        }
        write(records.flip());
    }

    /** Writes bytes, after those that a failed write may have left have been removed. */
    private void write(ByteBuffer bytes) throws IOException {
        if (leftover) {
            cut();
        }
        long end = size + bytes.remaining();
        leftover = true; // until the write has succeeded
        try {
            file.write(bytes, size);
        } catch (Throwable e) {
            cut(size, e);
            throw e;
        }
        size = end;
        leftover = false;
    }

    /** Removes the bytes behind the last record. */
    void cut() throws IOException {
        file.setLength(size);
        leftover = false;
    }

    /** Goes back to an earlier size after a failure. If that fails too, it is retried before the next write. */
    void cut(long to, Throwable why) {
        size = to;
        leftover = true;
        try {
            cut();
        } catch (Throwable e) {
            why.addSuppressed(e);
        }
    }

    /** Syncs everything written before. */
    void force() throws IOException {
        file.force();
    }

    void delete() throws IOException {
        try (file) {
            Files.deleteIfExists(path);
        }
    }

    /** Deletes the file of a segment that is of no use. */
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
}

package io.seleucia.chat.broker.journal;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The index of a sealed segment, searched in its file: a lookup reads a few blocks. Used by one thread at a time. Every method
 * throws an {@link IOException} if the file is damaged.
 */
public final class SegmentIndexFile implements SegmentIndex, AutoCloseable {
    private static final int ENTRY = 16;
    private static final int HASH = 8;
    private static final int RANGE = 32; // at least

    private final long segment;
    private final IndexBlocks blocks;
    private final int magic;
    private final long length; // of the segment
    private final long newest;
    private final long table;
    private final int channels;
    private final long senders;
    private final int senderCount;
    private long[] hashes; // of the table, once it has been read as a whole
    private long[] places; // of the same entries

    private SegmentIndexFile(long segment, IndexBlocks blocks) throws IOException {
        this.segment = segment;
        this.blocks = blocks;
        DataInputStream end = blocks.from(blocks.size() - SegmentIndexer.END);
        if (end.readLong() != SegmentIndexer.FORMAT) {
            throw new IndexBlocks.DamagedException();
        }
        magic = end.readInt();
        length = end.readLong();
        newest = end.readLong();
        table = end.readLong();
        channels = end.readInt();
        senders = end.readLong();
        senderCount = end.readInt();
    }

    public static SegmentIndexFile open(long segment, Path file) throws IOException {
        IndexBlocks blocks = IndexBlocks.open(file);
        try {
            return new SegmentIndexFile(segment, blocks);
        } catch (IOException e) {
            blocks.close();
            throw e;
        }
    }

    /** Returns whether this is the index of the segment as it is now. */
    public boolean isOf(SegmentReader reader) throws IOException {
        return reader.hasHead() && reader.magic() == magic && reader.length() == length;
    }

    /** Returns the magic number of the segment, which changes when the segment is replaced. */
    int magic() {
        return magic;
    }

    /** Returns the time of the newest message in the segment. */
    public long newest() {
        return newest;
    }

    /** Returns the ranges under a name, or if there are none, under another one, oldest first. */
    List<OffsetRange> ranges(String name, String otherwise) throws IOException {
        List<OffsetRange> ranges = ranges(name);
        return ranges.isEmpty() && !name.equals(otherwise) ? ranges(otherwise) : ranges;
    }

    /**
     * Reads the table of names as a whole. Then a lookup reads the block with a name at most, and none if there is no such
     * name. Worth it for many lookups; takes 16 bytes a name until the file is closed.
     */
    void readTable() throws IOException {
        if (channels < 0 || (long) channels * ENTRY > blocks.size()) {
            throw new IndexBlocks.DamagedException();
        }
        long[] readHashes = new long[channels];
        places = new long[channels];
        DataInputStream entries = blocks.from(table);
        for (int i = 0; i < channels; i++) {
            readHashes[i] = entries.readLong();
            places[i] = entries.readLong();
        }
        hashes = readHashes;
    }

    /** Returns the ranges of a channel, oldest first. */
    public List<OffsetRange> ranges(String channel) throws IOException {
        return ranges(channel, SegmentIndex.hash(channel));
    }

    /** Returns the ranges of a channel whose name has this hash, oldest first. */
    List<OffsetRange> ranges(String channel, long hash) throws IOException {
        for (int i = SegmentIndex.find(hash, channels, this::hash); i < channels && hash(i) == hash; i++) {
            DataInputStream found = blocks.from(place(i));
            String name = text(found);
            found.readBoolean(); // whether the next entry has the same hash, which its own hash tells
            if (name.equals(channel)) {
                return ranges(channel, found);
            }
        }
        return List.of();
    }

    private long hash(int entry) throws IOException {
        return hashes == null ? blocks.from(table + (long) ENTRY * entry).readLong() : hashes[entry];
    }

    private long place(int entry) throws IOException {
        return hashes == null ? blocks.from(table + (long) ENTRY * entry + HASH).readLong() : places[entry];
    }

    private List<OffsetRange> ranges(String channel, DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || (long) count * RANGE > blocks.size()) {
            throw new IndexBlocks.DamagedException();
        }
        List<OffsetRange> ranges = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ranges.add(new OffsetRange(
                    segment,
                    channel,
                    magic,
                    text(in),
                    text(in),
                    in.readLong(),
                    in.readLong(),
                    in.readInt(),
                    in.readLong()));
        }
        return ranges;
    }

    private String text(DataInputStream in) throws IOException {
        int bytes = in.readInt();
        if (bytes < 0 || bytes > blocks.size()) {
            throw new IndexBlocks.DamagedException();
        }
        byte[] utf8 = new byte[bytes];
        in.readFully(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    @Override
    public List<Place> places(OffsetRange range, int from, int count) throws IOException {
        DataInputStream in = blocks.from(range.at() + (long) SegmentIndexer.PLACE * from);
        List<Place> places = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            places.add(new Place(range.first() + in.readInt(), in.readInt()));
        }
        return places;
    }

    /** Returns whether there may be messages of a sender. */
    boolean mayHold(String sender) throws IOException {
        long hash = SegmentIndex.hash(sender);
        int found = SegmentIndex.find(
                hash, senderCount, i -> blocks.from(senders + (long) HASH * i).readLong());
        return found < senderCount && blocks.from(senders + (long) HASH * found).readLong() == hash;
    }

    @Override
    public void close() throws IOException {
        blocks.close();
    }
}

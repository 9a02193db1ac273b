package io.seleucia.chat.broker;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The index of a segment that is over, searched where it lies: a few blocks are read for each question. Used by one
 * thread at a time. Every method throws an {@link IOException} when what it reads is not what was written.
 */
final class JournalIndexFile implements JournalIndex, AutoCloseable {
    private static final int ENTRY = 16;
    private static final int HASH = 8;
    private static final int STRETCH = 32; // at least

    private final long segment;
    private final IndexBlocks blocks;
    private final int mark;
    private final long length; // of the segment
    private final long newest;
    private final long table;
    private final int channels;
    private final long senders;
    private final int senderCount;

    private JournalIndexFile(long segment, IndexBlocks blocks) throws IOException {
        this.segment = segment;
        this.blocks = blocks;
        DataInputStream end = blocks.from(blocks.size() - JournalIndexer.END);
        if (end.readLong() != JournalIndexer.FORMAT) {
            throw new IndexBlocks.DamagedException();
        }
        mark = end.readInt();
        length = end.readLong();
        newest = end.readLong();
        table = end.readLong();
        channels = end.readInt();
        senders = end.readLong();
        senderCount = end.readInt();
    }

    static JournalIndexFile open(long segment, Path file) throws IOException {
        IndexBlocks blocks = IndexBlocks.open(file);
        try {
            return new JournalIndexFile(segment, blocks);
        } catch (IOException e) {
            blocks.close();
            throw e;
        }
    }

    /** Whether it is the index of this segment as it is now. */
    boolean isOf(JournalReader reader) throws IOException {
        return reader.hasHead() && reader.mark() == mark && reader.length() == length;
    }

    /** The segment's, by which it is known that it is still the same. */
    int mark() {
        return mark;
    }

    /** The newest time of a message in the segment. */
    long newest() {
        return newest;
    }

    @Override
    public List<Stretch> stretches(String channel) throws IOException {
        long hash = JournalIndex.hash(channel);
        int entry = find(table, ENTRY, channels, hash);
        if (entry == channels) {
            return List.of();
        }
        DataInputStream in = blocks.from(table + (long) ENTRY * entry);
        if (in.readLong() != hash) {
            return List.of();
        }
        boolean more = true;
        for (int i = entry; more && i < channels; i++) {
            DataInputStream at = blocks.from(table + (long) ENTRY * i + HASH);
            DataInputStream found = blocks.from(at.readLong());
            String name = text(found);
            more = found.readBoolean();
            if (name.equals(channel)) {
                return stretches(channel, found);
            }
        }
        return List.of();
    }

    private List<Stretch> stretches(String channel, DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || (long) count * STRETCH > blocks.size()) {
            throw new IndexBlocks.DamagedException();
        }
        List<Stretch> stretches = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            stretches.add(new Stretch(
                    segment,
                    channel,
                    mark,
                    text(in),
                    text(in),
                    in.readLong(),
                    in.readLong(),
                    in.readInt(),
                    in.readLong()));
        }
        return stretches;
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
    public List<Place> places(Stretch stretch, int from, int count) throws IOException {
        DataInputStream in = blocks.from(stretch.at() + (long) JournalIndexer.PLACE * from);
        List<Place> places = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            places.add(new Place(stretch.first() + in.readInt(), in.readInt()));
        }
        return places;
    }

    @Override
    public boolean mayHold(String sender) throws IOException {
        long hash = JournalIndex.hash(sender);
        int found = find(senders, HASH, senderCount, hash);
        return found < senderCount && blocks.from(senders + (long) HASH * found).readLong() == hash;
    }

    /** The number of the first entry whose hash is at least this one. */
    private int find(long at, int size, int entries, long hash) throws IOException {
        int low = 0;
        int high = entries;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (blocks.from(at + (long) size * middle).readLong() < hash) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public void close() throws IOException {
        blocks.close();
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.message.Position;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The index of a segment in memory, which grows with it: some eight bytes for each message. Used by one thread at a time.
 *
 * <p>Written to a file, it is
 *
 * <pre>
 *   for each channel, by its hash:  name, whether the next one has the same hash, number of stretches,
 *                                   stretches: epoch, former epoch, first offset, last offset, count, where places are
 *   places                          offset less the first (4 bytes), position in the segment (4)
 *   table                           hash (8), where the channel is (8), sorted
 *   senders                         hash (8), sorted
 *   end                             format (8), mark (4), length of the segment (8), newest time (8),
 *                                   where the table is (8), its entries (4), where the senders are (8), how many (4)
 * </pre>
 */
final class JournalIndexer implements JournalIndex {
    static final long FORMAT = 0x53454c4555434901L; // "SELEUCI", version 1
    static final int END = 52;
    static final int PLACE = 8;

    private final long segment;
    private final Map<String, List<Section>> channels = new HashMap<>();
    private final Set<String> senders = new HashSet<>();
    private int mark;
    private long end = JournalSegment.HEAD; // of what has been read
    private long added; // where the last added record begins
    private long newest = Long.MIN_VALUE; // time of a message

    JournalIndexer(long segment) {
        this.segment = segment;
    }

    long segment() {
        return segment;
    }

    /**
     * Reads on in the segment, as far as the reader goes.
     *
     * @param damages is given what lies between the records
     */
    void readOn(JournalReader reader, Consumer<JournalSegment.Damage> damages) throws IOException {
        if (end <= reader.length() && reader.hasHead()) {
            mark = reader.mark();
            reader.read(end, this::add, damages);
            end = reader.length();
        }
    }

    private void add(long position, JournalRecord record) {
        if (position <= added) {
            return; // an earlier reading that broke off has added it
        }
        switch (record) {
            case JournalRecord.Published published -> {
                Position place = published.message().position();
                section(published.message().channel(), place.epoch(), "").add(place.offset(), (int) position);
                senders.add(published.message().sender());
                newest = Math.max(newest, published.message().time());
            }
            case JournalRecord.Standing standing ->
                section(standing.channel(), standing.position().epoch(), standing.former());
            case JournalRecord.Gone gone ->
                section(gone.channel(), gone.position().epoch(), "");
            case JournalRecord.Start start -> {}
            case JournalRecord.Noted noted -> {}
            case JournalRecord.Deletion deletion -> {}
            case JournalRecord.Erased erased -> {}
            case JournalRecord.Stop stop -> {}
            case JournalRecord.Damaged damaged -> {}
            case JournalRecord.Sealed sealed -> {}
        }
        added = position;
    }

    private Section section(String channel, String epoch, String former) {
        List<Section> sections = channels.computeIfAbsent(channel, absent -> new ArrayList<>(1));
        if (sections.isEmpty() || !sections.getLast().epoch.equals(epoch)) {
            sections.add(new Section(epoch, former));
        }
        return sections.getLast();
    }

    @Override
    public List<Stretch> stretches(String channel) {
        List<Section> sections = channels.getOrDefault(channel, List.of());
        List<Stretch> stretches = new ArrayList<>();
        for (int i = 0; i < sections.size(); i++) {
            stretches.add(sections.get(i).stretch(segment, channel, mark, i));
        }
        return stretches;
    }

    @Override
    public List<Place> places(Stretch stretch, int from, int count) {
        return channels.get(stretch.channel()).get((int) stretch.at()).places(from, count);
    }

    @Override
    public boolean mayHold(String sender) {
        return senders.contains(sender);
    }

    /** Writes it to a file, of which no part is seen before all of it is on the disk. */
    void write(JournalDirectory directory) throws IOException {
        Path file = directory.index(segment);
        try (DataOutputStream out = new DataOutputStream(IndexBlocks.write(JournalDirectory.unfinished(file)))) {
            List<Named> names = channels.keySet().stream()
                    .map(name -> new Named(JournalIndex.hash(name), name))
                    .sorted(Comparator.comparingLong(Named::hash))
                    .toList();
            long[] at = new long[names.size()];
            long written = 0;
            for (int i = 0; i < names.size(); i++) {
                at[i] = written;
                boolean twin = i + 1 < names.size()
                        && names.get(i + 1).hash() == names.get(i).hash();
                written += write(names.get(i).name(), twin, written, out);
            }
            for (int i = 0; i < at.length; i++) {
                out.writeLong(names.get(i).hash());
                out.writeLong(at[i]);
            }
            long sendersAt = written + 16L * at.length;
            long[] hashes =
                    senders.stream().mapToLong(JournalIndex::hash).sorted().toArray();
            for (long hash : hashes) {
                out.writeLong(hash);
            }
            out.writeLong(FORMAT);
            out.writeInt(mark);
            out.writeLong(end);
            out.writeLong(newest);
            out.writeLong(written);
            out.writeInt(at.length);
            out.writeLong(sendersAt);
            out.writeInt(hashes.length);
        }
        directory.replace(file);
    }

    private record Named(long hash, String name) {}

    private long write(String channel, boolean twin, long at, DataOutputStream out) throws IOException {
        List<Section> sections = channels.get(channel);
        byte[] name = channel.getBytes(StandardCharsets.UTF_8);
        long length = 4 + name.length + 1 + 4;
        for (Section section : sections) {
            length += section.headLength();
        }
        out.writeInt(name.length);
        out.write(name);
        out.writeBoolean(twin);
        out.writeInt(sections.size());
        for (Section section : sections) {
            section.writeHead(at + length, out);
            length += (long) PLACE * section.count;
        }
        for (Section section : sections) {
            section.writePlaces(out);
        }
        return length;
    }

    /** A stretch that may still grow. */
    private static final class Section {
        private final String epoch;
        private final String former;
        private long first;
        private long last;
        private int count;
        private int[] offsets = new int[1]; // less the first
        private int[] positions = new int[1];

        private Section(String epoch, String former) {
            this.epoch = epoch;
            this.former = former;
        }

        private void add(long offset, int position) {
            if (count == 0) {
                first = offset;
            } else if (offset <= last) {
                return; // it stands in the journal twice
            }
            if (count == positions.length) {
                offsets = Arrays.copyOf(offsets, 2 * count);
                positions = Arrays.copyOf(positions, 2 * count);
            }
            offsets[count] = (int) (offset - first);
            positions[count] = position;
            count++;
            last = offset;
        }

        private Stretch stretch(long segment, String channel, int mark, int number) {
            return new Stretch(segment, channel, mark, epoch, former, first, last, count, number);
        }

        private List<Place> places(int from, int wanted) {
            List<Place> places = new ArrayList<>(wanted);
            for (int i = from; i < from + wanted; i++) {
                places.add(new Place(first + offsets[i], positions[i]));
            }
            return places;
        }

        private long headLength() {
            return 4L
                    + epoch.getBytes(StandardCharsets.UTF_8).length
                    + 4
                    + former.getBytes(StandardCharsets.UTF_8).length
                    + 8
                    + 8
                    + 4
                    + 8;
        }

        private void writeHead(long placesAt, DataOutputStream out) throws IOException {
            for (String text : List.of(epoch, former)) {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                out.writeInt(utf8.length);
                out.write(utf8);
            }
            out.writeLong(first);
            out.writeLong(last);
            out.writeInt(count);
            out.writeLong(placesAt);
        }

        private void writePlaces(DataOutputStream out) throws IOException {
            for (int i = 0; i < count; i++) {
                out.writeInt(offsets[i]);
                out.writeInt(positions[i]);
            }
        }
    }
}

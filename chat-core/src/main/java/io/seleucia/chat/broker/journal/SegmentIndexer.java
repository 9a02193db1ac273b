package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
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
 * The folds of a channel are indexed as messages of another channel, under {@link SegmentIndex#folds}. A channel with
 * annotations has its other messages once more, under {@link SegmentIndex#withoutAnnotations}. Its file has
 *
 * <pre>
 *   for each channel, by its hash:  name, whether the next one has the same hash, number of ranges,
 *                                   ranges: epoch, former epoch, first offset, last offset, count, where places are
 *   places                          offset less the first (4 bytes), position in the segment (4)
 *   table                           hash (8), where the channel is (8), sorted
 *   senders                         hash (8), sorted
 *   end                             format (8), magic (4), length of the segment (8), newest time (8),
 *                                   where the table is (8), its entries (4), where the senders are (8), how many (4)
 * </pre>
 */
final class SegmentIndexer implements SegmentIndex {
    static final long FORMAT = 0x53454c4555434901L; // "SELEUCI", version 1
    static final int END = 52;
    static final int PLACE = 8;

    private final long segment;
    private final Map<String, List<Section>> channels = new HashMap<>();
    private final Set<String> senders = new HashSet<>();
    private int magic;
    private long end = SegmentFormat.HEAD; // of what has been read
    private long added; // where the last added record begins
    private long newest = Long.MIN_VALUE; // time of a message

    SegmentIndexer(long segment) {
        this.segment = segment;
    }

    long segment() {
        return segment;
    }

    /** Adds the records behind those read before. See {@link SegmentReader#read}. */
    void readOn(SegmentReader reader, boolean mustBeSealed, Consumer<SegmentDamage> damages) throws IOException {
        if (end <= reader.length() && reader.hasHead()) {
            magic = reader.magic();
            reader.read(end, mustBeSealed, this::add, damages);
            end = reader.length();
        }
    }

    private void add(long position, JournalRecord record) {
        if (position <= added) {
            return; // an earlier reading has added it, and then failed
        }
        switch (record) {
            case JournalRecord.Published published -> {
                add(published.message(), (int) position);
                senders.add(published.message().sender());
                newest = Math.max(newest, published.message().time());
            }
            case JournalRecord.Folded folded -> addFold(folded, position);
            case JournalRecord.ChannelCheckpoint checkpoint -> {
                begin(checkpoint.channel(), checkpoint.position().epoch(), checkpoint.former());
                if (!checkpoint.former().isEmpty()) { // the folds of the former epoch are valid, too
                    String folds = SegmentIndex.folds(checkpoint.channel());
                    section(folds, checkpoint.position().epoch(), checkpoint.former());
                }
            }
            case JournalRecord.Tombstone tombstone ->
                begin(tombstone.channel(), tombstone.position().epoch(), "");
            case JournalRecord.Read read -> {} // a history has only messages
            case JournalRecord.Described described -> {} // no history
            case JournalRecord.OfJournal other -> {}
        }
        added = position;
    }

    /** Adds a message, from the first annotation of its channel on under two names. */
    private void add(Message message, int position) {
        Position place = message.position();
        String channel = message.channel();
        String plain = SegmentIndex.withoutAnnotations(channel);
        boolean annotation = message.attributes().isAnnotation();
        if (annotation && !channels.containsKey(plain)) {
            List<Section> earlier = channels.getOrDefault(channel, List.of());
            channels.put(
                    plain, new ArrayList<>(earlier.stream().map(Section::copy).toList()));
        }
        Section section = begin(channel, place.epoch(), "");
        if (section.add(place.offset(), position) && !annotation && channels.containsKey(plain)) {
            section(plain, place.epoch(), "").add(place.offset(), position);
        }
    }

    /** Returns the section of a channel for an epoch, with one under the channel's second name, if it has that. */
    private Section begin(String channel, String epoch, String former) {
        String plain = SegmentIndex.withoutAnnotations(channel);
        if (channels.containsKey(plain)) {
            section(plain, epoch, former);
        }
        return section(channel, epoch, former);
    }

    /** Adds a fold as if it were a message of another channel. An offset may come again: a later section has the newer fold. */
    private void addFold(JournalRecord.Folded folded, long position) {
        String name = SegmentIndex.folds(folded.channel());
        long offset = folded.position().offset();
        Section section = section(name, folded.position().epoch(), "");
        if (section.count > 0 && offset <= section.last) {
            section = new Section(folded.position().epoch(), "");
            channels.get(name).add(section);
        }
        section.add(offset, (int) position);
        folded.fold().edit().ifPresent(edit -> senders.add(edit.sender()));
        for (List<String> clients : folded.fold().reactions().values()) {
            for (String client : clients) {
                senders.add(Sender.ofKey(client).name());
            }
        }
    }

    private Section section(String channel, String epoch, String former) {
        List<Section> sections = channels.computeIfAbsent(channel, absent -> new ArrayList<>(1));
        if (sections.isEmpty() || !sections.getLast().epoch.equals(epoch)) {
            sections.add(new Section(epoch, former));
        }
        return sections.getLast();
    }

    List<OffsetRange> ranges(String channel) {
        List<Section> sections = channels.getOrDefault(channel, List.of());
        List<OffsetRange> ranges = new ArrayList<>();
        for (int i = 0; i < sections.size(); i++) {
            ranges.add(sections.get(i).range(segment, channel, magic, i));
        }
        return ranges;
    }

    @Override
    public List<Place> places(OffsetRange range, int from, int count) {
        return channels.get(range.channel()).get((int) range.at()).places(from, count);
    }

    /** Writes the file, of which no part is visible before all of it is on the disk. */
    void write(JournalDirectory directory) throws IOException {
        Path file = directory.index(segment);
        try (DataOutputStream out = new DataOutputStream(IndexBlocks.write(JournalDirectory.unfinished(file)))) {
            List<Named> names = channels.keySet().stream()
                    .map(name -> new Named(SegmentIndex.hash(name), name))
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
                    senders.stream().mapToLong(SegmentIndex::hash).sorted().toArray();
            for (long hash : hashes) {
                out.writeLong(hash);
            }
            out.writeLong(FORMAT);
            out.writeInt(magic);
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
        long length = 4L + name.length + 1 + 4;
        for (Section section : sections) {
            length += section.headLength();
        }
        writeText(name, out);
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

    private static void writeText(byte[] utf8, DataOutputStream out) throws IOException {
        out.writeInt(utf8.length);
        out.write(utf8);
    }

    /** A range that may still grow. */
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

        private Section copy() {
            Section copy = new Section(epoch, former);
            copy.first = first;
            copy.last = last;
            copy.count = count;
            copy.offsets = offsets.clone();
            copy.positions = positions.clone();
            return copy;
        }

        /** Adds a message. Returns false, and does nothing, if the journal has it twice. */
        private boolean add(long offset, int position) {
            if (count == 0) {
                first = offset;
            } else if (offset <= last) {
                return false;
            }
            if (count == positions.length) {
                offsets = Arrays.copyOf(offsets, 2 * count);
                positions = Arrays.copyOf(positions, 2 * count);
            }
            offsets[count] = (int) (offset - first);
            positions[count] = position;
            count++;
            last = offset;
            return true;
        }

        private OffsetRange range(long segment, String channel, int magic, int number) {
            return new OffsetRange(segment, channel, magic, epoch, former, first, last, count, number);
        }

        private List<Place> places(int from, int wanted) {
            List<Place> places = new ArrayList<>(wanted);
            for (int i = from; i < from + wanted; i++) {
                places.add(new Place(first + offsets[i], positions[i]));
            }
            return places;
        }

        private long headLength() {
            int epochLength = epoch.getBytes(StandardCharsets.UTF_8).length;
            return 4L + epochLength + 4 + former.getBytes(StandardCharsets.UTF_8).length + 8 + 8 + 4 + 8;
        }

        private void writeHead(long placesAt, DataOutputStream out) throws IOException {
            writeText(epoch.getBytes(StandardCharsets.UTF_8), out);
            writeText(former.getBytes(StandardCharsets.UTF_8), out);
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

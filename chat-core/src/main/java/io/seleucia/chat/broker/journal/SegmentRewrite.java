package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.Message;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A copy of a segment without its deleted messages. A tombstone replaces all consecutive deleted messages of a channel;
 * messages that were deleted one by one stay, without content. A record marks where the original was damaged, for a start
 * that has not seen the original must begin new epochs too.
 */
final class SegmentRewrite {
    private static final Logger LOG = System.getLogger(SegmentRewrite.class.getName());
    private static final int BATCH_BYTES = 256 * 1024;

    private final Segment copy;
    private final List<JournalRecord.Deletion> what;
    private final Map<Erasure.Place, Deleted> blanked;
    private final Map<String, JournalRecord.Tombstone> tombstones = new HashMap<>(); // to be written, by channel
    private final List<byte[]> batch = new ArrayList<>();
    private int batchBytes;
    private boolean erased;

    private SegmentRewrite(Segment copy, List<JournalRecord.Deletion> what, Map<Erasure.Place, Deleted> blanked) {
        this.copy = copy;
        this.what = what;
        this.blanked = blanked;
    }

    /**
     * Writes the copy to the disk, as the unfinished file. Returns false, without a copy, if no message is deleted.
     *
     * @param what deletions after which nothing is left of a message but its place
     * @param blanked deletions that remove only the content
     */
    static boolean erase(
            long segment, Path file, List<JournalRecord.Deletion> what, Map<Erasure.Place, Deleted> blanked)
            throws IOException {
        Path unfinished = JournalDirectory.unfinished(file);
        try (SegmentReader reader = SegmentReader.open(segment, file, SegmentReader.WHOLE);
                Segment copy = Segment.create(unfinished, segment)) {
            SegmentRewrite rewrite = new SegmentRewrite(copy, what, blanked);
            if (reader.hasHead()) {
                List<JournalRecord.OriginalDamage> damages = new ArrayList<>();
                reader.read(
                        SegmentFormat.HEAD,
                        true,
                        (position, record) -> {
                            rewrite.write(damages);
                            rewrite.take(record);
                        },
                        damage -> {
                            damages.add(new JournalRecord.OriginalDamage(damage.magic(), damage.from(), damage.to()));
                            LOG.log(
                                    Level.WARNING,
                                    "journal file " + file + " is damaged from byte " + damage.from() + " to byte "
                                            + damage.to() + ", and copied without that");
                        });
                rewrite.write(damages);
                rewrite.finish();
            }
            if (!rewrite.erased) {
                copy.delete();
                return false;
            }
            copy.force();
        }
        Files.setLastModifiedTime(unfinished, Files.getLastModifiedTime(file)); // the age by which it expires
        return true;
    }

    private void take(JournalRecord record) throws IOException {
        switch (record) {
            case JournalRecord.Published published -> {
                Message message = published.message();
                if (what.stream().anyMatch(deletion -> deletion.concerns(message))) {
                    erased = true;
                    hold(new JournalRecord.Tombstone(message.channel(), message.position(), message.time()));
                } else {
                    writeTombstone(message.channel());
                    write(blanked(published));
                }
            }
            case JournalRecord.Folded folded -> writeWhatIsLeft(folded);
            case JournalRecord.Tombstone before -> hold(before);
            case JournalRecord.ChannelCheckpoint checkpoint -> {
                writeTombstone(checkpoint.channel());
                write(record);
            }
            case JournalRecord.Read read -> write(read);
            case JournalRecord.Described described -> write(record);
            case JournalRecord.Sealed end -> {} // the copy gets its own at the end
            case JournalRecord.OfJournal other -> write(other);
        }
    }

    private JournalRecord blanked(JournalRecord.Published published) {
        Message message = published.message();
        Deleted deletion = blanked.get(Erasure.Place.of(message));
        if (deletion == null || message.isDeleted()) {
            return published;
        }
        erased = true;
        return new JournalRecord.Published(message.deleted(deletion), published.key(), published.erasure());
    }

    private void writeWhatIsLeft(JournalRecord.Folded folded) throws IOException {
        Fold left = folded.fold();
        for (JournalRecord.Deletion deletion : what) {
            left = deletion.left(folded.channel(), left);
        }
        if (blanked.containsKey(Erasure.Place.of(folded.channel(), folded.position()))) {
            left = left.blanked();
        }
        erased |= !left.equals(folded.fold());
        if (left != Fold.NONE) { // even if it is empty: it replaces an earlier one
            write(new JournalRecord.Folded(folded.channel(), folded.position(), left));
        }
    }

    private void write(List<JournalRecord.OriginalDamage> damages) throws IOException {
        for (JournalRecord.OriginalDamage damage : damages) {
            write(damage);
        }
        damages.clear();
    }

    private void hold(JournalRecord.Tombstone next) throws IOException {
        JournalRecord.Tombstone before = tombstones.put(next.channel(), next);
        if (before != null && !before.position().sameEpoch(next.position())) {
            write(before);
        }
    }

    private void writeTombstone(String channel) throws IOException {
        JournalRecord.Tombstone before = tombstones.remove(channel);
        if (before != null) {
            write(before);
        }
    }

    private void write(JournalRecord record) throws IOException {
        batch.add(record.encoded());
        batchBytes += batch.getLast().length;
        if (batchBytes > BATCH_BYTES) {
            writeBatch();
        }
    }

    private void writeBatch() throws IOException {
        copy.append(batch);
        batch.clear();
        batchBytes = 0;
    }

    private void finish() throws IOException {
        for (JournalRecord.Tombstone last : tombstones.values()) {
            write(last);
        }
        write(new JournalRecord.Sealed());
        writeBatch();
    }
}

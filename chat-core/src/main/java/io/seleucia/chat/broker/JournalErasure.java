package io.seleucia.chat.broker;

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
 * Takes messages out of a segment: a copy without them is made, to be put in its place. Where they were, the copy says
 * only that their places are taken, once for all that follow one another in their channel. Where the original was damaged,
 * the copy says so: a start that has not seen the original must draw the same consequences.
 */
final class JournalErasure {
    private static final Logger LOG = System.getLogger(Journal.class.getName());
    private static final int BATCH_BYTES = 256 * 1024;

    private final JournalSegment copy;
    private final List<JournalRecord.Deletion> what;
    private final Map<String, JournalRecord.Gone> gone = new HashMap<>(); // by channel: to be written
    private final List<byte[]> batch = new ArrayList<>();
    private int batchBytes;
    private boolean erased;

    private JournalErasure(JournalSegment copy, List<JournalRecord.Deletion> what) {
        this.copy = copy;
        this.what = what;
    }

    /**
     * Makes the copy, which is on the disk then, as the file's {@linkplain JournalDirectory#unfinished unfinished} one.
     *
     * @return false if there is nothing to take out; then there is no copy
     */
    static boolean erase(long segment, Path file, List<JournalRecord.Deletion> what) throws IOException {
        Path unfinished = JournalDirectory.unfinished(file);
        try (JournalReader reader = JournalReader.open(segment, file, JournalReader.WHOLE);
                JournalSegment copy = JournalSegment.create(unfinished, segment)) {
            JournalErasure erasure = new JournalErasure(copy, what);
            if (reader.hasHead()) {
                reader.isOver(true);
                List<JournalRecord.Damaged> damages = new ArrayList<>();
                reader.read(
                        JournalSegment.HEAD,
                        (position, record) -> {
                            erasure.write(damages);
                            erasure.take(record);
                        },
                        damage -> {
                            damages.add(new JournalRecord.Damaged(damage.mark(), damage.from(), damage.to()));
                            LOG.log(
                                    Level.WARNING,
                                    "journal file " + file + " is damaged from byte " + damage.from() + " to byte "
                                            + damage.to() + ", and copied without that");
                        });
                erasure.write(damages);
                erasure.finish();
            }
            if (!erasure.erased) {
                copy.delete();
                return false;
            }
            copy.force();
        }
        Files.setLastModifiedTime(unfinished, Files.getLastModifiedTime(file)); // by which it goes
        return true;
    }

    private void take(JournalRecord record) throws IOException {
        switch (record) {
            case JournalRecord.Published published -> {
                Message message = published.message();
                if (what.stream().anyMatch(deletion -> deletion.concerns(message))) {
                    erased = true;
                    hold(new JournalRecord.Gone(message.channel(), message.position(), message.time()));
                } else {
                    writeGone(message.channel());
                    write(record);
                }
            }
            case JournalRecord.Gone before -> hold(before);
            case JournalRecord.Standing standing -> {
                writeGone(standing.channel());
                write(record);
            }
            case JournalRecord.Start start -> write(record);
            case JournalRecord.Noted noted -> write(record);
            case JournalRecord.Deletion deletion -> write(record);
            case JournalRecord.Erased done -> write(record);
            case JournalRecord.Stop stop -> write(record);
            case JournalRecord.Damaged damaged -> write(record);
            case JournalRecord.Sealed end -> {} // the copy gets one behind all
        }
    }

    /** Notes where the original was damaged, since the copy itself is whole. */
    private void write(List<JournalRecord.Damaged> damages) throws IOException {
        for (JournalRecord.Damaged damage : damages) {
            write(damage);
        }
        damages.clear();
    }

    private void hold(JournalRecord.Gone next) throws IOException {
        JournalRecord.Gone before = gone.get(next.channel());
        if (before != null && !before.position().sameEpoch(next.position())) {
            write(before);
        }
        gone.put(next.channel(), next);
    }

    private void writeGone(String channel) throws IOException {
        JournalRecord.Gone before = gone.remove(channel);
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
        for (JournalRecord.Gone last : gone.values()) {
            write(last);
        }
        write(new JournalRecord.Sealed());
        writeBatch();
    }
}

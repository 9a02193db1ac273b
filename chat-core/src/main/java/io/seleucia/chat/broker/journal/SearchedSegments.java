package io.seleucia.chat.broker.journal;

import io.seleucia.chat.message.Attributes.Deleted;
import io.seleucia.chat.message.Message;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The segments that a search for messages of a channel has read, and what is deleted in them. A search may read a message,
 * and the message be deleted and erased before the search ends. So what a search has found is given to {@link #visible} when
 * it ends, and after that {@link #requireUnchanged} tells whether all of that was known. Used by one thread.
 */
final class SearchedSegments {
    private final Archive archive;
    private final JournalDirectory directory;
    private final String channel;
    private final Map<Long, Source> sources = new HashMap<>(); // by their segments
    private long removals;

    /** A segment with its magic number, and its list. */
    private record Source(int magic, Optional<DeletionLists.Summary> list, Map<Erasure.Place, Deleted> listed) {}

    SearchedSegments(Archive archive, JournalDirectory directory, String channel) {
        this.archive = archive;
        this.directory = directory;
        this.channel = channel;
    }

    /** Begins a search, which has read nothing. */
    void begin() {
        sources.clear();
        removals = archive.removals();
    }

    /** Opens the segment of a range; empty if it has been deleted meanwhile. */
    Optional<SegmentReader> read(OffsetRange range) throws IOException {
        Optional<SegmentReader> reader = directory.read(range.segment(), SegmentReader.SINGLE);
        try {
            if (reader.isPresent()) {
                if (!reader.get().hasHead() || reader.get().magic() != range.magic()) {
                    throw new FilesChangedException();
                }
                add(range.segment(), range.magic());
            }
            return reader;
        } catch (Throwable e) {
            if (reader.isPresent()) {
                reader.get().close();
            }
            throw e;
        }
    }

    private void add(long segment, int magic) throws IOException {
        Source known = sources.get(segment);
        if (known == null) {
            Optional<DeletionLists.Summary> list = archive.lists().summary(segment); // first, for it may change
            sources.put(segment, new Source(magic, list, archive.lists().read(segment, magic, Optional.of(channel))));
        } else if (known.magic != magic) {
            throw new FilesChangedException();
        }
    }

    /** Returns a message of a segment as readers may see it now; empty if they may not. */
    Optional<Message> visible(Message message, long segment) {
        if (archive.deletions().concern(message, segment)) {
            return Optional.empty();
        }
        Message visible = archive.erasures().visible(message);
        if (visible.isDeleted()) {
            return Optional.of(visible);
        }
        Deleted listed = sources.get(segment).listed.get(Erasure.Place.of(message));
        return Optional.of(listed == null ? message : message.deleted(listed));
    }

    /** Returns what readers may see now of a fold in a segment. The fold of a deleted message is not seen. */
    Fold visible(JournalRecord.Folded folded, long segment) {
        return archive.deletions().left(folded, segment);
    }

    /**
     * Throws if something may have been deleted that {@link #visible} did not know, for it is no longer where that looks. That
     * is so if a segment has been replaced, or another list has come beside it.
     */
    void requireUnchanged() throws IOException {
        if (archive.removals() == removals) {
            return;
        }
        for (var source : sources.entrySet()) {
            if (!archive.lists().summary(source.getKey()).equals(source.getValue().list)
                    || isReplaced(source.getKey(), source.getValue().magic)) {
                throw new FilesChangedException();
            }
        }
    }

    private boolean isReplaced(long segment, int magic) throws IOException {
        try (SegmentReader reader =
                directory.read(segment, SegmentReader.SINGLE).orElse(null)) {
            return reader != null && !(reader.hasHead() && reader.magic() == magic);
        }
    }
}

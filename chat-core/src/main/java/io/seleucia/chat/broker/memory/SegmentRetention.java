package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Retires expired segments of a journal, after writing what a start still needs of them to a later one. */
final class SegmentRetention {
    private static final long WRITING_SECONDS = 2;
    private static final int BATCH = 1_000;

    private SegmentRetention() {}

    /** Retires the expired segments. Blocks until later segments have all positions and marks that would be lost. */
    static void retire(Journal journal, Collection<InMemoryChannel> channels) throws IOException {
        OptionalLong expired = journal.expired();
        while (expired.isPresent() && isCarriedOver(expired.getAsLong(), journal, channels)) {
            journal.retire(expired.getAsLong());
            expired = journal.expired();
        }
    }

    private static boolean isCarriedOver(long segment, Journal to, Collection<InMemoryChannel> channels) {
        List<CompletableFuture<Void>> checkpoints = new ArrayList<>();
        for (InMemoryChannel channel : channels) {
            Optional<JournalRecord.ChannelCheckpoint> checkpoint = channel.use(
                            it -> it.position().checkpoint(segment, it.isUnheard()))
                    .flatMap(Function.identity());
            if (checkpoint.isPresent()) {
                PendingRecord pending = new PendingRecord(checkpoint.get());
                if (!to.offer(pending)) {
                    return false; // the next sweep tries again
                }
                checkpoints.add(pending.written()
                        .thenAccept(in -> channel.change(it -> it.position().checkpointedIn(in))));
            }
            channel.use(it -> it.copyDescription(to, segment))
                    .filter(copied -> !copied.isDone() || copied.isCompletedExceptionally())
                    .ifPresent(checkpoints::add);
            if (checkpoints.size() >= BATCH && !areWritten(checkpoints, to)) {
                return false;
            }
        }
        return areWritten(checkpoints, to)
                && areMarksCarriedOver(segment, to, channels)
                && areFoldsWritten(to, channels);
    }

    /** Writes the folds of messages that have left memory: a start can't make them from a segment that it does not read. */
    private static boolean areFoldsWritten(Journal to, Collection<InMemoryChannel> channels) {
        List<CompletableFuture<Void>> folds = new ArrayList<>();
        for (InMemoryChannel channel : channels) {
            channel.use(it -> it.writeLeaving(to))
                    .filter(written -> !written.isDone() || written.isCompletedExceptionally())
                    .ifPresent(folds::add);
        }
        return areWritten(folds, to);
    }

    private static boolean areMarksCarriedOver(long segment, Journal to, Collection<InMemoryChannel> channels) {
        for (InMemoryChannel channel : channels) {
            List<CompletableFuture<Void>> marks = new ArrayList<>();
            do {
                if (!areWritten(marks, to)
                        || !channel.use(it -> offerMarks(it, segment, to, marks))
                                .orElse(true)) {
                    return false;
                }
            } while (!marks.isEmpty());
        }
        return true;
    }

    /** Offers some marks. Called with the channel's lock, so that it does not begin again in between. */
    private static boolean offerMarks(
            InMemoryChannel channel, long segment, Journal to, List<CompletableFuture<Void>> marks) {
        for (ChannelMarks.Kept kept : channel.marks().upTo(segment, BATCH)) {
            Position at = channel.last().at(kept.offset());
            PendingRecord pending =
                    new PendingRecord(new JournalRecord.Read(channel.name(), at, kept.client(), channel.usedAt()));
            if (!to.offer(pending)) {
                return false;
            }
            marks.add(pending.written().thenAccept(in -> channel.change(it -> noteMark(it, at, kept.client(), in))));
        }
        return true;
    }

    /** Notes that a segment has a client's mark, unless the channel has begun again. */
    private static void noteMark(InMemoryChannel channel, Position at, String client, long segment) {
        if (at.sameEpoch(channel.last())) {
            channel.marks().wrote(client, at.offset(), segment);
        }
    }

    private static boolean areWritten(List<CompletableFuture<Void>> checkpoints, Journal to) {
        if (checkpoints.isEmpty()) {
            return true;
        }
        to.flushOrWake();
        try {
            PendingRecord.await(
                    CompletableFuture.allOf(checkpoints.toArray(CompletableFuture[]::new)), WRITING_SECONDS);
            checkpoints.clear();
            return true;
        } catch (IOException e) {
            return false; // the journal logs it, and the segment stays
        }
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
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

    /** Retires the expired segments. Blocks until later segments have all positions that would be lost. */
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
            Optional<JournalRecord.ChannelCheckpoint> checkpoint =
                    channel.use(it -> it.checkpoint(segment)).flatMap(Function.identity());
            if (checkpoint.isPresent()) {
                PendingRecord pending = new PendingRecord(checkpoint.get());
                if (!to.offer(pending)) {
                    return false; // the next sweep tries again
                }
                checkpoints.add(pending.written().thenAccept(in -> channel.change(it -> it.checkpointedIn(in))));
            }
            if (checkpoints.size() == BATCH && !areWritten(checkpoints, to)) {
                return false;
            }
        }
        return areWritten(checkpoints, to);
    }

    private static boolean areWritten(List<CompletableFuture<Void>> checkpoints, Journal to) {
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

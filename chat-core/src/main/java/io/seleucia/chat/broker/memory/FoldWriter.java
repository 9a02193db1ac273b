package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Fold;
import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Gives the journal the folds of messages that have left memory. Used with the channel's lock, which the journal's writer takes
 * when a fold is written.
 */
final class FoldWriter {
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A fold that the journal has been given, when that was, and whether it has written it. */
    private record Offered(Fold fold, long since, CompletableFuture<Void> written) {}

    private final ChannelLock lock;
    private final Folds folds;
    private Map<Long, Offered> offered = Collections.emptyMap(); // by the offset of the message
    private boolean failing; // the journal could not write the last one

    FoldWriter(ChannelLock lock, Folds folds) {
        this.lock = lock;
        this.folds = folds;
    }

    /**
     * Gives the journal all folds that it does not have. What it does not accept now, and what messages on their way will
     * change, it is given later.
     *
     * @param channel the channel's name
     * @param last the channel's last position
     * @return completes when all of them are written; fails if one can't be, or is not given now
     */
    CompletableFuture<Void> write(Journal journal, String channel, Position last) {
        CompletableFuture<Void> all = NOTHING;
        for (Map.Entry<Long, Fold> leaving : Map.copyOf(folds.leaving()).entrySet()) {
            long offset = leaving.getKey();
            Fold fold = leaving.getValue();
            Offered known = offered.get(offset);
            if (folds.placed().has(offset)) {
                all = CompletableFuture.allOf(all, failed("a reference is on its way"));
            } else if (known != null && known.fold == fold) {
                all = CompletableFuture.allOf(all, known.written);
            } else {
                PendingRecord pending = new PendingRecord(new JournalRecord.Folded(channel, last.at(offset), fold));
                if (!journal.offerFold(pending)) { // else it could keep what is deleted
                    return failed("a fold is written later");
                }
                Offered next = new Offered(fold, System.nanoTime(), new CompletableFuture<>());
                offered = offered.isEmpty() ? new HashMap<>() : offered;
                offered.put(offset, next);
                pending.written().whenComplete((segment, failure) -> written(offset, next, failure));
                all = CompletableFuture.allOf(all, next.written);
            }
        }
        return all;
    }

    private static CompletableFuture<Void> failed(String why) {
        return CompletableFuture.failedFuture(new IOException(why));
    }

    /** Returns the memory of the folds that the journal has been given within the last second: it is free soon, unless it fails. */
    long bytesOnTheirWay() {
        if (failing) {
            return 0;
        }
        long now = System.nanoTime();
        return offered.values().stream()
                .filter(one -> now - one.since < SOON_NANOS)
                .mapToLong(one -> one.fold.bytesAlone())
                .sum();
    }

    /** Notes that the journal has a fold, or could not write it. */
    private void written(long offset, Offered one, Throwable failure) {
        lock.lock();
        try {
            offered.remove(offset, one);
            failing = failure != null;
            if (failure == null) {
                folds.left(offset, one.fold);
            }
        } finally {
            lock.unlock();
        }
        if (failure == null) {
            one.written.complete(null);
        } else {
            one.written.completeExceptionally(failure);
        }
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.journal.Journal;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.PendingRecord;
import io.seleucia.chat.memory.Sizes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.ObjLongConsumer;

/**
 * The description of a channel in memory. With a journal, a description counts once it is written. Used with the channel's
 * lock.
 */
final class Description {
    private static final int INFO_BYTES = 120; // without texts
    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);

    private final String channel;
    private final ChannelDirectory<?> directory;
    private ChannelInfo current; // null if there is none; without JSON if it was removed
    private long given; // the time of the newest one, which may not be written yet
    private int unwritten;
    private long segment; // of the journal: the newest that has the current one

    Description(String channel, ChannelDirectory<?> directory) {
        this.channel = channel;
        this.directory = directory;
    }

    /** Returns the description, unless there is none or it was removed. */
    Optional<ChannelInfo> current() {
        return Optional.ofNullable(current).filter(info -> info.json().isPresent());
    }

    /** Returns whether one waits to be written, so that the channel must not end. */
    boolean isUnsettled() {
        return unwritten > 0;
    }

    /** Returns a new description, which is later than all before. */
    ChannelInfo next(Sender by, Optional<Content.Json> json) {
        given = Math.max(System.currentTimeMillis(), given + 1);
        return new ChannelInfo(json, by, given);
    }

    /** Queues a new description for the journal. When it is written in a segment, or has failed, it must be settled. */
    CompletableFuture<Long> queue(ChannelInfo info, Journal journal) {
        PendingRecord pending = new PendingRecord(new JournalRecord.Described(channel, info));
        unwritten++;
        if (!journal.offer(pending)) {
            pending.failed(new IOException(journal.refusal()));
        }
        return pending.written();
    }

    /** Returns whether there is nothing to remove, nor will be. */
    boolean isEmpty() {
        return unwritten == 0 && current().isEmpty();
    }

    /** Notes that a description has been written, or has failed. */
    void settle() {
        unwritten--;
    }

    /** Makes a description the current one, unless a later one is. Returns whether it is. */
    boolean set(ChannelInfo info, long from) {
        if (info.time() == (current == null ? 0 : current.time())) {
            segment = from; // a copy
        }
        if (!info.isLaterThan(Optional.ofNullable(current))) {
            return false;
        }
        directory.countInfo(bytes(info) - bytes(current));
        current = info;
        given = Math.max(given, info.time());
        segment = from;
        return true;
    }

    private static long bytes(ChannelInfo info) {
        return info == null
                ? 0
                : INFO_BYTES
                        + Sizes.ofText(info.by().name())
                        + info.json().map(json -> Sizes.ofText(json.asText())).orElse(0L);
    }

    /**
     * Queues a copy for the journal before its segments up to this one go. The copy is in the journal's order behind the
     * original, and before all later descriptions.
     *
     * @param copied is given the description and the segment when it is written there, without the lock
     * @return done when a later segment has the description; failed if that must be tried again
     */
    CompletableFuture<Void> copy(Journal to, long upTo, ObjLongConsumer<ChannelInfo> copied) {
        if (segment > upTo || current().isEmpty()) {
            return NOTHING;
        }
        PendingRecord copy = new PendingRecord(new JournalRecord.Described(channel, current));
        if (unwritten > 0 || !to.offer(copy)) {
            return CompletableFuture.failedFuture(new IOException("a description could not be copied"));
        }
        ChannelInfo info = current;
        return copy.written().thenAccept(in -> copied.accept(info, in));
    }

    /** Releases the memory of the description, when its channel ends. */
    void end() {
        directory.countInfo(-bytes(current));
        current = null;
    }
}

package io.seleucia.chat.broker.journal;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A deletion of a channel or a sender that is to be written, or to be carried out in the files. It is known to the readers of
 * the files from the moment it is written: that takes no memory. See {@link Deletions}.
 */
public final class PendingDeletion implements JournalEntry {
    private static final long NOT_WRITTEN = 0;
    private static final long BYTES = 256;

    private final JournalRecord.Deletion deletion;
    private final Runnable onWritten;
    private final Consumer<PendingDeletion> onOver;
    private final CompletableFuture<Void> written = new CompletableFuture<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile long segment = NOT_WRITTEN; // that begins with the deletion
    private volatile boolean forgotten;
    private volatile boolean erased;

    /**
     * Creates a deletion that is to be written.
     *
     * @param onWritten is run when it has been written
     * @param onOver is called when nothing is left to do, or the deletion can't be written
     */
    PendingDeletion(JournalRecord.Deletion deletion, Runnable onWritten, Consumer<PendingDeletion> onOver) {
        this.deletion = deletion;
        this.onWritten = onWritten;
        this.onOver = onOver;
    }

    /** Returns a deletion that a start has found, and applied to the memory, in a segment. */
    static PendingDeletion found(JournalRecord.Deletion deletion, long segment, Consumer<PendingDeletion> onOver) {
        PendingDeletion found = new PendingDeletion(deletion, () -> {}, onOver);
        found.segment = segment;
        found.forgotten = true;
        return found;
    }

    public JournalRecord.Deletion deletion() {
        return deletion;
    }

    /** Returns a future that completes when the deletion is written, and fails if it can't be. */
    public CompletableFuture<Void> written() {
        return written;
    }

    /**
     * Returns a future that completes when no file has a deleted message any more, and fails if the deletion will be retried.
     */
    public CompletableFuture<Void> done() {
        return done;
    }

    /** Returns the segment that begins with the deletion, once it is written. */
    public long segment() {
        return segment;
    }

    boolean isWritten() {
        return segment != NOT_WRITTEN;
    }

    /** Records that the memory has no deleted message any more, so that nothing of one can be written again. */
    public void setForgotten() {
        forgotten = true;
        removeIfOver();
    }

    boolean isForgotten() {
        return forgotten;
    }

    /** Records that no file has a deleted message any more. */
    void setErased() {
        erased = true;
        removeIfOver();
        done.complete(null);
    }

    private void removeIfOver() {
        if (forgotten && erased) {
            onOver.accept(this);
        }
    }

    /** Returns whether files may still have deleted messages. */
    boolean isToBeErased() {
        return isWritten() && !erased;
    }

    /** Returns whether the deletion concerns what is in a segment. */
    boolean isAfter(long earlier) {
        return segment > earlier; // never if it is not written
    }

    @Override
    public Optional<JournalRecord> record() {
        return Optional.of(deletion);
    }

    @Override
    public void written(long in) {
        segment = in; // first, for what follows may need memory
        onWritten.run();
        written.complete(null);
    }

    @Override
    public void failed(Throwable why) {
        onOver.accept(this);
        written.completeExceptionally(why);
        done.completeExceptionally(why);
    }

    @Override
    public long bytes() {
        return BYTES;
    }
}

package io.seleucia.chat.broker.journal;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A record other than a published message, and the number of its segment once it is written. */
public record PendingRecord(JournalRecord content, CompletableFuture<Long> written) implements JournalEntry {
    private static final long BYTES = 256; // without a description

    public PendingRecord(JournalRecord content) {
        this(content, new CompletableFuture<>());
    }

    /** Waits until an entry is written, and returns its result. */
    public static <T> T await(CompletableFuture<T> written, long seconds) throws IOException {
        try {
            return written.get(seconds, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException("the journal can't be written", e);
        } catch (TimeoutException e) {
            throw new IOException("the journal was not written in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the journal was written", e);
        }
    }

    @Override
    public Optional<JournalRecord> record() {
        return Optional.of(content);
    }

    @Override
    public void written(long segment) {
        written.complete(segment);
    }

    @Override
    public void failed(Throwable why) {
        written.completeExceptionally(why);
    }

    @Override
    public long bytes() {
        return content instanceof JournalRecord.Described described
                ? BYTES + 2L * described.info().length()
                : BYTES;
    }
}

package io.seleucia.chat.broker;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** A record that nobody publishes, and the segment that it is in once it is written. */
final class JournalNote implements Journal.Entry {
    private static final long BYTES = 256;

    private final Supplier<JournalRecord> record;
    private final CompletableFuture<Long> written = new CompletableFuture<>();

    JournalNote(JournalRecord record) {
        this(() -> record);
    }

    /** @param record is asked for when the note's turn has come */
    JournalNote(Supplier<JournalRecord> record) {
        this.record = record;
    }

    CompletableFuture<Long> written() {
        return written;
    }

    /** Waits until it is written, and gives the segment. */
    long await(long limit, TimeUnit unit) throws IOException {
        try {
            return written.get(limit, unit);
        } catch (ExecutionException e) {
            throw new IOException("the journal can't be written", e);
        } catch (TimeoutException e) {
            throw new IOException("the journal is not written in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the journal is written", e);
        }
    }

    @Override
    public Optional<JournalRecord> record() {
        return Optional.of(record.get());
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
        return BYTES;
    }
}

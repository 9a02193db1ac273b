package io.seleucia.chat.channel;

import io.seleucia.chat.message.FoldedMessage;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A session's read of a channel's history, until it is closed. It knows which messages are deleted between the read and the
 * reply. Used by one thread.
 */
public final class HistoryReading implements AutoCloseable {
    private final Channel channel;
    private final Runnable release;
    private long mark;

    /** @param release releases the channel, which is open until then */
    HistoryReading(Channel channel, Runnable release) {
        this.channel = channel;
        this.release = release;
        begin();
    }

    /** Begins to read, or begins again. */
    public void begin() {
        mark = channel.deletions().mark();
    }

    /**
     * Runs a step that hands out messages, unless one of them has been deleted since {@link #begin}. Members are told of a later
     * deletion behind the step.
     *
     * @param step must not block
     * @return what the step returns; false if it has not run, and the messages must be read again
     */
    public boolean unlessDeleted(List<FoldedMessage> messages, BooleanSupplier step) {
        return channel.unlessDeleted(messages, mark, step);
    }

    @Override
    public void close() {
        release.run();
    }
}

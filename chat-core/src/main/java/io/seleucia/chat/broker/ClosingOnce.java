package io.seleucia.chat.broker;

import io.seleucia.chat.message.Position;
import java.util.concurrent.atomic.AtomicBoolean;

/** A subscription that gives back what it has taken once, however often it is closed. */
final class ClosingOnce implements Broker.Subscription {
    private final Position start;
    private final Runnable end;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param end gives back what was taken; must not block */
    ClosingOnce(Position start, Runnable end) {
        this.start = start;
        this.end = end;
    }

    @Override
    public Position start() {
        return start;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            end.run();
        }
    }
}

package io.seleucia.chat.connection;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.transport.Frame;
import java.util.concurrent.atomic.AtomicReference;

/** Queues whose only writer is their outbound loop. */
final class Queues {
    private Queues() {}

    static OutboundQueue ofBytes(long bytes, MemoryBudget memory) {
        AtomicReference<OutboundQueue> itself = new AtomicReference<>();
        itself.set(new OutboundQueue(bytes, memory, () -> itself.get().wakeLoop()));
        return itself.get();
    }

    /** Waits for the next frame, as the outbound loop does. */
    static Frame take(OutboundQueue queue) throws InterruptedException {
        queue.rest();
        Frame frame = queue.poll();
        while (frame == null) {
            if (queue.rest()) {
                queue.await();
            }
            frame = queue.poll();
        }
        return frame;
    }
}

package io.seleucia.chat.channel;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.ArrayDeque;

/** The newest broadcasts of a channel, without gaps, up to its last position. Guarded by the channel's lock. */
final class RecentBroadcasts {
    private static final int MAX = 8; // enough for a session that reads the history faster than it grows

    private record Recent(Message message, Broadcast broadcast, long bytes) {
        private Position position() {
            return message.position();
        }
    }

    private final MemoryBudget memory;
    private final ArrayDeque<Recent> recent = new ArrayDeque<>(1);
    private boolean closed; // nothing more is added

    RecentBroadcasts(MemoryBudget memory) {
        this.memory = memory;
    }

    int size() {
        return recent.size();
    }

    void add(Message message, Broadcast broadcast) {
        if (!closed) {
            long bytes = PageMemory.bytes(message);
            recent.addLast(new Recent(message, broadcast, bytes));
            memory.charge(Part.RECENT, bytes);
            if (recent.size() > MAX) {
                removeOldest();
            }
        }
    }

    /** Holds the frames of a broadcast that was added, after it was encoded for all members. */
    void hold(Broadcast broadcast) {
        if (!closed) {
            broadcast.hold(memory);
        }
    }

    /** Sends a member the broadcasts after an offset. */
    void sendAfter(long offset, Subscriber subscriber) {
        for (Recent one : recent) {
            if (one.position().offset() > offset) {
                subscriber.send(one.broadcast);
                one.broadcast.hold(memory); // the frames that were made for this member alone
            }
        }
    }

    /** Forgets those whose content may go with a message that is being deleted, and all before them: there are no gaps. */
    void forgetContentOf(long offset) {
        int last = 0;
        int index = 0;
        for (Recent one : recent) {
            index++;
            if (Deletions.isContentOf(one.message, offset)) {
                last = index;
            }
        }
        for (int i = 0; i < last; i++) {
            removeOldest();
        }
    }

    void clear() {
        while (!recent.isEmpty()) {
            removeOldest();
        }
    }

    private void removeOldest() {
        Recent oldest = recent.removeFirst();
        oldest.broadcast.release(memory);
        memory.charge(Part.RECENT, -oldest.bytes);
    }

    void close() {
        closed = true;
        clear();
    }
}

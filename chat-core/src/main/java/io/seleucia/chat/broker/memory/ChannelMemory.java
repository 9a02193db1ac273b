package io.seleucia.chat.broker.memory;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;

/** The memory that one channel is charged, until the channel ends. Used with the channel's lock. */
final class ChannelMemory {
    private final MemoryBudget budget;
    private boolean ended;

    ChannelMemory(MemoryBudget budget) {
        this.budget = budget;
    }

    /** Charges or releases memory, unless the channel has ended and released everything. */
    void charge(Part part, long more) {
        if (!ended) {
            budget.charge(part, more);
        }
    }

    /** Ends all charging. The parts of the channel have released what they held. */
    void end() {
        ended = true;
    }
}

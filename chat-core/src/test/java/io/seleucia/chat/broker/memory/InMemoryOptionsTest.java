package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ChannelOptionsContract;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.options.CurrentOptions;

class InMemoryOptionsTest extends ChannelOptionsContract {
    @Override
    protected Broker create(Retention retention, CurrentOptions options) {
        return new InMemoryBroker(retention, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE), options);
    }

    @Override
    protected Broker restarted(Broker broker, Retention retention, CurrentOptions options) {
        return broker;
    }
}

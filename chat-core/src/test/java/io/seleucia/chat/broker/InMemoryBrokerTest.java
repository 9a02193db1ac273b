package io.seleucia.chat.broker;

class InMemoryBrokerTest extends BrokerContract {
    @Override
    protected Broker create(Retention retention) {
        return new InMemoryBroker(retention);
    }

    @Override
    protected Broker another(Broker broker, Retention retention) {
        return broker;
    }
}

package io.seleucia.chat.broker;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class JournaledBrokerTest extends BrokerContract {
    @TempDir
    private Path directory;

    @Override
    protected Broker create(Retention retention) throws Exception {
        return InMemoryBroker.open(retention, directory, InMemoryBroker.Fsync.INTERVAL);
    }

    @Override
    protected Broker another(Broker broker, Retention retention) {
        return broker;
    }
}

package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.BrokerContract;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class JournaledBrokerTest extends BrokerContract {
    @TempDir
    private Path directory;

    @Override
    protected Broker create(Retention retention) throws Exception {
        return InMemoryBroker.open(retention, directory, Fsync.INTERVAL);
    }

    @Override
    protected Broker another(Broker broker, Retention retention) {
        return broker;
    }
}

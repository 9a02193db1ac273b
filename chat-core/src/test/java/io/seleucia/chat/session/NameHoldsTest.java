package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.connection.ConnectionLimits;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.transport.InMemoryConnection;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NameHoldsTest {
    private static final int SESSIONS = 5_000;
    private static final long BYTES_EACH = 2_000;
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void manySessionsBearANameForLittleEach() throws Exception {
        ConnectionContext context = new ConnectionContext(
                new ConnectionLimits(1_000, 1_000, MINUTE, MINUTE, MINUTE, MINUTE),
                MemoryBudget.ofBytes(1_000_000),
                List.of());
        var sessions = Stream.generate(() -> new ServedConnection(new InMemoryConnection(1_000), context))
                .limit(SESSIONS)
                .toList();
        NameHolds.Hold hold = NameHolds.Hold.ofProtocol("ada", "ctesiphon");
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
                NameHolds holds = new NameHolds(broker, MINUTE)) {
            long before = allocated();
            for (ServedConnection session : sessions) {
                holds.claim(session, hold);
            }
            for (ServedConnection session : sessions) {
                holds.end(session, hold);
            }
            assertThat((allocated() - before) / SESSIONS).isLessThan(BYTES_EACH);
        }
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}

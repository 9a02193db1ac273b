package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.BrokerContract;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class InMemoryBrokerTest extends BrokerContract {
    @Override
    protected Broker create(Retention retention) {
        return new InMemoryBroker(retention);
    }

    @Override
    protected Broker another(Broker broker, Retention retention) {
        return broker;
    }

    @Test
    void takesFromTheLongestHistoryWhenMemoryIsShort() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, MemoryBudget.ofBytes(1_000_000))) {
            for (int i = 0; i < 20; i++) {
                broker.publish("quiet", "ada", new Content.Text("a few words"), "");
            }
            Position last = Position.NONE;
            for (int i = 0; i < 500; i++) {
                Content much = new Content.Text("x".repeat(10_000));
                last = broker.publish("loud", "eve", much, "").position();
            }

            Broker.Page loud = broker.historyAfter("loud", 0, 1_000);
            assertThat(loud.messages()).hasSizeBetween(30, 95);
            assertThat(loud.messages().getLast().position()).isEqualTo(last);
            assertThat(last.offset()).isEqualTo(500);
            assertThat(broker.historyAfter("quiet", 0, 1_000).messages()).hasSize(20);
        }
    }

    @Test
    void countsWhatItForgets() throws Exception {
        Retention brief = Retention.DEFAULT.withMessages(2);
        try (InMemoryBroker broker = new InMemoryBroker(brief, MemoryBudget.ofBytes(1_000_000))) {
            for (int i = 0; i < 1_000; i++) {
                broker.publish("lobby", "ada", new Content.Text("x".repeat(10_000)), "");
            }
            assertThat(broker.historyAfter("lobby", 0, 10).messages()).hasSize(2);
        }
    }

    @Test
    void tellsInTheOrderInWhichAClientComesAndGoes() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT)) {
            Presence presence = new Presence();
            broker.subscribe("lobby", presence);
            List<Thread> sessions = new ArrayList<>();
            for (int s = 0; s < 4; s++) {
                sessions.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 30_000; i++) {
                        broker.join("lobby", "ada");
                        broker.leave("lobby", "ada");
                    }
                }));
            }
            for (Thread session : sessions) {
                session.join();
            }

            assertThat(broker.members("lobby")).isEmpty();
            assertThat(presence.contradictions).hasValue(0);
            assertThat(presence.isThere).isFalse();
        }
    }

    /** Believes what it is told of one client. */
    private static final class Presence implements Broker.Listener {
        private final AtomicInteger contradictions = new AtomicInteger();
        private volatile boolean isThere;

        @Override
        public void message(Message message) {}

        @Override
        public void lost(Position position) {}

        @Override
        public void signal(Broker.Signal signal) {}

        @Override
        public void joined(Sender client) {
            contradictions.addAndGet(isThere ? 1 : 0);
            isThere = true;
        }

        @Override
        public void left(Sender client) {
            contradictions.addAndGet(isThere ? 0 : 1);
            isThere = false;
        }
    }
}

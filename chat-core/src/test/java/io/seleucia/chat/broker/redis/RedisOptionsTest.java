package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ChannelOptionsContract;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.ChannelOptions;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RedisOptionsTest extends ChannelOptionsContract {
    private static RedisProcess redis;

    @BeforeAll
    static void start() throws Exception {
        redis = RedisProcess.begin();
    }

    @AfterAll
    static void stop() throws Exception {
        redis.close();
    }

    @BeforeEach
    void clear() throws Exception {
        redis.ask("FLUSHALL");
    }

    @Override
    protected Broker create(Retention retention, CurrentOptions options) throws Exception {
        RedisBroker broker = new RedisBroker(
                RedisServers.at(redis.uri()),
                RedisBroker.DEFAULT_PREFIX,
                retention,
                MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE),
                options);
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        return broker;
    }

    @Override
    protected Broker restarted(Broker broker, Retention retention, CurrentOptions options) throws Exception {
        broker.close();
        return create(retention, options);
    }

    private static int kept(Broker broker) throws Exception {
        return broker.historyAfter("lobby", 0, 100).messages().size();
    }

    private static int unread(Broker broker) throws Exception {
        return broker.readMark("lobby", Sender.of("bob")).unread();
    }

    @Test
    void ofSeveralServersTheOneThatPublishesDecidesAndNoneShowsMoreThanItsOwnOptionsSay() throws Exception {
        options.change(ChannelRules.NONE.with("lobby", ChannelOptions.DEFAULT.withHistorySize(5)));
        CurrentOptions otherOptions =
                new CurrentOptions(ChannelRules.NONE.with("lobby", ChannelOptions.DEFAULT.withHistorySize(2)));
        try (Broker here = create(Retention.DEFAULT, options);
                Broker there = create(Retention.DEFAULT, otherOptions)) {
            for (int i = 0; i < 10; i++) {
                here.publish("lobby", "ada", new Content.Text("text"), "");
            }
            assertThat(kept(here)).isEqualTo(5);
            assertThat(kept(there)).isEqualTo(2);
            assertThat(unread(here)).isEqualTo(5);
            assertThat(unread(there)).isEqualTo(2);

            there.publish("lobby", "ada", new Content.Text("text"), "");

            assertThat(kept(here)).isEqualTo(2);
            assertThat(kept(there)).isEqualTo(2);
            assertThat(unread(here)).isEqualTo(2);
            assertThat(there.markRead("lobby", new Broker.Reader("session", Sender.of("bob"), false), 1))
                    .isEqualTo(new ReadMark(1, 2, false)); // the mark itself is where it was set
        }
    }
}

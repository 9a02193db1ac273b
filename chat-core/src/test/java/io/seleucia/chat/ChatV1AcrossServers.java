package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisServers;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Two servers that share what is in Redis: each pair of clients talks across them. */
abstract class ChatV1AcrossServers extends ChannelInfoContract {
    private RedisBroker hereBroker;
    private RedisBroker thereBroker;
    private ChatServer here;
    private ChatServer there;

    /** Forgets all that was there. */
    abstract void flush() throws Exception;

    abstract RedisServers redis();

    @BeforeEach
    void start() throws Exception {
        flush();
        hereBroker = broker();
        thereBroker = broker();
        here = server(hereBroker);
        there = server(thereBroker);
    }

    private RedisBroker broker() throws Exception {
        RedisBroker broker = new RedisBroker(redis(), "chat:", Retention.DEFAULT.withMessages(HISTORY));
        assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
        return broker;
    }

    private static ChatServer server(RedisBroker broker) throws Exception {
        return ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT
                        .withRateMessages(1_000_000)
                        .withRateBurst(1_000_000)
                        .withQuotas(Quotas.NONE))
                .start();
    }

    @AfterEach
    void stop() {
        here.close();
        there.close();
        hereBroker.close();
        thereBroker.close();
    }

    @Override
    ChatServer here() {
        return here;
    }

    @Override
    ChatServer there() {
        return there;
    }
}

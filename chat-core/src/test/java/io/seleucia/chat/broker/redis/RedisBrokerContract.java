package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.BrokerContract;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Content;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** {@link BrokerContract} for brokers over Redis servers of the test's own, which are to be empty at a test's beginning. */
abstract class RedisBrokerContract extends BrokerContract {
    private final List<RedisBroker> opened = new ArrayList<>();

    /** Where Redis is. */
    abstract RedisServers servers();

    @Override
    protected RedisBroker create(Retention retention) throws Exception {
        return create(servers(), retention);
    }

    private static RedisBroker create(RedisServers servers, Retention retention) throws Exception {
        RedisBroker created = new RedisBroker(servers, RedisBroker.DEFAULT_PREFIX, retention);
        assertThat(created.awaitReachable(Duration.ofSeconds(30))).isTrue();
        eventuallyGet(
                () -> created.publish("settled", "ada", new Content.Text("hi"), "")); // a Redis that has just started
        return created;
    }

    @Override
    protected Broker another(Broker first, Retention retention) throws Exception {
        return closing(create(retention));
    }

    /** A broker that is closed when the test has ended. */
    RedisBroker open() throws Exception {
        return open(servers());
    }

    /** The same, where Redis is asked otherwise. */
    RedisBroker open(RedisServers servers) throws Exception {
        return closing(create(servers, Retention.DEFAULT));
    }

    /** Closes a broker when the test has ended. */
    RedisBroker closing(RedisBroker broker) {
        opened.add(broker);
        return broker;
    }

    @AfterEach
    void closeOpened() {
        opened.forEach(Broker::close);
    }
}

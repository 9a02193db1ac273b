package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Servers hand POSTs on although many of the signals between them are lost. */
@Concurrent
class HttpFallbackWithLostSignalsTest {
    private static final int LOST_OF_TEN = 3;

    /** The broker, but that it loses signals. */
    private static Broker losing(Broker broker, AtomicInteger signals) {
        return (Broker) Proxy.newProxyInstance(
                Broker.class.getClassLoader(), new Class<?>[] {Broker.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("signal") && isLost(signals.incrementAndGet())) {
                        return null;
                    }
                    try {
                        return method.invoke(broker, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Whether a signal is lost: in no pattern, but the same in each run. */
    private static boolean isLost(int number) {
        return new Random(number).nextInt(10) < LOST_OF_TEN;
    }

    @Test
    void carriesOutEachPostOnceInOrder() throws Exception {
        AtomicInteger signals = new AtomicInteger();
        try (InMemoryBroker memory = new InMemoryBroker(Retention.DEFAULT)) {
            Broker broker = losing(memory, signals);
            try (ChatServer here = ChatServer.builder().port(0).broker(broker).start();
                    ChatServer there =
                            ChatServer.builder().port(0).broker(broker).start();
                    StreamClient ada = StreamClient.events(ChatV1OverHttpTest.at(here), "chat.v1", false)
                            .sendingTo(ChatV1OverHttpTest.at(there))) {
                ada.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
                ada.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
                for (int id = 3; id < 7; id++) {
                    ada.send("{\"id\":" + id + ",\"type\":\"publish\",\"channel\":\"lobby\",\"data\":" + id + "}");
                }
                assertThat(memory.historyAfter("lobby", 0, 10).messages())
                        .extracting(message -> message.content().asText())
                        .containsExactly("3", "4", "5", "6");
                assertThat(signals).hasValueGreaterThan(2 * 6); // a question and an answer each
            }
        }
    }
}

package io.seleucia.chat.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Concurrent;
import io.seleucia.chat.ProxyProcess;
import io.seleucia.chat.broker.redis.RedisProcess;
import io.seleucia.chat.client.ChatClient;
import io.seleucia.chat.client.ChatListener;
import io.seleucia.chat.client.Loss;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients over HTTP behind a haproxy that gives each request to the next of two servers, of which one is killed. */
@Concurrent
class HttpFallbackFaultsTest {
    private static final int MESSAGES = 200;

    @TempDir
    private Path directory;

    /** Writes down what it is told. */
    private static final class Heard implements ChatListener {
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

        @Override
        public void message(Message message) {
            lines.add(message.position().offset() + " " + message.content().asText());
        }

        @Override
        public void lost(Loss loss) {
            lines.add("lost " + loss);
        }
    }

    private static ChatClient client(URI at, String name, Heard heard) {
        return ChatClient.builder(at)
                .name(name)
                .listener(heard)
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500))
                .start();
    }

    @Test
    void losesAndDoublesNothingWhenAServerIsKilled() throws Exception {
        RedisProcess redis = RedisProcess.begin();
        ServerProcess here = ServerProcess.begin(redis.uri().toString());
        ServerProcess there = ServerProcess.begin(redis.uri().toString());
        Heard adaHeard = new Heard();
        Heard bobHeard = new Heard();
        try (ProxyProcess proxy =
                ProxyProcess.haproxy(directory, List.of(here.port(), there.port()), "option redispatch", "retries 5")) {
            URI at = URI.create("ws://127.0.0.1:" + proxy.uri().getPort() + "/");
            try (ChatClient ada = client(at, "ada", adaHeard);
                    ChatClient bob = client(at, "bob", bobHeard)) {
                ada.subscribe("lobby").get(60, TimeUnit.SECONDS);
                bob.subscribe("lobby").get(60, TimeUnit.SECONDS);
                List<CompletableFuture<Position>> published = new ArrayList<>();
                for (int i = 1; i <= MESSAGES; i++) {
                    published.add(ada.publish("lobby", "message " + i));
                    if (i % 50 == 0) {
                        published.get(i - 25).get(60, TimeUnit.SECONDS); // so that some are on their way
                        (i % 100 == 0 ? here : there).kill();
                        (i % 100 == 0 ? here : there).start();
                    }
                }
                for (int i = 1; i <= MESSAGES; i++) {
                    assertThat(published.get(i - 1).get(60, TimeUnit.SECONDS).offset())
                            .isEqualTo(i);
                    for (Heard heard : List.of(adaHeard, bobHeard)) {
                        assertThat(heard.lines.poll(60, TimeUnit.SECONDS)).isEqualTo(i + " message " + i);
                    }
                }
            }
        } finally {
            here.kill();
            there.kill();
            redis.close();
        }
        assertThat(adaHeard.lines).isEmpty();
        assertThat(bobHeard.lines).isEmpty();
    }
}

package io.seleucia.chat.client;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.Limits;
import io.seleucia.chat.ProxyProcess;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.SessionSnapshot;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.client.UpgradeBlocker.Mode;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How the Java client finds its way where WebSockets do not get through, and back. */
@Concurrent
class ChatClientFallbackTest {
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final List<AutoCloseable> open = new ArrayList<>();
    private ChatServer server;
    private ChatServer second;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws IOException {
        server = server();
    }

    private ChatServer server() throws IOException {
        return ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT
                        .withRateMessages(1_000_000)
                        .withRateBurst(1_000_000)
                        .withDrainTimeout(Duration.ofSeconds(5))
                        .withQuotas(Quotas.NONE))
                .start();
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
        server.close();
        if (second != null) {
            second.close();
        }
        broker.close();
    }

    private UpgradeBlocker network(Mode mode) throws IOException {
        UpgradeBlocker network = new UpgradeBlocker(server.port(), mode);
        open.add(network);
        return network;
    }

    private ChatClient client(String name, ChatListener listener, URI at) {
        ChatClient client = ChatClient.builder(at)
                .name(name)
                .listener(listener)
                .connectTimeout(Duration.ofSeconds(10))
                .closeTimeout(Duration.ofMillis(200))
                .backoff(Duration.ofMillis(50), Duration.ofMillis(500))
                .start();
        open.add(client);
        return client;
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(names = {"REFUSE", "KILL", "MUTE"})
    void fallsBackWhereNoWebSocketGetsThrough(Mode mode) throws Exception {
        UpgradeBlocker network = network(mode);
        Recorder heard = new Recorder();
        ChatClient ada = client("ada", heard, network.uri());
        get(ada.subscribe("lobby"));
        get(ada.publish("lobby", "hi"));
        assertThat(heard.next()).isEqualTo("lobby 1 ada: hi");
        int before = network.upgrades();
        network.cut();
        get(ada.publish("lobby", "again"));

        assertThat(heard.next()).isEqualTo("lobby 2 ada: again");
        assertThat(network.upgrades()).as("remembers what worked").isEqualTo(before);
    }

    @Test
    void comesBackToAWebSocket() throws Exception {
        UpgradeBlocker network = network(Mode.REFUSE);
        Recorder heard = new Recorder();
        ChatClient ada = client("ada", heard, network.uri());
        get(ada.subscribe("lobby"));
        network.set(Mode.PASS);
        eventually(() -> assertThat(network.upgrades()).isEqualTo(3)); // refused, tried, kept
        get(ada.publish("lobby", "hi"));
        assertThat(heard.next()).isEqualTo("lobby 1 ada: hi");
    }

    @Test
    void answersPings() throws Exception {
        second = ChatServer.builder()
                .port(0)
                .limits(Limits.DEFAULT.withPingInterval(Duration.ofMillis(100)).withPongTimeout(Duration.ofSeconds(20)))
                .start();
        UpgradeBlocker network = new UpgradeBlocker(second.port(), Mode.REFUSE);
        open.add(network);
        Recorder heard = new Recorder();
        get(client("ada", heard, network.uri()).subscribe("lobby"));
        String session = second.sessions().getFirst().id();
        int before = network.posts();
        eventually(() -> assertThat(network.posts()).isGreaterThan(before + 10));
        assertThat(second.sessions()).extracting(SessionSnapshot::id).containsExactly(session);
    }

    @Test
    void losesAndDoublesNothingWhateverIsCut() throws Exception {
        UpgradeBlocker network = network(Mode.REFUSE);
        Recorder heard = new Recorder();
        ChatClient ada = client("ada", heard, network.uri());
        get(ada.subscribe("lobby"));
        List<CompletableFuture<Position>> published = new ArrayList<>();
        for (int i = 1; i <= 200; i++) {
            published.add(ada.publish("lobby", "message " + i));
        }
        Mode[] modes = {Mode.REFUSE, Mode.PASS, Mode.KILL, Mode.PASS};
        for (int i = 0; published.stream().anyMatch(one -> !one.isDone()); i++) {
            network.set(modes[i % modes.length]);
            LockSupport.parkNanos(100_000_000);
            network.cut();
        }
        for (int i = 1; i <= 200; i++) {
            assertThat(get(published.get(i - 1)).offset()).isEqualTo(i);
            assertThat(heard.next()).isEqualTo("lobby " + i + " ada: message " + i);
        }
    }

    @Test
    void survivesAServerBehindHaproxyThatCutsIdleStreams() throws Exception {
        second = server();
        ProxyProcess proxy = ProxyProcess.haproxy(
                directory,
                List.of(server.port(), second.port()),
                "timeout server 2s",
                "timeout client 2s",
                "option redispatch",
                "retries 3");
        open.add(proxy);
        Recorder adaHeard = new Recorder();
        Recorder bobHeard = new Recorder();
        URI at = URI.create("ws://127.0.0.1:" + proxy.uri().getPort() + "/");
        ChatClient ada = client("ada", adaHeard, at);
        ChatClient bob = client("bob", bobHeard, at);
        get(ada.subscribe("lobby"));
        get(bob.subscribe("lobby"));
        for (int i = 1; i <= 20; i++) {
            assertThat(get(ada.publish("lobby", "message " + i)).offset()).isEqualTo(i);
            if (i == 10) {
                second.close(); // its clients go to the other one
            }
            if (i % 5 == 0) {
                LockSupport.parkNanos(2_500_000_000L); // a pause in which the proxy cuts the streams
            }
        }
        for (int i = 1; i <= 20; i++) {
            assertThat(adaHeard.next()).isEqualTo("lobby " + i + " ada: message " + i);
            assertThat(bobHeard.next()).isEqualTo("lobby " + i + " ada: message " + i);
        }
    }
}

package io.seleucia.chat.client;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a client leaves a server, by a clock of the test's. */
@Timeout(120)
class ClientConnectionTest {
    private long now = System.nanoTime();
    private int sending;
    private final ClientConnection line = new ClientConnection(null, text -> sending++, () -> now);

    @Test
    void leavesAServerThatDoesNotAnswer() {
        ask();

        assertThat(after(29)).isEmpty();
        for (int i = 0; i < 4; i++) {
            line.heard(10_000); // a little of a channel
        }
        assertThat(after(2)).contains("the server does not answer");
    }

    @Test
    void waitsForAnAnswerThatStandsBehindMuchElse() {
        ask();

        for (int i = 0; i < 10; i++) {
            assertThat(after(20)).isEmpty();
            line.heard(64 * 1024);
        }
        assertThat(after(31)).contains("the server does not answer");
    }

    @Test
    void doesNotWaitForeverHoweverMuchComes() {
        ask();

        for (int i = 0; i < 59; i++) {
            assertThat(after(10)).isEmpty();
            line.heard(1_000_000);
        }
        assertThat(after(11)).contains("the server does not answer");
    }

    @Test
    void isContentWithAnySignOfLife() {
        assertThat(after(11)).isEmpty(); // asks for one
        line.heard(1);
        assertThat(after(9)).isEmpty();
        line.heard(1);
        assertThat(after(9)).isEmpty();
    }

    @Test
    void leavesAServerThatIsSilent() {
        assertThat(after(11)).isEmpty();
        assertThat(after(9)).isEmpty();
        assertThat(after(2)).contains("the server is silent");
    }

    @Test
    void hearsPartsOfMessages() throws Exception {
        List<ClientSocket.Report> reports = new CopyOnWriteArrayList<>();
        try (ScriptedServer server = new ScriptedServer();
                HttpClient http = HttpClient.newHttpClient()) {
            CompletableFuture<ScriptedServer.Peer> accepting = CompletableFuture.supplyAsync(() -> accept(server));
            ClientSocket socket = ClientWebSocket.open(
                    http,
                    server.uri(),
                    Duration.ofMinutes(1),
                    new Window(1_000_000, () -> {}),
                    (from, report) -> reports.add(report));
            socket.request();
            try (ScriptedServer.Peer peer = accepting.get()) {
                peer.begin("half a message");
                eventually(() -> assertThat(reports).containsExactly(new ClientSocket.Heard(14)));
            }
        }
    }

    private static ScriptedServer.Peer accept(ScriptedServer server) {
        try {
            return server.accept();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void ask() {
        line.ask("{}", answer -> {});
        sent();
    }

    private void sent() {
        for (; sending > 0; sending--) {
            line.sent();
        }
    }

    private Optional<String> after(int seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
        Optional<String> dead = line.check(new Alarm(now));
        sent(); // what it has asked, if anything
        return dead;
    }
}

package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.protocol.xsockets.Caller;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server can be closed from anywhere, and then is. A closer that waited for itself would wait for a drain's time. */
@Timeout(120)
class ClosingTest {
    private static final Duration DRAIN = Duration.ofMinutes(5); // far beyond the timeout of a test
    private static final String CONNECT = "{\"id\":1,\"type\":\"connect\",\"client\":\"%s\"}";
    private static final String SUBSCRIBE = "{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}";
    private static final String PUBLISH = "{\"id\":3,\"type\":\"publish\",\"channel\":\"lobby\",\"data\":\"hi\"}";

    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private ChatServer server;

    @AfterEach
    void stop() {
        server.close();
    }

    private ChatServerBuilder builder() {
        return ChatServer.builder().withoutPort().limits(Limits.DEFAULT.withDrainTimeout(DRAIN));
    }

    private void close() {
        server.close();
        closed.complete(null);
    }

    /** It has been closed from within, and nothing that it served is left. */
    private void assertClosed() throws Exception {
        closed.get(60, TimeUnit.SECONDS);
        eventually(() -> assertThat(server.connections()).isZero());
        assertThatThrownBy(() -> server.publish("lobby", "program", "hi")).isInstanceOf(IllegalStateException.class);
    }

    private InMemoryClient client(String name) throws IOException {
        InMemoryClient client = server.connect("chat.v1");
        client.send(CONNECT.formatted(name));
        assertThat(client.receive()).contains("connected");
        client.send(SUBSCRIBE);
        assertThat(client.receive()).contains("subscribed");
        return client;
    }

    @Test
    void byPublishingWhileOthersAreDrained() throws Exception {
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public Content publishing(SessionSnapshot from, String channel, Content content) {
                        close();
                        return content;
                    }
                })
                .start();
        InMemoryClient ada = client("ada");
        InMemoryClient bob = client("bob");
        ada.send(PUBLISH);
        assertThat(bob.receive()).contains("goodbye");
        assertThat(bob.closeCode()).hasValue(1012);
        assertThat(ada.closeCode()).hasValue(1012);
        assertClosed();
    }

    @Test
    void byTwoOfItsConnectionsAtOnce() throws Exception {
        CyclicBarrier both = new CyclicBarrier(2);
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public Content publishing(SessionSnapshot from, String channel, Content content) {
                        try {
                            both.await();
                        } catch (Exception e) {
                            throw new AssertionError(e);
                        }
                        close();
                        return content;
                    }
                })
                .start();
        InMemoryClient ada = client("ada");
        InMemoryClient bob = client("bob");
        ada.send(PUBLISH);
        bob.send(PUBLISH);
        assertThat(ada.closeCode()).hasValue(1012);
        assertThat(bob.closeCode()).hasValue(1012);
        assertClosed();
    }

    @Test
    void byAListener() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public void occupied(String channel) {
                        close();
                    }

                    @Override
                    public void departed(String client) {
                        told.add(client + " departed");
                    }
                })
                .start();
        InMemoryClient ada = client("ada");
        assertThat(ada.closeCode()).hasValue(1012);
        assertClosed();
        eventually(() -> assertThat(told).containsExactly("ada departed")); // what waits is told afterwards
    }

    @Test
    void tellsOfTheEndOfTheSessionThatClosesIt() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public Content publishing(SessionSnapshot from, String channel, Content content) {
                        close();
                        return content;
                    }

                    @Override
                    public void departed(String client) {
                        told.add(client + " departed");
                    }

                    @Override
                    public void disconnected(SessionSnapshot session, CloseCode code) {
                        told.add("disconnected with " + code.code());
                    }
                })
                .start();
        InMemoryClient ada = client("ada");
        ada.send(PUBLISH);
        assertThat(ada.closeCode()).hasValue(1012);
        assertClosed();
        eventually(() -> assertThat(told).containsExactlyInAnyOrder("ada departed", "disconnected with 1012"));
    }

    @Test
    void byAFollowerOfAChannel() throws Exception {
        server = builder().start();
        server.subscribe("lobby", message -> close());
        InMemoryClient ada = client("ada");
        ada.send(PUBLISH);
        assertThat(ada.closeCode()).hasValue(1012);
        assertClosed();
    }

    public static final class Switch {
        private final Runnable action;

        Switch(Caller<Switch> caller, Runnable action) {
            this.action = action;
        }

        public void off() {
            action.run();
        }
    }

    @Test
    void byAMethodOfAController() throws Exception {
        server = builder()
                .controller("switch", Switch.class, caller -> new Switch(caller, this::close))
                .start();
        InMemoryClient ada = server.connect("XSocketsNET");
        ada.send("{\"c\":\"switch\",\"t\":\"1\",\"d\":{}}");
        assertThat(ada.receive()).contains("\"2\"");
        ada.send("{\"c\":\"switch\",\"t\":\"off\",\"d\":{}}");
        assertThat(ada.closeCode()).hasValue(1012);
        assertClosed();
    }

    @Test
    void byAWebSocketHandlerOnThePort() throws Exception {
        server = builder()
                .port(0)
                .webSocket("/off", (socket, message) -> {
                    close();
                    socket.send(Payload.of("too late, but harmless"));
                })
                .start();
        CompletableFuture<Integer> ada = connect("/off", "off");
        assertThat(ada.get(60, TimeUnit.SECONDS)).isEqualTo(1012);
        assertClosed();
    }

    @Test
    void byAHandlerThatIsToldOfAnEnd() throws Exception {
        server = builder()
                .port(0)
                .webSocket("/off", new WebSocketHandler() {
                    @Override
                    public void message(RawWebSocket socket, Payload message) {
                        socket.close();
                    }

                    @Override
                    public void closed(RawWebSocket socket) {
                        close();
                    }
                })
                .start();
        connect("/off", "go");
        assertClosed();
    }

    @Test
    void byAnAuthenticator() throws Exception {
        server = builder()
                .guests(true)
                .authenticator((credentials, address) -> {
                    close();
                    return Optional.of(new User("ada"));
                })
                .start();
        InMemoryClient ada = server.connect("chat.v1");
        ada.send("{\"id\":1,\"type\":\"connect\",\"token\":\"t\"}");
        assertThat(ada.closeCode()).hasValue(1012);
        assertClosed();
    }

    /** A WebSocket that says something; completed with the code that the server closes it with. */
    private CompletableFuture<Integer> connect(String path, String text) {
        CompletableFuture<Integer> code = new CompletableFuture<>();
        HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create("ws://localhost:" + server.port() + path), new WebSocket.Listener() {
                    @Override
                    public CompletableFuture<?> onClose(WebSocket socket, int status, String reason) {
                        code.complete(status);
                        return null;
                    }
                })
                .join()
                .sendText(text, true);
        return code;
    }

    @Test
    void aThreadThatIsInterruptedCutsOffWhatHasNotEnded() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch serving = new CountDownLatch(1);
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public Content publishing(SessionSnapshot from, String channel, Content content) {
                        serving.countDown();
                        try {
                            release.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        return content;
                    }
                })
                .start();
        InMemoryClient ada = client("ada");
        ada.send(PUBLISH);
        serving.await();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread closing = Thread.ofVirtual().start(() -> {
            close();
            interrupted.complete(Thread.currentThread().isInterrupted());
        });
        eventually(() -> assertThat(server.isDraining()).isTrue());
        closing.interrupt();
        assertThat(interrupted.get(60, TimeUnit.SECONDS)).isTrue();
        release.countDown();
        assertClosed();
    }

    @Test
    void nothingCanBeAskedOfAClosedServer() throws Exception {
        InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT); // is the program's, and stays open
        server = builder().broker(broker).start();
        server.close();

        assertThatThrownBy(() -> server.publish("lobby", "program", "hi"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the server is closed");
        assertThatThrownBy(() -> server.subscribe("lobby", message -> {})).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.revoke("ada")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.disconnect("ada")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> server.connect("chat.v1")).isInstanceOf(IllegalStateException.class);
        assertThat(broker.historyAfter("lobby", 0, 10).messages()).isEmpty();
        broker.close();
    }

    /** A listener may say goodbye in a channel while the server drains. */
    @Test
    void whileItDrainsTheProgramCanPublish() throws Exception {
        CompletableFuture<Long> offset = new CompletableFuture<>();
        server = builder()
                .listener(new ServerListener() {
                    @Override
                    public void departed(String client) {
                        try {
                            offset.complete(server.publish("lobby", "program", client + " left")
                                    .offset());
                        } catch (Exception e) {
                            offset.completeExceptionally(e);
                        }
                    }
                })
                .start();
        client("ada");
        server.close();
        assertThat(offset.get(60, TimeUnit.SECONDS)).isEqualTo(1);
    }

    @Test
    void anInterruptOfAPublisherConcernsNoOtherCall() throws Exception {
        server = builder().start();
        for (int i = 1; i <= 20; i++) {
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                Thread.currentThread().interrupt();
                try {
                    server.publish("lobby", "program", "interrupted");
                    server.subscribe("lobby", message -> {}).close();
                } catch (Exception e) {
                    interrupted.completeExceptionally(e);
                }
                interrupted.complete(Thread.currentThread().isInterrupted());
            });
            assertThat(interrupted.get(60, TimeUnit.SECONDS))
                    .as("the flag is kept")
                    .isTrue();
        }
        assertThat(server.publish("lobby", "program", "not interrupted").offset())
                .isEqualTo(21);
    }
}

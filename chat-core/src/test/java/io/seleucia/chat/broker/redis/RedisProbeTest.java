package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** A Redis that answers, and does not deliver. */
class RedisProbeTest {
    /** Passes connections on to Redis; when it is told to, those with subscriptions bring nothing more. */
    private static final class Muting implements AutoCloseable {
        private final ServerSocket accepting = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final Set<Socket> open = ConcurrentHashMap.newKeySet();
        private final Set<Socket> subscribing = ConcurrentHashMap.newKeySet();
        private final Set<Socket> mute = ConcurrentHashMap.newKeySet();
        private final int target;

        private Muting(int target) throws IOException {
            this.target = target;
            Thread.ofVirtual().start(this::accept);
        }

        private URI uri() {
            return URI.create("redis://127.0.0.1:" + accepting.getLocalPort());
        }

        private void muteSubscriptions() {
            mute.addAll(subscribing);
        }

        private void accept() {
            try {
                while (true) {
                    Socket near = accepting.accept();
                    Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
                    open.add(near);
                    open.add(far);
                    Thread.ofVirtual().start(() -> carry(near, far, near));
                    Thread.ofVirtual().start(() -> carry(far, near, near));
                }
            } catch (IOException e) {
                // It is closed.
            }
        }

        private void carry(Socket from, Socket to, Socket near) {
            byte[] bytes = new byte[8_192];
            try (from;
                    to) {
                for (int n = from.getInputStream().read(bytes);
                        n >= 0;
                        n = from.getInputStream().read(bytes)) {
                    if (from == near && new String(bytes, 0, n, StandardCharsets.ISO_8859_1).contains("SUBSCRIBE")) {
                        subscribing.add(near);
                    }
                    if (from == near || !mute.contains(near)) {
                        to.getOutputStream().write(bytes, 0, n);
                    }
                }
            } catch (IOException e) {
                // The other side has closed.
            }
        }

        @Override
        public void close() throws IOException {
            accepting.close();
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @Test
    void isFoundByAProbeAndConnectedAnew() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (RedisProcess redis = RedisProcess.begin();
                Muting proxy = new Muting(redis.port());
                RedisBroker broker = new RedisBroker(proxy.uri(), "chat:", Retention.DEFAULT)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            broker.subscribe("lobby", listener);
            proxy.muteSubscriptions();
            Position unheard =
                    broker.publish("lobby", "ada", new Content.Text("hi"), "").position();
            assertThat(broker.health().reconnects()).isZero();

            eventually(() -> assertThat(broker.health().reconnects()).isEqualTo(1));

            assertThat(listener.nextMessage().position()).isEqualTo(unheard);
            assertThat(broker.health().flaw()).isEmpty();
        }
    }
}

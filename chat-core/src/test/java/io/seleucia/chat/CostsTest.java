package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Ctesiphon;
import io.seleucia.chat.protocol.Protocol;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What things may cost, as far as that is exact. How long they take is for the benchmark. */
class CostsTest {
    private static final Limits LIMITS = Limits.DEFAULT.withQuotas(Quotas.NONE);
    private static final String PINNED = "jdk.VirtualThreadPinned";
    private static final int MEMBERS = 10;
    private static final int MESSAGES = 25;

    @TempDir
    private Path directory;

    /** Another protocol's words under a name of its own, counting the messages that it puts into them. */
    private record Counting(Protocol words, String name, AtomicInteger encoded) implements Protocol {
        private Counting(Protocol words) {
            this(words, "counting-" + words.name(), new AtomicInteger());
        }

        @Override
        public Request decode(Payload message) {
            return words.decode(message);
        }

        @Override
        public Optional<Payload> encode(Request request, Event.Reply reply) {
            return words.encode(request, reply);
        }

        @Override
        public Optional<Payload> encode(Event.Push push) {
            encoded.incrementAndGet();
            return words.encode(push);
        }
    }

    @Test
    void aBroadcastIsEncodedOnceForEachProtocol() throws Exception {
        Counting one = new Counting(new Ctesiphon());
        Counting other = new Counting(new ChatV1());
        try (ChatServer server =
                ChatServer.builder().port(0).protocol(one).protocol(other).start()) {
            List<TestClient> members = new ArrayList<>();
            for (int i = 0; i < MEMBERS; i++) {
                members.add(TestClient.connect(server.port(), one.name()).join("ada", "lobby"));
                TestClient member = TestClient.connect(server.port(), other.name())
                        .send("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
                assertThat(member.next()).contains("\"subscribed\"");
                members.add(member);
            }
            for (int i = 0; i < MESSAGES; i++) {
                members.getFirst().publish("ada", "lobby", "hello " + i);
            }
            for (TestClient member : members) {
                for (int i = 0; i < MESSAGES; i++) {
                    assertThat(member.next()).contains("hello " + i);
                }
                member.close();
            }
        }
        assertThat(one.encoded).hasValue(MESSAGES);
        assertThat(other.encoded).hasValue(MESSAGES);
    }

    /** A pinned thread holds a processor while it waits; with as many as there are processors, everything waits. */
    @Test
    void noThreadOfAConnectionIsPinned() throws Exception {
        Path events = directory.resolve("pinned.jfr");
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        try (Recording recording = new Recording();
                InMemoryBroker journaled =
                        InMemoryBroker.open(Retention.DEFAULT, directory.resolve("journal"), Fsync.ALWAYS);
                ChatServer server = ChatServer.builder()
                        .port(0)
                        .limits(LIMITS)
                        .broker(journaled)
                        .start();
                ChatServer secure = ChatServer.builder()
                        .port(0)
                        .limits(LIMITS)
                        .tlsKeystore(key.keystore(), key.passwordFile())
                        .start()) {
            converseOnBoth(server.port(), secure.port(), key); // which loads classes, and that does pin
            recording.enable(PINNED).withThreshold(Duration.ZERO);
            recording.start();
            converseOnBoth(server.port(), secure.port(), key);
            Thread.ofVirtual().start(Pinned::touch).join();
            recording.stop();
            recording.dump(events);
        }
        assertThat(RecordingFile.readAllEvents(events).stream()
                        .filter(event -> event.getEventType().getName().equals(PINNED))
                        .map(event -> event.getStackTrace().getFrames().stream()
                                .map(frame -> frame.getMethod().getType().getName())
                                .filter(type -> type.startsWith("io.seleucia.chat"))
                                .findFirst()))
                .as("nobody but who shows that it would be seen")
                .containsExactly(Optional.of(Pinned.class.getName()));
    }

    /** Pins the first thread that uses it, for it parks in its initializer. */
    private static final class Pinned {
        static {
            LockSupport.parkNanos(1_000_000);
        }

        static void touch() {}
    }

    private static void converseOnBoth(int port, int securePort, TestKey key) throws Exception {
        for (int i = 0; i < MEMBERS; i++) {
            converse(TestClient.connect(port), TestClient.connect(port));
            converse(TestClient.connect(securePort, key.trusting()), TestClient.connect(securePort, key.trusting()));
        }
    }

    private static void converse(TestClient ada, TestClient bob) throws Exception {
        ada.join("ada", "lobby");
        bob.join("bob", "lobby");
        for (int i = 0; i < MESSAGES; i++) {
            ada.publish("ada", "lobby", "hello " + i);
            assertThat(bob.next()).endsWith("hello " + i);
            assertThat(ada.next()).endsWith("hello " + i);
        }
        ada.close();
        bob.close();
    }
}

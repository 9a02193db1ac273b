package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Ada and Bob, who talk in a channel in turns, each hearing every message of both in order, or it fails. */
final class Conversation implements AutoCloseable {
    private static final Duration PACE = Duration.ofMillis(20);
    private static final long PATIENCE_SECONDS = 120;

    private final String channel;
    private final TestClient ada;
    private final TestClient bob;
    private final AtomicInteger exchanged = new AtomicInteger();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile boolean over;

    Conversation(int port, String channel) throws Exception {
        this.channel = channel;
        ada = TestClient.member(port, "ada", channel);
        bob = TestClient.member(port, "bob", channel);
        Thread.ofPlatform().daemon().name("conversation").start(this::talk);
    }

    /** Waits until they have exchanged a few messages more. */
    void goesOn() {
        int wanted = exchanged.get() + 10;
        eventually(() -> {
            assertThat(end).isNotCompletedExceptionally();
            assertThat(exchanged).hasValueGreaterThan(wanted);
        });
    }

    private void talk() {
        try {
            while (!over) {
                exchange();
                LockSupport.parkNanos(PACE.toNanos());
            }
            end.complete(null);
        } catch (Exception | AssertionError e) {
            end.completeExceptionally(e);
        }
    }

    private void exchange() throws InterruptedException {
        int number = exchanged.get();
        boolean even = number % 2 == 0;
        String sender = even ? "ada" : "bob";
        (even ? ada : bob).publish(sender, channel, "message " + number);
        String expected = "Channel : " + channel + ", Sender : " + sender + ", Message : message " + number;
        assertThat(nextOf(ada)).isEqualTo(expected);
        assertThat(nextOf(bob)).isEqualTo(expected);
        exchanged.incrementAndGet();
    }

    /** The next message that is theirs; others may talk here too. */
    private String nextOf(TestClient client) throws InterruptedException {
        String text = client.next();
        while (!text.contains(", Sender : ada,") && !text.contains(", Sender : bob,")) {
            assertThat(text).doesNotContain("Error: ");
            text = client.next();
        }
        return text;
    }

    /** They stop, and if anything was missing, this says so. */
    @Override
    public void close() {
        over = true;
        end.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        ada.close();
        bob.close();
    }
}

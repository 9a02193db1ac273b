package io.seleucia.chat.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.transport.PostQueue.Outcome;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The order of POSTs, and that each has its effect once. */
class PostQueueTest {
    private static final PostQueue.Waits LONG = new PostQueue.Waits(Duration.ofMinutes(1), Duration.ofMinutes(1));
    private static final PostQueue.Waits SHORT = new PostQueue.Waits(Duration.ofMillis(20), Duration.ofMillis(20));

    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    private final PostQueue queue = new PostQueue(memory);

    private CompletableFuture<Outcome> post(long number, String frames, PostQueue.Waits waits) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                outcome.complete(queue.post(number, frames.getBytes(StandardCharsets.UTF_8), waits));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
        return outcome;
    }

    private static Outcome of(CompletableFuture<Outcome> outcome) throws Exception {
        return outcome.get(30, TimeUnit.SECONDS);
    }

    /** Takes the frames of the next POST, as the inbound loop does. */
    private List<String> take() throws IOException {
        queue.await();
        List<String> frames = new ArrayList<>();
        for (byte[] frame = queue.take(); frame != null; frame = queue.take()) {
            frames.add(new String(frame, StandardCharsets.UTF_8));
        }
        queue.carriedOut();
        return frames;
    }

    @Test
    void carriesOutPostsInTheOrderOfTheirNumbers() throws Exception {
        CompletableFuture<Outcome> third = post(3, "e", LONG);
        CompletableFuture<Outcome> second = post(2, "c\nd\n", LONG);
        CompletableFuture<Outcome> first = post(1, "a\n\nb", LONG);

        assertThat(take()).containsExactly("a", "", "b");
        assertThat(take()).containsExactly("c", "d");
        assertThat(take()).containsExactly("e");
        assertThat(List.of(of(first), of(second), of(third))).containsOnly(Outcome.DONE);
        assertThat(memory.used()).isZero();
    }

    @Test
    void carriesOutARepeatedPostOnce() throws Exception {
        CompletableFuture<Outcome> first = post(1, "a", LONG);
        CompletableFuture<Outcome> again = post(1, "a", LONG);

        assertThat(take()).containsExactly("a");
        assertThat(of(first)).isEqualTo(Outcome.DONE);
        assertThat(of(again)).isEqualTo(Outcome.DONE);
        assertThat(of(post(1, "a", LONG))).isEqualTo(Outcome.DONE);
        assertThat(queue.hasFrame()).isFalse();
    }

    @Test
    void answersOnlyWhenTheLastFrameIsCarriedOut() throws Exception {
        assertThat(of(post(1, "a\nb\n", SHORT))).isEqualTo(Outcome.UNDER_WAY);
        queue.await();
        queue.take();
        queue.carriedOut();
        assertThat(of(post(1, "a\nb\n", SHORT))).isEqualTo(Outcome.UNDER_WAY);
        queue.take();
        assertThat(of(post(1, "a\nb\n", SHORT))).isEqualTo(Outcome.UNDER_WAY);
        queue.carriedOut();
        assertThat(of(post(1, "a\nb\n", SHORT))).isEqualTo(Outcome.DONE);
    }

    @Test
    void givesUpOnAPostWhoseEarlierOnesDoNotComeAndGoesOn() throws Exception {
        assertThat(of(post(2, "b", SHORT))).isEqualTo(Outcome.AHEAD);

        CompletableFuture<Outcome> first = post(1, "a", LONG);
        assertThat(take()).containsExactly("a");
        assertThat(of(first)).isEqualTo(Outcome.DONE);
        CompletableFuture<Outcome> second = post(2, "b", LONG);
        assertThat(take()).containsExactly("b");
        assertThat(of(second)).isEqualTo(Outcome.DONE);
    }

    @Test
    void takesAPostWithoutFrames() throws Exception {
        CompletableFuture<Outcome> empty = post(1, "", LONG);
        assertThat(take()).isEmpty();
        assertThat(of(empty)).isEqualTo(Outcome.DONE);
    }

    @Test
    void letsOnlyAFewWait() throws Exception {
        List<CompletableFuture<Outcome>> all = new ArrayList<>();
        for (int number = 2; number < 40; number++) {
            all.add(post(number, "x", new PostQueue.Waits(Duration.ofSeconds(2), Duration.ofSeconds(2))));
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (CompletableFuture<Outcome> one : all) {
            outcomes.add(of(one));
        }
        assertThat(outcomes).filteredOn(Outcome.AHEAD::equals).hasSize(8);
        assertThat(outcomes).filteredOn(Outcome.TOO_MANY::equals).hasSize(30);
        assertThat(memory.used()).isZero();
    }

    @Test
    void tellsPostsThatTheSessionHasEnded() throws Exception {
        CompletableFuture<Outcome> ahead = post(2, "b", LONG);
        CompletableFuture<Outcome> underWay = post(1, "a", LONG);
        queue.await();
        queue.take();
        queue.breakOff(new EOFException("gone"));

        assertThat(of(ahead)).isEqualTo(Outcome.ENDED);
        assertThat(of(underWay)).isEqualTo(Outcome.ENDED);
        assertThat(of(post(3, "c", LONG))).isEqualTo(Outcome.ENDED);
        assertThatThrownBy(queue::await).hasMessage("gone");
        queue.close();
        assertThat(memory.used()).isZero();
    }
}

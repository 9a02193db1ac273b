package io.seleucia.chat.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PacedScanTest {
    private final CountDownLatch closed = new CountDownLatch(1);

    @Test
    void doesAllOnceAndInParts() throws Exception {
        List<String> channels =
                IntStream.range(0, 30_000).mapToObj(i -> "channel-" + i).toList();
        List<String> done = new ArrayList<>();

        boolean open = PacedScan.go(channels, Duration.ZERO, closed, part -> {
            assertThat(part).hasSizeLessThanOrEqualTo(250);
            done.addAll(part);
        });

        assertThat(open).isTrue();
        assertThat(done).containsExactlyInAnyOrderElementsOf(channels);
    }

    @Test
    void takesWhatIsNewInItsTurnAndLeavesOutWhatHasGone() throws Exception {
        Set<Integer> all = ConcurrentHashMap.newKeySet();
        all.add(3);
        all.add(20);
        Set<Integer> done = new HashSet<>();

        PacedScan.go(all, Duration.ZERO, closed, part -> {
            done.addAll(part);
            all.add(7);
            all.remove(20);
        });

        assertThat(done).containsExactlyInAnyOrder(3, 7);
    }

    @Test
    void goesOnAfterAnError() throws Exception {
        Set<Integer> done = new HashSet<>();

        PacedScan.go(List.of(1, 2, 3), Duration.ZERO, closed, part -> {
            if (part.contains(2)) {
                throw new IllegalStateException("meant to fail");
            }
            done.addAll(part);
        });

        assertThat(done).containsExactlyInAnyOrder(1, 3);
    }

    @Test
    void endsWhenItIsClosed() throws Exception {
        List<Integer> done = new ArrayList<>();

        boolean open = PacedScan.go(List.of(0, 1, 2), Duration.ofHours(1), closed, part -> {
            done.addAll(part);
            closed.countDown();
        });

        assertThat(open).isFalse();
        assertThat(done).containsExactly(0);
    }
}

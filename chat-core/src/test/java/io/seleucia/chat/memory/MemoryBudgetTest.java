package io.seleucia.chat.memory;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.memory.MemoryBudget.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MemoryBudgetTest {
    private static final long MEGABYTE = 1 << 20;
    private static final long PERCENT = MEGABYTE / 100;

    private final MemoryBudget budget = MemoryBudget.ofBytes(MEGABYTE);

    @Test
    void countsEachPart() {
        budget.charge(Part.KEYS, 100);
        budget.charge(Part.QUEUES, 50);
        budget.charge(Part.QUEUES, -20);

        assertThat(budget.used(Part.KEYS)).isEqualTo(100);
        assertThat(budget.used(Part.QUEUES)).isEqualTo(30);
        assertThat(budget.used()).isEqualTo(130);
        assertThat(budget.usage().limit()).isEqualTo(MEGABYTE);
        assertThat(budget.usage().parts()).containsEntry(Part.KEYS, 100L).containsEntry(Part.PAGES, 0L);
        assertThat(budget.usage().total()).isEqualTo(130);
    }

    @Test
    void countsWhatManyThreadsCharge() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            Random random = new Random(i);
            threads.add(Thread.startVirtualThread(() -> {
                long charged = 0;
                for (int n = 0; n < 10_000; n++) {
                    long bytes = random.nextInt(4_000) - charged / 2;
                    budget.charge(Part.QUEUES, bytes);
                    charged += bytes;
                }
                budget.charge(Part.QUEUES, -charged);
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(budget.used()).isZero();
        assertThat(budget.isTight()).isFalse();
    }

    @Test
    void sees90And95And97Percent() {
        budget.charge(Part.QUEUES, 89 * PERCENT);
        assertThat(budget.hasRoom()).isTrue();
        assertThat(budget.isTight()).isFalse();

        budget.charge(Part.QUEUES, 3 * PERCENT);
        assertThat(budget.isTight()).isTrue();
        assertThat(budget.hasRoom()).isFalse();
        assertThat(budget.hasRoomForMessage()).isTrue();

        budget.charge(Part.QUEUES, 4 * PERCENT);
        assertThat(budget.isFull()).isTrue();
        assertThat(budget.hasRoomForMessage()).isTrue();

        budget.charge(Part.QUEUES, 2 * PERCENT);
        assertThat(budget.hasRoomForMessage()).isFalse();
    }

    @Test
    void relievesFrom80To75PercentInOrder() {
        List<Stage> relieved = Collections.synchronizedList(new ArrayList<>());
        AtomicLong histories = new AtomicLong(70 * PERCENT);
        budget.register(Stage.UNUSED, bytes -> {
            relieved.add(Stage.UNUSED);
            return 0;
        });
        budget.register(Stage.HISTORIES, bytes -> {
            relieved.add(Stage.HISTORIES);
            long freed = Math.min(PERCENT, histories.get());
            histories.addAndGet(-freed);
            budget.charge(Part.HISTORIES, -freed);
            return freed;
        });
        budget.register(Stage.CONNECTIONS, bytes -> {
            relieved.add(Stage.CONNECTIONS);
            return 0;
        });
        budget.charge(Part.HISTORIES, histories.get());
        assertThat(relieved).isEmpty();

        budget.charge(Part.QUEUES, 15 * PERCENT);

        eventually(() -> assertThat(budget.used()).isLessThanOrEqualTo(75 * PERCENT + 75));
        assertThat(budget.used()).isGreaterThan(73 * PERCENT);
        assertThat(relieved).startsWith(Stage.UNUSED, Stage.HISTORIES).doesNotContain(Stage.CONNECTIONS);
    }

    @Test
    void endsNoConnectionHoweverFastOthersChargeWhatHistoriesCanFree() {
        AtomicLong ended = new AtomicLong();
        AtomicLong times = new AtomicLong();
        AtomicLong histories = new AtomicLong();
        budget.register(Stage.HISTORIES, bytes -> {
            times.getAndIncrement();
            long freed = Math.min(bytes, histories.get());
            histories.addAndGet(-freed);
            budget.charge(Part.HISTORIES, -freed);
            return freed;
        });
        budget.register(Stage.CONNECTIONS, bytes -> ended.getAndIncrement() * 0);

        while (times.get() < 20_000) {
            long more = budget.isFull() ? -PERCENT : PERCENT;
            histories.addAndGet(more);
            budget.charge(Part.HISTORIES, more);
        }

        assertThat(ended).hasValue(0);
    }

    @Test
    void makesRoomInTheThreadThatNeedsIt() {
        budget.charge(Part.QUEUES, 99 * PERCENT);
        budget.register(Stage.CONNECTIONS, bytes -> {
            budget.charge(Part.QUEUES, -bytes);
            return bytes;
        });

        assertThat(budget.hasRoomForMessage()).isTrue();
        assertThat(budget.used()).isLessThanOrEqualTo(80 * PERCENT + 80);
    }

    @Test
    void outlivesARelieverThatFails() {
        budget.register(Stage.UNUSED, bytes -> {
            throw new IllegalStateException("a test's");
        });
        budget.register(Stage.RECENT, bytes -> {
            budget.charge(Part.RECENT, -bytes);
            return bytes;
        });

        budget.charge(Part.RECENT, 85 * PERCENT);

        eventually(() -> assertThat(budget.used()).isLessThanOrEqualTo(75 * PERCENT + 75));
    }

    @Test
    void callsNoRelieverThatIsNotRegisteredAnyMore() {
        AtomicLong calls = new AtomicLong();
        budget.register(Stage.UNUSED, bytes -> calls.incrementAndGet() * 0).close();

        budget.charge(Part.KEYS, MEGABYTE);
        budget.relieve();

        assertThat(calls).hasValue(0);
    }

    @Test
    void refusesWhatIsNoLimit() {
        assertThatThrownBy(() -> MemoryBudget.ofBytes(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MemoryBudget.ofHeap(1.5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MemoryBudget.ofHeap(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
        assertThat(MemoryBudget.ofHeap(0.5).limit())
                .isEqualTo(Runtime.getRuntime().maxMemory() / 2);
    }
}

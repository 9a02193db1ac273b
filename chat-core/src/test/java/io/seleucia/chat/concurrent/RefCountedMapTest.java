package io.seleucia.chat.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RefCountedMapTest {
    private final RefCountedMap<String, Object> map = new RefCountedMap<>();

    @Test
    void usersOfAKeyShareAValueUntilTheLastReleasesIt() {
        Object value = map.acquire("a", key -> new Object());

        assertThat(map.acquire("a", key -> new Object())).isSameAs(value);
        assertThat(map.release("a", value)).isFalse();
        assertThat(map.get("a")).contains(value);
        assertThat(map.release("a", value)).isTrue();
        assertThat(map.get("a")).isEmpty();
        assertThat(map.acquire("a", key -> new Object())).isNotSameAs(value);
    }

    @Test
    void givesTheLastUserTheValueBeforeAnotherIsCreated() {
        List<Object> ended = new ArrayList<>();
        Object value = map.acquire("a", key -> key + "1");
        map.acquire("a", key -> key + "2");

        map.release("a", value, ended::add);
        assertThat(ended).isEmpty();
        map.release("a", value, last -> {
            assertThat(map.get("a")).contains(value);
            ended.add(last);
        });

        assertThat(ended).containsExactly("a1");
    }

    @Test
    void keepsAValueThatCannotBeEnded() {
        Object value = map.acquire("a", key -> new Object());

        assertThatThrownBy(() -> map.release("a", value, last -> {
                    throw new IllegalStateException();
                }))
                .isInstanceOf(IllegalStateException.class);

        assertThat(map.get("a")).contains(value);
    }

    @Test
    void aValueThatWasRemovedIsReleasedWithoutEffect() {
        Object removed = map.acquire("a", key -> new Object());
        map.acquire("a", key -> new Object());

        assertThat(map.remove("a", removed)).isTrue();
        assertThat(map.remove("a", removed)).isFalse();
        Object next = map.acquire("a", key -> new Object());
        assertThat(next).isNotSameAs(removed);
        assertThat(map.release("a", removed)).isFalse();
        assertThat(map.remove("a", removed)).isFalse();
        assertThat(map.get("a")).contains(next);
    }

    @Test
    void listsWhatIsInUse() {
        map.acquire("a", key -> "1");
        map.acquire("a", key -> "2");
        map.acquire("b", key -> "3");

        assertThat(map.keys()).containsExactlyInAnyOrder("a", "b");
        List<Object> values = new ArrayList<>();
        map.forEach(values::add);
        assertThat(values).containsExactlyInAnyOrder("1", "3");
        assertThat(map.size()).isEqualTo(2);
    }

    @Test
    void createsAndEndsEachValueOnceForManyThreads() throws InterruptedException {
        AtomicInteger alive = new AtomicInteger();
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            threads.add(Thread.ofVirtual()
                    .uncaughtExceptionHandler((thread, failure) -> failures.add(failure))
                    .start(() -> {
                        for (int round = 0; round < 2_000; round++) {
                            Object value = map.acquire("a", key -> alive.incrementAndGet());
                            assertThat(value).isEqualTo(1);
                            map.release("a", value, last -> alive.decrementAndGet());
                        }
                    }));
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(failures).isEmpty();
        assertThat(alive).hasValue(0);
        assertThat(map.size()).isZero();
    }
}

package io.seleucia.chat.channel;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Reading;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.options.CurrentOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CoalescingHistoryReaderTest {
    private final InMemoryBroker memory = new InMemoryBroker(Retention.DEFAULT);
    private final AtomicInteger reads = new AtomicInteger();
    private final Semaphore mayRead = new Semaphore(0); // one for each reading of the history
    private final Broker broker = slow(memory);
    private final CoalescingHistoryReader histories =
            new CoalescingHistoryReader(broker, MemoryBudget.ofBytes(1 << 30));
    private final Channel channel = new Channel(
            "lobby",
            memory,
            ChannelObserver.NONE,
            new MessageSizes(65_536, Map.of()),
            new Counters(),
            MemoryBudget.ofBytes(1 << 30),
            new CurrentOptions(),
            Channel.SETTLING);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean failing;

    @BeforeEach
    void open() throws Exception {
        channel.open();
    }

    @AfterEach
    void close() {
        mayRead.release(1_000);
        threads.shutdownNow();
        threads.close();
        channel.close();
        memory.close();
    }

    @Test
    void readsOnceForAllWhoWait() throws Exception {
        publish(60);
        Future<CoalescingHistoryReader.Read> first = threads.submit(reading(10));
        eventually(() -> assertThat(reads).hasValue(1));
        List<Future<CoalescingHistoryReader.Read>> others = new ArrayList<>();
        for (int offset = 0; offset < 60; offset++) {
            others.add(threads.submit(reading(offset)));
        }
        eventually(() -> assertThat(histories.waiting(channel)).isEqualTo(61));

        mayRead.release(1_000);

        assertThat(offsets(first.get())).startsWith(11L).endsWith(60L);
        for (int offset = 0; offset < 60; offset++) {
            CoalescingHistoryReader.Read read = others.get(offset).get();
            assertThat(read.page().position().offset()).isEqualTo(60);
            assertThat(offsets(read))
                    .hasSize(60 - offset)
                    .startsWith(offset + 1L)
                    .endsWith(60L);
        }
        assertThat(reads.get()).as("readings for 61").isLessThan(30); // two or three, if offset 0 was there early
    }

    @Test
    void givesNobodyWhatWasReadBeforeItAsked() throws Exception {
        publish(1);
        Future<CoalescingHistoryReader.Read> first = threads.submit(reading(0));
        eventually(() -> assertThat(reads).hasValue(1));
        publish(1);

        Future<CoalescingHistoryReader.Read> second = threads.submit(reading(0));
        eventually(() -> assertThat(histories.waiting(channel)).isEqualTo(2));
        mayRead.release(2);

        assertThat(offsets(second.get())).containsExactly(1L, 2L);
        assertThat(offsets(first.get())).startsWith(1L);
        assertThat(reads).hasValue(2);
    }

    @Test
    void readsOnForThoseWhoAreBehindOrAhead() throws Exception {
        publish(250);
        mayRead.release(1_000);

        List<Future<CoalescingHistoryReader.Read>> all = new ArrayList<>();
        for (long offset : List.of(0L, 99L, 100L, 120L, 240L, 249L, 250L, 9_000L)) {
            all.add(threads.submit(reading(offset)));
        }

        assertThat(offsets(all.get(0).get())).startsWith(1L).hasSize(100);
        assertThat(offsets(all.get(1).get())).startsWith(100L);
        assertThat(offsets(all.get(2).get())).startsWith(101L);
        assertThat(offsets(all.get(3).get())).startsWith(121L);
        assertThat(offsets(all.get(4).get())).startsWith(241L).endsWith(250L);
        assertThat(offsets(all.get(5).get())).containsExactly(250L);
        assertThat(offsets(all.get(6).get())).isEmpty();
        assertThat(offsets(all.get(7).get())).isEmpty();
    }

    @Test
    void failsForAllWhoWaitedForIt() throws Exception {
        publish(3);
        failing = true;
        Future<CoalescingHistoryReader.Read> first = threads.submit(reading(0));
        eventually(() -> assertThat(reads).hasValue(1));
        Future<CoalescingHistoryReader.Read> second = threads.submit(reading(0));
        eventually(() -> assertThat(histories.waiting(channel)).isEqualTo(2)); // or the third would be read for first
        Future<CoalescingHistoryReader.Read> third = threads.submit(reading(2));
        eventually(() -> assertThat(histories.waiting(channel)).isEqualTo(3));

        mayRead.release(2);

        for (Future<CoalescingHistoryReader.Read> one : List.of(first, second, third)) {
            assertThatThrownBy(one::get).hasCauseInstanceOf(UnavailableException.class);
        }
        assertThat(reads).hasValue(2);
        failing = false;
        mayRead.release();
        assertThat(offsets(histories.after(channel, 1))).containsExactly(2L, 3L);
    }

    @Test
    void anInterruptedReaderHarmsNobodyElse() throws Exception {
        publish(3);
        Future<CoalescingHistoryReader.Read> first = threads.submit(reading(0));
        eventually(() -> assertThat(reads).hasValue(1));
        Future<CoalescingHistoryReader.Read> second = threads.submit(reading(1));
        eventually(() -> assertThat(histories.waiting(channel)).isEqualTo(2));

        first.cancel(true);
        mayRead.release();

        assertThat(offsets(second.get())).containsExactly(2L, 3L);
    }

    private Callable<CoalescingHistoryReader.Read> reading(long after) {
        return () -> histories.after(channel, after);
    }

    private static List<Long> offsets(CoalescingHistoryReader.Read read) {
        return read.page().messages().stream()
                .map(Message::position)
                .map(position -> position.offset())
                .toList();
    }

    private void publish(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            memory.publish("lobby", "ada", new Content.Text("hi"), "");
        }
    }

    /** A broker whose history is read when the test says so. */
    private Broker slow(Broker broker) {
        return Reading.of(broker, any -> {
            reads.incrementAndGet();
            try {
                mayRead.acquire();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new UnavailableException("interrupted", e);
            }
            if (failing) {
                throw new UnavailableException("out of reach", null);
            }
        });
    }
}

package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A thread that calls a broker with a journal may be interrupted at any time, and that concerns it alone. */
class JournalInterruptTest {
    private static final long SMALL = 20_000;
    private static final Retention ALL = Retention.DEFAULT.withMessages(1_000_000);

    @TempDir
    private Path directory;

    @AfterEach
    void notInterrupted() {
        Thread.interrupted(); // or the next test would be
    }

    @ParameterizedTest
    @EnumSource(Fsync.class)
    void acknowledgesOthersAfterAPublisherWasInterrupted(Fsync fsync) throws Exception {
        try (LoggedLines log = new LoggedLines()) {
            Broker.Page page;
            try (InMemoryBroker broker = open(fsync)) {
                publish(broker, "lobby", "before");
                Thread.currentThread().interrupt();
                try {
                    publish(broker, "lobby", "interrupted");
                } catch (UnavailableException e) {
                    assertThat(e).hasMessageContaining("interrupted");
                }
                assertThat(Thread.interrupted()).isTrue();
                Position next = publish(broker, "lobby", "after");
                page = broker.historyAfter("lobby", 0, 10);
                assertThat(page.position()).isEqualTo(next);
                assertThat(broker.health().flaw()).isEmpty();
            }
            try (InMemoryBroker broker = open(fsync)) {
                assertThat(broker.historyAfter("lobby", 0, 10)).isEqualTo(page);
            }
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void beginsASegmentInAnInterruptedThread() throws Exception {
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(Fsync.INTERVAL)) {
            publish(broker, "lobby", "before");
            for (int i = 0; i < 10; i++) {
                Thread.currentThread().interrupt();
                try {
                    broker.delete("nothing was ever said here");
                } catch (UnavailableException e) {
                    assertThat(e).hasMessageContaining("interrupted");
                }
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(publish(broker, "lobby", "after").offset()).isEqualTo(2);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void readsTheFilesWhileReadersAreInterrupted() throws Exception {
        AtomicInteger interrupts = new AtomicInteger();
        try (InMemoryBroker broker = InMemoryBroker.open(
                Retention.DEFAULT.withMessages(5),
                directory,
                Fsync.NEVER,
                SMALL,
                MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE))) {
            for (int i = 0; i < 500; i++) {
                publish(broker, "lobby", "x".repeat(200));
            }
            interruptWhile(2, interrupts, reader -> {
                for (int i = 0; i < 50; i++) {
                    try {
                        assertThat(broker.historyAfter("lobby", 0, 1_000).messages())
                                .hasSize(500);
                    } catch (UnavailableException e) {
                        assertThat(e).hasMessageContaining("interrupted");
                        assertThat(Thread.interrupted()).isTrue();
                    }
                }
            });
        }
        assertThat(interrupts).hasPositiveValue();
    }

    @Test
    void closesInAnInterruptedThread() throws Exception {
        for (int i = 1; i <= 5; i++) {
            InMemoryBroker broker = open(Fsync.INTERVAL);
            assertThat(publish(broker, "lobby", "message").offset()).isEqualTo(i);
            Thread.currentThread().interrupt();
            broker.close();
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Fsync.class)
    void goesOnWhenItsOwnThreadsAreInterrupted(Fsync fsync) throws Exception {
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(fsync)) {
            for (int i = 1; i <= 20; i++) {
                Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("journal-"))
                        .forEach(Thread::interrupt);
                assertThat(publish(broker, "lobby", "message").offset()).isEqualTo(i);
            }
            broker.delete("lobby");
            assertThat(broker.historyAfter("lobby", 0, 10).messages()).isEmpty();
            assertThat(log.lines()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Fsync.class)
    void keepsAllThatIsAcknowledgedWhilePublishersAreInterrupted(Fsync fsync) throws Exception {
        int channels = 3;
        Map<String, Position> acknowledged = new ConcurrentHashMap<>(); // by text
        List<RecordingListener> listeners = new ArrayList<>();
        Map<String, List<Message>> histories = new ConcurrentHashMap<>();
        AtomicInteger interrupts = new AtomicInteger();
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(fsync)) {
            for (int c = 0; c < channels; c++) {
                listeners.add(new RecordingListener());
                broker.subscribe("channel " + c, listeners.get(c));
            }
            interruptWhile(16, interrupts, publisher -> {
                String channel = "channel " + publisher % channels;
                for (int i = 0; i < (fsync == Fsync.ALWAYS ? 60 : 120); i++) {
                    String text = channel + " by " + publisher + " no. " + i + " ".repeat(i);
                    try {
                        acknowledged.put(text, publish(broker, channel, text));
                    } catch (UnavailableException e) {
                        assertThat(e).hasMessageContaining("interrupted");
                        assertThat(Thread.interrupted()).isTrue();
                    }
                }
            });
            assertThat(broker.health().flaw()).isEmpty();
            for (int c = 0; c < channels; c++) {
                String channel = "channel " + c;
                acknowledged.put(channel + " ends", publish(broker, channel, channel + " ends"));
                histories.put(channel, assertComplete(broker, channel, acknowledged));
                for (Message message : histories.get(channel)) {
                    assertThat(listeners.get(c).nextMessage()).isEqualTo(message);
                }
                assertThat(listeners.get(c).isEmpty()).isTrue();
            }
            assertThat(log.lines()).isEmpty();
        }
        assertThat(interrupts).hasPositiveValue();

        try (InMemoryBroker broker = open(fsync)) {
            for (String channel : histories.keySet()) {
                assertThat(assertComplete(broker, channel, acknowledged)).isEqualTo(histories.get(channel));
            }
        }
    }

    /** Everything acknowledged is in the history once, in its place, and there are no gaps. */
    private static List<Message> assertComplete(Broker broker, String channel, Map<String, Position> acknowledged)
            throws UnavailableException {
        List<Message> messages = broker.historyAfter(channel, 0, 1_000_000).messages();
        assertThat(messages)
                .extracting(message -> message.position().offset())
                .isEqualTo(LongStream.rangeClosed(1, messages.size()).boxed().toList());
        Map<String, Position> places = new HashMap<>();
        for (Message message : messages) {
            assertThat(places.put(message.content().asText(), message.position()))
                    .isNull();
        }
        acknowledged.forEach((text, position) -> {
            if (text.startsWith(channel)) {
                assertThat(places).containsEntry(text, position);
            }
        });
        return messages;
    }

    private interface Work {
        void run(int number) throws Exception;
    }

    /** Runs virtual threads, and interrupts one after the other until all have come to their end. */
    private static void interruptWhile(int count, AtomicInteger interrupts, Work work) throws Exception {
        Thread[] threads = new Thread[count];
        CountDownLatch begun = new CountDownLatch(count);
        CountDownLatch running = new CountDownLatch(count);
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> ends = new ArrayList<>();
            for (int t = 0; t < count; t++) {
                int number = t;
                ends.add(executor.submit(() -> {
                    threads[number] = Thread.currentThread();
                    begun.countDown();
                    try {
                        work.run(number);
                    } finally {
                        running.countDown();
                    }
                    return null;
                }));
            }
            begun.await();
            Random random = new Random(1);
            while (!running.await(random.nextInt(200), TimeUnit.MICROSECONDS)) {
                threads[random.nextInt(count)].interrupt();
                interrupts.incrementAndGet();
            }
            for (Future<?> end : ends) {
                end.get();
            }
        }
    }

    private InMemoryBroker open(Fsync fsync) throws Exception {
        return InMemoryBroker.open(ALL, directory, fsync, SMALL, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    private static Position publish(Broker broker, String channel, String text) throws UnavailableException {
        return broker.publish(channel, "ada", new Content.Text(text), "").position();
    }
}

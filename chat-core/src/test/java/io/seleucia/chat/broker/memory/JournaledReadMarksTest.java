package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a journal keeps of how far clients have read. */
class JournaledReadMarksTest {
    private static final long SMALL = 4_000; // bytes of a segment
    private static final Sender BOB = Sender.of("bob");
    private static final Retention NO_ARCHIVE = Retention.DEFAULT.withArchive(Duration.ZERO);

    @TempDir
    private Path directory;

    @TempDir
    private Path images;

    private static InMemoryBroker open(Path directory, Retention retention) throws IOException {
        return InMemoryBroker.open(
                retention, directory, Fsync.NEVER, SMALL, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    private InMemoryBroker open(Retention retention) throws IOException {
        return open(directory, retention);
    }

    private static void publish(Broker broker, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            broker.publish("lobby", "ada", new Content.Text("message " + i), "");
        }
    }

    private static ReadMark read(Broker broker, Sender client, long offset) throws Exception {
        return broker.markRead("lobby", new Broker.Reader("session", client, false), offset);
    }

    private static ReadMark mark(Broker broker) throws Exception {
        return broker.readMark("lobby", BOB);
    }

    private static ReadMark at(long offset, int unread) {
        return new ReadMark(offset, unread, false);
    }

    @Test
    void keepsMarksOverARestart() throws Exception {
        try (InMemoryBroker broker = open(Retention.DEFAULT)) {
            publish(broker, 3);
            read(broker, BOB, 1);
            read(broker, BOB, 2);
            read(broker, new Sender("bob", true), 3);
        }
        try (InMemoryBroker broker = open(Retention.DEFAULT)) {
            assertThat(mark(broker)).isEqualTo(at(2, 1));
            assertThat(broker.readMark("lobby", new Sender("bob", true))).isEqualTo(at(3, 0));
            assertThat(read(broker, BOB, 1)).isEqualTo(at(2, 1));
        }
    }

    /** An image of the files at any moment is what a kill leaves. */
    @Test
    void setsNoMarkBackThatWasConfirmedBeforeAKill() throws Exception {
        int clients = 4;
        AtomicLongArray confirmed = new AtomicLongArray(clients);
        List<long[]> known = new ArrayList<>();
        try (InMemoryBroker broker = open(Retention.DEFAULT);
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            publish(broker, 200);
            List<Future<?>> all = new ArrayList<>();
            for (int number = 0; number < clients; number++) {
                int client = number;
                all.add(readers.submit(() -> {
                    for (int offset = 1; offset <= 200; offset++) {
                        confirmed.set(
                                client,
                                read(broker, Sender.of("client " + client), offset)
                                        .offset());
                    }
                    return null;
                }));
            }
            while (!all.stream().allMatch(Future::isDone)) {
                long[] before = new long[clients];
                for (int i = 0; i < clients; i++) {
                    before[i] = confirmed.get(i);
                }
                known.add(before);
                copyFiles(images.resolve(Integer.toString(known.size() - 1)));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
        for (int image = 0; image < known.size(); image += Math.max(1, known.size() / 10)) {
            try (LoggedLines log = new LoggedLines();
                    InMemoryBroker broker = open(images.resolve(Integer.toString(image)), Retention.DEFAULT)) {
                for (int i = 0; i < clients; i++) {
                    assertThat(broker.readMark("lobby", Sender.of("client " + i))
                                    .offset())
                            .as("client %s in image %s of %s, %s", i, image, known.size(), log.lines())
                            .isGreaterThanOrEqualTo(known.get(image)[i]);
                }
            }
        }
    }

    /** Copies the newest segments last, as they are written. */
    private void copyFiles(Path to) throws IOException {
        Files.createDirectories(to);
        for (Path file : files()) {
            Files.copy(file, to.resolve(file.getFileName()));
        }
    }

    private List<Path> files() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".journal"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void writesMarksAgainBeforeTheirSegmentsGo() throws Exception {
        List<Path> first;
        try (InMemoryBroker broker = open(NO_ARCHIVE)) {
            publish(broker, 40);
            for (int i = 1; i <= 30; i++) {
                read(broker, Sender.of("client " + i), i);
            }
            first = files();
            publish(broker, 60); // in further segments
            for (Path file : first) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
            }
            eventually(() -> {
                broker.sweepOnce();
                assertThat(files()).doesNotContainAnyElementsOf(first.subList(0, first.size() - 1));
            });
        }
        try (InMemoryBroker broker = open(NO_ARCHIVE)) {
            for (int i = 1; i <= 30; i++) {
                assertThat(broker.readMark("lobby", Sender.of("client " + i)).offset())
                        .isEqualTo(i);
            }
        }
    }

    @Test
    void keepsMarksWhereAnEpochContinuesAnother() throws Exception {
        String former;
        try (InMemoryBroker broker = open(Retention.DEFAULT)) {
            publish(broker, 5);
            read(broker, BOB, 4);
            former = broker.historyAfter("lobby", 0, 0).position().epoch();
        }
        InMemoryBroker.markRestored(directory);
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(Retention.DEFAULT)) {
            assertThat(log.lines()).isNotEmpty();
            assertThat(broker.historyAfter("lobby", 0, 0).position().epoch()).isNotEqualTo(former);
            assertThat(mark(broker)).isEqualTo(at(4, 1));
            publish(broker, 2);
            read(broker, BOB, 6);
        }
        try (InMemoryBroker broker = open(Retention.DEFAULT)) {
            assertThat(mark(broker)).isEqualTo(at(6, 1));
        }
    }

    @Test
    void forgetsMarksWithTheirChannel() throws Exception {
        Duration brief = Duration.ofMillis(50);
        Retention forgetful = new Retention(10, brief, brief, brief, Retention.FOREVER);
        try (InMemoryBroker broker = open(forgetful)) {
            publish(broker, 3);
            String former = broker.historyAfter("lobby", 0, 0).position().epoch();
            read(broker, BOB, 3);
            eventually(() -> {
                broker.sweepOnce();
                assertThat(broker.channels()).hasValue(0);
            });

            publish(broker, 1);
            assertThat(broker.historyAfter("lobby", 0, 0).position().epoch()).isNotEqualTo(former);
            assertThat(mark(broker).offset()).isZero();
        }
    }

    @Test
    void countsWhatIsInTheArchiveOnly() throws Exception {
        try (InMemoryBroker broker = open(Retention.DEFAULT.withMessages(10))) {
            publish(broker, 50);
            broker.publish("lobby", "bob", new Content.Text("my own"), "");

            assertThat(mark(broker)).isEqualTo(at(0, 50));
            assertThat(read(broker, BOB, 20)).isEqualTo(at(20, 30));
            publish(broker, 980);
            assertThat(mark(broker)).isEqualTo(new ReadMark(20, 1_000, true));
        }
    }
}

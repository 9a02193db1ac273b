package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.LongForm;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.JournalDirectory;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.Segment;
import io.seleucia.chat.broker.journal.SegmentFormat;
import io.seleucia.chat.broker.journal.SegmentReader;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Histories go on in the files where memory ends, and what is deleted is in neither. */
class ArchiveTest {
    private static final long SMALL = 10_000;
    private static final int INDEX_ROUNDS = LongForm.RUNS ? 60 : 15;
    private static final Retention FEW = Retention.DEFAULT.withMessages(20);
    private static final Retention BRIEF = new Retention(
            20, Duration.ofMillis(100), Retention.DEFAULT.positions(), Duration.ofMillis(100), Retention.FOREVER);
    private static final Instant END = Instant.ofEpochMilli(Long.MAX_VALUE);

    @TempDir
    private Path directory;

    @TempDir
    private Path images;

    @Test
    void readsOnInTheFilesInBothDirections() throws Exception {
        Random random = new Random(1);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(FEW)) {
            for (int round = 0; round < 10; round++) {
                publishMany(broker, 200, random, said);
                assertHistories(broker, said, random);
            }
            assertThat(segments(directory)).hasSizeGreaterThan(10);
        }
        try (InMemoryBroker broker = open(FEW)) {
            assertHistories(broker, said, random);
            publishMany(broker, 200, random, said);
            assertHistories(broker, said, random);
        }
    }

    @Test
    void readsWhatAStartDoesNotRead() throws Exception {
        Random random = new Random(2);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(BRIEF)) {
            publishMany(broker, 1_000, random, said);
            sweepUntil(broker, () -> assertThat(segments(directory)).hasSize(1));
            assertThat(segments(directory.resolve("archive"))).hasSizeGreaterThan(5);
            assertHistories(broker, said, random);
            publishMany(broker, 200, random, said);
            assertHistories(broker, said, random);
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(BRIEF)) {
            assertHistories(broker, said, random);
            publishMany(broker, 100, random, said);
            assertHistories(broker, said, random);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void makesIndexesThatAreMissingOrDamaged() throws Exception {
        Random random = new Random(3);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(FEW)) {
            publishMany(broker, 1_000, random, said);
            eventually(() -> assertThat(indexes()).hasSize(segments(directory).size() - 1));
        }
        for (int round = 0; round < INDEX_ROUNDS; round++) {
            for (Path index : indexes()) {
                switch (random.nextInt(4)) {
                    case 0 -> Files.delete(index);
                    case 1 -> damage(index, random.nextLong(Files.size(index)));
                    case 2 -> truncate(index, random.nextLong(Files.size(index)));
                    default -> {}
                }
            }
            try (InMemoryBroker broker = open(FEW)) {
                assertHistories(broker, said, random);
            }
        }
    }

    @Test
    void makesAnIndexAnewThatIsDamagedWhileItIsUsed() throws Exception {
        Random random = new Random(4);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(FEW)) {
            publishMany(broker, 1_000, random, said);
            assertHistories(broker, said, random);
            for (Path index : indexes()) {
                damage(index, random.nextLong(Files.size(index)));
            }
            assertHistories(broker, said, random);
        }
    }

    @Test
    void losesNothingOfTheHistoryWhereverTheProcessEnds() throws Exception {
        Map<String, List<Message>> said = new HashMap<>();
        Random random = new Random(5);
        List<Path> copies = new ArrayList<>();
        List<Map<String, Integer>> acknowledged = new ArrayList<>();
        AtomicBoolean enough = new AtomicBoolean();
        Semaphore allowed = new Semaphore(0); // so that a slow disk does not mean more to copy
        try (InMemoryBroker broker = open(FEW);
                ExecutorService publisher = Executors.newVirtualThreadPerTaskExecutor()) {
            publisher.submit(() -> {
                while (!enough.get()) {
                    allowed.acquire();
                    synchronized (said) {
                        publishMany(broker, 20, random, said);
                    }
                }
                return null;
            });
            for (int copy = 0; copy < 8; copy++) {
                int wanted = copy * 200;
                allowed.release(20); // for this many, and some while they are copied
                eventually(() -> assertThat(
                                sizes(said).values().stream().mapToInt(n -> n).sum())
                        .isGreaterThan(wanted));
                acknowledged.add(sizes(said));
                copies.add(image(directory, "image " + copy)); // what a kill would leave, a moment later
            }
            enough.set(true);
            allowed.release();
        }
        for (int copy = 0; copy < copies.size(); copy++) {
            try (InMemoryBroker broker = open(FEW, copies.get(copy))) {
                for (var channel : acknowledged.get(copy).entrySet()) {
                    List<Message> restored = all(broker, channel.getKey());
                    assertThat(restored).hasSizeGreaterThanOrEqualTo(channel.getValue());
                    assertThat(restored).isEqualTo(said.get(channel.getKey()).subList(0, restored.size()));
                }
            }
        }
    }

    private static Map<String, Integer> sizes(Map<String, List<Message>> said) {
        synchronized (said) {
            Map<String, Integer> sizes = new HashMap<>();
            said.forEach((channel, messages) -> sizes.put(channel, messages.size()));
            return sizes;
        }
    }

    @Test
    void showsOneEpochInAPageAndGoesOnFromTheFormerOne() throws Exception {
        Random random = new Random(6);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(FEW)) {
            publishMany(broker, 1_000, random, said);
        }
        for (int round = 0; round < 2; round++) {
            List<Path> files = segments(directory).stream().sorted().toList();
            damage(files.getLast(), Files.size(files.getLast()) - 3); // an orderly end, which it no longer is
            try (LoggedLines log = new LoggedLines();
                    InMemoryBroker broker = open(FEW)) {
                assertThat(log.lines()).singleElement().asString().contains("begin new epochs");
                said.replaceAll((channel, messages) -> inEpochOf(broker, channel, messages));
                assertHistories(broker, said, random);
                publishMany(broker, 300, random, said);
                assertHistories(broker, said, random);
            }
        }
        List<Message> exported = exported("channel 1");
        assertThat(exported)
                .extracting(message -> message.position().offset())
                .isEqualTo(said.get("channel 1").stream()
                        .map(message -> message.position().offset())
                        .toList());
        assertThat(exported.stream().map(message -> message.position().epoch()).distinct())
                .hasSize(3);
    }

    private static List<Message> inEpochOf(Broker broker, String channel, List<Message> messages) {
        try {
            Position now = broker.historyAfter(channel, 0, 0).position();
            assertThat(now.sameEpoch(messages.getLast().position())).isFalse();
            return new ArrayList<>(messages.stream()
                    .map(message -> new Message(
                            channel,
                            now.at(message.position().offset()),
                            message.sender(),
                            message.time(),
                            message.content()))
                    .toList());
        } catch (UnavailableException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void keepsTheMessagesOfAForgottenChannelApart() throws Exception {
        Retention forgetful = new Retention(
                10, Duration.ofMillis(50), Duration.ofMillis(50), Duration.ofMillis(50), Retention.FOREVER);
        try (InMemoryBroker broker = open(forgetful)) {
            Position first = publish(broker, "lobby", "first life");
            sweepUntil(
                    broker,
                    () -> assertThat(records(directory))
                            .anyMatch(record -> record instanceof JournalRecord.Start start
                                    && !start.epoch().equals(first.epoch())));
            assertThat(publish(broker, "lobby", "next life").offset()).isEqualTo(1);
            publish(broker, "lobby", "next life");
            Broker.Page page = broker.historyAfter("lobby", 0, 100);
            assertThat(page.messages())
                    .isNotEmpty()
                    .allMatch(message -> message.content().equals(new Content.Text("next life")))
                    .allMatch(message -> message.position().sameEpoch(page.position()));
            assertThat(exported("lobby").getFirst().content()).isEqualTo(new Content.Text("first life"));
        }
    }

    @Test
    void dropsWhatIsOlderThanTheArchive() throws Exception {
        Random random = new Random(7);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(BRIEF.withArchive(Duration.ofMillis(100)))) {
            publishMany(broker, 1_000, random, said);
            sweepUntil(
                    broker,
                    () -> assertThat(files(directory))
                            .noneMatch(file ->
                                    file.getFileName().toString().matches("0{14}(0[1-9]|10)\\.(journal|index)")));
            Broker.Page page = broker.historyAfter("channel 1", 0, 10);
            assertThat(page.position())
                    .isEqualTo(said.get("channel 1").getLast().position());
            assertThat(page.messages().size()).isLessThan(said.get("channel 1").size());
        }
    }

    @Test
    void keepsNoArchiveWhereNoneIsWanted() throws Exception {
        try (InMemoryBroker broker = open(FEW.withArchive(Duration.ZERO))) {
            for (int i = 0; i < 500; i++) {
                publish(broker, "lobby", "message " + i);
            }
            assertThat(broker.historyAfter("lobby", 0, 1_000).messages()).hasSize(20);
            assertThat(indexes()).isEmpty();
        }
    }

    @Test
    void deletesAChannelFromAllFilesForGood() throws Exception {
        Random random = new Random(8);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(BRIEF)) {
            publishMany(broker, 500, random, said);
            sweepUntil(broker, () -> assertThat(segments(directory)).hasSize(1));
            publishMany(broker, 500, random, said);
            Position last = said.get("channel 1").getLast().position();

            broker.delete("channel 1");

            assertThat(broker.historyAfter("channel 1", 0, 1_000)).isEqualTo(new Broker.Page(last, List.of()));
            eventually(() -> assertThat(find("in channel 1.")).isEmpty());
            assertThat(exported("channel 1")).isEmpty();
            said.get("channel 1").clear();
            assertHistories(broker, said, random);
            assertThat(publish(broker, "channel 1", "next")).isEqualTo(last.next());
            said.put("channel 1", all(broker, "channel 1"));
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(FEW)) {
            assertHistories(broker, said, random);
            publishMany(broker, 500, random, said);
            assertHistories(broker, said, random);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void deletesASenderFromAllFilesForGood() throws Exception {
        Random random = new Random(9);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(FEW)) {
            publishMany(broker, 1_000, random, said);
            Map<String, List<Message>> shown = new HashMap<>();
            for (String channel : said.keySet()) {
                shown.put(
                        channel,
                        broker.historyAfter(
                                        channel,
                                        said.get(channel).getLast().position().offset() - 20,
                                        20)
                                .messages());
            }

            broker.deleteFrom("user 1");

            said.values()
                    .forEach(messages ->
                            messages.removeIf(message -> message.sender().equals("user 1")));
            eventually(() -> assertThat(find("user 1 in channel")).isEmpty());
            for (var channel : shown.entrySet()) { // what was in memory, members are told of
                Position last = channel.getValue().getLast().position();
                List<Message> told = broker.historyAfter(channel.getKey(), last.offset(), 100)
                        .messages();
                assertThat(told)
                        .extracting(message ->
                                message.attributes().ref().orElseThrow().offset())
                        .isEqualTo(channel.getValue().stream()
                                .filter(message -> message.sender().equals("user 1"))
                                .map(message -> message.position().offset())
                                .toList());
                said.get(channel.getKey()).addAll(told);
                assertThat(broker.historyAfter(channel.getKey(), 0, 0)
                                .position()
                                .offset())
                        .isEqualTo(last.offset() + told.size());
            }
            assertHistories(broker, said, random);
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(FEW)) {
            assertHistories(broker, said, random);
            publishMany(broker, 500, random, said);
            assertHistories(broker, said, random);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void carriesOutADeletionThatAKillHasInterrupted() throws Exception {
        Random random = new Random(10);
        Map<String, List<Message>> said = new HashMap<>();
        try (InMemoryBroker broker = open(FEW)) {
            publishMany(broker, 1_000, random, said);
        }
        long next = segments(directory).size() + 1;
        try (JournalDirectory journal = JournalDirectory.open(directory);
                Segment last = Segment.read(journal.segment(next - 1), next - 1, false, record -> {}, damage -> {})
                        .orElseThrow()) {
            last.append(List.of(new JournalRecord.Sealed().encoded()));
        }
        String boot = JournalDirectory.boot();
        try (Segment killed = Segment.create(directory.resolve(String.format("%016d.journal", next)), next)) {
            killed.append(List.of(
                    new JournalRecord.Start(boot, false, "e").encoded(),
                    new JournalRecord.Deletion("", "user 1").encoded()));
        }
        said.values()
                .forEach(messages ->
                        messages.removeIf(message -> message.sender().equals("user 1")));
        assertThat(exported("channel 1")).isEqualTo(said.get("channel 1"));

        try (InMemoryBroker broker = open(FEW)) {
            assertHistories(broker, said, random);
            eventually(() -> assertThat(find("user 1 in channel")).isEmpty());
            assertHistories(broker, said, random);
        }
        assertThat(exported("channel 1")).isEqualTo(said.get("channel 1"));
    }

    @Test
    void aDeletionLeavesADamageVisible() throws Exception {
        Position told;
        try (InMemoryBroker broker = open(FEW)) {
            for (int i = 0; i < 20; i++) {
                broker.publish("lobby", i % 2 == 0 ? "ada" : "bob", new Content.Text("message " + i), "");
            }
            told = broker.historyAfter("lobby", 0, 0).position();
            Path file = segments(directory).getFirst();
            damage(file, Files.size(file) - 5); // the newest message, while the server runs
            broker.deleteFrom("ada"); // copies it; and ten deletions follow
            assertThat(records(directory)).hasAtLeastOneElementOfType(JournalRecord.OriginalDamage.class);
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(FEW)) {
            assertThat(publish(broker, "lobby", "next").sameEpoch(told)).isFalse();
            assertThat(log.lines()).singleElement().asString().contains("begin new epochs");
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open(FEW)) {
            assertThat(broker.historyAfter("lobby", 0, 30).messages()).hasSize(20);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void deletesWithoutAnArchiveToo() throws Exception {
        try (InMemoryBroker broker = open(FEW.withArchive(Duration.ZERO))) {
            for (int i = 0; i < 500; i++) {
                broker.publish("lobby", i % 2 == 0 ? "ada" : "bob", new Content.Text(i % 2 + " said"), "");
            }
            broker.deleteFrom("bob");
            eventually(() -> assertThat(find("1 said")).isEmpty());
            assertThat(find("0 said")).isNotEmpty();
            broker.delete("lobby");
            eventually(() -> assertThat(find("0 said")).isEmpty());
        }
        try (InMemoryBroker broker = open(FEW.withArchive(Duration.ZERO))) {
            assertThat(broker.historyAfter("lobby", 0, 10).messages()).isEmpty();
            assertThat(publish(broker, "lobby", "next").offset()).isEqualTo(511); // with ten deletions
        }
    }

    @Test
    void bringsNothingBackWhereverADeletionIsInterrupted() throws Exception {
        Random random = new Random(11);
        Map<String, List<Message>> said = new HashMap<>();
        List<Path> copies = new ArrayList<>();
        try (InMemoryBroker broker = open(FEW);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            publishMany(broker, 2_000, random, said);
            var deleting = threads.submit(() -> {
                broker.deleteFrom("user 1");
                return null;
            });
            eventually(() -> assertThat(records(directory)).hasAtLeastOneElementOfType(JournalRecord.Deletion.class));
            while (copies.size() < 10 && !deleting.isDone()) {
                copies.add(image(directory, "image " + copies.size()));
            }
            deleting.get();
            copies.add(image(directory, "last"));
        }
        said.values()
                .forEach(messages ->
                        messages.removeIf(message -> message.sender().equals("user 1")));
        for (Path copy : copies) {
            try (InMemoryBroker broker = open(FEW, copy)) {
                for (var channel : said.entrySet()) { // and perhaps some deletions that tell members of it
                    assertThat(all(broker, channel.getKey()).stream()
                                    .filter(message -> !message.sender().equals("operator"))
                                    .toList())
                            .isEqualTo(channel.getValue());
                }
                eventually(() -> assertThat(find("user 1 in channel", copy)).isEmpty());
            }
        }
    }

    @Test
    void bringsNoDeletedMessageBackWhereverAnErasureIsInterrupted() throws Exception {
        List<Path> copies = new ArrayList<>();
        int count = 300;
        MemoryBudget memory = MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE);
        try (InMemoryBroker broker =
                InMemoryBroker.open(FEW, directory, Fsync.INTERVAL, SMALL, memory, Duration.ofMillis(1))) {
            for (int i = 0; i < count; i++) {
                publish(broker, "lobby", "secret " + i);
                publish(broker, "lobby", "kept " + i);
            }
            for (int i = 0; i < count; i++) {
                Reference reference = new Reference(2 * i + 1, Reference.Kind.DELETE);
                broker.publish(
                        "lobby",
                        Sender.of("ada"),
                        new Draft(Content.NONE, Attributes.NONE.withRef(reference), "", false));
                if (i % 50 == 49) {
                    copies.add(image(directory, "image " + i));
                }
            }
            eventually(() -> assertThat(find("secret")).isEmpty());
            copies.add(image(directory, "last"));
        }
        for (int copy = 0; copy < copies.size(); copy++) {
            try (InMemoryBroker broker = open(FEW, copies.get(copy))) {
                List<Message> log = all(broker, "lobby");
                int deleted = Math.min(count, 50 * (copy + 1));
                assertThat(log).hasSizeGreaterThanOrEqualTo(2 * count + deleted);
                for (int i = 0; i < 2 * count; i++) {
                    assertThat(log.get(i).isDeleted())
                            .isEqualTo(log.get(i).content().equals(Content.NONE));
                    assertThat(log.get(i).isDeleted()).isEqualTo(i % 2 == 0 && i / 2 < log.size() - 2 * count);
                }
            }
        }
    }

    @Test
    void keepsADeletionOfAModeratorWhoIsDeleted() throws Exception {
        for (int round = 0; round < 2; round++) {
            try (InMemoryBroker broker = open(FEW)) {
                if (round == 0) {
                    publish(broker, "lobby", "secret");
                    Reference reference = new Reference(1, Reference.Kind.DELETE);
                    broker.publish(
                            "lobby",
                            Sender.of("eve"),
                            new Draft(Content.NONE, Attributes.NONE.withRef(reference), "", true));
                    broker.deleteFrom("eve");
                    eventually(
                            () -> assertThat(find("secret")).isEmpty()); // a file may be in the midst of being replaced
                }
                assertThat(all(broker, "lobby")).singleElement().matches(Message::isDeleted);
            }
        }
    }

    private static List<JournalRecord> records(Path directory) {
        List<JournalRecord> records = new ArrayList<>();
        for (Path file : segments(directory)) {
            try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.WHOLE)) {
                if (reader.hasHead()) {
                    reader.read(SegmentFormat.HEAD, false, (position, record) -> records.add(record), damage -> {});
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
        return records;
    }

    private void assertHistories(Broker broker, Map<String, List<Message>> said, Random random) throws Exception {
        for (var channel : said.entrySet()) {
            List<Message> messages = channel.getValue();
            assertThat(all(broker, channel.getKey())).isEqualTo(messages);
            assertThat(allBackwards(broker, channel.getKey())).isEqualTo(messages);
            long end = messages.isEmpty() ? 10 : messages.getLast().position().offset() + 2;
            for (int i = 0; i < 10; i++) {
                long offset = random.nextLong(end);
                int limit = random.nextInt(60);
                assertThat(after(broker, channel.getKey(), offset, limit))
                        .isEqualTo(messages.stream()
                                .filter(message -> message.position().offset() > offset)
                                .limit(limit)
                                .toList());
                List<Message> before = messages.stream()
                        .filter(message -> message.position().offset() < offset)
                        .toList();
                assertThat(before(broker, channel.getKey(), offset, limit))
                        .isEqualTo(before.subList(Math.max(0, before.size() - limit), before.size()));
            }
        }
    }

    private static List<Message> all(Broker broker, String channel) throws Exception {
        List<Message> all = new ArrayList<>();
        List<Message> page = after(broker, channel, 0, 37);
        while (!page.isEmpty()) {
            all.addAll(page);
            page = after(broker, channel, page.getLast().position().offset(), 37);
        }
        return all;
    }

    private static List<Message> allBackwards(Broker broker, String channel) throws Exception {
        List<Message> all = new ArrayList<>();
        List<Message> page = before(broker, channel, Long.MAX_VALUE, 37);
        while (!page.isEmpty()) {
            all.addAll(0, page);
            page = before(broker, channel, page.getFirst().position().offset(), 37);
        }
        return all;
    }

    /** A page of a history; on a busy machine it may take longer than the broker gives it. */
    private static List<Message> after(Broker broker, String channel, long offset, int limit) throws Exception {
        return eventuallyGet(() -> broker.historyAfter(channel, offset, limit).messages());
    }

    private static List<Message> before(Broker broker, String channel, long offset, int limit) throws Exception {
        return eventuallyGet(() -> broker.historyBefore(channel, offset, limit).messages());
    }

    private static void publishMany(Broker broker, int count, Random random, Map<String, List<Message>> said)
            throws UnavailableException {
        for (int i = 0; i < count; i++) {
            int busy = (int) Math.sqrt(random.nextInt(36)); // some channels are busier than others
            String channel = busy == 0 ? "a channel {with} bräces ☕" : "channel " + busy;
            String sender = "user " + random.nextInt(5);
            String text = i + ": " + sender + " in " + channel + "." + "x".repeat(random.nextInt(100));
            Content content = random.nextInt(5) == 0 ? new Content.Json("[\"" + text + "\"]") : new Content.Text(text);
            Position position = broker.publish(channel, sender, content, "").position();
            List<Message> page =
                    broker.historyBefore(channel, Long.MAX_VALUE, 1).messages();
            assertThat(page).isNotEmpty();
            assertThat(page.getFirst().position()).isEqualTo(position);
            said.computeIfAbsent(channel, absent -> new ArrayList<>()).add(page.getFirst());
        }
    }

    private List<Message> exported(String channel) throws IOException {
        List<Message> messages = new ArrayList<>();
        ArchiveReader.read(directory, channel, Instant.EPOCH, END, messages::add);
        return messages;
    }

    /** Sweeps, as the broker does every ten seconds, until something holds. */
    private static void sweepUntil(InMemoryBroker broker, Runnable assertion) {
        eventually(() -> {
            broker.sweepOnce();
            assertion.run();
        });
    }

    private InMemoryBroker open(Retention retention) throws IOException {
        return open(retention, directory);
    }

    private static InMemoryBroker open(Retention retention, Path directory) throws IOException {
        return InMemoryBroker.open(
                retention, directory, Fsync.INTERVAL, SMALL, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    private Path image(Path from, String name) throws IOException {
        Path image =
                Files.createDirectories(images.resolve(name).resolve("archive")).getParent();
        // The newest first: what is older may be copied as it is a little later, as files are replaced meanwhile.
        for (Path file :
                filesWithoutGap(from).stream().sorted(Comparator.reverseOrder()).toList()) {
            try {
                Files.copy(file, image.resolve(from.relativize(file)));
            } catch (NoSuchFileException e) {
                assertThat(file).asString().matches(".*(tmp|index|deleted)");
            }
        }
        return image;
    }

    /** A listing may leave out a file that is made meanwhile, and show a later one; a kill leaves none out. */
    private static List<Path> filesWithoutGap(Path directory) {
        while (true) {
            List<Path> files = files(directory);
            LongSummaryStatistics numbers = files.stream()
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".journal"))
                    .mapToLong(name -> Long.parseLong(name.substring(0, name.indexOf('.'))))
                    .summaryStatistics();
            if (numbers.getMax() - numbers.getMin() + 1 == numbers.getCount()) {
                return files;
            }
        }
    }

    /** The files that hold a text, among them those that can't be read because they are just being replaced. */
    private List<Path> find(String text) {
        return find(text, directory);
    }

    private static List<Path> find(String text, Path directory) {
        String wanted = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return files(directory).stream()
                .filter(file -> {
                    try {
                        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(wanted);
                    } catch (IOException e) {
                        return true; // it is being replaced
                    }
                })
                .toList();
    }

    private List<Path> indexes() {
        return files(directory).stream()
                .filter(file -> file.toString().endsWith(".index"))
                .toList();
    }

    private static List<Path> segments(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".journal")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> files(Path directory) {
        try (Stream<Path> files = Files.list(directory);
                Stream<Path> archived = Files.list(directory.resolve("archive"))) {
            return Stream.concat(files, archived).filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void truncate(Path file, long length) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.setLength(length);
        }
    }

    private static void damage(Path file, long at) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int before = bytes.read();
            bytes.seek(at);
            bytes.write(before ^ 0x40);
        }
    }

    private static Position publish(Broker broker, String channel, String text) throws UnavailableException {
        return broker.publish(channel, "ada", new Content.Text(text), "").position();
    }
}

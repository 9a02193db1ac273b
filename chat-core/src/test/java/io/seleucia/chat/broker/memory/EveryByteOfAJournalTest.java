package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.LongForm;
import io.seleucia.chat.TestDirectories;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.journal.JournalDirectory;
import io.seleucia.chat.broker.journal.JournalRecord;
import io.seleucia.chat.broker.journal.SegmentFormat;
import io.seleucia.chat.broker.journal.SegmentReader;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Reference.Kind;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Whatever happens to one place of a journal's files, the next start has all that was acknowledged as it was, or says what
 * is lost: no more than the damage touched; and where an offset could be given out again, all channels begin new epochs.
 */
class EveryByteOfAJournalTest {
    private static final Retention FEW = Retention.DEFAULT.withMessages(3).withKeys(Duration.ofHours(1));
    private static final long SMALL = 300;
    private static final int STEP = LongForm.RUNS ? 8 : 64; // where bytes are alike
    private static final int OTHER_STEP = LongForm.RUNS ? 1 : 3;
    private static final int INDEX_STEP = LongForm.RUNS ? 41 : 199;
    private static final int REOPENED = 10; // one case in so many is started a second time

    private final Random random = new Random(15);
    private Path directory;

    /** What the test knows of a message, from what {@code publish} returned. */
    private record Said(String channel, long offset, String sender, String text, String key) {}

    private final Map<String, TreeMap<Long, Said>> said = new HashMap<>(); // what is not deleted, by offset
    private final Map<String, Position> told = new HashMap<>(); // the last position of each channel
    private final Map<Path, byte[]> files = new TreeMap<>(); // as they were written
    private final Map<Path, Map<Said, long[]>> places = new HashMap<>(); // from which byte to which one, in which file
    private final Map<Path, TreeMap<Integer, Integer>> alike = new HashMap<>(); // from which byte to which one
    private int cases;

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = TestDirectories.inMemory();
    }

    @AfterEach
    void removeDirectory() throws IOException {
        clear();
        Files.delete(directory);
    }

    @Test
    void everyByteFlipped() throws Exception {
        write();
        for (var file : files.entrySet()) {
            for (int at = 0; at < file.getValue().length; at = next(file.getKey(), at)) {
                byte[] damaged = file.getValue().clone();
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                check(file.getKey(), damaged, at, at + 1);
            }
        }
    }

    @Test
    void everyLength() throws Exception {
        write();
        for (var file : files.entrySet()) {
            int length = file.getValue().length;
            for (int cut = 0; cut < length; cut = next(file.getKey(), cut)) {
                check(file.getKey(), Arrays.copyOf(file.getValue(), cut), cut, length);
            }
        }
    }

    /**
     * Returns the next byte to damage. All bytes of an index are behind one checksum, and so are those within a record: there
     * some of them are enough. Heads, lengths, checksums and the borders of records are damaged byte for byte in the long form,
     * and every third byte in the short one.
     */
    private int next(Path file, int at) {
        if (file.toString().endsWith(".index")) {
            return at + INDEX_STEP;
        }
        Map.Entry<Integer, Integer> range =
                alike.getOrDefault(file, new TreeMap<>()).floorEntry(at);
        return range != null && at < range.getValue() ? Math.min(at + STEP, range.getValue()) : at + OTHER_STEP;
    }

    @Test
    void everyByteFlippedOfTheNewestSegmentAfterAKill() throws Exception {
        write();
        try (InMemoryBroker broker = open()) {
            publish(broker, "a", "ada", "last but one", "k7");
            publish(broker, "b", "bob", "last", "k8");
            eventually(() -> assertThat(count(".index")).isEqualTo(count(".journal") - 1));
            remember(); // what a kill leaves
        }
        Path newest = newest();
        byte[] bytes = files.get(newest);
        for (int at = 0; at < bytes.length; at = next(newest, at)) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            check(newest, damaged, at, at + 1);
        }
    }

    @Test
    void everyFileMissing() throws Exception {
        write();
        for (Path file : files.keySet()) {
            check(file, null, 0, Long.MAX_VALUE);
        }
    }

    @Test
    void somePlacesOfALargeJournal() throws Exception {
        try (InMemoryBroker broker = open(20_000)) {
            for (int i = 0; i < 1_000; i++) {
                publish(broker, "ab".charAt(i % 2) + "", "ada", i + " " + "x".repeat(i % 100), "");
            }
            eventually(() -> assertThat(count(".index")).isEqualTo(count(".journal") - 1));
        }
        remember();
        List<Path> all = List.copyOf(files.keySet());
        for (int i = 0; i < 45; i++) {
            Path file = all.get(random.nextInt(all.size()));
            byte[] bytes = files.get(file);
            int from = random.nextInt(8) == 0 ? 0 : random.nextInt(bytes.length);
            if (i % 3 == 0) {
                check(file, Arrays.copyOf(bytes, from), from, bytes.length);
            } else {
                int to = Math.min(bytes.length, from + 1 + random.nextInt(i % 3 == 1 ? 1 : 1_024));
                byte[] damaged = bytes.clone();
                Arrays.fill(damaged, from, to, (byte) random.nextInt());
                check(file, damaged, from, to);
            }
        }
    }

    @Test
    void saysHowToGoOnWhereAFileCannotBeRead() throws Exception {
        write();
        for (Path file : files.keySet()) {
            restoreFiles();
            Files.delete(file);
            Files.createDirectories(file.resolve("something"));
            if (file.getParent().equals(directory) && file.toString().endsWith(".journal")) {
                assertThatThrownBy(this::open)
                        .isInstanceOf(IOException.class)
                        .hasMessageStartingWith("journal file " + file + " can't be read: ")
                        .hasMessageEndingWith("or move it out of the directory: then what was published in it is"
                                + " missing, and all channels begin new epochs");
                Files.delete(file.resolve("something"));
                Files.delete(file); // as it says
                check(file, null, 0, Long.MAX_VALUE);
            } else if (file.getParent().equals(directory)) {
                assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining(file.toString());
            } else {
                open().close();
            }
        }
    }

    /** Several segments, some of them in the archive; keys, deletions, two epochs, an orderly end. */
    private void write() throws Exception {
        try (InMemoryBroker broker = openErasing()) {
            publish(broker, "a", "ada", "one", "k1");
            publish(broker, "a", "eve", "deleted", "");
            publish(broker, "b", "bob", "two", "");
            publish(broker, "c", "bob", "quiet", "");
            publish(broker, "a", "ada", "three", "");
            broker.deleteFrom("eve");
            said.get("a").values().removeIf(it -> it.sender().equals("eve"));
            Message told =
                    broker.historyBefore("a", Long.MAX_VALUE, 1).messages().getFirst();
            assertThat(told.attributes().isAnnotation()).isTrue();
            remember("a", told.position(), "operator", "", "");
            refer(broker, "b", "bob", Kind.REACTION, 1, "+"); // a fold, which is written when its message leaves
            Position secret =
                    broker.publish("b", "bob", new Content.Text("secret"), "").position();
            remember("b", secret, "bob", "", "");
            refer(broker, "b", "bob", Kind.DELETE, secret.offset(), "");
            eventually(() -> assertThat(records())
                    .noneMatch(record -> record instanceof JournalRecord.Published published
                            && published.message().content().equals(new Content.Text("secret")))
                    .hasAtLeastOneElementOfType(JournalRecord.ErasureDone.class));
        }
        for (Path file : list()) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        }
        try (InMemoryBroker broker = open()) {
            publish(broker, "a", "ada", "four", "k2");
            publish(broker, "b", "bob", "five", "k3");
            broker.sweepOnce();
            deleteAndList(broker);
        }
        InMemoryBroker.markRestored(directory);
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(log.lines()).singleElement().asString().contains("put back from a backup");
            for (String channel : List.copyOf(told.keySet())) {
                Position before = told.get(channel);
                told.put(channel, broker.historyAfter(channel, 0, 0).position());
                assertThat(told.get(channel).sameEpoch(before)).isFalse();
                assertThat(told.get(channel).offset()).isEqualTo(before.offset());
            }
            publish(broker, "a", "ada", "six", "k4");
        }
        try (InMemoryBroker broker = open()) {
            publish(broker, "b", "bob", "seven", "k5");
            publish(broker, "a", "ada", "eight", "k6");
            eventually(() -> assertThat(count(".index")).isEqualTo(count(".journal") - 1));
        }
        remember();
        assertThat(records()).hasAtLeastOneElementOfType(JournalRecord.Folded.class);
        assertThat(files.keySet()).anyMatch(file -> file.toString().endsWith(".deleted"));
        assertThat(files.keySet().stream().filter(file -> file.toString().matches(".*archive/\\d*.journal")))
                .hasSizeGreaterThan(1);
        check(directory.resolve("no such file"), null, 0, 0);
        restoreFiles();
    }

    /** Deletes a message that has left memory, so that it is listed as deleted, and not erased yet. */
    private void deleteAndList(InMemoryBroker broker) throws Exception {
        Position secret =
                broker.publish("c", "bob", new Content.Text("listed"), "").position();
        remember("c", secret, "bob", "", "");
        for (int i = 0; i < 4; i++) {
            publish(broker, "c", "bob", "later " + i, "");
        }
        refer(broker, "c", "bob", Kind.DELETE, secret.offset(), "");
        for (int i = 0; i < 4; i++) {
            publish(broker, "c", "bob", "even later " + i, "");
        }
        eventually(() -> assertThat(count(".deleted")).isPositive());
    }

    private void publish(InMemoryBroker broker, String channel, String sender, String text, String key)
            throws UnavailableException {
        Position position =
                broker.publish(channel, sender, new Content.Text(text), key).position();
        remember(channel, position, sender, text, key);
    }

    private void refer(InMemoryBroker broker, String channel, String sender, Kind kind, long offset, String text)
            throws Exception {
        Content content = text.isEmpty() ? Content.NONE : new Content.Text(text);
        Draft draft = new Draft(content, Attributes.NONE.withRef(new Reference(offset, kind)), "", false);
        remember(channel, broker.publish(channel, Sender.of(sender), draft).position(), sender, text, "");
    }

    private List<JournalRecord> records() {
        List<JournalRecord> records = new ArrayList<>();
        try {
            for (Path file : list()) {
                if (file.toString().endsWith(".journal")) {
                    try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.WHOLE)) {
                        assertThat(reader.hasHead()).isTrue();
                        reader.read(SegmentFormat.HEAD, false, (position, record) -> records.add(record), damage -> {});
                    }
                }
            }
            return records;
        } catch (IOException | UncheckedIOException e) {
            throw new AssertionError(e); // a file is being replaced
        }
    }

    private void remember(String channel, Position position, String sender, String text, String key) {
        told.put(channel, position);
        said.computeIfAbsent(channel, absent -> new TreeMap<>())
                .put(position.offset(), new Said(channel, position.offset(), sender, text, key));
    }

    /** Keeps the files, and where the messages are in them. */
    private void remember() throws IOException {
        files.clear();
        places.clear();
        alike.clear();
        for (Path file : list()) {
            files.put(file, Files.readAllBytes(file));
            Map<Said, long[]> there = new HashMap<>();
            places.put(file, there);
            if (file.toString().endsWith(".journal")) {
                try (SegmentReader reader = SegmentReader.open(1, file, SegmentReader.WHOLE)) {
                    assertThat(reader.hasHead()).isTrue();
                    reader.read(
                            SegmentFormat.HEAD,
                            false,
                            (position, record) -> {
                                int payload = (int) position + SegmentFormat.RECORD_HEAD;
                                int end = payload + record.encoded().length;
                                alike.computeIfAbsent(file, absent -> new TreeMap<>())
                                        .put(payload + 2, end - 2);
                                if (record instanceof JournalRecord.Published published) {
                                    Message message = published.message();
                                    there.put(
                                            said.get(message.channel())
                                                    .get(message.position().offset()),
                                            new long[] {position, end});
                                }
                            },
                            damage -> assertThat(damage).isNull());
                }
            }
        }
    }

    /** Starts with one file as it is given, or without it, and compares. */
    private void check(Path file, byte[] bytes, long from, long to) throws Exception {
        String what = directory.relativize(file) + " from byte " + from + " to " + to;
        restoreFiles();
        if (bytes != null) {
            Files.write(file, bytes);
        } else {
            Files.deleteIfExists(file);
        }
        Set<Said> touched = new HashSet<>();
        places.getOrDefault(file, Map.of()).forEach((message, place) -> {
            if (place[0] < to && place[1] > from) {
                touched.add(message);
            }
        });
        Map<String, Position> now = new HashMap<>();
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            Set<Said> missing = new HashSet<>();
            for (String channel : said.keySet()) {
                Position position = broker.historyAfter(channel, 0, 0).position();
                List<Said> missingHere = missing(broker, channel, what);
                missing.addAll(missingHere);
                if (position.sameEpoch(told.get(channel))) {
                    assertThat(position).as(what).isEqualTo(told.get(channel));
                } else {
                    assertThat(log.lines()).as(what).anyMatch(line -> line.contains("begin new epochs"));
                }
                assertThat(touched).as(what + ": " + log.lines()).containsAll(missingHere);
                now.put(channel, position);
            }
            if (!missing.isEmpty()) {
                String segment = Long.toString(
                        Long.parseLong(file.getFileName().toString().substring(0, 16)));
                assertThat(log.lines()).as(what).anyMatch(line -> line.matches(".*\\b0*" + segment + "\\b.*"));
            }
            checkKeys(broker, touched, now, what);
            for (String channel : said.keySet()) {
                Position next = broker.publish(channel, "new", new Content.Text("new"), "")
                        .position();
                assertThat(next).as(what).isEqualTo(now.get(channel).next());
                now.put(channel, next);
            }
        }
        if (cases++ % REOPENED == 0) {
            checkQuiet(touched, now, what);
        }
    }

    private List<Said> missing(InMemoryBroker broker, String channel, String what) throws Exception {
        Map<Long, Said> wanted = new TreeMap<>(said.get(channel));
        List<Message> page = broker.historyAfter(channel, 0, 1_000).messages();
        while (!page.isEmpty()) {
            for (Message message : page) {
                Said known = wanted.remove(message.position().offset());
                assertThat(known).as(what).isNotNull();
                assertThat(message.content().asText()).as(what).isEqualTo(known.text());
                assertThat(message.sender()).as(what).isEqualTo(known.sender());
            }
            page = broker.historyAfter(channel, page.getLast().position().offset(), 1_000)
                    .messages();
        }
        return List.copyOf(wanted.values());
    }

    private void checkKeys(InMemoryBroker broker, Set<Said> touched, Map<String, Position> now, String what)
            throws UnavailableException {
        for (var file : places.entrySet()) {
            if (file.getKey().getParent().equals(directory)) { // what is in the archive is too old for keys
                for (Said message : file.getValue().keySet()) {
                    if (!message.key().isEmpty() && !touched.contains(message)) {
                        assertThat(broker.publish(
                                        message.channel(), message.sender(), new Content.Text("again"), message.key()))
                                .as(what + ": key of " + message)
                                .isEqualTo(new Broker.Receipt(
                                        now.get(message.channel()).at(message.offset()), true));
                    }
                }
            }
        }
    }

    private void checkQuiet(Set<Said> touched, Map<String, Position> now, String what) throws Exception {
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(log.lines().stream().filter(line -> !line.contains("in the archive of")))
                    .as(what)
                    .isEmpty();
            for (String channel : said.keySet()) {
                assertThat(broker.historyAfter(channel, 0, 0).position())
                        .as(what)
                        .isEqualTo(now.get(channel));
            }
        }
    }

    private Path newest() {
        return files.keySet().stream()
                .filter(file ->
                        file.getParent().equals(directory) && file.toString().endsWith(".journal"))
                .max(Path::compareTo)
                .orElseThrow();
    }

    private InMemoryBroker open() throws Exception {
        return open(SMALL);
    }

    private InMemoryBroker openErasing() throws Exception {
        MemoryBudget memory = MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE);
        return InMemoryBroker.open(FEW, directory, Fsync.NEVER, SMALL, memory, Duration.ofMillis(1));
    }

    /** Opens the journal, as soon as the one before, which waits for the disk for two seconds only, has left it. */
    private InMemoryBroker open(long segmentBytes) throws Exception {
        eventuallyGet(() -> JournalDirectory.open(directory)).close();
        return InMemoryBroker.open(
                FEW, directory, Fsync.NEVER, segmentBytes, MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE));
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().equals("lock"))
                    .sorted()
                    .toList();
        }
    }

    private long count(String suffix) {
        try {
            return list().stream()
                    .filter(file -> file.toString().endsWith(suffix))
                    .count();
        } catch (IOException e) {
            return -1; // it is being moved
        }
    }

    private void restoreFiles() throws IOException {
        clear();
        Files.createDirectories(directory.resolve("archive"));
        for (var file : files.entrySet()) {
            Files.write(file.getKey(), file.getValue());
        }
    }

    private void clear() throws IOException {
        List<Path> all;
        try (Stream<Path> walk = Files.walk(directory)) {
            all = new ArrayList<>(walk.toList());
        }
        for (Path file : all.reversed()) {
            if (!file.equals(directory)) {
                Files.delete(file);
            }
        }
    }
}

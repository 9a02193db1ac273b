package io.seleucia.chat.broker.journal;

import static io.seleucia.chat.Eventually.eventually;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.RecordingListener;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was acknowledged is there when the directory is opened again, after whatever end. */
class JournalTest {
    @TempDir
    private Path directory;

    @TempDir
    private Path images;

    @Test
    void restoresMessagesPositionsAndKeys() throws Exception {
        Position lobby;
        Position inbox;
        List<Message> messages;
        try (InMemoryBroker broker = open()) {
            publish(broker, "lobby", "hällo 👋 \"quoted\"");
            broker.publish("lobby", "bob", new Content.Json("{\"a\":[1,2.50,null]}"), "bob's key");
            lobby = publish(broker, "lobby", "");
            inbox = publish(broker, "@ada", "for ada");
            broker.publish("lobby", new Sender("bob", true), new Content.Json("{}"), "bob's key");
            lobby = broker.publish("lobby", new Sender("cyd", true), new Content.Text("hi"), "")
                    .position();
            messages = broker.historyAfter("lobby", 0, 10).messages();
        }

        try (InMemoryBroker broker = open()) {
            assertThat(broker.historyAfter("lobby", 0, 10)).isEqualTo(new Broker.Page(lobby, messages));
            assertThat(broker.historyAfter("@ada", 0, 10).position()).isEqualTo(inbox);
            assertThat(broker.publish("lobby", "bob", new Content.Text("again"), "bob's key"))
                    .isEqualTo(new Broker.Receipt(messages.get(1).position(), true));
            assertThat(broker.publish("lobby", new Sender("bob", true), new Content.Text("again"), "bob's key"))
                    .isEqualTo(new Broker.Receipt(messages.get(3).position(), true));
            assertThat(messages).extracting(Message::guest).containsExactly(false, false, false, true, true);
            assertThat(publish(broker, "lobby", "next")).isEqualTo(lobby.next());
        }
    }

    @Test
    void goesOnInTheEpochThatItToldBeforeTheFirstMessage() throws Exception {
        Position told;
        try (InMemoryBroker broker = open()) {
            told = broker.subscribe("lobby", new RecordingListener()).start();
        }
        try (InMemoryBroker broker = open()) {
            assertThat(publish(broker, "lobby", "first")).isEqualTo(told.next());
        }
    }

    @Test
    void losesNothingAcknowledgedWhereverTheProcessEnds() throws Exception {
        List<Path> copies = new ArrayList<>();
        List<Map<String, Long>> acknowledged = new ArrayList<>();
        ConcurrentHashMap<String, Long> newest = new ConcurrentHashMap<>();
        AtomicBoolean enough = new AtomicBoolean();
        try (InMemoryBroker broker = open();
                ExecutorService publishers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int p = 0; p < 8; p++) {
                String channel = "channel " + p % 3;
                publishers.submit(() -> {
                    while (!enough.get()) {
                        newest.merge(channel, publish(broker, channel, "text").offset(), Math::max);
                    }
                    return null;
                });
            }
            for (int copy = 0; copy < 10; copy++) {
                int before = copy;
                eventually(() -> assertThat(sum(newest)).isGreaterThan(before * 100L));
                acknowledged.add(Map.copyOf(newest));
                copies.add(image(copy)); // what a kill would leave, a moment later
            }
            enough.set(true);
        }

        for (int copy = 0; copy < copies.size(); copy++) {
            try (InMemoryBroker broker = open(copies.get(copy))) {
                for (var channel : acknowledged.get(copy).entrySet()) {
                    Broker.Page page = broker.historyAfter(channel.getKey(), 0, 1_000_000);
                    assertThat(page.position().offset()).isGreaterThanOrEqualTo(channel.getValue());
                    assertThat(page.messages())
                            .extracting(message -> message.position().offset())
                            .isEqualTo(LongStream.rangeClosed(1, page.position().offset())
                                    .boxed()
                                    .toList());
                }
            }
        }
    }

    private static long sum(Map<String, Long> offsets) {
        return offsets.values().stream().mapToLong(Long::longValue).sum();
    }

    @Test
    void opensWhatWasCutAtAnyByte() throws Exception {
        try (InMemoryBroker broker = open()) {
            for (int i = 0; i < 5; i++) {
                publish(broker, "lobby", "message " + i);
            }
        }
        long length = Files.size(segment(directory));
        long most = 5;
        for (long cut = length; cut >= 0; cut -= cut > 200 && cut < length - 30 ? 9 : 1) { // a message and the head
            Path image = image(0);
            truncate(segment(image), cut);
            long restored;
            try (InMemoryBroker broker = open(image)) {
                List<Message> messages = broker.historyAfter("lobby", 0, 10).messages();
                restored = messages.size();
                assertThat(restored).isBetween(most - 1, most);
                assertThat(messages)
                        .extracting(message -> message.content().asText())
                        .isEqualTo(LongStream.range(0, restored)
                                .mapToObj(i -> "message " + i)
                                .toList());
                assertThat(publish(broker, "lobby", "next").offset()).isEqualTo(restored + 1);
            }
            try (InMemoryBroker broker = open(image)) {
                assertThat(broker.historyAfter("lobby", 0, 10).position().offset())
                        .isEqualTo(restored + 1);
            }
            most = restored;
        }
        assertThat(most).isZero();
    }

    @Test
    void saysWhatWasCutAndGoesOnInTheSameEpoch() throws Exception {
        Position last = publishAndKill("lobby", 3);
        long length = Files.size(segment(directory));
        truncate(segment(directory), length - 5);

        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(publish(broker, "lobby", "instead")).isEqualTo(last);
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .matches(
                            "journal file .*0001.journal: cut off the last \\d+ bytes, from byte \\d+ on, of a record that"
                                    + " was not finished when the server died");
        }
    }

    @Test
    void leavesAnEndThatIsDamagedAndBeginsANewEpoch() throws Exception {
        Position last = publishAndKill("lobby", 3);
        damage(segment(directory), Files.size(segment(directory)) - 5);

        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            Broker.Page page = broker.historyAfter("lobby", 0, 10);
            assertThat(page.messages()).hasSize(2);
            assertThat(page.position().sameEpoch(last)).isFalse();
            assertThat(page.messages()).allMatch(message -> message.position().sameEpoch(page.position()));
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .matches("journal file .*0001.journal is damaged from byte \\d+ to byte \\d+: what was published"
                            + " there is lost, and all channels begin new epochs");
        }
        assertGoesOnQuietly();
    }

    @Test
    void reportsADamageInTheMiddleOnceAndReadsOnBehindIt() throws Exception {
        Position last = publishAndKill("lobby", 5);
        damage(segment(directory), Files.size(segment(directory)) / 2);

        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            Broker.Page page = broker.historyAfter("lobby", 0, 10);
            assertThat(page.messages()).hasSize(4);
            assertThat(page.position().offset()).isEqualTo(last.offset());
            assertThat(page.position().sameEpoch(last)).isFalse();
            assertThat(log.lines())
                    .singleElement()
                    .asString()
                    .matches(
                            "journal file .*0001.journal is damaged from byte \\d+ to byte \\d+: what was published there"
                                    + " is lost, and all channels begin new epochs");
        }
        assertGoesOnQuietly();
    }

    private void assertGoesOnQuietly() throws Exception {
        Position before;
        try (InMemoryBroker broker = open()) {
            before = broker.historyAfter("lobby", 0, 0).position();
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(broker.historyAfter("lobby", 0, 0).position()).isEqualTo(before);
            assertThat(log.lines()).isEmpty();
        }
    }

    @Test
    void neverReadsWhatWasNotWritten() throws Exception {
        publishAndKill("lobby", 20);
        long length = Files.size(segment(directory));
        Random random = new Random(7);
        for (int round = 0; round < 60; round++) {
            Path image = image(0);
            for (int i = 0; i <= round % 3; i++) {
                damage(segment(image), random.nextLong(length));
            }
            try (LoggedLines log = new LoggedLines();
                    InMemoryBroker broker = open(image)) {
                assertThat(broker.historyAfter("lobby", 0, 100).messages())
                        .hasSizeLessThan(21)
                        .allMatch(message -> message.content()
                                .asText()
                                .equals("message " + message.position().offset()));
                assertThat(log.lines()).isNotEmpty();
            }
        }
    }

    @Test
    void doesNotTakeWhatSomebodySaysForARecord() throws Exception {
        publishAndKill("lobby", 1);
        long before = Files.size(segment(directory));
        try (InMemoryBroker broker = open()) {
            publish(broker, "lobby", "x".repeat(300) + recordOfAnotherFile() + "x".repeat(300));
            publish(broker, "lobby", "behind");
        }
        damage(segment(directory), before + 200);

        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(broker.historyAfter("lobby", 0, 10).messages())
                    .extracting(message -> message.content().asText())
                    .containsExactly("message 1", "behind");
            assertThat(log.lines()).hasSize(1);
        }
    }

    /** The deletion of the lobby, as a text: so it stands in that file, and in one where somebody says it. */
    private String recordOfAnotherFile() throws IOException {
        for (int i = 1; ; i++) {
            Path file = images.resolve("another " + i);
            try (Segment segment = Segment.create(file, i)) {
                segment.append(List.of(new JournalRecord.Deletion("lobby", "").encoded()));
            }
            byte[] bytes = Files.readAllBytes(file);
            String record = new String(bytes, SegmentFormat.HEAD, bytes.length - SegmentFormat.HEAD, US_ASCII);
            if (record.indexOf('\ufffd') < 0) { // each has a magic of its own, and so another checksum
                return record;
            }
        }
    }

    @Test
    void beginsNewEpochsAfterALossOfPowerUnlessAllWasSynced() throws Exception {
        for (boolean durable : new boolean[] {true, false}) {
            Path data = Files.createDirectory(images.resolve("durable " + durable));
            try (JournalDirectory journal = JournalDirectory.open(data);
                    Segment segment = Segment.create(journal.segment(1), 1)) {
                Message message =
                        new Message("lobby", new Position("e", 1), "ada", System.currentTimeMillis(), text("said"));
                segment.append(List.of(
                        new JournalRecord.Start("another boot", durable, "e").encoded(),
                        new JournalRecord.Published(message, "key").encoded()));
            }

            try (LoggedLines log = new LoggedLines();
                    InMemoryBroker broker = open(data)) {
                Broker.Receipt again = broker.publish("lobby", "ada", text("said"), "key");
                assertThat(again.duplicate()).isTrue();
                assertThat(again.position().offset()).isEqualTo(1);
                assertThat(again.position().epoch().equals("e")).isEqualTo(durable);
                assertThat(log.lines()).hasSize(durable ? 0 : 1);
            }
        }
    }

    @Test
    void belongsToOneServer() throws Exception {
        try (InMemoryBroker broker = open()) {
            assertThatThrownBy(this::open)
                    .isInstanceOf(IOException.class)
                    .hasMessage("the directory " + directory + " is in use by another server");
            publish(broker, "lobby", "goes on");
        }
        open().close();
    }

    @Test
    void keepsItsDirectoryFromOtherProcessesAfterThisOneWasRefused() throws Exception {
        Path link = Files.createSymbolicLink(images.resolve("link"), directory);
        try (InMemoryBroker broker = open()) {
            for (Path name : List.of(directory, link)) {
                assertThatThrownBy(() -> open(name)).hasMessageEndingWith("is in use by another server");
            }
            Process other = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            AnotherProcess.class.getName(),
                            directory.toString())
                    .inheritIO()
                    .start();
            assertThat(other.waitFor()).isEqualTo(AnotherProcess.REFUSED);
            publish(broker, "lobby", "goes on");
        }
    }

    /** Opens the directory that the first argument names. */
    static final class AnotherProcess {
        private static final int REFUSED = 42;

        private AnotherProcess() {}

        public static void main(String[] arguments) {
            try {
                open(Path.of(arguments[0])).close();
            } catch (IOException e) {
                System.exit(REFUSED);
            }
        }
    }

    @Test
    void givesTheDirectoryBackAfterAStartThatFailed() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "there is no prlimit");
        limitFiles("10"); // as a full disk
        try {
            assertThatThrownBy(this::open).isInstanceOf(IOException.class);
            assertThatThrownBy(this::open)
                    .isInstanceOf(IOException.class)
                    .extracting(Throwable::getMessage)
                    .asString()
                    .doesNotContain("in use");
        } finally {
            limitFiles("unlimited");
        }
        try (InMemoryBroker broker = open()) {
            publish(broker, "lobby", "there is room");
        }
        JournalOptions options = new JournalOptions(Fsync.NEVER, Duration.ofDays(1), Duration.ZERO, 1_000);
        assertThatThrownBy(() -> Journal.open(directory, options, (record, segment) -> {
                    throw new AssertionError("as when memory is full");
                }))
                .hasMessage("as when memory is full");
        open().close();
    }

    @Test
    void reportsADamageThatHasGrown() throws Exception {
        publishAndKill("lobby", 5);
        long length = Files.size(segment(directory));
        damage(segment(directory), length / 2);
        open().close();
        Position told;
        try (InMemoryBroker broker = open()) {
            told = publish(broker, "lobby", "told");
        }
        for (long at = length / 2; at < length; at += 60) { // what follows on it
            damage(segment(directory), at + 1);
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(log.lines()).isNotEmpty();
            assertThat(broker.historyAfter("lobby", 0, 0).position().sameEpoch(told))
                    .isFalse();
        }
    }

    @Test
    void beginsNewEpochsOnceAfterABackupWasPutBackInWhateverState() throws Exception {
        Position told = publishAndKill("lobby", 3);
        truncate(segment(directory), Files.size(segment(directory)) - 5); // it ends within a record

        InMemoryBroker.markRestored(directory);
        InMemoryBroker.markRestored(directory);

        Position now;
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            now = publish(broker, "lobby", "next");
            assertThat(now.sameEpoch(told)).isFalse();
            assertThat(log.lines())
                    .anyMatch(line -> line.endsWith("was put back from a backup; all channels begin new epochs"));
            assertThatThrownBy(() -> InMemoryBroker.markRestored(directory))
                    .hasMessageEndingWith("is in use by another server");
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(publish(broker, "lobby", "after that")).isEqualTo(now.next());
            assertThat(log.lines()).isEmpty();
        }
        assertThatThrownBy(() -> InMemoryBroker.markRestored(images.resolve("nowhere")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void readsWhatTheFirstVersionOfTheFormatWrote() throws Exception {
        Position position = new Position("e", 1);
        long now = System.currentTimeMillis();
        for (int segment = 1; segment <= 2; segment++) {
            Message message = new Message("lobby", position.at(segment), "ada", now, text("said " + segment));
            ByteBuffer file = ByteBuffer.allocate(10_000);
            file.putLong(0x53454c4555434a01L).putInt(7 * segment);
            file.putInt(checksum(file.array(), 0, 12));
            for (JournalRecord record : List.of(
                    new JournalRecord.Start(JournalDirectory.boot(), false, "e"),
                    new JournalRecord.DamageReported(1, 0, 500, -1),
                    new JournalRecord.Published(message, "key " + segment))) {
                byte[] payload = record.encoded();
                byte[] bytes = ByteBuffer.allocate(8 + payload.length)
                        .putInt(7 * segment)
                        .putInt(payload.length)
                        .put(payload)
                        .array();
                file.put(bytes, 0, 8).putInt(checksum(bytes, 0, bytes.length)).put(payload);
            }
            Files.write(
                    directory.resolve(String.format("%016d.journal", segment)),
                    Arrays.copyOf(file.array(), file.position()));
        }
        for (int start = 0; start < 2; start++) {
            try (LoggedLines log = new LoggedLines();
                    InMemoryBroker broker = open()) {
                assertThat(log.lines()).isEmpty();
                assertThat(broker.historyAfter("lobby", 0, 10).messages())
                        .extracting(message -> message.content().asText())
                        .startsWith("said 1", "said 2")
                        .hasSize(2 + start);
                assertThat(broker.publish("lobby", "ada", text("again"), "key 1"))
                        .isEqualTo(new Broker.Receipt(position, true));
                assertThat(publish(broker, "lobby", "next")).isEqualTo(position.at(3 + start));
            }
        }
    }

    private static int checksum(byte[] bytes, int from, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, from, length);
        return (int) checksum.getValue();
    }

    @Test
    void refusesWhatAnotherVersionWrote() throws Exception {
        ByteBuffer head = ByteBuffer.allocate(16).putLong(0x53454c4555434a03L).putInt(1);
        CRC32C checksum = new CRC32C();
        checksum.update(head.array(), 0, 12);
        Files.write(segment(directory), head.putInt((int) checksum.getValue()).array());

        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("another version");
    }

    @Test
    void syncsBeforeItAcknowledgesWhereThatIsWanted() throws Exception {
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, directory, Fsync.ALWAYS)) {
            for (int i = 1; i <= 20; i++) {
                assertThat(publish(broker, "lobby", "message " + i).offset()).isEqualTo(i);
            }
        }
        try (InMemoryBroker broker = open()) {
            assertThat(broker.historyAfter("lobby", 0, 100).messages()).hasSize(20);
        }
    }

    @Test
    void saysUnavailableWhileTheDiskIsFullAndGoesOnWhenThereIsRoom() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "there is no prlimit");
        try (LoggedLines log = new LoggedLines()) {
            Position last;
            RecordingListener listener = new RecordingListener();
            try (InMemoryBroker broker = open()) {
                broker.subscribe("lobby", listener);
                last = publish(broker, "lobby", "first");
                limitFiles(Long.toString(Files.size(segment(directory)) + 1_000));
                try {
                    while (true) {
                        last = publish(broker, "lobby", "as long as there is room");
                    }
                } catch (UnavailableException e) {
                    assertThat(e).hasMessage("the journal can't be written");
                    assertThatThrownBy(() -> broker.publish("lobby", "ada", text("key"), "key"))
                            .isInstanceOf(UnavailableException.class);
                    assertThat(broker.health().flaw()).contains("the journal can't be written");
                } finally {
                    limitFiles("unlimited");
                }
                eventually(() -> assertThat(broker.health().flaw())
                        .as("found out without a publisher")
                        .isEmpty());
                assertThat(broker.historyAfter("lobby", 0, 0).position()).isEqualTo(last);
                assertThat(broker.publish("lobby", "ada", text("key"), "key"))
                        .isEqualTo(new Broker.Receipt(last.next(), false));
                last = last.next();
            }
            for (long offset = 1; offset <= last.offset(); offset++) {
                assertThat(listener.nextMessage().position().offset()).isEqualTo(offset);
            }
            assertThat(listener.isEmpty()).isTrue();
            try (InMemoryBroker broker = open()) {
                assertThat(broker.historyAfter("lobby", 0, 1_000).messages()).hasSize((int) last.offset());
            }
            assertThat(log.lines())
                    .satisfiesExactly(
                            full -> assertThat(full)
                                    .startsWith("the journal can't be written, and publishing fails until"),
                            again -> assertThat(again).isEqualTo("the journal can be written again"));
        }
    }

    private static void limitFiles(String bytes) throws Exception {
        Process limit = new ProcessBuilder(
                        "prlimit",
                        "--fsize=" + bytes + ":",
                        "--pid",
                        Long.toString(ProcessHandle.current().pid()))
                .inheritIO()
                .start();
        assertThat(limit.waitFor()).isZero();
    }

    @Test
    void dropsOldSegmentsAndKeepsPositions() throws Exception {
        Retention brief = Retention.DEFAULT
                .withAge(Duration.ofSeconds(2))
                .withKeys(Duration.ofSeconds(2))
                .withArchive(Duration.ZERO);
        Position quiet;
        try (InMemoryBroker broker = InMemoryBroker.open(brief, directory, Fsync.INTERVAL)) {
            quiet = publish(broker, "quiet", "once");
            String much = "x".repeat(1_000_000);
            for (int i = 0; i < 200; i++) {
                publish(broker, "loud", much);
            }
            assertThat(segments(directory)).hasSizeGreaterThan(2);
            eventually(() -> assertThat(segments(directory)).hasSizeLessThan(2));
        }
        try (LoggedLines log = new LoggedLines();
                InMemoryBroker broker = open()) {
            assertThat(broker.historyAfter("quiet", 0, 10)).isEqualTo(new Broker.Page(quiet, List.of()));
            assertThat(publish(broker, "loud", "and on").offset()).isEqualTo(201);
            assertThat(log.lines()).isEmpty();
        }
    }

    private InMemoryBroker open() throws IOException {
        return open(directory);
    }

    private static InMemoryBroker open(Path directory) throws IOException {
        return InMemoryBroker.open(Retention.DEFAULT.withMessages(1_000_000), directory, Fsync.INTERVAL);
    }

    /** Leaves the directory as a server that was killed after some messages. */
    private Position publishAndKill(String channel, int messages) throws Exception {
        Path living = Files.createDirectory(images.resolve("living"));
        Position last = Position.NONE;
        try (InMemoryBroker broker = open(living)) {
            for (int i = 1; i <= messages; i++) {
                last = publish(broker, channel, "message " + i);
            }
            Files.copy(segment(living), segment(directory));
        }
        return last;
    }

    private Path image(int number) throws IOException {
        Path image = Files.createDirectories(images.resolve("image " + number));
        for (Path old : segments(image)) {
            Files.delete(old);
        }
        for (Path file : segments(directory)) {
            Files.copy(file, image.resolve(file.getFileName()));
        }
        return image;
    }

    private static Path segment(Path directory) {
        return directory.resolve("0000000000000001.journal");
    }

    private static List<Path> segments(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".journal")).toList();
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
        return broker.publish(channel, "ada", text(text), "").position();
    }

    private static Content text(String text) {
        return new Content.Text(text);
    }
}

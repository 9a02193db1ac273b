package io.seleucia.chat.broker.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.NavigableSet;

/** An archive at work, of a journal whose segments a test writes. */
final class OpenArchive implements AutoCloseable {
    final JournalDirectory directory;
    final Archive archive;
    private final ActiveSegment active;
    private final JournalWriter writer;
    private final JournalOptions options;
    private Eraser eraser; // of an idle archive
    private long deletions = 1_000_000; // their last offset

    /** @param segments the messages of each sealed segment */
    OpenArchive(Path path, Duration erasing, List<List<Message>> segments) throws IOException {
        this(path, erasing, segments, true);
    }

    /** Opens an archive that does nothing unless {@link #run} is called. */
    static OpenArchive idle(Path path, Duration erasing, List<List<Message>> segments) throws IOException {
        return new OpenArchive(path, erasing, segments, false);
    }

    private OpenArchive(Path path, Duration erasing, List<List<Message>> segments, boolean works) throws IOException {
        options = new JournalOptions(Fsync.NEVER, Duration.ofDays(1), Retention.FOREVER, 64 << 20, erasing);
        directory = JournalDirectory.open(path);
        JournalRecovery recovery = new JournalRecovery(directory, (record, segment) -> {});
        recovery.read("");
        active = new ActiveSegment(directory, options);
        writer = new JournalWriter(active, Fsync.NEVER);
        archive = new Archive(directory, options, active, writer, recovery);
        active.setStart(new JournalRecord.Start("", false, "e"));
        active.roll(1);
        for (List<Message> messages : segments) {
            active.append(messages.stream()
                    .map(message -> new JournalRecord.Published(message, "").encoded())
                    .toList());
            active.roll();
        }
        writer.start();
        if (works) {
            archive.begin();
        } else {
            eraser = new Eraser(
                    directory,
                    options,
                    archive.indexes(),
                    archive.deletions(),
                    archive.erasures(),
                    archive.lists(),
                    writer);
        }
    }

    /** Has an idle archive do what is due, once. Returns whether more may be due. */
    boolean run() throws IOException {
        Eraser.Segments segments = new Eraser.Segments() {
            @Override
            public long active() {
                return active.current().number();
            }

            @Override
            public NavigableSet<Long> sealedBefore(long number) {
                return archive.sealed(number);
            }
        };
        return eraser.run(segments, () -> false);
    }

    static Message message(long offset, String text) {
        return new Message("lobby", new Position("e", offset), "ada", 1, new Content.Text(text));
    }

    /** Writes a deletion, as a channel does. */
    void delete(List<Long> offsets) throws IOException {
        Message deletion = new Message(
                "lobby",
                new Position("e", ++deletions),
                "ada",
                false,
                System.currentTimeMillis(),
                Content.NONE,
                Attributes.NONE.withRef(new Reference(offsets.getFirst(), Reference.Kind.DELETE)));
        Erasure erasure = new Erasure(List.of("e"), offsets);
        Erasures.Waiting waiting = archive.erasures().prepare(deletion, erasure);
        waiting.written(write(new JournalRecord.Published(deletion, "", erasure)));
    }

    /** Seals the active segment. */
    void seal() throws IOException {
        write(new JournalRecord.ErasureBegun());
    }

    void flush() {
        writer.flushOrWake();
    }

    private long write(JournalRecord record) throws IOException {
        PendingRecord pending = new PendingRecord(record);
        assertThat(writer.offer(pending)).isTrue();
        writer.flushOrWake();
        return PendingRecord.await(pending.written(), 30);
    }

    /** Returns the number of messages in a segment that are there without their content. */
    int deletedIn(long number) {
        int[] count = new int[1];
        try (SegmentReader reader = directory.read(number, SegmentReader.WHOLE).orElseThrow()) {
            assertThat(reader.hasHead()).isTrue();
            reader.read(
                    SegmentFormat.HEAD,
                    true,
                    (position, record) -> {
                        if (record instanceof JournalRecord.Published published
                                && published.message().isDeleted()) {
                            count[0]++;
                        }
                    },
                    damage -> {});
            return count[0];
        } catch (IOException e) {
            throw new AssertionError(e); // it is being replaced
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
        archive.close();
        for (Segment sealed : active.sealed()) {
            sealed.close();
        }
        active.current().close();
        directory.close();
    }
}

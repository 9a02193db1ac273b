package io.seleucia.chat.broker.journal;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A message that is deleted between the moments at which it is read and shown. */
@Timeout(60)
class SearchedSegmentsTest {
    private static final Position AT = new Position("e", 1);

    @TempDir
    private Path path;

    private interface Use {
        void with(Archive archive, JournalDirectory directory, JournalWriter writer) throws Exception;
    }

    /** Opens an archive with one sealed segment, which has one message. */
    private void open(Duration erasing, Use use) throws Exception {
        JournalOptions options =
                new JournalOptions(Fsync.NEVER, Duration.ofDays(1), Retention.FOREVER, 1 << 20, erasing);
        try (JournalDirectory directory = JournalDirectory.open(path);
                JournalRecovery recovery = new JournalRecovery(directory, (record, segment) -> {})) {
            recovery.read("");
            ActiveSegment active = new ActiveSegment(directory, options);
            JournalWriter writer = new JournalWriter(active, Fsync.NEVER);
            Archive archive = new Archive(directory, options, active, writer, recovery);
            active.setStart(new JournalRecord.Start("", false, "e"));
            active.roll(1);
            Message secret = new Message("lobby", AT, "ada", 1, new Content.Text("secret"));
            active.append(List.of(new JournalRecord.Published(secret, "").encoded()));
            active.roll();
            writer.start();
            archive.begin();
            try {
                use.with(archive, directory, writer);
            } finally {
                writer.close();
                archive.close();
                for (Segment sealed : active.sealed()) {
                    sealed.close();
                }
                active.current().close();
            }
        }
    }

    private static Message read(SearchedSegments search, Archive archive) throws IOException {
        try (SegmentIndexFile index = archive.indexes().open(1).orElseThrow()) {
            OffsetRange range = index.ranges("lobby").getFirst();
            long position = index.places(range, 0, 1).getFirst().position();
            try (SegmentReader reader = search.read(range).orElseThrow()) {
                return ((JournalRecord.Published) reader.record(position).orElseThrow()).message();
            }
        }
    }

    private static void delete(Archive archive, JournalWriter writer) throws Exception {
        Message deletion = new Message(
                "lobby",
                AT.next(),
                "ada",
                false,
                System.currentTimeMillis(),
                Content.NONE,
                Attributes.NONE.withRef(new Reference(1, Reference.Kind.DELETE)));
        Erasure erasure = new Erasure(List.of("e"), List.of(1L));
        Erasures.Waiting waiting = archive.erasures().prepare(deletion, erasure);
        PendingRecord pending = new PendingRecord(new JournalRecord.Published(deletion, "", erasure));
        assertThat(writer.offer(pending)).isTrue();
        writer.flushOrWake();
        waiting.written(PendingRecord.await(pending.written(), 30));
    }

    private static boolean isErased(JournalDirectory directory) {
        boolean[] found = new boolean[1];
        try (SegmentReader reader = directory.read(1, SegmentReader.WHOLE).orElseThrow()) {
            assertThat(reader.hasHead()).isTrue();
            reader.read(
                    SegmentFormat.HEAD,
                    true,
                    (position, record) -> found[0] |= record instanceof JournalRecord.Published published
                            && published.message().isDeleted(),
                    damage -> {});
        } catch (IOException e) {
            throw new AssertionError(e); // it is being replaced
        }
        return found[0];
    }

    @Test
    void showsWhatIsNotDeleted() throws Exception {
        open(Duration.ofHours(1), (archive, directory, writer) -> {
            SearchedSegments search = new SearchedSegments(archive, directory, "lobby");
            search.begin();
            Message message = read(search, archive);
            assertThat(search.visible(message, 1)).contains(message);
            search.requireUnchanged();
        });
    }

    @Test
    void hidesWhatIsDeletedAfterItWasRead() throws Exception {
        open(Duration.ofHours(1), (archive, directory, writer) -> {
            SearchedSegments search = new SearchedSegments(archive, directory, "lobby");
            search.begin();
            Message message = read(search, archive);
            delete(archive, writer);
            assertThat(search.visible(message, 1).orElseThrow().isDeleted()).isTrue();
            search.requireUnchanged();
        });
    }

    @Test
    void readsAgainWhatIsDeletedAndErasedAfterItWasRead() throws Exception {
        open(Duration.ofMillis(1), (archive, directory, writer) -> {
            SearchedSegments search = new SearchedSegments(archive, directory, "lobby");
            search.begin();
            Message message = read(search, archive);
            delete(archive, writer);
            eventually(() -> assertThat(isErased(directory)).isTrue());
            eventually(() -> assertThat(archive.lists().has(1)).isFalse());
            assertThat(search.visible(message, 1)).contains(message); // nothing tells any more that it was deleted
            assertThatThrownBy(search::requireUnchanged).isInstanceOf(FilesChangedException.class);

            search.begin();
            Message again = read(search, archive);
            assertThat(search.visible(again, 1).orElseThrow().isDeleted()).isTrue();
            search.requireUnchanged();
        });
    }

    @Test
    void readsAgainWhatIsDeletedAndListedAfterItWasRead() throws Exception {
        open(Duration.ofHours(1), (archive, directory, writer) -> {
            SearchedSegments search = new SearchedSegments(archive, directory, "lobby");
            search.begin();
            Message message = read(search, archive);
            delete(archive, writer);
            PendingRecord next = new PendingRecord(new JournalRecord.ErasureBegun()); // seals the segment
            assertThat(writer.offer(next)).isTrue();
            writer.flushOrWake();
            eventually(() -> assertThat(archive.lists().has(1)).isTrue());
            eventually(
                    () -> assertThat(archive.erasures().before(Long.MAX_VALUE)).isEmpty());
            assertThat(search.visible(message, 1)).contains(message);
            assertThatThrownBy(search::requireUnchanged).isInstanceOf(FilesChangedException.class);

            search.begin();
            assertThat(search.visible(read(search, archive), 1).orElseThrow().isDeleted())
                    .isTrue();
            search.requireUnchanged();
        });
    }

    @Test
    void goesOnWhereAnotherSegmentHasChanged() throws Exception {
        open(Duration.ofHours(1), (archive, directory, writer) -> {
            SearchedSegments search = new SearchedSegments(archive, directory, "lobby");
            search.begin();
            Message message = read(search, archive);
            assertThat(archive.deletions().offer(new JournalRecord.Deletion("another", "")))
                    .isPresent();
            writer.flushOrWake();
            long before = archive.removals();
            eventually(() -> assertThat(archive.removals()).isGreaterThan(before));
            assertThat(search.visible(message, 1)).isEqualTo(Optional.of(message));
            search.requireUnchanged();
        });
    }
}

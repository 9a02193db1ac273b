package io.seleucia.chat.broker.journal;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.message.Message;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A message that is deleted between the moments at which it is read and shown. */
@Timeout(60)
class SearchedSegmentsTest {
    private static final Duration LATER = Duration.ofHours(1);
    private static final List<List<Message>> SECRET = List.of(List.of(OpenArchive.message(1, "secret")));

    @TempDir
    private Path path;

    private static Message read(SearchedSegments search, Archive archive) throws IOException {
        try (SegmentIndexFile index = archive.indexes().open(1).orElseThrow()) {
            OffsetRange range = index.ranges("lobby").getFirst();
            long position = index.places(range, 0, 1).getFirst().position();
            try (SegmentReader reader = search.read(range).orElseThrow()) {
                return ((JournalRecord.Published) reader.record(position).orElseThrow()).message();
            }
        }
    }

    @Test
    void showsWhatIsNotDeleted() throws Exception {
        try (OpenArchive open = new OpenArchive(path, LATER, SECRET)) {
            SearchedSegments search = begin(open);
            Message message = read(search, open.archive);
            assertThat(search.visible(message, 1)).contains(message);
            search.requireUnchanged();
        }
    }

    private static SearchedSegments begin(OpenArchive open) {
        SearchedSegments search = new SearchedSegments(open.archive, open.directory, "lobby");
        search.begin();
        return search;
    }

    @Test
    void hidesWhatIsDeletedAfterItWasRead() throws Exception {
        try (OpenArchive open = new OpenArchive(path, LATER, SECRET)) {
            SearchedSegments search = begin(open);
            Message message = read(search, open.archive);
            open.delete(List.of(1L));
            assertThat(search.visible(message, 1).orElseThrow().isDeleted()).isTrue();
            search.requireUnchanged();
        }
    }

    @Test
    void readsAgainWhatIsDeletedAndErasedAfterItWasRead() throws Exception {
        try (OpenArchive open = new OpenArchive(path, Duration.ofMillis(1), SECRET)) {
            SearchedSegments search = begin(open);
            Message message = read(search, open.archive);
            open.delete(List.of(1L));
            eventually(() -> assertThat(open.deletedIn(1)).isEqualTo(1));
            eventually(() -> assertThat(open.archive.lists().has(1)).isFalse());
            assertThat(search.visible(message, 1)).contains(message); // nothing tells any more that it was deleted
            assertThatThrownBy(search::requireUnchanged).isInstanceOf(FilesChangedException.class);

            search.begin();
            Message again = read(search, open.archive);
            assertThat(search.visible(again, 1).orElseThrow().isDeleted()).isTrue();
            search.requireUnchanged();
        }
    }

    @Test
    void readsAgainWhatIsDeletedAndListedAfterItWasRead() throws Exception {
        try (OpenArchive open = new OpenArchive(path, LATER, SECRET)) {
            SearchedSegments search = begin(open);
            Message message = read(search, open.archive);
            open.delete(List.of(1L));
            open.seal();
            eventually(() -> assertThat(open.archive.lists().has(1)).isTrue());
            eventually(() ->
                    assertThat(open.archive.erasures().before(Long.MAX_VALUE)).isEmpty());
            assertThat(search.visible(message, 1)).contains(message);
            assertThatThrownBy(search::requireUnchanged).isInstanceOf(FilesChangedException.class);

            search.begin();
            Message again = read(search, open.archive);
            assertThat(search.visible(again, 1).orElseThrow().isDeleted()).isTrue();
            search.requireUnchanged();
        }
    }

    @Test
    void goesOnWhereAnotherSegmentHasChanged() throws Exception {
        try (OpenArchive open = new OpenArchive(path, LATER, SECRET)) {
            SearchedSegments search = begin(open);
            Message message = read(search, open.archive);
            long before = open.archive.removals();
            assertThat(open.archive.deletions().offer(new JournalRecord.Deletion("another", "")))
                    .isPresent();
            open.flush();
            eventually(() -> assertThat(open.archive.removals()).isGreaterThan(before));
            assertThat(search.visible(message, 1)).contains(message);
            search.requireUnchanged();
        }
    }
}

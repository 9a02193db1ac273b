package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Content;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InMemoryChannelTest {
    private static final Journal.Options OPTIONS =
            new Journal.Options(InMemoryBroker.Fsync.NEVER, Duration.ofDays(1), Duration.ZERO, Journal.SEGMENT_BYTES);

    @TempDir
    private Path directory;

    @Test
    void deliversNothingThatIsDeletedAfterTheDeletion() throws Exception {
        InMemoryChannel channel = new InMemoryChannel("lobby", "e", Retention.DEFAULT, new AtomicLong());
        RecordingListener listener = new RecordingListener();
        channel.change(it -> it.listeners().add(listener));
        try (Journal journal = Journal.open(directory, OPTIONS, (record, segment) -> {})) {
            journal.begin("e", List.of());
            InMemoryChannel.Place place = channel.use(
                            it -> it.place(Optional.of(journal), "eve", new Content.Text("hi"), ""))
                    .orElseThrow();
            journal.hurry();
            place.written().get(30, TimeUnit.SECONDS); // and its publisher has not come to deliver it

            channel.change(it -> it.delete(message -> message.sender().equals("eve"), Long.MAX_VALUE));

            assertThat(listener.isEmpty()).isFalse();
            assertThat(listener.nextMessage().position()).isEqualTo(place.position());
            InMemoryChannel.Held held =
                    channel.use(it -> it.page(true, message -> true, 10)).orElseThrow();
            assertThat(held.page().position()).isEqualTo(place.position());
            assertThat(held.page().messages()).isEmpty();
            channel.deliver();
            assertThat(listener.isEmpty()).isTrue();
        }
    }

    @Test
    void keepsWhatWasPublishedAfterTheDeletionAsTheJournalDoes() throws Exception {
        InMemoryChannel channel = new InMemoryChannel("lobby", "e", Retention.DEFAULT, new AtomicLong());
        try (Journal journal = Journal.open(directory, OPTIONS, (record, segment) -> {})) {
            journal.begin("e", List.of());
            publish(channel, journal, "before");
            JournalNote deletion = new JournalNote(new JournalRecord.Deletion("", "eve"));
            journal.offer(deletion);
            journal.hurry();
            long segment = deletion.await(30, TimeUnit.SECONDS);
            publish(channel, journal, "after");

            channel.change(it -> it.delete(message -> message.sender().equals("eve"), segment));
        }
        InMemoryChannel.Held held =
                channel.use(it -> it.page(true, message -> true, 10)).orElseThrow();
        assertThat(held.page().messages())
                .extracting(message -> message.content().asText())
                .containsExactly("after");
    }

    private static void publish(InMemoryChannel channel, Journal journal, String text) throws Exception {
        InMemoryChannel.Place place = place(channel, journal, text);
        journal.hurry();
        place.written().get(30, TimeUnit.SECONDS);
        channel.deliver();
    }

    private static InMemoryChannel.Place place(InMemoryChannel channel, Journal journal, String text) {
        return channel.use(it -> it.place(Optional.of(journal), "eve", new Content.Text(text), ""))
                .orElseThrow();
    }

    @Test
    void failsOnlyWhatWasPlacedBehindTheFailure() throws Exception {
        InMemoryChannel channel = new InMemoryChannel("lobby", "e", Retention.DEFAULT, new AtomicLong());
        Journal.Options tiny =
                new Journal.Options(InMemoryBroker.Fsync.NEVER, Duration.ofDays(1), Duration.ZERO, 1); // each rolls
        Path blocked = directory.resolve("0000000000000002.journal");
        try (Journal journal = Journal.open(directory, tiny, (record, segment) -> {})) {
            journal.begin("e", List.of());
            Files.createDirectory(blocked);
            CompletableFuture<InMemoryChannel.Place> next = new CompletableFuture<>();
            InMemoryChannel.Place first = place(channel, journal, "first");
            InMemoryChannel.Place second = place(channel, journal, "second");
            first.written().whenComplete((written, failure) -> {
                blocked.toFile().delete(); // from now on it can be written
                next.complete(place(channel, journal, "next"));
            });
            journal.hurry();

            InMemoryChannel.Place third = next.get(30, TimeUnit.SECONDS);
            journal.hurry();
            assertThat(first.written()).isCompletedExceptionally();
            assertThat(second.written()).isCompletedExceptionally();
            assertThat(third.position()).isEqualTo(first.position());
            assertThat(third.written()).succeedsWithin(30, TimeUnit.SECONDS);
        }
    }
}

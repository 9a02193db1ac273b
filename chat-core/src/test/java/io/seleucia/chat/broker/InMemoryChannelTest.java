package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.message.Content;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

            channel.change(it -> it.delete(message -> message.sender().equals("eve")));

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
}

package io.seleucia.chat.broker.memory;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptions of channels, and the directory, when the journal is opened again. */
class DescriptionsInTheJournalTest {
    private static final Sender ADA = new Sender("ada", true);

    @TempDir
    private Path directory;

    private static Optional<Content.Json> json(String text) {
        return Optional.of(new Content.Json(text));
    }

    private InMemoryBroker open(long segmentBytes) throws Exception {
        return JournaledBrokers.open(Retention.DEFAULT.withArchive(Duration.ZERO), directory, segmentBytes);
    }

    @Test
    void areThereAgain() throws Exception {
        ChannelInfo kept;
        try (InMemoryBroker broker = open(1 << 20)) {
            broker.describe("kept", Sender.of("bob"), json("{\"n\":1}"));
            kept = broker.describe("kept", ADA, json("{\"n\":\"\u00e9\"}"));
            broker.describe("removed", ADA, json("{\"n\":1}"));
            broker.describe("removed", ADA, Optional.empty());
            broker.publish("said", "ada", new Content.Text("hi"), "");
            broker.describe("said", ADA, json("{\"n\":2}"));
        }
        try (InMemoryBroker broker = open(1 << 20)) {
            assertThat(broker.info("kept")).contains(kept);
            assertThat(broker.info("removed")).isEmpty();
            assertThat(broker.list("", "", 10, name -> true).page())
                    .extracting(ChannelEntry::channel)
                    .containsExactly("said");
            assertThat(broker.list("", "", 10, name -> true).page().getFirst().info())
                    .isEqualTo(broker.info("said"))
                    .isPresent();
            assertThat(broker.describe("kept", ADA, json("{}")).time()).isGreaterThan(kept.time());
        }
    }

    @Test
    void outliveTheirSegments() throws Exception {
        ChannelInfo kept;
        try (InMemoryBroker broker = open(4_096)) {
            kept = broker.describe("kept", ADA, json("{\"n\":1}"));
            broker.describe("removed", ADA, json("{\"n\":1}"));
            broker.describe("removed", ADA, Optional.empty());
            broker.describe("changed", ADA, json("{\"n\":1}"));
            fill(broker);
            broker.describe("changed", ADA, json("{\"n\":2}"));
            fill(broker);
            Path first = segments().sorted().findFirst().orElseThrow();
            long before = segments().count();
            makeOld();

            broker.sweepOnce();

            eventually(() -> assertThat(first).doesNotExist());
            assertThat(segments().count()).isLessThan(before);
        }
        try (InMemoryBroker broker = open(4_096)) {
            assertThat(broker.info("kept")).contains(kept);
            assertThat(broker.info("removed")).isEmpty();
            assertThat(broker.info("changed").orElseThrow().json()).isEqualTo(json("{\"n\":2}"));
        }
    }

    private static void fill(InMemoryBroker broker) throws Exception {
        for (int i = 0; i < 100; i++) {
            broker.publish("filled", "ada", new Content.Text("x".repeat(100)), "");
        }
    }

    private Stream<Path> segments() throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".journal")).toList().stream();
        }
    }

    private void makeOld() throws Exception {
        FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(2)));
        for (Path segment : segments().toList()) {
            Files.setLastModifiedTime(segment, old);
        }
    }
}

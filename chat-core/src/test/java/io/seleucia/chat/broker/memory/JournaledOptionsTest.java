package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ChannelOptionsContract;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.journal.JournalOptions;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.options.ChannelOptions;
import io.seleucia.chat.options.ChannelRules;
import io.seleucia.chat.options.CurrentOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options of channels in a broker with a journal, which has no archive except where a test has one. */
class JournaledOptionsTest extends ChannelOptionsContract {
    private static final MemoryBudget MEMORY = MemoryBudget.ofHeap(MemoryBudget.DEFAULT_SHARE);

    @TempDir
    private Path directory;

    @TempDir
    private Path other;

    @Override
    protected Broker create(Retention retention, CurrentOptions options) throws IOException {
        return InMemoryBroker.open(retention.withArchive(Duration.ZERO), directory, Fsync.INTERVAL, MEMORY, options);
    }

    @Override
    protected Broker restarted(Broker broker, Retention retention, CurrentOptions options) throws IOException {
        broker.close();
        return create(retention, options);
    }

    private static Position publish(Broker broker, String text) throws Exception {
        return broker.publish("lobby", "ada", new Content.Text(text), "").position();
    }

    private static List<Long> kept(Broker broker) throws Exception {
        return broker.historyAfter("lobby", 0, 100).messages().stream()
                .map(message -> message.position().offset())
                .toList();
    }

    @Test
    void aRestartRestoresWhatTheOptionsOfThatTimeSay() throws Exception {
        Retention retention = Retention.DEFAULT.withMessages(5).withArchive(Duration.ZERO);
        try (Broker broker = InMemoryBroker.open(retention, other, Fsync.NEVER, MEMORY, options)) {
            for (int i = 0; i < 10; i++) {
                publish(broker, "text");
            }
            assertThat(kept(broker)).containsExactly(6L, 7L, 8L, 9L, 10L);
        }

        options.change(ChannelRules.NONE.with("lobby", ChannelOptions.DEFAULT.withHistorySize(8)));
        try (Broker broker = InMemoryBroker.open(retention, other, Fsync.NEVER, MEMORY, options)) {
            assertThat(kept(broker)).hasSize(8);
        }

        options.change(ChannelRules.NONE.with("lobby", ChannelOptions.DEFAULT.withHistorySize(0)));
        try (Broker broker = InMemoryBroker.open(retention, other, Fsync.NEVER, MEMORY, options)) {
            assertThat(kept(broker)).isEmpty();
            assertThat(publish(broker, "text").offset()).isEqualTo(11);
        }
    }

    @Test
    void aChannelThatKeepsNothingLeavesNothingInTheFilesAndShowsNothingOfTheArchive() throws Exception {
        Position before;
        try (Broker broker = InMemoryBroker.open(Retention.DEFAULT, other, Fsync.NEVER, MEMORY, options)) {
            before = publish(broker, "before");
            options.change(ChannelRules.NONE.with("lobby", ChannelOptions.DEFAULT.withHistorySize(0)));
            assertThat(publish(broker, "whispered")).isEqualTo(before.next());

            assertThat(kept(broker)).isEmpty();
            assertThat(broker.historyBefore("lobby", 2, 10).messages()).isEmpty();
            assertThat(broker.folded("lobby", true, 0, 10).messages()).isEmpty();
        }

        assertThat(filesContain("before")).isTrue();
        assertThat(filesContain("whispered")).isFalse();
        try (Broker broker = InMemoryBroker.open(Retention.DEFAULT, other, Fsync.NEVER, MEMORY, options)) {
            assertThat(kept(broker)).isEmpty();
            assertThat(broker.historyAfter("lobby", 0, 1).position()).isEqualTo(before.at(2));
            options.change(ChannelRules.NONE);
            assertThat(publish(broker, "after")).isEqualTo(before.at(3));
            assertThat(kept(broker)).containsExactly(1L, 3L);
        }
    }

    private boolean filesContain(String text) throws IOException {
        try (Stream<Path> files = Files.walk(other)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void keepsFilesForAsLongAsAnyChannelNeedsThem() throws Exception {
        Retention retention =
                new Retention(100, Duration.ofMillis(1), Duration.ofDays(1), Duration.ofMillis(1), Duration.ZERO);
        options.change(ChannelRules.NONE.with("lobby", ChannelOptions.DEFAULT.withHistoryAge(Duration.ofDays(1))));
        try (InMemoryBroker broker = open(retention)) {
            for (int i = 0; i < 10; i++) {
                publish(broker, "a text that fills a segment of these few bytes, after some messages");
            }
            broker.sweepOnce();
        }

        try (InMemoryBroker broker = open(retention)) {
            assertThat(kept(broker)).hasSize(10);
        }
    }

    private InMemoryBroker open(Retention retention) throws IOException {
        return InMemoryBroker.open(retention, other, Fsync.NEVER, 300, MEMORY, JournalOptions.ERASING, options);
    }
}

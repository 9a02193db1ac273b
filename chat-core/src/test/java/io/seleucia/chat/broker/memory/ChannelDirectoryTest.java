package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The directory and the descriptions of a broker in memory. */
class ChannelDirectoryTest {
    private static final Sender ADA = Sender.of("ada");

    @Test
    void asksOnlyForThePage() throws Exception {
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT)) {
            for (int i = 0; i < 20_000; i++) {
                broker.join("channel-%05d".formatted(i), ADA);
            }
            AtomicInteger asked = new AtomicInteger();

            broker.list("channel-1", "channel-15000", 10, name -> asked.incrementAndGet() > 0);

            assertThat(asked).hasValue(11);
        }
    }

    @Test
    void releasesAllMemoryOfEndedChannels() throws Exception {
        MemoryBudget memory = MemoryBudget.ofBytes(1 << 24);
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            long before = memory.used(MemoryBudget.Part.CHANNELS);
            broker.join("lobby", ADA);
            broker.describe("lobby", ADA, Optional.of(new Content.Json("{\"topic\":\"long enough to be seen\"}")));
            assertThat(memory.used(MemoryBudget.Part.CHANNELS)).isGreaterThan(before + 22);

            broker.describe("lobby", ADA, Optional.empty());
            broker.leave("lobby", ADA);

            assertThat(memory.used(MemoryBudget.Part.CHANNELS)).isEqualTo(before);
        }
        assertThat(memory.used(MemoryBudget.Part.CHANNELS)).isZero();
    }

    @Test
    void descriptionsTakeAPartOfTheBudgetOnly() throws Exception {
        MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, memory)) {
            Content.Json large = new Content.Json("{\"a\":\"" + "a".repeat(ChannelInfo.MAX_BYTES - 100) + "\"}");
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 1_000; i++) {
                            broker.describe("channel " + i, ADA, Optional.of(large));
                        }
                    })
                    .isInstanceOf(UnavailableException.class);

            assertThat(memory.used(MemoryBudget.Part.CHANNELS)).isLessThan(memory.limit() / 5);
            assertThat(broker.info("channel 0")).isPresent();
            broker.publish("lobby", "ada", new Content.Text("hi"), "");
            broker.describe("channel 0", ADA, Optional.empty());
        }
    }
}

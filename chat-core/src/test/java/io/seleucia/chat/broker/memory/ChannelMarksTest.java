package io.seleucia.chat.broker.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Sender;
import org.junit.jupiter.api.Test;

class ChannelMarksTest {
    private final MemoryBudget memory = MemoryBudget.ofBytes(100_000_000);

    @Test
    void forgetsTheMarkThatMovedLongestAgoWhenThereAreTooMany() {
        ChannelMarks marks = new ChannelMarks(memory);
        for (int i = 0; i < ChannelMarks.MAX; i++) {
            marks.move("client " + i, 1, 0);
        }
        marks.move("client 0", 2, 0);
        marks.move("one more", 1, 0);

        assertThat(marks.of("client 0")).isEqualTo(2);
        assertThat(marks.of("client 1")).isZero();
        assertThat(marks.of("client 2")).isEqualTo(1);
        assertThat(marks.of("one more")).isEqualTo(1);
        marks.clear();
        assertThat(memory.used()).isZero();
    }

    @Test
    void takesNoMoreThanTheBudget() throws Exception {
        long budget = 4 << 20;
        MemoryBudget small = MemoryBudget.ofBytes(budget);
        try (InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT, small)) {
            for (int channel = 0; channel < 10; channel++) {
                broker.publish("channel " + channel, "ada", new Content.Text("hi"), "");
                for (int i = 0; i < 10_000; i++) { // would take 13 MB
                    Broker.Reader reader = new Broker.Reader("session", Sender.of("client " + i), false);
                    broker.markRead("channel " + channel, reader, 1);
                }
            }

            assertThat(small.used()).isLessThan(budget);
            assertThat(broker.readMark("channel 9", Sender.of("client 9999")).offset())
                    .isEqualTo(1);
        }
        assertThat(small.used()).isZero();
    }
}

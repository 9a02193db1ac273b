package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HistoryScanTest {
    private static final long MUCH = TimeUnit.MINUTES.toNanos(10);
    private final Allowance allowance =
            new Allowance(null, null, SourcesTest.unbounded(), new SessionLimits(10, 1_000, 1_000));
    private int pages;

    /** A history without an end, of which each page has one message. */
    private Broker.FoldedPage after(long offset, int limit) {
        pages++;
        Position position = new Position("e", offset + 1);
        Message message = new Message("@ada", position, "eve", 0, new Content.Text("hi"));
        return new Broker.FoldedPage(position, List.of(new FoldedMessage(message)));
    }

    private HistoryScan scan() {
        return new HistoryScan(this::after, true, 10, allowance, MemoryBudget.ofBytes(1 << 20));
    }

    @Test
    void endsAfterAPageIfTheTimeIsOver() throws Exception {
        HistoryScan scan = scan();

        scan.run(7, System.nanoTime() - 1, message -> false);

        assertThat(pages).isOne();
        assertThat(scan.found()).isEmpty();
        assertThat(scan.next()).hasValue(8);
    }

    @Test
    void endsWhenItHasLookedAtEnoughMessages() throws Exception {
        HistoryScan scan = scan();

        scan.run(0, System.nanoTime() + MUCH, message -> false);

        assertThat(scan.next()).hasValue(5_000);
    }

    @Test
    void endsWhenItHasFoundEnough() throws Exception {
        HistoryScan scan = scan();

        scan.run(
                0,
                System.nanoTime() + MUCH,
                message -> message.message().position().offset() % 2 == 0);

        assertThat(scan.isFull()).isTrue();
        assertThat(scan.found()).hasSize(10);
        assertThat(scan.next()).hasValue(20);
    }
}

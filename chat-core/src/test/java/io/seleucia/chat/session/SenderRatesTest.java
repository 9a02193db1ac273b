package io.seleucia.chat.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.options.ChannelOptions.Rate;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SenderRatesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Sender ADA = Sender.of("ada");
    private static final Rate RATE = new Rate(1, Duration.ofSeconds(10), 2);

    private final MemoryBudget memory = MemoryBudget.ofBytes(1 << 20);
    private final SenderRates rates = new SenderRates(memory);

    @Test
    void tellsHowLongASenderMustWait() {
        assertThat(rates.take("lobby", ADA, RATE, 0)).isZero();
        assertThat(rates.take("lobby", ADA, RATE, 0)).isZero();
        assertThat(rates.take("lobby", ADA, RATE, SECOND)).isEqualTo(9 * SECOND);
        assertThat(rates.take("lobby", ADA, RATE, 10 * SECOND)).isZero();
        assertThat(rates.take("den", ADA, RATE, SECOND)).isZero();
        assertThat(rates.take("lobby", new Sender("ada", true), RATE, SECOND)).isZero();
    }

    @Test
    void takesBackWhatWasNotPublished() {
        rates.take("lobby", ADA, RATE, 0);
        rates.take("lobby", ADA, RATE, 0);
        rates.putBack("lobby", ADA);

        assertThat(rates.take("lobby", ADA, RATE, 0)).isZero();
    }

    @Test
    void beginsAnewWithAnotherRate() {
        rates.take("lobby", ADA, RATE, 0);
        rates.take("lobby", ADA, RATE, 0);

        assertThat(rates.take("lobby", ADA, new Rate(1, Duration.ofSeconds(20), 1), 0))
                .isZero();
        assertThat(rates.take("lobby", ADA, new Rate(1, Duration.ofSeconds(20), 1), 0))
                .isEqualTo(20 * SECOND);
    }

    @Test
    void forgetsSendersWhoseBudgetIsBackAndReleasesTheirMemory() {
        for (int i = 0; i < 100; i++) {
            rates.take("lobby", Sender.of("client " + i), RATE, i * 60L * SECOND);
        }
        assertThat(rates.size()).isLessThan(5);
        assertThat(memory.used(MemoryBudget.Part.CHANNELS)).isPositive();

        rates.close();

        assertThat(memory.used(MemoryBudget.Part.CHANNELS)).isZero();
    }
}

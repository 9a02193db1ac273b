package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PinningTest {
    @Test
    void readsListsOfProcessors() {
        assertThat(Pinning.cpus("0")).containsExactly(0);
        assertThat(Pinning.cpus("0-2,5")).containsExactly(0, 1, 2, 5);
    }

    @Test
    void pinsNothingIfThereIsNoSuchProcessor() {
        assertThat(Pinning.of("9999")).isEqualTo(Pinning.NONE);
    }
}

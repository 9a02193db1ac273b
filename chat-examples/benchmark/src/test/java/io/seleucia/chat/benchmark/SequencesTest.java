package io.seleucia.chat.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SequencesTest {
    private final Sequences sequences = new Sequences(2, 2);

    private void receive(int receiver, int sender, int... numbers) {
        for (int number : numbers) {
            sequences.receive(receiver, sender, number);
        }
    }

    @Test
    void findsNothingInOrder() {
        receive(0, 0, 0, 1, 2);
        receive(0, 1, 0, 1);
        receive(1, 0, 0);

        assertThat(sequences.faults()).isEqualTo(Faults.NONE);
    }

    @Test
    void countsWhatIsMissing() {
        receive(1, 1, 0, 3);

        assertThat(sequences.faults()).isEqualTo(new Faults(2, 0, 0));
    }

    @Test
    void countsWhatComesAgain() {
        receive(0, 0, 0, 1);

        assertThat(sequences.receive(0, 0, 1)).isFalse();
        assertThat(sequences.receive(0, 0, 0)).isFalse();
        assertThat(sequences.faults()).isEqualTo(new Faults(0, 2, 0));
    }

    @Test
    void takesWhatIsLateAsReordered() {
        receive(0, 0, 0, 2);

        assertThat(sequences.receive(0, 0, 1)).isTrue();
        assertThat(sequences.receive(0, 0, 1)).isFalse();
        assertThat(sequences.receive(0, 0, 3)).isTrue();
        assertThat(sequences.faults()).isEqualTo(new Faults(0, 1, 1));
    }
}

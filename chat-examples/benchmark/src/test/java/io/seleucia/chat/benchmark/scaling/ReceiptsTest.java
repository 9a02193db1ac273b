package io.seleucia.chat.benchmark.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.benchmark.Faults;
import io.seleucia.chat.benchmark.scaling.Receipts.Since;
import org.junit.jupiter.api.Test;

class ReceiptsTest {
    private final Receipts receipts = new Receipts(2, 3, 1); // of which member 2 of channel 1 is looked at

    private boolean receive(long offset, int sequence) {
        return receipts.receive(1, 2, offset, 0, sequence);
    }

    @Test
    void knowsWhereAMemberGoesOn() {
        assertThat(receipts.since(1, 2)).isEmpty();
        receipts.begin(1, 2, new Since("e", 0));
        receive(1, 0);
        receive(2, 1);

        assertThat(receipts.since(1, 2)).contains(new Since("e", 2));
        assertThat(receipts.since(1, 1)).isEmpty();
        receipts.resume(1, 2, "e");
        assertThat(receipts.delivered()).isEqualTo(2);
        assertThat(receipts.misplaced()).isZero();
        assertThat(receipts.faults()).isEqualTo(Faults.NONE);
    }

    @Test
    void seesGaps() {
        receive(1, 0);
        receive(3, 2);

        assertThat(receipts.misplaced()).isEqualTo(1);
        assertThat(receipts.faults()).isEqualTo(new Faults(1, 0, 0));
    }

    @Test
    void seesRepetitions() {
        receive(1, 0);

        assertThat(receive(1, 0)).isFalse();
        assertThat(receipts.delivered()).isEqualTo(1);
        assertThat(receipts.misplaced()).isEqualTo(1);
        assertThat(receipts.faults()).isEqualTo(new Faults(0, 1, 0));
    }

    @Test
    void seesOffsetsThatDoNotFollowAlthoughTheTextsDo() {
        receive(1, 0);
        receive(3, 1);

        assertThat(receipts.misplaced()).isEqualTo(1);
        assertThat(receipts.faults()).isEqualTo(Faults.NONE);
    }

    @Test
    void seesThatAMemberIsRecoveredInAnotherEpoch() {
        receipts.begin(1, 2, new Since("e", 0));
        receipts.resume(1, 2, "f");

        assertThat(receipts.misplaced()).isEqualTo(1);
    }
}

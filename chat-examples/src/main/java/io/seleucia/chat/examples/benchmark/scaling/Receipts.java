package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Faults;
import io.seleucia.chat.examples.benchmark.Sequences;
import java.util.Optional;

/**
 * What every member of every channel has got, checked one by one and twice: by the offsets that the servers give, which
 * must follow on each other, and by the numbers that the senders have put into the texts.
 */
final class Receipts {
    /** A place in a channel's history. */
    record Since(String epoch, long offset) {}

    private final int rounds;
    private final String[] epochs; // by seat: a member in a channel
    private final long[] offsets;
    private final Sequences sequences;
    private long delivered;
    private long misplaced;

    /** Nothing yet; senders are counted for each channel. */
    Receipts(int channels, int rounds, int senders) {
        this.rounds = rounds;
        epochs = new String[channels * rounds];
        offsets = new long[channels * rounds];
        sequences = new Sequences(channels * rounds, senders);
    }

    private int seat(int channel, int round) {
        return channel * rounds + round;
    }

    /** From where a member goes on, if it was subscribed before. */
    Optional<Since> since(int channel, int round) {
        int seat = seat(channel, round);
        return Optional.ofNullable(epochs[seat]).map(epoch -> new Since(epoch, offsets[seat]));
    }

    /** The member begins here, and with what comes next. */
    void begin(int channel, int round, Since since) {
        epochs[seat(channel, round)] = since.epoch;
        offsets[seat(channel, round)] = since.offset;
    }

    /** The member goes on from where it was, if that is still the epoch. */
    void resume(int channel, int round, String epoch) {
        misplaced += epoch.equals(epochs[seat(channel, round)]) ? 0 : 1;
    }

    /** A message has come; whether the member did not have it yet. */
    boolean receive(int channel, int round, long offset, int sender, int sequence) {
        int seat = seat(channel, round);
        misplaced += offset == offsets[seat] + 1 ? 0 : 1;
        offsets[seat] = Math.max(offsets[seat], offset);
        boolean first = sequences.receive(seat, sender, sequence);
        delivered += first ? 1 : 0;
        return first;
    }

    /** How many have come, each member's counted once. */
    long delivered() {
        return delivered;
    }

    /** How many did not have the offset that follows on the one before. */
    long misplaced() {
        return misplaced;
    }

    Faults faults() {
        return sequences.faults();
    }
}

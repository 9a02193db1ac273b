package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Faults;
import io.seleucia.chat.benchmark.Sequences;
import java.util.Optional;

/**
 * Checks every delivery to every member of a channel twice: by the servers' offsets, which must be consecutive, and by the
 * senders' numbers in the texts.
 */
final class Receipts {
    /** A place in a channel's history. */
    record Since(String epoch, long offset) {}

    private final int rounds;
    private final String[] epochs; // by seat, which is a member in a channel
    private final long[] offsets;
    private final Sequences sequences;
    private long delivered;
    private long misplaced;

    /** @param senders of each channel */
    Receipts(int channels, int rounds, int senders) {
        this.rounds = rounds;
        epochs = new String[channels * rounds];
        offsets = new long[channels * rounds];
        sequences = new Sequences(channels * rounds, senders);
    }

    private int seat(int channel, int round) {
        return channel * rounds + round;
    }

    /** Returns a member's position, if it was subscribed before. */
    Optional<Since> since(int channel, int round) {
        int seat = seat(channel, round);
        return Optional.ofNullable(epochs[seat]).map(epoch -> new Since(epoch, offsets[seat]));
    }

    void begin(int channel, int round, Since since) {
        epochs[seat(channel, round)] = since.epoch;
        offsets[seat(channel, round)] = since.offset;
    }

    /** Checks the epoch of a member that continues from its position. */
    void resume(int channel, int round, String epoch) {
        misplaced += epoch.equals(epochs[seat(channel, round)]) ? 0 : 1;
    }

    /** Handles a delivery. Returns whether it is the first one of the message to this member. */
    boolean receive(int channel, int round, long offset, int sender, int sequence) {
        int seat = seat(channel, round);
        misplaced += offset == offsets[seat] + 1 ? 0 : 1;
        offsets[seat] = Math.max(offsets[seat], offset);
        boolean first = sequences.receive(seat, sender, sequence);
        delivered += first ? 1 : 0;
        return first;
    }

    long delivered() {
        return delivered;
    }

    /** Returns the number of deliveries without the next offset. */
    long misplaced() {
        return misplaced;
    }

    Faults faults() {
        return sequences.faults();
    }
}

package io.seleucia.chat.benchmark;

import java.util.HashSet;
import java.util.Set;

/** Checks that every receiver gets the messages of each sender, numbered from 0, once and in order. */
public final class Sequences {
    private record Missed(int receiver, int sender, int sequence) {}

    private final int[][] expected; // the next number, by receiver and sender
    private final Set<Missed> missed = new HashSet<>();
    private long duplicates;
    private long reordered;

    /** @param senders of each receiver */
    public Sequences(int receivers, int senders) {
        expected = new int[receivers][senders];
    }

    /** Handles a delivery. Returns whether it is the first one of the message to this receiver. */
    public boolean receive(int receiver, int sender, int sequence) {
        int next = expected[receiver][sender];
        if (sequence < next) {
            boolean late = missed.remove(new Missed(receiver, sender, sequence));
            reordered += late ? 1 : 0;
            duplicates += late ? 0 : 1;
            return late;
        }
        for (int gap = next; gap < sequence; gap++) {
            missed.add(new Missed(receiver, sender, gap));
        }
        expected[receiver][sender] = sequence + 1;
        return true;
    }

    /** Returns the faults up to now. */
    public Faults faults() {
        return new Faults(missed.size(), duplicates, reordered);
    }
}

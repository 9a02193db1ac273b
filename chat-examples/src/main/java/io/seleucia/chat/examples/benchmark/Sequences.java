package io.seleucia.chat.examples.benchmark;

import java.util.HashSet;
import java.util.Set;

/** Checks one by one that every receiver gets the messages of each sender, numbered from 0 on, once and in order. */
public final class Sequences {
    private record Missed(int receiver, int sender, int sequence) {}

    private final int[][] expected; // by receiver and sender, the number that should come now
    private final Set<Missed> missed = new HashSet<>();
    private long duplicates;
    private long reordered;

    /**
     * Begins at 0 everywhere.
     *
     * @param senders how many there are for each receiver
     */
    public Sequences(int receivers, int senders) {
        expected = new int[receivers][senders];
    }

    /** Notes that a message has come; whether the receiver did not have it yet. */
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

    /** What is wrong up to now. */
    public Faults faults() {
        return new Faults(missed.size(), duplicates, reordered);
    }
}

package io.seleucia.chat.benchmark;

/**
 * The faults that receivers have found.
 *
 * @param gaps messages that a receiver never got, although it has a later one of that sender
 * @param duplicates messages that a receiver got again
 * @param reordered messages that a receiver got after a later one of that sender
 */
public record Faults(long gaps, long duplicates, long reordered) {
    /** Everything arrived once and in order. */
    public static final Faults NONE = new Faults(0, 0, 0);

    /** Returns the sums. */
    public Faults plus(Faults other) {
        return new Faults(gaps + other.gaps, duplicates + other.duplicates, reordered + other.reordered);
    }

    @Override
    public String toString() {
        return "gaps " + gaps + ", duplicates " + duplicates + ", reordered " + reordered;
    }
}

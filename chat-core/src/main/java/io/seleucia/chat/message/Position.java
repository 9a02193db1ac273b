package io.seleucia.chat.message;

/**
 * A place in a channel's history.
 *
 * @param epoch a random name for one life of the history; offsets of different epochs have nothing to do with each other
 * @param offset 1 for the first message of the epoch, then 2, 3 and so on without gaps; 0 stands before the first
 */
public record Position(String epoch, long offset) {
    /** The position of a message that no history holds, such as one pushed into Redis by hand. */
    public static final Position NONE = new Position("", 0);

    /**
     * {@return whether {@code other} belongs to the same life of the history}
     *
     * @param other another position
     */
    public boolean sameEpoch(Position other) {
        return epoch.equals(other.epoch);
    }

    /** {@return the position of the message after this one} */
    public Position next() {
        return at(offset + 1);
    }

    /**
     * {@return the position {@code offset} in the same epoch}
     *
     * @param offset the offset
     */
    public Position at(long offset) {
        return new Position(epoch, offset);
    }
}

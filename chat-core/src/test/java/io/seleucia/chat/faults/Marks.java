package io.seleucia.chat.faults;

import java.util.ArrayList;
import java.util.List;

/**
 * How far a member said that it had read, and how far it was told that it had. Times are {@link System#nanoTime}. Not
 * thread-safe.
 */
final class Marks {
    /**
     * A mark that the member has set.
     *
     * @param wanted how far it said that it had read
     * @param told where the mark is, by the reply
     * @param asked when it was sent
     * @param answered when the reply came
     */
    record Move(String channel, long wanted, long told, long asked, long answered) {}

    /**
     * A mark that the member was told without setting it.
     *
     * @param asked when it was asked for
     */
    record Told(String channel, long offset, long asked) {}

    private final String member;
    private final List<Move> set = new ArrayList<>();
    private final List<Told> told = new ArrayList<>();

    Marks(String member) {
        this.member = member;
    }

    void set(String channel, long wanted, long answer, long asked) {
        set.add(new Move(channel, wanted, answer, asked, System.nanoTime()));
    }

    void told(String channel, long offset, long asked) {
        told.add(new Told(channel, offset, asked));
    }

    String member() {
        return member;
    }

    List<Move> set() {
        return set;
    }

    List<Told> told() {
        return told;
    }
}

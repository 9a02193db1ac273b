package io.seleucia.chat.faults;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What is wrong with the evidence of a run, and how much there was to look at. */
final class Verdict {
    private static final int SHOWN_IN_FULL = 10;

    /** The ways to break the promise. */
    enum Violation {
        /** Never shown to a member, and not said to be lost. */
        LOST,
        /** Shown to a member, or stored, more than once. */
        DOUBLED,
        /** Shown after what comes behind it. */
        REORDERED,
        /** Two sources disagree about what is at a position. */
        CONTRADICTED,
        /** Shown by a recovery or a history that was asked for after it had been deleted. */
        UNDELETED,
        /** A message as it is now is not what the log makes of it, or not what a member makes of what it was shown. */
        MISFOLDED,
        /** A reference was refused without a reason, or carried out although it was refused, or ought to have been. */
        MISJUDGED,
        /** A read mark is lower than one that was acknowledged before, or the number of unread messages is wrong. */
        SET_BACK,
        /** Connected and subscribed, but not said to be there. */
        ABSENT,
        /** Said to be there, but gone. */
        GHOST,
        /** Said to leave, but there before and after. */
        DISMISSED
    }

    private final Map<Violation, List<String>> violations = new EnumMap<>(Violation.class);
    private int seen;
    private int losses;
    private int covered;
    private int folded;
    private int refusals;
    private int marks;

    Verdict() {
        for (Violation violation : Violation.values()) {
            violations.put(violation, new ArrayList<>());
        }
    }

    void add(Violation violation, String format, Object... details) {
        violations.get(violation).add(format.formatted(details));
    }

    void countSeen() {
        seen++;
    }

    void countLoss() {
        losses++;
    }

    void countCovered() {
        covered++;
    }

    void countFolded(int messages) {
        folded += messages;
    }

    void countRefusal() {
        refusals++;
    }

    void countMark() {
        marks++;
    }

    /** Messages that were compared as they are now, over all members and servers. */
    int folded() {
        return folded;
    }

    /** Messages shown, over all members. */
    int seen() {
        return seen;
    }

    /** How often a member was told that something is lost. */
    int losses() {
        return losses;
    }

    /** Messages that members did not get, but were told that they would not. */
    int covered() {
        return covered;
    }

    List<String> of(Violation violation) {
        return violations.get(violation);
    }

    boolean clean() {
        return violations.values().stream().allMatch(Collection::isEmpty);
    }

    /** A line with all counts, and the first violations in full. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seen " + seen + ", told of losses " + losses + " that cover " + covered
                + ", folded " + folded + ", refused " + refusals + ", marks " + marks);
        violations.forEach((kind, found) ->
                text.append(", ").append(kind.name().toLowerCase()).append(' ').append(found.size()));
        violations.forEach((kind, found) -> found.stream()
                .limit(SHOWN_IN_FULL)
                .forEach(one -> text.append("\n    ").append(kind).append(": ").append(one)));
        return text.toString();
    }
}

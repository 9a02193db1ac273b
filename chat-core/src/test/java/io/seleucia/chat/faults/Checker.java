package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.CONTRADICTED;
import static io.seleucia.chat.faults.Verdict.Violation.DOUBLED;
import static io.seleucia.chat.faults.Verdict.Violation.LOST;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Judges a run: every acknowledged message has one place, and every member was shown it there, once, in order, or was
 * told that it is lost.
 */
final class Checker {
    private record Place(String channel, Position position) {}

    private record Name(String channel, String epoch, String id) {}

    /** Is told where something was found. */
    @FunctionalInterface
    interface Placed {
        void placed(String channel, Position position, String id, String source);
    }

    private final Verdict verdict = new Verdict();
    private final Map<Place, String> contents = new HashMap<>();
    private final Map<Name, Position> positions = new HashMap<>();
    private final Map<String, Set<Position>> due = new LinkedHashMap<>(); // by channel: acknowledged, or in the history

    private Checker() {}

    static Verdict judge(Evidence evidence) {
        Checker checker = new Checker();
        for (Stored stored : evidence.acknowledged()) {
            checker.note(stored, "an acknowledgement");
        }
        for (History history : evidence.histories()) {
            checker.judge(history, evidence.acknowledged());
        }
        for (Track track : evidence.tracks()) {
            new TrackCheck(track, checker::placed, evidence.orderly(), checker.verdict)
                    .read()
                    .expect(checker.due.getOrDefault(track.channel(), Set.of()));
        }
        return checker.verdict;
    }

    private void note(Stored stored, String source) {
        placed(stored.channel(), stored.position(), stored.id(), source);
        due.computeIfAbsent(stored.channel(), channel -> new LinkedHashSet<>()).add(stored.position());
    }

    /** One message for a position, and one position for a message in an epoch: with the epoch its key is forgotten. */
    private void placed(String channel, Position position, String id, String source) {
        String other = contents.putIfAbsent(new Place(channel, position), id);
        if (other != null && !other.equals(id)) {
            verdict.add(CONTRADICTED, "%s has %s at %s %s, elsewhere it is %s", source, id, channel, position, other);
        }
        Position first = positions.putIfAbsent(new Name(channel, position.epoch(), id), position);
        if (first != null && !first.equals(position)) {
            verdict.add(DOUBLED, "%s is in %s at %s, and %s has it at %s", id, channel, first, source, position);
        }
    }

    /** No gap within it or at its end, and in it whatever was acknowledged and is not older than all of it. */
    private void judge(History history, List<Stored> acknowledged) {
        Set<Position> stored = new HashSet<>();
        Position last = null;
        for (Stored message : history.messages()) {
            if (last != null && !message.position().equals(last.next())) {
                verdict.add(LOST, "the history of %s has %s after %s", history.channel(), message.position(), last);
            }
            note(message, "the history");
            stored.add(message.position());
            last = message.position();
        }
        if (last != null && !last.equals(history.end())) {
            verdict.add(LOST, "the history of %s has nothing from %s to %s", history.channel(), last, history.end());
        }
        Position oldest = history.messages().isEmpty()
                ? history.end().next()
                : history.messages().getFirst().position();
        for (Stored one : acknowledged) {
            if (one.channel().equals(history.channel())
                    && one.position().sameEpoch(oldest)
                    && one.position().offset() >= oldest.offset()
                    && !stored.contains(one.position())) {
                verdict.add(LOST, "%s is not in the history", one);
            }
        }
    }
}

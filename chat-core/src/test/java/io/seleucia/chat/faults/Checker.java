package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.ABSENT;
import static io.seleucia.chat.faults.Verdict.Violation.CONTRADICTED;
import static io.seleucia.chat.faults.Verdict.Violation.DISMISSED;
import static io.seleucia.chat.faults.Verdict.Violation.DOUBLED;
import static io.seleucia.chat.faults.Verdict.Violation.GHOST;
import static io.seleucia.chat.faults.Verdict.Violation.LOST;
import static io.seleucia.chat.faults.Verdict.Violation.UNDELETED;

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
 *
 * <p>Where the store was put back to what it had known earlier, acknowledged messages may be gone. Then this is left:
 *
 * <ul>
 *   <li>No position, which is an epoch with an offset, has two messages, over all that was shown, acknowledged or in a
 *       history. So a store that knows less than anybody was told must begin a new epoch.
 *   <li>A member for which something acknowledged is missing was told {@code lost}, with a position from which on that is
 *       so and one up to which it is. An epoch that is still the channel's in the end has everything that was
 *       acknowledged in it, as far back as the history goes.
 *   <li>A member is shown each position once. It is shown no message again, in whatever epoch, that it was shown at the
 *       place which was acknowledged, for after an acknowledgement it is not sent again. (One that was not acknowledged
 *       is, and may have a place in a former epoch as well, which the store forgot together with its key.)
 * </ul>
 *
 * <p>Where messages were deleted, what was acknowledged before a deletion began is in no history, and in no recovery, that
 * was asked for after it had returned. What was sent before it returned may be gone, and a history may have holes there.
 * Everything else is in the history. A member is shown it too, or told {@code lost}: a recovery that would begin with a
 * deleted message replays nothing.
 */
final class Checker {
    private record Place(String channel, Position position) {}

    private record Name(String channel, String epoch, String id) {}

    private final Evidence evidence;
    private final Deletions deletions;
    private final Set<Stored> acknowledged;
    private final LifeCheck life;
    private final Verdict verdict = new Verdict();
    private final Map<Place, String> contents = new HashMap<>();
    private final Map<Name, Position> positions = new HashMap<>();
    private final Map<String, Set<Position>> due = new LinkedHashMap<>(); // by channel: acknowledged, or in the history

    private Checker(Evidence evidence) {
        this.evidence = evidence;
        this.deletions = evidence.deletions();
        this.acknowledged = Set.copyOf(evidence.acknowledged());
        this.life = new LifeCheck(evidence, verdict);
    }

    static Verdict judge(Evidence evidence) {
        return new Checker(evidence).judge();
    }

    private Verdict judge() {
        for (Stored stored : evidence.acknowledged()) {
            note(stored, "an acknowledgement");
        }
        List<TrackCheck> tracks = evidence.tracks().stream()
                .map(track -> new TrackCheck(track, this, evidence, verdict).read())
                .toList();
        evidence.histories().forEach(this::judge);
        for (List<History> read : List.of(evidence.histories(), deletions.glimpses())) {
            read.forEach(this::findDeleted);
        }
        tracks.forEach(track -> track.expect(due));
        life.judge();
        for (Presences presences : evidence.presences()) {
            report(ABSENT, presences.absent(), presences);
            report(GHOST, presences.ghosts(), presences);
        }
        evidence.departures().forEach(told -> verdict.add(DISMISSED, "%s", told));
        return verdict;
    }

    private void report(Verdict.Violation kind, Set<String> names, Presences presences) {
        names.forEach(name ->
                verdict.add(kind, "%s in %s, says the server on port %d", name, presences.channel(), presences.port()));
    }

    private void note(Stored stored, String source) {
        placed(stored.channel(), stored.position(), stored.id(), source);
        if (!deletions.mayHaveTaken(stored.channel(), stored.id())) {
            due.computeIfAbsent(stored.channel(), channel -> new LinkedHashSet<>())
                    .add(stored.position());
        }
    }

    /** One message for a position, and one position for a message in an epoch: with the epoch its key is forgotten. */
    void placed(String channel, Position position, String id, String source) {
        if (id.equals(Said.GONE)) {
            return; // it can be anything
        }
        String other = contents.putIfAbsent(new Place(channel, position), id);
        if (other != null && !other.equals(id)) {
            verdict.add(CONTRADICTED, "%s has %s at %s %s, elsewhere it is %s", source, id, channel, position, other);
        }
        Position first = positions.putIfAbsent(new Name(channel, position.epoch(), id), position);
        if (first != null && !first.equals(position)) {
            verdict.add(DOUBLED, "%s is in %s at %s, and %s has it at %s", id, channel, first, source, position);
        }
    }

    /** What was said about messages. */
    LifeCheck life() {
        return life;
    }

    boolean isAcknowledged(Stored stored) {
        return acknowledged.contains(stored);
    }

    /** No gap within it or at its end, and in it whatever was acknowledged and is not older than all of it. */
    private void judge(History history) {
        Set<Position> stored = new HashSet<>();
        Position last = null;
        for (Stored message : history.messages()) {
            if (last != null && isHole(history.channel(), last.next(), message.position())) {
                verdict.add(LOST, "the history of %s has %s after %s", history.channel(), message.position(), last);
            }
            note(message, "the history");
            stored.add(message.position());
            last = message.position();
        }
        if (last != null && isHole(history.channel(), last.next(), history.end().next())) {
            verdict.add(LOST, "the history of %s has nothing from %s to %s", history.channel(), last, history.end());
        }
        Position oldest = history.messages().isEmpty()
                ? history.end().next()
                : history.messages().getFirst().position();
        for (Stored one : evidence.acknowledged()) {
            if (one.channel().equals(history.channel())
                    && one.position().sameEpoch(oldest)
                    && one.position().offset() >= oldest.offset()
                    && !stored.contains(one.position())
                    && !deletions.mayHaveTaken(one.channel(), one.id())) {
                verdict.add(LOST, "%s is not in the history", one);
            }
        }
    }

    /**
     * Whether something is missing between two positions that no deletion may have taken. Where there were deletions, a
     * message that nobody was shown, and whose repetition has another place, may be among what they took.
     */
    private boolean isHole(String channel, Position from, Position to) {
        boolean missing = !from.sameEpoch(to) || from.offset() > to.offset();
        for (Position at = from; !missing && at.offset() < to.offset(); at = at.next()) {
            String id = contents.get(new Place(channel, at));
            missing = deletions.isEmpty() || id != null && !deletions.mayHaveTaken(channel, id);
        }
        return missing;
    }

    private void findDeleted(History history) {
        for (Stored message : history.messages()) {
            if (deletions.forbid(message.channel(), message.id(), history.asked())
                    || life.forbids(message.channel(), message.position(), message.id(), history.asked())) {
                verdict.add(UNDELETED, "the history of %s has %s, which was deleted", history.channel(), message);
            }
        }
    }
}

package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.MISFOLDED;
import static io.seleucia.chat.faults.Verdict.Violation.MISJUDGED;
import static io.seleucia.chat.faults.Verdict.Violation.SET_BACK;
import static io.seleucia.chat.faults.Verdict.Violation.UNDELETED;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.faults.Evidence.LastMark;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Judges what was said about messages, and how far they were read, where {@link Checker} judges places: messages as they are
 * now are what the log makes of them, and what each member makes of what it was shown; a content is shown nowhere after its
 * deletion was acknowledged; references are refused for a reason only; no mark is set back.
 */
final class LifeCheck {
    private record Place(String channel, Position position) {}

    private final Evidence evidence;
    private final Evidence.Life life;
    private final Verdict verdict;
    private final Map<Place, Said> logged = new HashMap<>();
    private final Map<Place, Long> deletedAt = new HashMap<>(); // contents: when their deletion was acknowledged

    LifeCheck(Evidence evidence, Verdict verdict) {
        this.evidence = evidence;
        this.life = evidence.life();
        this.verdict = verdict;
        for (History history : evidence.histories()) {
            history.log().forEach(said -> logged.put(place(history, said.offset()), said));
        }
        Map<Place, List<Place>> edits = logged.entrySet().stream()
                .filter(one -> one.getValue().is(Reference.Kind.EDIT))
                .collect(Collectors.groupingBy(
                        one -> target(one.getKey(), one.getValue()),
                        Collectors.mapping(Map.Entry::getKey, Collectors.toList())));
        for (Outbox.Deleted deletion : life.deleted()) {
            Place place = new Place(deletion.channel(), deletion.position());
            Said said = logged.get(place);
            if (said != null && said.is(Reference.Kind.DELETE)) {
                Place target = target(place, said);
                Stream.concat(Stream.of(target), edits.getOrDefault(target, List.of()).stream())
                        .forEach(gone -> deletedAt.merge(gone, deletion.acknowledged(), Math::min));
            }
        }
    }

    private static Place place(History history, long offset) {
        return new Place(history.channel(), history.end().at(offset));
    }

    private static Place target(Place place, Said said) {
        return new Place(
                place.channel, place.position.at(said.ref().orElseThrow().offset()));
    }

    /** Returns whether a content that is shown by what was asked for then had been deleted before. */
    boolean forbids(String channel, Position position, String id, long asked) {
        return !id.equals(Said.GONE) && deletedAt.getOrDefault(new Place(channel, position), Long.MAX_VALUE) < asked;
    }

    /** Returns whether there is an edit without content, which programs are not shown. */
    boolean isGoneEdit(String channel, Position position) {
        Said said = logged.get(new Place(channel, position));
        return said != null && said.is(Reference.Kind.EDIT) && said.text().isEmpty();
    }

    void judge() {
        Map<String, History> ends = new HashMap<>();
        for (History history : evidence.histories()) {
            history.folded().ifPresent(folded -> {
                ends.put(history.channel(), history);
                compare("the folded history of " + history.channel(), folded, Folded.of(history.log()));
                findDeleted(history);
            });
        }
        if (evidence.deletions().isEmpty()) { // what an operator deletes leaves the log, and what it had changed
            evidence.tracks().stream()
                    .filter(track -> ends.containsKey(track.channel()))
                    .forEach(track -> compare(track, ends.get(track.channel())));
        }
        if (!life.forgetful()) {
            judgeRefusals(ends);
            judgeMarks(ends);
        }
    }

    private void compare(String whose, List<Folded> found, List<Folded> expected) {
        verdict.countFolded(expected.size());
        Map<Long, Folded> left = new HashMap<>();
        expected.forEach(one -> left.put(one.offset(), one));
        for (Folded one : found) {
            Folded other = left.remove(one.offset());
            if (other == null || !one.isSame(other)) {
                verdict.add(MISFOLDED, "%s has %s, which ought to be %s", whose, one, other);
            }
        }
        left.values().forEach(one -> verdict.add(MISFOLDED, "%s does not have %s", whose, one));
    }

    /** A deletion in the log has its effect there. */
    private void findDeleted(History history) {
        for (Said said : history.log()) {
            if (said.is(Reference.Kind.DELETE)) {
                Said target = logged.get(target(place(history, said.offset()), said));
                if (target != null && target.text().isPresent()) {
                    verdict.add(UNDELETED, "the history of %s has %s in spite of %s", history.channel(), target, said);
                }
            }
        }
    }

    /** What a member makes of all that it was shown since it was last told of a loss is what the server makes of it. */
    private void compare(Track track, History history) {
        List<Track.Shown> shown = track.shown();
        int begin = shown.size() - 1;
        while (begin > 0 && !(shown.get(begin) instanceof Track.Shown.Lost)) {
            begin--;
        }
        Position start = shown.get(begin).position();
        List<Said> said = shown.stream()
                .skip(begin)
                .filter(Track.Shown.Message.class::isInstance)
                .map(one -> ((Track.Shown.Message) one).said())
                .flatMap(Optional::stream)
                .toList();
        if (said.isEmpty() || !start.sameEpoch(history.end()) || !track.last().equals(history.end())) {
            return; // a program in the server notes ids only
        }
        long oldest = history.log().isEmpty()
                ? Long.MAX_VALUE
                : history.log().getFirst().offset();
        compare(
                track.member() + " in " + track.channel(),
                Folded.of(said).stream().filter(one -> one.offset() >= oldest).toList(),
                history.folded().orElseThrow().stream()
                        .filter(one -> one.offset() > start.offset())
                        .toList());
    }

    /** In a channel; the two halves of a direct message may be refused apart from each other. */
    private void judgeRefusals(Map<String, History> ends) {
        life.trespasses().forEach(one -> verdict.add(MISJUDGED, "%s was not for its publisher to change", one));
        Set<List<String>> shown = new HashSet<>();
        evidence.tracks()
                .forEach(track -> track.shown().stream()
                        .filter(Track.Shown.Message.class::isInstance)
                        .forEach(one -> shown.add(List.of(track.channel(), ((Track.Shown.Message) one).id()))));
        logged.forEach((place, said) -> shown.add(List.of(place.channel, said.id())));
        for (Outbox.Refusal refusal : life.refusals()) {
            Publication refused = refusal.publication();
            verdict.countRefusal();
            if (shown.contains(List.of(refused.channel(), refused.id(refusal.member()))) && !refused.isDirect()) {
                verdict.add(MISJUDGED, "%s was refused as %s, and published", refused, refusal.code());
            }
            if (!isJustified(refusal, Optional.ofNullable(ends.get(refused.channel())))) {
                verdict.add(MISJUDGED, "%s was refused as %s", refused, refusal.code());
            }
        }
    }

    private boolean isJustified(Outbox.Refusal refusal, Optional<History> history) {
        Publication refused = refusal.publication();
        if (refusal.code().equals("forbidden")) {
            return refused.trespass();
        }
        if (refused.isDirect() || history.isEmpty() || !evidence.deletions().isEmpty()) {
            return true;
        }
        Said target =
                logged.get(place(history.get(), refused.ref().orElseThrow().offset()));
        return target == null || target.deleted().isPresent(); // it has left the window, or is deleted
    }

    private void judgeMarks(Map<String, History> ends) {
        for (Marks marks : life.marks()) {
            for (Marks.Move move : marks.set()) {
                verdict.countMark();
                if (move.told() < move.wanted()) {
                    verdict.add(SET_BACK, "%s of %s was answered with less", move, marks.member());
                }
                notBefore(marks, move.channel(), move.told(), move.asked(), "a reply");
            }
            marks.told().forEach(told -> notBefore(marks, told.channel(), told.offset(), told.asked(), "a channel"));
            life.last().stream()
                    .filter(last -> last.member().equals(marks.member()))
                    .forEach(last -> judgeLast(marks, last, ends.get(last.channel())));
        }
    }

    /** No mark is lower than one that was acknowledged before it was asked for. */
    private void notBefore(Marks marks, String channel, long offset, long asked, String source) {
        long known = marks.set().stream()
                .filter(move -> move.channel().equals(channel) && move.answered() < asked)
                .mapToLong(Marks.Move::told)
                .max()
                .orElse(0);
        if (offset < known) {
            verdict.add(SET_BACK, "%s told %s %d in %s after %d", source, marks.member(), offset, channel, known);
        }
    }

    private void judgeLast(Marks marks, LastMark last, History history) {
        notBefore(marks, last.channel(), last.offset(), Long.MAX_VALUE, "the end");
        long unread = history.log().stream()
                .filter(said -> said.offset() > last.offset()
                        && !said.sender().equals(last.member())
                        && !said.isAnnotation()
                        && said.deleted().isEmpty())
                .count();
        if (last.unread() != Math.min(unread, ReadMark.MAX_UNREAD) || last.more() != unread > ReadMark.MAX_UNREAD) {
            verdict.add(SET_BACK, "%s, but %d are unread", last, unread);
        }
    }
}

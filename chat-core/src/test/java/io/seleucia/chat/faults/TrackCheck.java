package io.seleucia.chat.faults;

import static io.seleucia.chat.faults.Verdict.Violation.CONTRADICTED;
import static io.seleucia.chat.faults.Verdict.Violation.DOUBLED;
import static io.seleucia.chat.faults.Verdict.Violation.LOST;
import static io.seleucia.chat.faults.Verdict.Violation.REORDERED;
import static io.seleucia.chat.faults.Verdict.Violation.UNDELETED;

import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Judges what one member was shown of one channel: first its order, then whether it is all there. */
final class TrackCheck {
    /** A stretch that the member was told it will not get. */
    private record Excuse(Position from, Position to) {
        boolean covers(Position position, Set<String> epochs) {
            boolean beforeTo = position.sameEpoch(to) && position.offset() <= to.offset();
            boolean afterFrom = position.sameEpoch(from) && position.offset() > from.offset();
            return from.sameEpoch(to)
                    ? beforeTo && afterFrom
                    : beforeTo || afterFrom || !epochs.contains(position.epoch()); // came and went meanwhile
        }
    }

    private final Track track;
    private final String name;
    private final Checker places;
    private final Evidence evidence;
    private final Verdict verdict;

    private final Set<Position> seen = new HashSet<>();
    private final Set<Position> skipped = new LinkedHashSet<>();
    private final Set<String> epochs = new HashSet<>();
    private final Map<String, Integer> numbers = new HashMap<>(); // of the last message, by epoch and member
    private final List<Excuse> excuses = new ArrayList<>();
    private final Position start;
    private final Map<String, Position> acknowledgedAt = new HashMap<>(); // what was shown at its acknowledged place
    private Track.Shown.Resumed recovery = new Track.Shown.Resumed(Position.NONE);
    private Position last;

    TrackCheck(Track track, Checker places, Evidence evidence, Verdict verdict) {
        this.track = track;
        this.name = track.member() + " in " + track.channel();
        this.places = places;
        this.evidence = evidence;
        this.verdict = verdict;
        this.start = track.shown().getFirst().position();
        this.last = start;
    }

    TrackCheck read() {
        for (Track.Shown shown : track.shown()) {
            epochs.add(shown.position().epoch());
            switch (shown) {
                case Track.Shown.Began began -> {}
                case Track.Shown.Resumed resumed -> resumed(resumed);
                case Track.Shown.Lost lost -> lost(lost.position());
                case Track.Shown.Message message -> message(message);
            }
        }
        return this;
    }

    private void resumed(Track.Shown.Resumed resumed) {
        Position newest = resumed.position();
        recovery = resumed;
        if (!newest.sameEpoch(last) || newest.offset() < last.offset()) {
            verdict.add(CONTRADICTED, "%s recovered from %s, but the channel was at %s", name, last, newest);
        }
    }

    private void lost(Position position) {
        if (position.sameEpoch(last) && position.offset() < last.offset()) {
            verdict.add(REORDERED, "%s was at %s and was told to go on at %s", name, last, position);
        }
        verdict.countLoss();
        excuses.add(new Excuse(last, position));
        last = position;
    }

    private void message(Track.Shown.Message message) {
        Position position = message.position();
        verdict.countSeen();
        places.placed(track.channel(), position, message.id(), name);
        onceAtItsPlace(message);
        notDeleted(message);
        if (!seen.add(position)) {
            verdict.add(DOUBLED, "%s was shown %s once more, after %s", name, message, last);
        } else if (position.offset() <= last.offset()) {
            verdict.add(REORDERED, "%s was shown %s after %s", name, message, last);
        }
        for (Position missed = last.next(); missed.offset() < position.offset(); missed = missed.next()) {
            skipped.add(missed);
        }
        last = position;
        inOrder(message);
    }

    /**
     * What was shown at the place that was acknowledged is not shown again in another epoch, unless that place was
     * acknowledged too: then it had been sent again before the first acknowledgement came.
     */
    private void onceAtItsPlace(Track.Shown.Message message) {
        Position position = message.position();
        if (message.id().equals(Said.GONE)) {
            return;
        }
        Position before = acknowledgedAt.get(message.id());
        if (places.isAcknowledged(new Stored(track.channel(), position, message.id()))) {
            acknowledgedAt.put(message.id(), position);
        } else if (before != null && !before.sameEpoch(position)) {
            verdict.add(DOUBLED, "%s was shown %s, which it had been shown at %s", name, message, before);
        }
    }

    /** What a recovery gives, up to the end that it found, was not deleted before it was asked for. */
    private void notDeleted(Track.Shown.Message message) {
        Position position = message.position();
        if (position.sameEpoch(recovery.position())
                && position.offset() <= recovery.position().offset()
                && (evidence.deletions().forbid(track.channel(), message.id(), recovery.asked())
                        || places.life().forbids(track.channel(), position, message.id(), recovery.asked()))) {
            verdict.add(UNDELETED, "%s recovered %s, which was deleted", name, message);
        }
    }

    /**
     * What an orderly member publishes in a channel bears rising numbers within an epoch: what was shown and not
     * acknowledged when the store forgot it is sent again. In inboxes the member may have to try again.
     */
    private void inOrder(Track.Shown.Message message) {
        int dash = message.id().indexOf('-');
        if (dash < 0
                || track.channel().startsWith("@")
                || !evidence.orderly().contains(message.id().substring(0, dash))) {
            return;
        }
        int number = Integer.parseInt(message.id().substring(dash + 1));
        String key = message.position().epoch() + " " + message.id().substring(0, dash);
        Integer before = numbers.put(key, number);
        if (before != null && before >= number) {
            verdict.add(REORDERED, "%s was shown %s after that member's number %d", name, message, before);
        }
    }

    /**
     * What it skipped, and what it ought to have been shown besides, it must have been shown, or told that it is lost.
     *
     * @param due by channel
     */
    void expect(Map<String, Set<Position>> due) {
        skipped.addAll(due.getOrDefault(track.channel(), Set.of()));
        skipped.removeAll(seen);
        if (evidence.orderly().contains(track.member())) {
            skipped.removeIf(position -> places.life().isGoneEdit(track.channel(), position));
        }
        skipped.removeIf(position -> position.sameEpoch(start) && position.offset() <= start.offset());
        for (Position missing : skipped) {
            if (excuses.stream().anyMatch(excuse -> excuse.covers(missing, epochs))) {
                verdict.countCovered();
            } else {
                verdict.add(LOST, "%s was never shown %s; it began at %s and ended at %s", name, missing, start, last);
            }
        }
    }
}

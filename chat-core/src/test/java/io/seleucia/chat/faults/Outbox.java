package io.seleucia.chat.faults;

import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a member has published: until it is acknowledged, or refused for good, it is due, again and again, with pauses. Not
 * thread-safe.
 */
final class Outbox {
    private static final long ANSWER_NANOS = 8_000_000_000L;
    private static final long PAUSE_NANOS = 300_000_000L;

    private final String member;
    private final Map<String, Publication> unacknowledged = new LinkedHashMap<>(); // by key
    private final Map<String, Long> dueAt = new HashMap<>(); // by key
    private final List<Stored> acknowledged = new ArrayList<>();
    private final List<Deleted> deleted = new ArrayList<>();
    private final List<Refusal> refusals = new ArrayList<>();
    private final List<Publication> trespasses = new ArrayList<>();
    private final Map<String, Deletions.Times> times = new HashMap<>(); // by id
    private int published;
    private int resent;
    private final AtomicInteger references = new AtomicInteger(); // that were acknowledged

    /**
     * A deletion of one message that was acknowledged.
     *
     * @param position that of the deletion
     * @param acknowledged when, by {@link System#nanoTime}
     */
    record Deleted(String channel, Position position, long acknowledged) {}

    /** A reference that was refused for good. */
    record Refusal(String member, Publication publication, String code) {}

    Outbox(String member) {
        this.member = member;
    }

    void add(Publication publication) {
        published++;
        unacknowledged.put(publication.key(), publication);
        dueAt.put(publication.key(), System.nanoTime());
        times.put(publication.shownAs(member), new Deletions.Times(System.nanoTime(), Deletions.NEVER));
    }

    /** What is to be sent now. */
    List<Publication> due() {
        long now = System.nanoTime();
        return unacknowledged.values().stream()
                .filter(publication -> now - dueAt.get(publication.key()) >= 0)
                .toList();
    }

    /** It is due again if no answer comes. */
    void sent(Publication publication) {
        dueAt.put(publication.key(), System.nanoTime() + ANSWER_NANOS);
    }

    /** It was refused, and is due again in a moment. */
    void refused(Publication publication) {
        resent++;
        dueAt.put(publication.key(), System.nanoTime() + PAUSE_NANOS);
    }

    /** It is a reference that was refused, and is not sent again. */
    void refusedForGood(Publication publication, String code) {
        unacknowledged.remove(publication.key());
        dueAt.remove(publication.key());
        refusals.add(new Refusal(member, publication, code));
    }

    /** Nothing that was sent will be answered any more. */
    void disconnected() {
        resent += unacknowledged.size();
        dueAt.replaceAll((key, due) -> System.nanoTime());
    }

    /**
     * It is stored.
     *
     * @param place in its channel, if that was told
     * @param own in the own inbox, of a direct message
     */
    void acknowledged(Publication publication, Optional<Position> place, Optional<Position> own) {
        unacknowledged.remove(publication.key());
        dueAt.remove(publication.key());
        String inbox = "@" + member;
        place.ifPresent(at -> acknowledged.add(new Stored(publication.channel(), at, publication.id(member))));
        own.ifPresent(at -> acknowledged.add(new Stored(inbox, at, publication.shownAs(member))));
        long now = System.nanoTime();
        if (publication.ref().map(Reference::kind).equals(Optional.of(Reference.Kind.DELETE))) {
            place.ifPresent(at -> deleted.add(new Deleted(publication.channel(), at, now)));
            own.ifPresent(at -> deleted.add(new Deleted(inbox, at, now)));
        }
        if (publication.ref().isPresent()) {
            references.incrementAndGet();
        }
        if (publication.trespass()) {
            trespasses.add(publication);
        }
        times.computeIfPresent(publication.shownAs(member), (id, before) -> new Deletions.Times(before.sent(), now));
    }

    /** When each message was sent. */
    Map<String, Deletions.Times> times() {
        return times;
    }

    int unacknowledged() {
        return unacknowledged.size();
    }

    int published() {
        return published;
    }

    /** How often something had to be sent once more. */
    int resent() {
        return resent;
    }

    /** Every acknowledgement that came. */
    List<Stored> acknowledged() {
        return acknowledged;
    }

    /** The deletions of single messages that were acknowledged. */
    List<Deleted> deleted() {
        return deleted;
    }

    /** The references that were refused for good. */
    List<Refusal> refusals() {
        return refusals;
    }

    /** How many references were acknowledged. Any thread. */
    int references() {
        return references.get();
    }

    /** What ought to have been refused, but was acknowledged. */
    List<Publication> trespasses() {
        return trespasses;
    }
}

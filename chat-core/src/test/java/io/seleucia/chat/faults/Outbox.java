package io.seleucia.chat.faults;

import io.seleucia.chat.faults.Evidence.Stored;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a member has published: until it is acknowledged it is due, again and again, with pauses. Not thread-safe. */
final class Outbox {
    private static final long ANSWER_NANOS = 8_000_000_000L;
    private static final long PAUSE_NANOS = 300_000_000L;

    private final Map<String, Publication> unacknowledged = new LinkedHashMap<>(); // by id
    private final Map<String, Long> dueAt = new HashMap<>(); // by id
    private final List<Stored> acknowledged = new ArrayList<>();
    private final Map<String, Deletions.Times> times = new HashMap<>(); // by id
    private int published;
    private int resent;

    void add(Publication publication) {
        published++;
        unacknowledged.put(publication.id(), publication);
        dueAt.put(publication.id(), System.nanoTime());
        times.put(publication.id(), new Deletions.Times(System.nanoTime(), Deletions.NEVER));
    }

    /** What is to be sent now. */
    List<Publication> due() {
        long now = System.nanoTime();
        return unacknowledged.values().stream()
                .filter(publication -> now - dueAt.get(publication.id()) >= 0)
                .toList();
    }

    /** It is due again if no answer comes. */
    void sent(Publication publication) {
        dueAt.put(publication.id(), System.nanoTime() + ANSWER_NANOS);
    }

    /** It was refused, and is due again in a moment. */
    void refused(Publication publication) {
        resent++;
        dueAt.put(publication.id(), System.nanoTime() + PAUSE_NANOS);
    }

    /** Nothing that was sent will be answered any more. */
    void disconnected() {
        resent += unacknowledged.size();
        dueAt.replaceAll((id, due) -> System.nanoTime());
    }

    void acknowledged(Publication publication, Position position) {
        unacknowledged.remove(publication.id());
        dueAt.remove(publication.id());
        acknowledged.add(new Stored(publication.channel(), position, publication.id()));
        long sent = times.get(publication.id()).sent();
        times.put(publication.id(), new Deletions.Times(sent, System.nanoTime()));
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
}

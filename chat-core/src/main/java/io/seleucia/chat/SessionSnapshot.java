package io.seleucia.chat;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.session.SessionView;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The state of a session at one moment.
 *
 * @param id the name in logs and thread dumps, unique in this process: {@code ws-17}
 * @param client the client id; empty while it has none
 * @param protocol the name of its protocol
 * @param address the client's address and port
 * @param since the time when it began
 * @param channels the channels that it is subscribed to, sorted
 * @param queuedBytes the bytes that wait to be written
 */
public record SessionSnapshot(
        String id,
        String client,
        String protocol,
        String address,
        Instant since,
        List<String> channels,
        long queuedBytes) {
    /** The order in which sessions are listed. */
    public enum Order {
        /** By client id; sessions without one come first. */
        CLIENT(Comparator.comparing(Key::client)),
        /** By age, the newest first. */
        NEWEST(Comparator.comparingLong(Key::since).reversed()),
        /** By the bytes that wait to be written, the most first. */
        QUEUED_BYTES(Comparator.comparingLong(Key::queuedBytes).reversed().thenComparing(Key::client));

        private final Comparator<Key> comparator;

        Order(Comparator<Key> comparator) {
            this.comparator = comparator.thenComparing(Key::id);
        }
    }

    /**
     * A place in the order of sessions: that of a session which may have ended.
     *
     * @param client the client id
     * @param since when the session began
     * @param queuedBytes the bytes that waited to be written
     * @param id the session's name
     */
    public record Place(String client, Instant since, long queuedBytes, String id) {
        /** Refuses null. */
        public Place {
            Objects.requireNonNull(client, "client");
            Objects.requireNonNull(since, "since");
            Objects.requireNonNull(id, "id");
        }
    }

    /**
     * A query for a page of sessions.
     *
     * @param contains a part of the client id or of the address, in any case; {@code ""} for all
     * @param channel the channel whose subscribers are wanted; {@code ""} for all sessions
     * @param order the order of the pages
     * @param after the place after which the page begins; empty for the first page
     * @param inclusive whether the session at exactly that place is on the page
     * @param limit the most sessions on the page
     */
    public record Query(
            String contains, String channel, Order order, Optional<Place> after, boolean inclusive, int limit) {
        /** Refuses null and a negative limit. */
        public Query {
            Objects.requireNonNull(contains, "contains");
            Objects.requireNonNull(channel, "channel");
            Objects.requireNonNull(order, "order");
            Objects.requireNonNull(after, "after");
            if (limit < 0) {
                throw new IllegalArgumentException("limit must not be negative");
            }
        }
    }

    /**
     * A page of the sessions of a server.
     *
     * @param total the number of sessions that match, on all pages
     * @param page the sessions from the offset on, in order
     */
    public record Page(int total, List<SessionSnapshot> page) {}

    /** The sort keys of a session at one moment; keys that change while they are compared would break the sorting. */
    private record Key(Optional<SessionView> session, String client, long since, long queuedBytes, String id) {
        static Key of(SessionView session) {
            return new Key(
                    Optional.of(session),
                    session.client(),
                    session.since(),
                    session.served().queuedBytes(),
                    session.served().connection().name());
        }

        static Key of(Place place) {
            return new Key(Optional.empty(), place.client, place.since.toEpochMilli(), place.queuedBytes, place.id);
        }

        SessionSnapshot snapshot() {
            return SessionSnapshot.of(session.orElseThrow());
        }
    }

    /** Returns a page of sessions. Takes snapshots only of those on the page. */
    static Page page(Stream<? extends SessionView> sessions, Order order, int offset, int limit) {
        List<Key> sorted = sessions.map(Key::of).sorted(order.comparator).toList();
        return new Page(
                sorted.size(),
                sorted.stream().skip(offset).limit(limit).map(Key::snapshot).toList());
    }

    /**
     * Returns the page that a query asks for. Keeps and sorts no more keys than the page has, and takes snapshots only of the
     * sessions on it.
     */
    static Page page(Stream<? extends SessionView> sessions, Query query) {
        String part = query.contains.toLowerCase(Locale.ROOT);
        String channel = Names.normal(query.channel);
        Optional<Key> after = query.after.map(Key::of);
        int least = query.inclusive ? 0 : 1;
        Comparator<Key> order = query.order.comparator;
        PriorityQueue<Key> first = new PriorityQueue<>(order.reversed()); // the last of them at the head
        AtomicInteger total = new AtomicInteger();
        sessions.filter(session -> part.isEmpty()
                        || session.client().toLowerCase(Locale.ROOT).contains(part)
                        || session.address().contains(part))
                .filter(session -> channel.isEmpty() || session.isSubscribed(channel))
                .map(Key::of)
                .forEach(key -> {
                    total.incrementAndGet();
                    if ((after.isEmpty() || order.compare(key, after.get()) >= least)
                            && (first.size() < query.limit
                                    || query.limit > 0 && order.compare(key, first.element()) < 0)) {
                        first.add(key);
                        if (first.size() > query.limit) {
                            first.remove();
                        }
                    }
                });
        return new Page(
                total.get(), first.stream().sorted(order).map(Key::snapshot).toList());
    }

    static SessionSnapshot of(SessionView session) {
        ServedConnection served = session.served();
        return new SessionSnapshot(
                served.connection().name(),
                session.client(),
                session.protocol(),
                session.address(),
                Instant.ofEpochMilli(session.since()),
                session.subscribed(),
                served.queuedBytes());
    }
}

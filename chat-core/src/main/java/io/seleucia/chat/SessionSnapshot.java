package io.seleucia.chat;

import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.session.SessionView;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
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
     * A page of the sessions of a server.
     *
     * @param total the number of sessions that match, on all pages
     * @param page the sessions from the offset on, in order
     */
    public record Page(int total, List<SessionSnapshot> page) {}

    /** The sort keys of a session at one moment; keys that change while they are compared would break the sorting. */
    private record Key(SessionView session, String client, long since, long queuedBytes) {
        static Key of(SessionView session) {
            return new Key(
                    session, session.client(), session.since(), session.served().queuedBytes());
        }

        String id() {
            return session.served().connection().name();
        }
    }

    /** Returns a page of sessions. Takes snapshots only of those on the page. */
    static Page page(Stream<? extends SessionView> sessions, Order order, int offset, int limit) {
        List<Key> sorted = sessions.map(Key::of).sorted(order.comparator).toList();
        return new Page(
                sorted.size(),
                sorted.stream()
                        .skip(offset)
                        .limit(limit)
                        .map(key -> of(key.session))
                        .toList());
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

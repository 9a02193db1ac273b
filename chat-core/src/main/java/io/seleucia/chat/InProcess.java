package io.seleucia.chat;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.session.Bounds;
import io.seleucia.chat.session.Channels;
import io.seleucia.chat.session.Counters;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.Watchdog;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.InMemory;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Takes connections of this process, which need no port. All else is as it is for those that come over one. */
final class InProcess implements Port {
    private static final Logger LOG = System.getLogger(InProcess.class.getName());

    private static final Duration LOGIN = Duration.ofDays(1); // the login timeout is shorter

    /** A connection that is being served. */
    private record Visit(Loops loops, CountDownLatch end) implements Watchdog.Watched {
        @Override
        public void check(long now) {
            loops.check(now);
        }
    }

    private final List<Protocol> protocols;
    private final Logins logins;
    private final Channels channels;
    private final Bounds bounds;
    private final Counters counters;
    private final Set<Visit> visits = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** @param protocols the last is spoken with clients that choose none */
    InProcess(
            List<Protocol> protocols,
            Logins logins,
            Channels channels,
            Bounds bounds,
            Counters counters,
            Watchdog watchdog) {
        this.protocols = List.copyOf(protocols);
        this.logins = logins;
        this.channels = channels;
        this.bounds = bounds;
        this.counters = counters;
        watchdog.watch(visits);
    }

    /** @param subprotocol empty for none */
    InMemory connect(String subprotocol, Map<String, String> parameters) {
        Objects.requireNonNull(subprotocol, "subprotocol");
        Objects.requireNonNull(parameters, "parameters");
        if (closed) {
            throw new IllegalStateException("the server is closed");
        }
        Protocol protocol = subprotocol.isEmpty()
                ? protocols.getLast()
                : protocols.stream()
                        .filter(one -> one.name().equals(subprotocol))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("not spoken here: " + subprotocol));
        InMemory connection = new InMemory(bounds.messageBytes());
        Doorkeeper door = new Doorkeeper(logins, false, connection.peer(), LOGIN, path -> false);
        try {
            door.check("/", Optional.empty(), parameters);
        } catch (HandshakeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        Loops loops = new Loops(connection, bounds, counters);
        Session session =
                new Session(loops, protocol, door.withoutSecret(parameters), door.login(), logins, channels, bounds);
        Visit visit = new Visit(loops.serve(session), new CountDownLatch(1));
        begin(visit);
        if (closed) {
            loops.end(CloseCode.RESTART, false); // it came while the others were told
        }
        return connection;
    }

    private void begin(Visit visit) {
        visits.add(visit);
        boolean begun = false;
        try {
            Thread.ofVirtual().start(() -> serve(visit));
            begun = true;
        } finally {
            if (!begun) {
                visits.remove(visit);
            }
        }
    }

    private void serve(Visit visit) {
        try {
            visit.loops.run();
        } catch (Throwable e) {
            Loop.report(LOG, "serving a connection", e);
        } finally {
            visits.remove(visit);
            visit.end.countDown();
        }
    }

    @Override
    public Stream<Loops> connections() {
        return visits.stream().map(Visit::loops);
    }

    @Override
    public void stop() {
        closed = true;
        connections().forEach(loops -> loops.end(CloseCode.RESTART, false));
    }

    @Override
    public void drain(long deadline, Set<Thread> closing) {
        awaitEnd(deadline, closing);
        connections().filter(loops -> !loops.isServedBy(closing)).forEach(Loops::abort);
        awaitEnd(System.nanoTime() + bounds.write().toNanos(), closing);
    }

    private void awaitEnd(long deadline, Set<Thread> closing) {
        try {
            for (Visit visit : visits) {
                while (!visit.loops.isServedBy(closing)) {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) {
                        return;
                    }
                    if (visit.end.await(Math.min(left, LOOK.toNanos()), TimeUnit.NANOSECONDS)) {
                        break;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever closes is in a hurry: the rest is cut off
        }
    }
}

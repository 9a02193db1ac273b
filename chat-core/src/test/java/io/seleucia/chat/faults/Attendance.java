package io.seleucia.chat.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Who is said to be in which channel, in the middle of a run and at its end, and who is said to have left ({@link
 * Departures}). Attendees know of themselves whether they are there. Any thread may call.
 */
final class Attendance implements AutoCloseable {
    private static final int INTERVAL_MILLIS = 1_000;
    private static final long SETTLING_SECONDS = 60;
    private static final long FORGOTTEN_SECONDS = 120; // what dead servers have left behind

    private final List<Presences> presences = new CopyOnWriteArrayList<>();
    private final Departures departures = new Departures();
    private final CountDownLatch closing = new CountDownLatch(1);
    private volatile List<Attendee> attendees = List.of();
    private volatile List<Integer> ports = List.of();
    private volatile Thread watch;

    /** An attendee that a server has left out, though it has been there all the while. */
    private record Omission(int port, String channel, String name, long there) {}

    /**
     * Begins to listen at all servers.
     *
     * @param noticing how long an attendee may take to notice that its connection has ended
     */
    void begin(Collection<? extends Attendee> attendees, List<Integer> ports, Duration noticing) {
        this.attendees = List.copyOf(attendees);
        this.ports = List.copyOf(ports);
        departures.begin(this.attendees, this.ports, noticing);
    }

    /**
     * Asks every server again and again who is there, until the end.
     *
     * @param patience for how long a server may leave out an attendee that is there all the while
     */
    void watch(Duration patience) {
        watch = Thread.ofVirtual().name("watch").start(() -> {
            Map<Omission, Long> omitted = new HashMap<>(); // since when
            try {
                while (!closing.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS)) {
                    lookOnce(omitted, patience);
                }
            } catch (InterruptedException e) {
                throw new AssertionError("the watch is not interrupted", e);
            }
        });
    }

    private void lookOnce(Map<Omission, Long> omitted, Duration patience) {
        Map<Attendee, Long> there = there();
        List<Presences> seen = ask();
        Map<Attendee, Long> still = there();
        there.entrySet().removeIf(one -> !one.getValue().equals(still.get(one.getKey())));
        long now = System.nanoTime();
        Set<Omission> found = new HashSet<>();
        for (Presences one : seen) {
            Set<String> due = new HashSet<>();
            there.forEach((attendee, since) -> {
                if (attendee.channels().contains(one.channel())) {
                    due.add(attendee.name());
                    Omission omission = new Omission(one.port(), one.channel(), attendee.name(), since);
                    if (!one.present().contains(attendee.name())) {
                        found.add(omission);
                        if (now - omitted.computeIfAbsent(omission, first -> now) < patience.toNanos()) {
                            due.remove(attendee.name());
                        }
                    }
                }
            });
            presences.add(one.against(due).withoutGhosts());
        }
        omitted.keySet().retainAll(found);
    }

    private List<Presences> ask() {
        List<Presences> all = new ArrayList<>();
        for (int port : ports) {
            try {
                all.addAll(Presences.read(port, channels()));
            } catch (IOException e) {
                // That server is not there at the moment.
            }
        }
        return all;
    }

    private Map<Attendee, Long> there() {
        Map<Attendee, Long> there = new HashMap<>();
        attendees.forEach(one -> one.thereSince().ifPresent(since -> there.put(one, since)));
        return there;
    }

    private Set<String> channels() {
        return attendees.stream().flatMap(one -> one.channels().stream()).collect(Collectors.toSet());
    }

    private Set<String> names(String channel) {
        return attendees.stream()
                .filter(one -> one.channels().contains(channel))
                .map(Attendee::name)
                .collect(Collectors.toSet());
    }

    /** Waits until no server that answers names any of these, which are gone for good; for so long at the most. */
    void awaitForgotten(Collection<? extends Attendee> gone, Duration patience) throws InterruptedException {
        Set<String> names = gone.stream().map(Attendee::name).collect(Collectors.toSet());
        long deadline = System.nanoTime() + patience.toNanos();
        List<Presences> seen;
        do {
            TimeUnit.MILLISECONDS.sleep(INTERVAL_MILLIS);
            seen = ask().stream().map(one -> one.only(names)).toList();
        } while (System.nanoTime() - deadline < 0
                && seen.stream().anyMatch(one -> !one.present().isEmpty()));
        presences.addAll(seen);
    }

    /**
     * Asks every server when all attendees are there, until it says so of each of them, for a while.
     *
     * @param ghosts whether they must also say of nobody else that he is there: over Redis a dead server's members take a
     *     minute to go
     */
    void lookInTheEnd(boolean ghosts) throws IOException {
        Duration patience = Duration.ofSeconds(ghosts ? FORGOTTEN_SECONDS : SETTLING_SECONDS);
        long deadline = System.nanoTime() + patience.toNanos();
        List<Presences> seen;
        do {
            seen = new ArrayList<>();
            for (int port : ports) {
                for (Presences one : Presences.read(port, channels())) {
                    Presences all = one.against(names(one.channel()));
                    seen.add(ghosts ? all : all.withoutGhosts());
                }
            }
        } while (System.nanoTime() - deadline < 0 && seen.stream().anyMatch(one -> !one.isRight()));
        presences.addAll(seen);
    }

    /** What the servers said, and who ought to have been named. */
    List<Presences> presences() {
        return presences;
    }

    /** Who was said to have left and had not. */
    List<Departures.Departure> departures() {
        return departures.wrong();
    }

    /** Stops listening. */
    @Override
    public void close() {
        closing.countDown();
        if (watch != null) {
            try {
                watch.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        departures.close();
    }
}

package io.seleucia.chat.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Who is said to be in which channel, in the middle of a run and at its end, and who is said to have left ({@link
 * Departures}). Members know of themselves whether they are there. Any thread may call.
 */
final class Attendance implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 10; // for notes that Redis forgot, with its clock or with a restart
    private static final long SETTLING_SECONDS = 60;
    private static final long FORGOTTEN_SECONDS = 120; // what dead servers have left behind

    private final List<Presences> presences = new CopyOnWriteArrayList<>();
    private final Departures departures = new Departures();
    private volatile List<Member> members = List.of();
    private volatile List<Integer> ports = List.of();

    /** Begins to listen at all servers. */
    void begin(List<Member> members, List<Integer> ports) {
        this.members = List.copyOf(members);
        this.ports = List.copyOf(ports);
        departures.begin(this.members, this.ports);
    }

    /**
     * Asks every server that answers who is there. A member that was there all the while and is not said to be is asked
     * for again, for a few seconds.
     */
    void look() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        List<Presences> seen;
        do {
            seen = lookOnce();
        } while (System.nanoTime() - deadline < 0
                && seen.stream().anyMatch(one -> !one.absent().isEmpty()));
        presences.addAll(seen);
    }

    private List<Presences> lookOnce() {
        Map<Member, Long> before = there();
        List<Presences> all = new ArrayList<>();
        for (int port : ports) {
            try {
                all.addAll(Presences.read(port, channels()));
            } catch (IOException e) {
                // That server is not there at the moment.
            }
        }
        Map<Member, Long> after = there();
        before.entrySet().removeIf(one -> !one.getValue().equals(after.get(one.getKey())));
        return all.stream()
                .map(one -> one.against(names(before.keySet(), one.channel())).withoutGhosts())
                .toList();
    }

    private Map<Member, Long> there() {
        Map<Member, Long> there = new HashMap<>();
        members.forEach(member -> member.thereSince().ifPresent(since -> there.put(member, since)));
        return there;
    }

    private Set<String> channels() {
        return members.stream().flatMap(member -> member.channels().stream()).collect(Collectors.toSet());
    }

    private static Set<String> names(Set<Member> members, String channel) {
        return members.stream()
                .filter(member -> member.channels().contains(channel))
                .map(Member::name)
                .collect(Collectors.toSet());
    }

    /**
     * Asks every server when all members are there, until it says so of each of them, for a while.
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
                    Presences all = one.against(names(Set.copyOf(members), one.channel()));
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
        departures.close();
    }
}

package io.seleucia.chat.faults;

import io.seleucia.chat.faults.Evidence.History;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What was deleted in a run, and when. Times are {@link System#nanoTime}, which counts from the start of the machine and
 * is compared as it is. Any thread may call.
 */
final class Deletions {
    static final long NEVER = Long.MAX_VALUE;

    /**
     * One deletion, of a sender's messages or a channel's.
     *
     * @param returned when it had succeeded, {@link #NEVER} if it failed: it may be carried out at any time then
     */
    record Deletion(Optional<String> sender, Optional<String> channel, long begun, long returned) {
        private boolean concerns(String channel, String id) {
            return sender.map(name -> id.startsWith(name + "-") || id.startsWith(name + ":"))
                            .orElse(true)
                    && this.channel.map(channel::equals).orElse(true);
        }
    }

    /** When a message was first sent, and when that was acknowledged. */
    record Times(long sent, long acknowledged) {}

    private final List<Deletion> deletions = new CopyOnWriteArrayList<>();
    private final List<History> glimpses = new CopyOnWriteArrayList<>();
    private final Map<String, Times> times = new ConcurrentHashMap<>(); // by id

    void add(Deletion deletion) {
        deletions.add(deletion);
    }

    /** Adds when messages were sent. */
    void addTimes(Map<String, Times> of) {
        times.putAll(of);
    }

    /** Has a server carry out an order ({@link ServerMain}), and looks what another still shows. */
    void carryOut(ServerProcess server, String order, Glimpse glimpse) {
        try {
            Position before = glimpse.position();
            delete(server, order);
            glimpse.recovery(before).ifPresent(glimpses::add);
            glimpses.add(glimpse.history());
        } catch (IOException e) {
            // That server is not there at the moment.
        }
    }

    private void delete(ServerProcess server, String order) {
        String[] words = order.split(" ");
        boolean whole = words[0].equals("delete");
        Optional<String> sender = whole ? Optional.empty() : Optional.of(words[1]);
        Optional<String> channel = whole ? Optional.of(words[1]) : Optional.empty();
        long begun = System.nanoTime();
        try {
            boolean done = server.ask(order).equals(ServerMain.OK);
            add(new Deletion(sender, channel, begun, done ? System.nanoTime() : NEVER));
        } catch (IOException e) { // the server was killed meanwhile
            add(new Deletion(sender, channel, begun, NEVER));
        }
    }

    boolean isEmpty() {
        return deletions.isEmpty();
    }

    /** What histories and recoveries showed after a deletion, while more was being said. */
    List<History> glimpses() {
        return glimpses;
    }

    /** Whether a deletion may have taken the message: it was sent before a deletion that concerns it had returned. */
    boolean mayHaveTaken(String channel, String id) {
        return deletions.stream()
                .anyMatch(deletion -> deletion.concerns(channel, id)
                        && (!times.containsKey(id) || times.get(id).sent <= deletion.returned));
    }

    /**
     * Whether a recovery or a history that was asked for then must not show the message: it was acknowledged before a
     * deletion began that had returned before that.
     */
    boolean forbid(String channel, String id, long asked) {
        Times when = times.get(id);
        return when != null
                && deletions.stream()
                        .anyMatch(deletion -> deletion.concerns(channel, id)
                                && when.acknowledged < deletion.begun
                                && deletion.returned < asked);
    }
}

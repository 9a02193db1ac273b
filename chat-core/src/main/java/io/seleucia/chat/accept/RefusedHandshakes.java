package io.seleucia.chat.accept;

import io.seleucia.chat.concurrent.ThrottledLog;
import io.seleucia.chat.transport.HandshakeRefusal;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * The handshakes that a server has refused, on all ports: counted by reason, and logged at most once a second for each. Refusals
 * that a setting may be the cause of are logged at {@code INFO}; strangers who speak another protocol, flood, say nothing or guess
 * passwords are many on any public port, and are logged at {@code DEBUG}. Any thread.
 */
public final class RefusedHandshakes {
    private static final Logger LOG = System.getLogger(RefusedHandshakes.class.getName());

    private static final Set<HandshakeRefusal> NOTEWORTHY =
            EnumSet.of(HandshakeRefusal.HOST, HandshakeRefusal.ORIGIN, HandshakeRefusal.UNAVAILABLE);

    private final ThrottledLog noteworthy = new ThrottledLog(LOG, Level.INFO);
    private final ThrottledLog others = new ThrottledLog(LOG, Level.DEBUG);
    private final LongAdder[] counts = Stream.generate(LongAdder::new)
            .limit(HandshakeRefusal.values().length)
            .toArray(LongAdder[]::new);

    /**
     * Counts and logs a refusal.
     *
     * @param why a sentence without secrets; may quote the client
     */
    void add(HandshakeRefusal reason, InetAddress peer, String why) {
        counts[reason.ordinal()].increment();
        ThrottledLog log = NOTEWORTHY.contains(reason) ? noteworthy : others;
        log.log(reason.label(), () -> "a request from " + peer.getHostAddress() + " was refused: " + why);
    }

    /** Returns the number of refusals for each reason, by its label. */
    public Map<String, Long> byReason() {
        Map<String, Long> byReason = new TreeMap<>();
        for (HandshakeRefusal reason : HandshakeRefusal.values()) {
            byReason.put(reason.label(), counts[reason.ordinal()].sum());
        }
        return byReason;
    }
}

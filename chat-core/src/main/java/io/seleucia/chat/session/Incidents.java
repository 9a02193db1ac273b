package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.ThrottledLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;

/** The log of connections that the server ended for their behaviour, throttled for each reason. */
final class Incidents {
    private static final Logger LOG = System.getLogger(Incidents.class.getName());
    private static final int MAX_REASONS = 64; // more than there are, unless a protocol makes them up
    private static final ConcurrentHashMap<String, ThrottledLog> BY_REASON = new ConcurrentHashMap<>();
    private static final ThrottledLog OTHERS = new ThrottledLog(LOG, Level.INFO);

    private Incidents() {}

    static void log(String reason, Loops loops) {
        ThrottledLog incidents = BY_REASON.size() < MAX_REASONS
                ? BY_REASON.computeIfAbsent(reason, key -> new ThrottledLog(LOG, Level.INFO))
                : BY_REASON.getOrDefault(reason, OTHERS);
        incidents.log(() -> loops + " is closed: " + reason);
    }
}

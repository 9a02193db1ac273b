package io.seleucia.chat.session;

import io.seleucia.chat.concurrent.ThrottledLogs;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** The log of connections that the server ended for their behaviour, throttled for each reason. */
final class Incidents {
    private static final Logger LOG = System.getLogger(Incidents.class.getName());
    private static final ThrottledLogs LINES = new ThrottledLogs(LOG, Level.INFO);

    private Incidents() {}

    static void log(String reason, Loops loops) {
        LINES.log(reason, () -> loops + " is closed: " + reason);
    }
}

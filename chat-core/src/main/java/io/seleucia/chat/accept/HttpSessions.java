package io.seleucia.chat.accept;

import io.seleucia.chat.transport.HttpStream;
import io.seleucia.chat.transport.PostQueue;
import io.seleucia.chat.transport.PostQueue.Outcome;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The sessions over HTTP of this server, by the keys that their POSTs bear. A key is the only thing that ties them to a session,
 * because a client on a mobile network keeps nothing else, not even its address. It names the server too. Any thread.
 */
final class HttpSessions {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int SECRET_BYTES = 16;
    private static final int SECRET_CHARS = 22;
    private static final char SEPARATOR = '.';

    private final String server;
    private final PostQueue.Waits waits;
    private final Map<String, HttpStream> streams = new ConcurrentHashMap<>();

    HttpSessions(String server, PostQueue.Waits waits) {
        this.server = server;
        this.waits = waits;
    }

    /** Gives a stream a key, until it ends. */
    String add(HttpStream stream) {
        byte[] secret = new byte[SECRET_BYTES];
        RANDOM.nextBytes(secret);
        String key =
                server + SEPARATOR + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        streams.put(key, stream);
        stream.whenReleased(() -> streams.remove(key));
        return key;
    }

    /** Returns the server that a key names; empty if it is no key. */
    static Optional<String> serverOf(String key) {
        int end = key.lastIndexOf(SEPARATOR);
        boolean valid = key.matches("[A-Za-z0-9_.-]{1,100}") && end > 0 && key.length() - end - 1 == SECRET_CHARS;
        return valid ? Optional.of(key.substring(0, end)) : Optional.empty();
    }

    /** Hands a POST to a session of this server, and blocks until its outcome is known. */
    Outcome post(String key, long number, byte[] frames) throws InterruptedException {
        HttpStream stream = streams.get(key);
        return stream == null ? Outcome.ENDED : stream.post(number, frames, waits);
    }

    /** Ends a session of this server whose client has sent a frame that is too large. Returns whether there was one. */
    boolean refuseOversized(String key) {
        HttpStream stream = streams.get(key);
        return stream != null && stream.refuseOversized();
    }
}

package io.seleucia.chat.transport;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * The requests of one connection, one after the other (RFC 9112 §9.3). Requests that come before the answer to an earlier one
 * wait in the kernel. Used by the connection's thread.
 */
public final class HttpRequests {
    /** How long a connection may wait for another request. */
    public static final Duration KEEP_ALIVE = Duration.ofSeconds(30);

    private final Wire wire;
    private final Patience patience;
    private final Duration longest;
    private HttpRequest current; // null before the first
    private final IncomingMemory memory; // of the current request

    /** @param longest the longest time for reading a head, and for an answer to be read */
    public HttpRequests(Wire wire, Patience patience, Duration longest) {
        this.wire = wire;
        this.patience = patience;
        this.longest = longest;
        this.memory = new IncomingMemory(wire.memory());
    }

    /**
     * Reads the next request. Blocks until its head has come, and the wire is aborted if that takes too long. A malformed request
     * is answered, and ends the connection.
     *
     * @return empty if the connection has ended in good order
     * @throws HandshakeException if the request was malformed, after the peer was told
     * @throws IOException if the connection broke
     */
    public Optional<HttpRequest> next() throws IOException {
        if (current != null && !hasNext()) {
            return Optional.empty();
        }
        try {
            HttpHead head = HttpHead.read(wire, memory);
            wire.complete();
            current = new HttpRequest(wire, head, memory, patience, longest);
            return Optional.of(current);
        } catch (HandshakeException e) {
            e.answer().sendLast(wire, true);
            throw e;
        }
    }

    private boolean hasNext() throws IOException {
        release();
        if (!current.mayBeFollowed()) {
            return false;
        }
        try {
            if (!patience.rest(KEEP_ALIVE)) {
                return false;
            }
            wire.await();
        } catch (EOFException e) {
            return false;
        }
        patience.begin(longest);
        return true;
    }

    /** Releases the memory of the current request. */
    public void release() {
        memory.release();
    }
}

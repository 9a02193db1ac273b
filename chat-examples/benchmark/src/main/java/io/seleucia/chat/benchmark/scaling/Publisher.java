package io.seleucia.chat.benchmark.scaling;

import io.seleucia.chat.benchmark.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * Publishes due messages in one channel as the client library does: the next one when the previous one is acknowledged, and
 * a failed one again under the same key.
 */
final class Publisher {
    private static final long PUNCTUAL_NANOS = 2_000_000; // the load may poll so long

    private final Publications publications;
    private final int number;
    private final String head;
    private final byte[] text;
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private int next;
    private boolean pending;
    private long since;

    /**
     * @param number the sender in its messages
     * @param head the request up to the number in its key
     */
    Publisher(Publications publications, int number, String head, int bytes) {
        this.publications = publications;
        this.number = number;
        this.head = head;
        text = "x".repeat(bytes).getBytes(StandardCharsets.US_ASCII);
    }

    /** Adds a message that is due, now or since some time. */
    void due(long time) {
        due.add(time);
        if (!pending && due.size() == 1) {
            publications.offer(this);
        }
    }

    void stop() {
        due.clear();
    }

    /** Returns whether there is a message to send or repeat. */
    boolean hasWork() {
        return pending || !due.isEmpty();
    }

    byte[] request(long now) {
        if (!pending) {
            long time = due.poll();
            since = now - time < PUNCTUAL_NANOS ? now : time;
            pending = true;
            Stamp.write(text, 0, number, next++, since);
        }
        return (head + (next - 1) + "\",\"data\":\"" + new String(text, StandardCharsets.US_ASCII) + "\"}")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Handles an acknowledgement. Returns when the message was due. */
    long acknowledged() {
        pending = false;
        return since;
    }

    int sent() {
        return next;
    }
}

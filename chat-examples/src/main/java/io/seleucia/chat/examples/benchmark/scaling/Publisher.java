package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Stamp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;

/**
 * One who publishes in one channel when it is due, one message after the other, as the client library does: the next is
 * sent when the one before is acknowledged, and one that failed is sent again under the same key.
 */
final class Publisher {
    private static final long PUNCTUAL_NANOS = 2_000_000; // what the load's own waiting may take

    private final Publications publications;
    private final int number;
    private final String head;
    private final byte[] text;
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private int next;
    private boolean pending;
    private long since;

    /**
     * @param number what its messages say who sent them
     * @param head of the request, up to where its key begins
     */
    Publisher(Publications publications, int number, String head, int bytes) {
        this.publications = publications;
        this.number = number;
        this.head = head;
        text = "x".repeat(bytes).getBytes(StandardCharsets.US_ASCII);
    }

    /** One more is to be published, since now or some time ago. */
    void due(long time) {
        due.add(time);
        if (!pending && due.size() == 1) {
            publications.offer(this);
        }
    }

    /** Forgets what has not been sent yet. */
    void stop() {
        due.clear();
    }

    /** Whether there is something to send, for the first time or again. */
    boolean hasWork() {
        return pending || !due.isEmpty();
    }

    /** The request to send now. */
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

    /** What was sent is acknowledged; since when it was under way. */
    long acknowledged() {
        pending = false;
        return since;
    }

    /** How many it has sent. */
    int sent() {
        return next;
    }
}

package io.seleucia.chat.benchmark;

import java.io.IOException;

/** A client that publishes, with its outstanding messages, which not all receivers have yet. */
public final class Sender {
    private final Client client;
    private final int number;
    private final int receivers;
    private final byte[] request; // only the stamp changes
    private final int stampAt;
    private final int[] lacking; // receivers without a message, by its sequence number modulo the window
    private int next;
    private int oldest; // outstanding

    /**
     * Creates a sender.
     *
     * @param number the sender in its messages
     * @param window maximum number of outstanding messages
     * @param request a complete request to publish
     * @param stampAt index of the text in the request
     */
    public Sender(Client client, int number, int receivers, int window, byte[] request, int stampAt) {
        this.client = client;
        this.number = number;
        this.receivers = receivers;
        this.request = request;
        this.stampAt = stampAt;
        lacking = new int[window];
    }

    /** Returns whether the window allows another message. */
    public boolean hasRoom() {
        return next - oldest < lacking.length;
    }

    /** Returns whether nothing is outstanding. */
    public boolean isIdle() {
        return next == oldest;
    }

    boolean hasSent(int sequence) {
        return sequence >= 0 && sequence < next;
    }

    /**
     * Publishes the next message.
     *
     * @param time for its stamp
     */
    public void publish(long time) throws IOException {
        lacking[next % lacking.length] = receivers;
        Stamp.write(request, stampAt, number, next, time);
        next++;
        client.send(request);
    }

    /** Handles a delivery. Returns whether the window has more room than before. */
    public boolean received(int sequence) {
        if (--lacking[sequence % lacking.length] > 0 || sequence != oldest) {
            return false;
        }
        while (oldest < next && lacking[oldest % lacking.length] == 0) {
            oldest++;
        }
        return true;
    }
}

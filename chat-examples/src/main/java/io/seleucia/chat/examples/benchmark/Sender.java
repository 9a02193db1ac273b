package io.seleucia.chat.examples.benchmark;

import java.io.IOException;

/** One of the clients that publish, and the messages that it has outstanding: those that not all receivers have yet. */
public final class Sender {
    private final Client client;
    private final int number;
    private final int receivers;
    private final byte[] request; // the same each time, but for the stamp
    private final int stampAt;
    private final int[] lacking; // how many receivers lack a message, by its sequence number modulo the window
    private int next;
    private int oldest; // outstanding

    /**
     * A sender that has published nothing yet.
     *
     * @param number what its messages say who sent them
     * @param window how many messages may be outstanding
     * @param request a whole request to publish
     * @param stampAt where the text begins in it
     */
    public Sender(Client client, int number, int receivers, int window, byte[] request, int stampAt) {
        this.client = client;
        this.number = number;
        this.receivers = receivers;
        this.request = request;
        this.stampAt = stampAt;
        lacking = new int[window];
    }

    /** Whether it may publish one more. */
    public boolean hasRoom() {
        return next - oldest < lacking.length;
    }

    /** Whether everybody has everything. */
    public boolean isIdle() {
        return next == oldest;
    }

    /** Whether there is such a message. */
    boolean hasSent(int sequence) {
        return sequence >= 0 && sequence < next;
    }

    /**
     * Publishes the next message.
     *
     * @param time since when it is under way
     */
    public void publish(long time) throws IOException {
        lacking[next % lacking.length] = receivers;
        Stamp.write(request, stampAt, number, next, time);
        next++;
        client.send(request);
    }

    /** One more receiver has a message; whether there is more room than before. */
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

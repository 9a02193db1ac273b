package io.seleucia.chat.examples.benchmark;

import java.util.Locale;

/** What can be measured, with its usual sizes. */
enum Scenario {
    BIG("saturating: there is much to write at once", 1, 1_000, 8, 4, 0),
    SOLO("nothing to write at once: a wake-up and a write for each delivery", 1, 1_000, 1, 1, 0),
    ROOMS("small channels, nothing outstanding but one message in each", 100, 10, 1, 1, 0),
    ROOMS4("small busy channels", 100, 10, 2, 4, 0),
    WIDE("latency at a fixed rate, from the time at which a message was due", 1, 5_000, 10, 0, 10),
    ECHO("every client's messages come back to it alone, without any protocol", 1_000, 1, 1, 1, 0),
    IDLE("memory of connections that joined a channel and went through one message", 1, 10_000, 1, 1, 0),
    CONNECT("handshakes, each followed by the end of the connection", 1, 32, 0, 0, 0);

    private final String purpose;
    private final int channels;
    private final int members;
    private final int senders;
    private final int window;
    private final int rate;

    /** @param members of each channel, as senders are */
    Scenario(String purpose, int channels, int members, int senders, int window, int rate) {
        this.purpose = purpose;
        this.channels = channels;
        this.members = members;
        this.senders = senders;
        this.window = window;
        this.rate = rate;
    }

    /** What it is there to show. */
    String purpose() {
        return purpose;
    }

    /** What its load does, with messages of so many bytes. */
    Workload workload(int bytes) {
        return new Workload(this, channels, members, senders, window, rate, bytes);
    }

    /** What is counted. */
    String unit() {
        return switch (this) {
            case BIG, SOLO, ROOMS, ROOMS4, WIDE, IDLE -> "delivery";
            case ECHO -> "round trip";
            case CONNECT -> "handshake";
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}

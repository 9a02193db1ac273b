package io.seleucia.chat.benchmark;

import java.util.Locale;

/** The scenarios, with their default sizes. */
enum Scenario {
    BIG("saturating: many messages in each write", 1, 1_000, 8, 4, 0),
    SOLO("one message in each write: a wake-up and a write for each delivery", 1, 1_000, 1, 1, 0),
    ROOMS("small channels, with one outstanding message in each", 100, 10, 1, 1, 0),
    ROOMS4("small busy channels", 100, 10, 2, 4, 0),
    WIDE("latency at a fixed rate, from the time at which a message was due", 1, 5_000, 10, 0, 10),
    ECHO("messages are echoed to their sender, without a protocol", 1_000, 1, 1, 1, 0),
    IDLE("memory of connections that joined a channel and went through one message", 1, 10_000, 1, 1, 0),
    CONNECT("handshakes, each followed by the end of the connection", 1, 32, 0, 0, 0);

    private final String purpose;
    private final int channels;
    private final int members;
    private final int senders;
    private final int window;
    private final int rate;

    /** @param members of each channel, like the senders */
    Scenario(String purpose, int channels, int members, int senders, int window, int rate) {
        this.purpose = purpose;
        this.channels = channels;
        this.members = members;
        this.senders = senders;
        this.window = window;
        this.rate = rate;
    }

    String purpose() {
        return purpose;
    }

    /** Returns the default workload, with a length of messages. */
    Workload workload(int bytes) {
        return new Workload(this, channels, members, senders, window, rate, bytes);
    }

    /** Returns the name of a counted event. */
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

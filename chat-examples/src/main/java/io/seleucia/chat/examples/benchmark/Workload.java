package io.seleucia.chat.examples.benchmark;

/**
 * A scenario with its sizes.
 *
 * @param channels how many there are
 * @param members of each channel; for {@link Scenario#CONNECT}, how many connect at a time
 * @param senders of each channel: how many of the members publish
 * @param window messages that a sender keeps outstanding in a closed loop
 * @param rate messages a second of all senders together; 0 for a closed loop
 * @param bytes length of a message's text
 */
record Workload(Scenario scenario, int channels, int members, int senders, int window, int rate, int bytes) {
    /** How many clients it needs. */
    int connections() {
        return channels * members;
    }

    Workload withMembers(int members) {
        return new Workload(scenario, channels, members, senders, window, rate, bytes);
    }

    /** In words. */
    String description() {
        String where = channels > 1 ? " in each" : "";
        String pace = rate > 0 ? "%,d messages a second in all".formatted(rate) : window + " outstanding each";
        return switch (scenario) {
            case BIG, SOLO, ROOMS, ROOMS4, WIDE ->
                "%s of %s, %s%s, %s, %,d bytes"
                        .formatted(
                                plural(channels, "channel"),
                                plural(members, "member"),
                                plural(senders, "sender"),
                                where,
                                pace,
                                bytes);
            case ECHO -> "%s, %s, %,d bytes".formatted(plural(channels, "connection"), pace, bytes);
            case IDLE -> plural(connections(), "connection");
            case CONNECT -> "%,d at a time".formatted(members);
        };
    }

    private static String plural(int count, String noun) {
        return "%,d %s%s".formatted(count, noun, count == 1 ? "" : "s");
    }
}

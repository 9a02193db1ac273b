package io.seleucia.chat.benchmark;

/**
 * A scenario with its sizes.
 *
 * @param members of each channel; for {@link Scenario#CONNECT}, simultaneous handshakes
 * @param senders number of the members of each channel that publish
 * @param window outstanding messages of a sender in a closed loop
 * @param rate messages a second of all senders together; 0 for a closed loop
 * @param bytes length of a message's text
 */
record Workload(Scenario scenario, int channels, int members, int senders, int window, int rate, int bytes) {
    int connections() {
        return channels * members;
    }

    Workload withMembers(int members) {
        return withSizes(channels, members, senders);
    }

    Workload withSizes(int channels, int members, int senders) {
        return new Workload(scenario, channels, members, senders, window, rate, bytes);
    }

    Workload withPace(int window, int rate) {
        return new Workload(scenario, channels, members, senders, window, rate, bytes);
    }

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

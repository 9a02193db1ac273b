package io.seleucia.chat.benchmark.scaling;

import java.util.List;

/**
 * The clients of a load, with their channels and servers. A <em>place</em> is the channels of one client. A <em>round</em>
 * has a client for each place, and so one member for each channel. The members of a channel are spread over all servers,
 * and all of them are in the same part of the load.
 *
 * @param run a word in all names that no other run has
 * @param ports of the servers, on the loopback
 * @param perClient channels of each client
 * @param rounds members of each channel
 * @param steady number of the first rounds whose connections are not cut
 * @param senders number of the first rounds whose clients publish
 * @param bytes length of a message's text
 * @param spreadMillis bound of the random time until clients first reconnect; it doubles with each attempt
 * @param part the number of this part of the load
 * @param parts the number of parts
 */
record Plan(
        String run,
        List<Integer> ports,
        int channels,
        int perClient,
        int rounds,
        int steady,
        int senders,
        int bytes,
        int spreadMillis,
        int part,
        int parts) {
    private static final int DIGITS = 6; // of a channel's number

    /** Returns a plan with one member for each channel, and without cuts. */
    static Plan of(String run, List<Integer> ports, int channels, int perClient, int bytes) {
        return new Plan(run, ports, channels, perClient, 1, 0, 1, bytes, 1_000, 0, 1);
    }

    Plan withRounds(int rounds, int senders) {
        return new Plan(run, ports, channels, perClient, rounds, steady, senders, bytes, spreadMillis, part, parts);
    }

    /** Returns a plan in which connections are cut, except those of the first round. */
    Plan withSteady(int spreadMillis) {
        return new Plan(run, ports, channels, perClient, rounds, 1, senders, bytes, spreadMillis, part, parts);
    }

    Plan part(int part, int parts) {
        return new Plan(run, ports, channels, perClient, rounds, steady, senders, bytes, spreadMillis, part, parts);
    }

    int places() {
        return channels / perClient;
    }

    int clients() {
        return places() * rounds;
    }

    int ownPlaces() {
        return (places() - part + parts - 1) / parts;
    }

    /** Returns the place with an index in this part. */
    int place(int own) {
        return own * parts + part;
    }

    /** Returns a client's first server. */
    int server(int place, int round) {
        int servers = round < steady ? Math.max(1, ports.size() - 1) : ports.size(); // the last one may be killed
        return (place + round) % servers;
    }

    /** Returns a channel's name; all have the same length. */
    String channel(int place, int index) {
        return "s%s-%06d".formatted(run, place * perClient + index);
    }

    /** Returns the index of the channel's number in its name. */
    int digitsAt() {
        return 2 + run.length();
    }

    int digits() {
        return DIGITS;
    }

    String client(int place, int round) {
        return "c%s-%d-%d".formatted(run, place, round);
    }
}

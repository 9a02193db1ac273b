package io.seleucia.chat.examples.benchmark.scaling;

import java.util.List;

/**
 * Which clients there are, in which channels, and at which servers. A <em>place</em> is a client's channels; as many
 * clients as there are places make a <em>round</em>, which has one member for every channel. The members of a channel
 * are spread over all servers, and all of them are in the same part of the load.
 *
 * @param run a word that no other run has, in all names
 * @param ports of the servers, on the loopback
 * @param perClient how many of the channels each client is in
 * @param rounds how many members each channel has
 * @param steady in how many rounds, from the first on, clients stay where they are when connections are cut
 * @param senders in how many rounds, from the first on, clients publish
 * @param bytes length of a message's text
 * @param spreadMillis the bound within which clients come back first, at random; it doubles with each attempt
 * @param part which part of the load this is
 * @param parts how many parts there are
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

    /** A plan that no connection is cut by, with one member for each channel. */
    static Plan of(String run, List<Integer> ports, int channels, int perClient, int bytes) {
        return new Plan(run, ports, channels, perClient, 1, 0, 1, bytes, 1_000, 0, 1);
    }

    Plan withRounds(int rounds, int senders) {
        return new Plan(run, ports, channels, perClient, rounds, steady, senders, bytes, spreadMillis, part, parts);
    }

    /** Clients of the first round publish and stay; the others come back within so many milliseconds at first. */
    Plan withSteady(int spreadMillis) {
        return new Plan(run, ports, channels, perClient, rounds, 1, senders, bytes, spreadMillis, part, parts);
    }

    /** One of so many parts of equal size. */
    Plan part(int part, int parts) {
        return new Plan(run, ports, channels, perClient, rounds, steady, senders, bytes, spreadMillis, part, parts);
    }

    int places() {
        return channels / perClient;
    }

    int clients() {
        return places() * rounds;
    }

    /** How many places are in this part. */
    int ownPlaces() {
        return (places() - part + parts - 1) / parts;
    }

    /** The place that has this index among those of this part. */
    int place(int own) {
        return own * parts + part;
    }

    /** At which server a client is first. */
    int server(int place, int round) {
        int servers = round < steady ? Math.max(1, ports.size() - 1) : ports.size(); // the last one may be killed
        return (place + round) % servers;
    }

    /** A channel's name; all are of the same length. */
    String channel(int place, int index) {
        return "s%s-%06d".formatted(run, place * perClient + index);
    }

    /** Where the digits of a channel's number begin in its name. */
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

package io.seleucia.chat.examples.benchmark;

import java.util.List;
import java.util.stream.Stream;

/** Two servers of which one is given in terms of the other. */
record Pair(String server, String other) {
    /** Which ratios are of interest: the server to the one it is measured against, and with a journal to without. */
    static List<Pair> of(List<String> servers) {
        String seleucia = Candidate.Kind.SELEUCIA.toString();
        String selector = Candidate.Kind.SELECTOR.toString();
        return Stream.of(new Pair(seleucia, selector), new Pair(Candidate.JOURNAL, seleucia))
                .filter(pair -> servers.contains(pair.server) && servers.contains(pair.other))
                .toList();
    }

    @Override
    public String toString() {
        return server + " : " + other;
    }
}

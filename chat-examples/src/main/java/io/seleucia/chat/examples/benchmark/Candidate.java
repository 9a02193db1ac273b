package io.seleucia.chat.examples.benchmark;

import io.seleucia.chat.broker.InMemoryBroker.Fsync;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;

/** What is to be measured: a name, and a way to have such a server for a run. */
record Candidate(String name, Start start) {
    /** The name of a server with a journal. */
    static final String JOURNAL = "journal";

    /** What else can be started. */
    enum Kind {
        SELEUCIA,
        SELECTOR;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Starts a server. */
    interface Start {
        Server server() throws IOException;
    }

    static Candidate of(Kind kind, Pinning pinning) {
        return new Candidate(kind.toString(), () -> ServerProcess.start(pinning, List.of(kind.toString())));
    }

    static Candidate withJournal(Fsync fsync, Pinning pinning) {
        return new Candidate(JOURNAL, () -> ServerProcess.start(pinning, List.of(JOURNAL, fsync.name())));
    }

    static Candidate running(URI url) {
        return new Candidate(url.getAuthority(), () -> Server.running(url));
    }
}

package io.seleucia.chat.benchmark;

import io.seleucia.chat.broker.Fsync;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;

/** A server to measure: a name, and a way to start it for a run. */
record Candidate(String name, Start start) {
    static final String JOURNAL = "journal";

    enum Kind {
        SELEUCIA,
        SELECTOR;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    interface Start {
        Server server() throws IOException;
    }

    static Candidate of(Kind kind, Pinning pinning) {
        return new Candidate(kind.toString(), () -> ServerProcess.start(pinning, List.of(kind.toString())));
    }

    static Candidate withJournal(Fsync fsync, Pinning pinning) {
        return new Candidate(JOURNAL, () -> ServerProcess.start(pinning, List.of(JOURNAL, fsync.name())));
    }

    static Candidate overRedis(URI redis, Pinning pinning) {
        return new Candidate(
                ServerProgram.REDIS,
                () -> ServerProcess.start(pinning, List.of(ServerProgram.REDIS, redis.toString())));
    }

    static Candidate running(URI url) {
        return new Candidate(url.getAuthority(), () -> Server.running(url));
    }
}

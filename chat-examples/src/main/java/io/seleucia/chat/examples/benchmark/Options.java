package io.seleucia.chat.examples.benchmark;

import io.seleucia.chat.broker.InMemoryBroker.Fsync;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What the command line asks for.
 *
 * @param url a running server, to be measured alone
 * @param servers which servers are started and measured in turn
 * @param journal when the journal is synced of one more server that is measured
 * @param cpus the processors for the server, as taskset takes them
 */
record Options(
        List<Workload> workloads,
        Dialect protocol,
        Optional<URI> url,
        List<Candidate.Kind> servers,
        Optional<Fsync> journal,
        int pairs,
        int warmup,
        int seconds,
        Optional<String> cpus,
        boolean json,
        Optional<Path> plot) {
    static final String USAGE = """
            usage: FanoutBenchmark [option]...
            Measures this server, and one on a plain selector of the JDK for comparison, in turn.

            what is measured
              --scenario NAME,... all, or some of these (big):
            %s
              --protocol NAME     ctesiphon or chat.v1 (ctesiphon)
              --members N         members of a channel; connections of echo and idle; how many connect at a time
              --channels N        how many channels
              --senders N         senders in each channel
              --window N          messages that each sender keeps outstanding
              --rate N            instead of that: messages a second, of all senders together
              --bytes N           length of a message's text (128)
              --warmup N          seconds before measuring (3)
              --seconds N         seconds of measuring (10)

            against what
              --servers NAME,...  seleucia and selector, or only one of them (seleucia,selector)
              --journal FSYNC     one more server with a journal that is synced so: interval, always or never
              --pairs N           how often all of them are measured (3)
              --url URL           instead of all these, a running server at ws://host:port/path
              --cpus LIST         processors for the server, such as 0 or 0-1; the load gets the others (by taskset)

            what comes out
              --json              one JSON document instead of a table
              --plot FILE.svg     a picture of the latencies

            The exit status is 0 if all went well, 1 if something failed or got lost, 2 for a wrong option.
            """.formatted(Arguments.explained(List.of(Scenario.values()), Scenario::purpose));

    private static final int MAX_CONNECTIONS = 25_000; // about what one address has ports for
    private static final int MAX_WINDOW = 1_000;
    private static final int MAX_RATE = 1_000_000;
    private static final int MAX_BYTES = 65_000; // with what surrounds it, within a server's limit of 64 KiB
    private static final int MAX_PAIRS = 1_000;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException with a text for whoever typed it
     */
    static Options of(String... args) {
        Arguments given = new Arguments(USAGE, args);
        Options options = new Options(
                given.choicesOrAll("--scenario", List.of(Scenario.values())).orElse(List.of(Scenario.BIG)).stream()
                        .map(scenario -> workload(given, scenario))
                        .toList(),
                given.choice("--protocol", List.of(Dialect.CTESIPHON, Dialect.CHAT_V1), Dialect::subprotocol)
                        .orElse(Dialect.CTESIPHON),
                given.url("--url", "ws", "host:port/"),
                given.choices("--servers", List.of(Candidate.Kind.values())).orElse(List.of(Candidate.Kind.values())),
                given.choice("--journal", List.of(Fsync.values()), Arguments::lower),
                given.number("--pairs", 3, 1, MAX_PAIRS),
                given.seconds("--warmup", 3, 0),
                given.seconds("--seconds", 10, 1),
                given.text("--cpus").map(Options::cpus),
                given.has("--json"),
                given.text("--plot").map(Options::path));
        if (options.url.isPresent()) {
            given.refuseAll(
                    "is for servers that are started, not for --url", "--servers", "--journal", "--pairs", "--cpus");
            if (options.workloads.stream().anyMatch(workload -> workload.scenario() == Scenario.IDLE)) {
                throw new IllegalArgumentException("idle looks into a server that is started, not for --url");
            }
        }
        if (options.journal.isPresent() && !options.servers.contains(Candidate.Kind.SELEUCIA)) {
            throw new IllegalArgumentException("--journal needs seleucia among the --servers");
        }
        return options;
    }

    /** The scenario's own sizes, but for those that are given. */
    private static Workload workload(Arguments given, Scenario scenario) {
        Workload usual = scenario.workload(given.number("--bytes", 128, Stamp.LENGTH, MAX_BYTES));
        Workload workload = switch (scenario) {
            case BIG, SOLO, ROOMS, ROOMS4, WIDE ->
                paced(
                        given,
                        new Workload(
                                scenario,
                                given.number("--channels", usual.channels(), 1, MAX_CONNECTIONS),
                                given.number("--members", usual.members(), 1, MAX_CONNECTIONS),
                                given.number("--senders", usual.senders(), 1, MAX_CONNECTIONS),
                                usual.window(),
                                usual.rate(),
                                usual.bytes()));
            case ECHO ->
                paced(
                        given,
                        new Workload(
                                scenario,
                                given.number("--members", usual.channels(), 1, MAX_CONNECTIONS),
                                1,
                                1,
                                usual.window(),
                                usual.rate(),
                                usual.bytes()));
            case IDLE, CONNECT -> usual.withMembers(given.number("--members", usual.members(), 1, MAX_CONNECTIONS));
        };
        Arguments.checkSizes(scenario, workload.channels(), workload.members(), workload.senders(), MAX_CONNECTIONS);
        return workload;
    }

    private static Workload paced(Arguments given, Workload usual) {
        if (given.has("--window") && given.has("--rate")) {
            throw new IllegalArgumentException("--window and --rate exclude each other");
        }
        boolean fixed = given.has("--rate") || usual.rate() > 0 && !given.has("--window");
        return new Workload(
                usual.scenario(),
                usual.channels(),
                usual.members(),
                usual.senders(),
                fixed ? 0 : given.number("--window", usual.window(), 1, MAX_WINDOW),
                fixed ? given.number("--rate", usual.rate(), 1, MAX_RATE) : 0,
                usual.bytes());
    }

    private static String cpus(String value) {
        if (!value.matches("[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*")) {
            throw new IllegalArgumentException("--cpus must look like 0 or 0-1,3");
        }
        return value;
    }

    private static Path path(String value) {
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("--plot must be a file's name", e);
        }
    }
}

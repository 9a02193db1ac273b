package io.seleucia.chat.benchmark;

import io.seleucia.chat.broker.Fsync;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * The options of the command line.
 *
 * @param url a running server, which is measured alone
 * @param servers servers to start and measure in turn
 * @param journal adds a server with a journal and this fsync policy
 * @param redis adds a server over this Redis
 * @param cpus the server's processors, as a list for taskset
 */
record Options(
        List<Workload> workloads,
        Dialect protocol,
        Optional<URI> url,
        List<Candidate.Kind> servers,
        Optional<Fsync> journal,
        Optional<URI> redis,
        int pairs,
        int warmup,
        int seconds,
        Optional<String> cpus,
        boolean json) {
    static final String USAGE = """
            usage: FanoutBenchmark [option]...
            Measures this server, and one on a plain selector of the JDK for comparison, in turn.

            what is measured
              --scenario NAME,... all, or some of these (big):
            %s
              --protocol NAME     ctesiphon or chat.v1 (ctesiphon)
              --members N         members of a channel; connections of echo and idle; simultaneous handshakes
              --channels N        number of channels
              --senders N         senders in each channel
              --window N          outstanding messages of each sender
              --rate N            instead: messages a second, of all senders together
              --bytes N           length of a message's text (128)
              --warmup N          seconds before measuring (3)
              --seconds N         seconds of measuring (10)

            against what
              --servers NAME,...  seleucia and selector, or only one of them (seleucia,selector)
              --journal FSYNC     adds a server with a journal that is synced interval, always or never
              --redis URL         adds a server over a running Redis at redis://[user:password@]host[:port]
              --pairs N           measurements of each (3)
              --url URL           instead of all these, a running server at ws://host:port/path
              --cpus LIST         processors for the server, such as 0 or 0-1; the load gets the others (needs taskset)

            what comes out
              --json              one JSON document instead of a table

            The exit status is 0 if all went well, 1 if something failed or was lost, 2 for a wrong option.
            """.formatted(Arguments.explained(List.of(Scenario.values()), Scenario::purpose));

    private static final int MAX_CONNECTIONS = 25_000; // one address has few more ports
    private static final int MAX_WINDOW = 1_000;
    private static final int MAX_RATE = 1_000_000;
    private static final int MAX_BYTES = 65_000; // with its envelope within the limit of 64 KiB
    private static final int MAX_PAIRS = 1_000;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException with a message for the user
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
                given.url("--redis", "redis", "[user:password@]host[:port]"),
                given.number("--pairs", 3, 1, MAX_PAIRS),
                given.seconds("--warmup", 3, 0),
                given.seconds("--seconds", 10, 1),
                given.text("--cpus").map(Options::cpus),
                given.has("--json"));
        if (options.url.isPresent()) {
            given.refuseAll(
                    "is for servers that are started, not for --url",
                    "--servers",
                    "--journal",
                    "--redis",
                    "--pairs",
                    "--cpus");
            if (options.workloads.stream().anyMatch(workload -> workload.scenario() == Scenario.IDLE)) {
                throw new IllegalArgumentException("idle looks into a server that is started, not for --url");
            }
        }
        if (options.journal.isPresent() && !options.servers.contains(Candidate.Kind.SELEUCIA)) {
            throw new IllegalArgumentException("--journal needs seleucia among the --servers");
        }
        return options;
    }

    /** Returns the scenario's sizes, or the given ones. */
    private static Workload workload(Arguments given, Scenario scenario) {
        Workload usual = scenario.workload(given.number("--bytes", 128, Stamp.LENGTH, MAX_BYTES));
        Workload workload = switch (scenario) {
            case BIG, SOLO, ROOMS, ROOMS4, WIDE ->
                paced(
                        given,
                        usual.withSizes(
                                size(given, "--channels", usual.channels()),
                                size(given, "--members", usual.members()),
                                size(given, "--senders", usual.senders())));
            case ECHO -> paced(given, usual.withSizes(size(given, "--members", usual.channels()), 1, 1));
            case IDLE, CONNECT -> usual.withMembers(size(given, "--members", usual.members()));
        };
        Arguments.checkSizes(scenario, workload.channels(), workload.members(), workload.senders(), MAX_CONNECTIONS);
        return workload;
    }

    private static int size(Arguments given, String option, int usual) {
        return given.number(option, usual, 1, MAX_CONNECTIONS);
    }

    private static Workload paced(Arguments given, Workload usual) {
        if (given.has("--window") && given.has("--rate")) {
            throw new IllegalArgumentException("--window and --rate exclude each other");
        }
        return given.has("--rate") || usual.rate() > 0 && !given.has("--window")
                ? usual.withPace(0, given.number("--rate", usual.rate(), 1, MAX_RATE))
                : usual.withPace(given.number("--window", usual.window(), 1, MAX_WINDOW), 0);
    }

    private static String cpus(String value) {
        if (!value.matches("[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*")) {
            throw new IllegalArgumentException("--cpus must look like 0 or 0-1,3");
        }
        return value;
    }
}

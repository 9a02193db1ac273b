package io.seleucia.chat.examples.benchmark;

import io.seleucia.chat.broker.InMemoryBroker.Fsync;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
            """.formatted(Arrays.stream(Scenario.values())
            .map(scenario -> "                      %-8s %s".formatted(scenario, scenario.purpose()))
            .collect(Collectors.joining("\n")));

    private static final Set<String> FLAGS = Set.of("--json");
    private static final Set<String> NAMES = Set.of(
            "--scenario",
            "--protocol",
            "--members",
            "--channels",
            "--senders",
            "--window",
            "--rate",
            "--bytes",
            "--warmup",
            "--seconds",
            "--servers",
            "--journal",
            "--pairs",
            "--url",
            "--cpus",
            "--plot");
    private static final int MAX_CONNECTIONS = 25_000; // about what one address has ports for
    private static final int MAX_WINDOW = 1_000;
    private static final int MAX_RATE = 1_000_000;
    private static final int MAX_BYTES = 65_000; // with what surrounds it, within a server's limit of 64 KiB
    private static final int MAX_SECONDS = 3_600;
    private static final int MAX_PAIRS = 1_000;

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException with a text for whoever typed it
     */
    static Options of(String... args) {
        Given given = new Given(args);
        Options options = new Options(
                scenarios(given.text("--scenario").orElse("big")).stream()
                        .map(scenario -> workload(given, scenario))
                        .toList(),
                given.choice("--protocol", List.of(Dialect.CTESIPHON, Dialect.CHAT_V1), Dialect::subprotocol)
                        .orElse(Dialect.CTESIPHON),
                given.text("--url").map(Options::url),
                given.text("--servers").map(Options::servers).orElse(List.of(Candidate.Kind.values())),
                given.choice("--journal", List.of(Fsync.values()), Options::lower),
                given.number("--pairs", 3, 1, MAX_PAIRS),
                given.number("--warmup", 3, 0, MAX_SECONDS),
                given.number("--seconds", 10, 1, MAX_SECONDS),
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

    private static List<Scenario> scenarios(String value) {
        return value.equals("all") ? List.of(Scenario.values()) : list("--scenario", value, List.of(Scenario.values()));
    }

    private static List<Candidate.Kind> servers(String value) {
        return list("--servers", value, List.of(Candidate.Kind.values()));
    }

    private static <T> List<T> list(String name, String value, List<T> all) {
        return Stream.of(value.split(",", -1))
                .map(word -> find(name, word, all, T::toString))
                .distinct()
                .toList();
    }

    private static <T> T find(String name, String word, List<T> all, Function<T, String> spelling) {
        return all.stream()
                .filter(one -> spelling.apply(one).equals(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name + " knows "
                        + all.stream().map(spelling).collect(Collectors.joining(", ")) + ", but not " + word));
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** The scenario's own sizes, but for those that are given. */
    private static Workload workload(Given given, Scenario scenario) {
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
        if ((long) workload.channels() * workload.members() > MAX_CONNECTIONS) {
            throw new IllegalArgumentException(
                    "--channels times --members must not exceed " + MAX_CONNECTIONS + ", as in " + scenario);
        }
        if (workload.senders() > workload.members()) {
            throw new IllegalArgumentException("there must not be more --senders (" + workload.senders()
                    + ") than --members (" + workload.members() + "), as in " + scenario);
        }
        return workload;
    }

    private static Workload paced(Given given, Workload usual) {
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

    private static URI url(String value) {
        IllegalArgumentException refusal = new IllegalArgumentException("--url must look like ws://host:port/");
        try {
            URI url = new URI(value);
            if ("ws".equalsIgnoreCase(url.getScheme()) && url.getHost() != null && url.getPort() < 1 << 16) {
                return url;
            }
        } catch (URISyntaxException e) {
            refusal.initCause(e);
        }
        throw refusal;
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

    /** The options as they were typed. */
    private static final class Given {
        private final Map<String, String> values = new HashMap<>();

        Given(String... args) {
            for (int i = 0; i < args.length; i++) {
                String name = args[i];
                if (!NAMES.contains(name) && !FLAGS.contains(name)) {
                    throw new IllegalArgumentException("unknown option " + name);
                }
                if (NAMES.contains(name) && ++i == args.length) {
                    throw new IllegalArgumentException(name + " needs a value");
                }
                if (values.put(name, args[i]) != null) {
                    throw new IllegalArgumentException(name + " is given twice");
                }
            }
        }

        boolean has(String name) {
            return values.containsKey(name);
        }

        Optional<String> text(String name) {
            return Optional.ofNullable(values.get(name));
        }

        <T> Optional<T> choice(String name, List<T> all, Function<T, String> spelling) {
            return text(name).map(value -> find(name, value, all, spelling));
        }

        int number(String name, int normal, int least, int most) {
            String value = values.getOrDefault(name, Integer.toString(normal));
            if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < least || Integer.parseInt(value) > most) {
                throw new IllegalArgumentException(name + " must be a number from " + least + " to " + most);
            }
            return Integer.parseInt(value);
        }

        void refuseAll(String why, String... names) {
            for (String name : names) {
                if (has(name)) {
                    throw new IllegalArgumentException(name + " " + why);
                }
            }
        }
    }
}

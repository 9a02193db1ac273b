package io.seleucia.chat.examples;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Measures a fan-out: one channel with many members, of whom some publish, each with a few messages outstanding. A
 * message is done when every member has it, and only then comes the sender's next; so no server can hide a backlog.
 *
 * <p>The server runs in a process of its own; the load is one thread in this one.
 */
public final class FanoutBenchmark {
    private static final String USAGE = """
            usage: FanoutBenchmark [option value]...
              --url      ws://host:port/ of a running server that speaks ctesiphon; without it, one is started
              --members  connections, all subscribed to one channel (1000)
              --senders  how many of them publish (8)
              --window   messages that each sender keeps outstanding (4)
              --bytes    length of a message's text (128)
              --warmup   seconds before measuring (3)
              --seconds  seconds of measuring (10)
            The exit status is 0 if all went well, 1 if something failed or got lost, 2 for a wrong option.""";

    private FanoutBenchmark() {}

    /** What is to be measured. */
    record Options(Optional<URI> url, int members, int senders, int window, int bytes, int warmup, int seconds) {
        private static final List<String> NAMES =
                List.of("--url", "--members", "--senders", "--window", "--bytes", "--warmup", "--seconds");
        private static final int MAX_MEMBERS = 25_000; // about what one address has ports for
        private static final int MAX_SENDERS = 1_000;
        private static final int MAX_WINDOW = 1_000;
        private static final int MAX_BYTES = 65_000; // with what surrounds it, within a server's limit of 64 KiB
        private static final int MAX_SECONDS = 3_600;

        /**
         * Reads the command line.
         *
         * @throws IllegalArgumentException with a text for whoever typed it
         */
        static Options of(String... args) {
            Map<String, String> given = new HashMap<>();
            for (int i = 0; i < args.length; i += 2) {
                if (!NAMES.contains(args[i])) {
                    throw new IllegalArgumentException("unknown option " + args[i]);
                }
                if (i + 1 == args.length) {
                    throw new IllegalArgumentException(args[i] + " needs a value");
                }
                if (given.put(args[i], args[i + 1]) != null) {
                    throw new IllegalArgumentException(args[i] + " is given twice");
                }
            }
            Options options = new Options(
                    Optional.ofNullable(given.get("--url")).map(Options::url),
                    number(given, "--members", 1000, 1, MAX_MEMBERS),
                    number(given, "--senders", 8, 1, MAX_SENDERS),
                    number(given, "--window", 4, 1, MAX_WINDOW),
                    number(given, "--bytes", 128, FanoutLoad.MIN_BYTES, MAX_BYTES),
                    number(given, "--warmup", 3, 0, MAX_SECONDS),
                    number(given, "--seconds", 10, 1, MAX_SECONDS));
            if (options.senders > options.members) {
                throw new IllegalArgumentException("there must not be more --senders (" + options.senders
                        + ") than --members (" + options.members + ")");
            }
            return options;
        }

        private static int number(Map<String, String> given, String name, int normal, int least, int most) {
            String value = given.getOrDefault(name, Integer.toString(normal));
            if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < least || Integer.parseInt(value) > most) {
                throw new IllegalArgumentException(name + " must be a number from " + least + " to " + most);
            }
            return Integer.parseInt(value);
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
    }

    /** Runs the benchmark; with {@code server} as the only argument, the server that it measures. */
    public static void main(String... args) {
        Locale.setDefault(Locale.ROOT); // the same digits and separators everywhere
        System.exit(run(args));
    }

    private static int run(String... args) {
        try {
            if (args.length == 1 && args[0].equals(FanoutServer.ARGUMENT)) {
                FanoutServer.serve();
                return 0;
            }
            if (Arrays.asList(args).contains("--help")) {
                System.out.println(USAGE);
                return 0;
            }
            return run(Options.of(args)) ? 0 : 1;
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + " (--help tells more)");
            return 2;
        } catch (IOException e) {
            System.err.println("failed: " + e.getMessage());
            return 1;
        }
    }

    private static boolean run(Options options) throws IOException {
        if (options.url().isPresent()) {
            return measure(options, options.url().get(), Optional.empty());
        }
        try (FanoutServer server = FanoutServer.start()) {
            System.err.println("server: process " + server.process().pid() + " at " + server.url());
            return measure(options, server.url(), Optional.of(server.process()));
        }
    }

    /** Whether every member got every message, once and in order. */
    private static boolean measure(Options options, URI url, Optional<ProcessHandle> server) throws IOException {
        try (FanoutLoad load = new FanoutLoad(url, options)) {
            load.connect();
            load.run("warm-up", Duration.ofSeconds(options.warmup()));
            load.startCounting();
            Duration serverBefore = server.map(FanoutBenchmark::cpu).orElse(Duration.ZERO);
            Duration clientBefore = cpu(ProcessHandle.current());
            Duration elapsed = load.run("measuring", Duration.ofSeconds(options.seconds()));
            Optional<Duration> serverCpu = server.map(process -> cpu(process).minus(serverBefore));
            Duration clientCpu = cpu(ProcessHandle.current()).minus(clientBefore);
            Optional<String> memory = server.flatMap(FanoutBenchmark::residentMemory);
            load.stopCounting();
            load.drain();

            report(options, load, elapsed);
            serverCpu.ifPresent(cpu -> row("server CPU per delivery", micros(cpu, load.delivered())));
            row("client CPU per delivery", micros(clientCpu, load.delivered()));
            memory.ifPresent(text -> row("server resident memory", text));
            row("sequence", load.faults());
            if (!load.faultless()) {
                System.err.println("failed: not every member got every message once and in order: " + load.faults());
            }
            return load.faultless();
        }
    }

    private static void report(Options options, FanoutLoad load, Duration elapsed) {
        double seconds = elapsed.toNanos() / 1e9;
        row("members", "%,d".formatted(options.members()));
        row("senders x window", options.senders() + " x " + options.window());
        row("message bytes", "%,d".formatted(options.bytes()));
        row("seconds", "%.2f".formatted(seconds));
        row("messages published/s", "%,.0f".formatted(load.published() / seconds));
        row("deliveries/s", "%,.0f".formatted(load.delivered() / seconds));
        row("deliveries per read", "%.1f".formatted((double) load.delivered() / Math.max(1, load.reads())));
        row("latency p50", millis(load.latencies().quantile(0.5)));
        row("latency p99", millis(load.latencies().quantile(0.99)));
        row("latency p99.9", millis(load.latencies().quantile(0.999)));
        row("latency max", millis(load.latencies().max()));
    }

    private static void row(String name, String value) {
        System.out.printf("%-26s %s%n", name, value);
    }

    private static String millis(long nanos) {
        return "%,.2f ms".formatted(nanos / 1e6);
    }

    private static String micros(Duration cpu, long deliveries) {
        return "%.3f us".formatted(cpu.toNanos() / 1e3 / Math.max(1, deliveries));
    }

    private static Duration cpu(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    /** Where the system has a file that tells it, as Linux does. */
    private static Optional<String> residentMemory(ProcessHandle process) {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.isReadable(status)) {
            return Optional.empty();
        }
        try (var lines = Files.lines(status)) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024 + " MiB")
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // the process has just ended, which shows elsewhere
        }
    }
}

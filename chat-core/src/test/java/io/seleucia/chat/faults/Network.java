package io.seleucia.chat.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;

/**
 * Hosts of a test's own on one bridge, each a network namespace of Linux. Packets between any two of them can be made to
 * vanish, in one direction or both, or only those of some connections: nobody is told, no connection ends, and the
 * kernel sends again and again, as when a cable is cut somewhere in between. Nothing is changed outside of the
 * namespaces, which need root to be made.
 *
 * <p>Each host knows the others' hardware addresses, and a packet is lost by being sent to one that nobody has. So
 * nobody asks who has an address, and nobody finds that it can't be reached.
 */
public final class Network implements AutoCloseable {
    private static final String PREFIX = "seleucia-";
    private static final String NOBODY = "02:00:00:00:ff:ff";
    private static final String NOWHERE = "10.77.0.254"; // a gateway with that hardware address
    private static final String OBSERVER = "observer";
    private static final long PATIENCE_SECONDS = 30;
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String prefix =
            PREFIX + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet() + "-"; // unique on this machine
    private final Map<String, Node> hosts = new LinkedHashMap<>();
    private final List<List<String>> undoings = new ArrayList<>(); // of rules; guarded by this

    private Network() {}

    /** Makes a network; where that is not possible, the test is skipped, or fails if {@code namespaces.required} is set. */
    public static Network begin(String... names) throws Exception {
        sweep();
        Network network = new Network();
        try {
            run("ip", "netns", "add", network.prefix + "bridge");
        } catch (IOException e) {
            if (Boolean.getBoolean("namespaces.required")) {
                throw new AssertionError("namespaces.required is set, and there are none", e);
            }
            Assumptions.abort("network namespaces can't be made here: " + e.getMessage());
        }
        try {
            network.build(names);
            return network;
        } catch (Exception e) {
            network.close();
            throw e;
        }
    }

    /** Takes away what a run that was killed has left behind. */
    private static void sweep() throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/run/netns"), PREFIX + "*")) {
            for (Path one : all) {
                String name = one.getFileName().toString();
                long owner = Long.parseLong(name.split("-")[1]);
                if (ProcessHandle.of(owner).isEmpty()) {
                    delete(name);
                }
            }
        } catch (NoSuchFileException e) {
            // Nobody has ever made a namespace here.
        }
    }

    private void build(String... names) throws IOException {
        run("ip", "-n", prefix + "bridge", "link", "add", "bridge", "type", "bridge");
        run("ip", "-n", prefix + "bridge", "link", "set", "bridge", "up");
        for (String name : names) {
            add(name);
        }
        add(OBSERVER);
        for (Node one : hosts.values()) {
            one.ip("neigh", "replace", NOWHERE, "lladdr", NOBODY, "dev", "eth0", "nud", "permanent");
            for (Node other : hosts.values()) {
                if (one != other) {
                    one.knows(other, other.hardware());
                    String table = Integer.toString(other.table());
                    one.ip("route", "add", other.address(), "via", NOWHERE, "dev", "eth0", "table", table);
                }
            }
        }
    }

    private void add(String name) throws IOException {
        Node host = new Node(prefix + name, hosts.size() + 1);
        run("ip", "netns", "add", host.namespace);
        hosts.put(name, host);
        String bridge = prefix + "bridge";
        String port = "port" + host.number;
        run(
                "ip",
                "link",
                "add",
                "eth0",
                "address",
                host.hardware(),
                "netns",
                host.namespace,
                "type",
                "veth",
                "peer",
                "name",
                port,
                "netns",
                bridge);
        run("ip", "-n", bridge, "link", "set", port, "master", "bridge", "up");
        host.ip("addr", "add", host.address() + "/24", "dev", "eth0");
        host.ip("link", "set", "lo", "up");
        host.ip("link", "set", "eth0", "up");
    }

    /** One of its hosts. */
    public Host host(String name) {
        return node(name);
    }

    private Node node(String name) {
        return hosts.get(name);
    }

    /** A port on this machine's loopback interface that leads to a port of one host, by way of another. */
    public int door(String from, String to, int port) throws IOException {
        return node(from).door().to(node(to).address(), port);
    }

    /** From now on nothing comes through between two hosts. */
    public void cut(String one, String other) throws IOException {
        cutOneWay(one, other);
        cutOneWay(other, one);
    }

    /** From now on nothing comes through from one host to another. */
    public void cutOneWay(String from, String to) throws IOException {
        node(from).knows(node(to), NOBODY);
    }

    /** Everything comes through again between two hosts. */
    public void heal(String one, String other) throws IOException {
        node(one).knows(node(other), node(other).hardware());
        node(other).knows(node(one), node(one).hardware());
    }

    /** From now on nothing comes through from a host to some ports of another. */
    public void cutOneWay(String from, String to, List<Integer> ports) throws IOException {
        for (int port : ports) {
            rule(from, "100", "to", node(to).address(), "ipproto", "tcp", "dport", Integer.toString(port), to);
        }
    }

    /** From now on nothing comes through from a host to another but to some ports. */
    public void cutOneWayBut(String from, String to, List<Integer> ports) throws IOException {
        for (int port : ports) {
            rule(from, "100", "to", node(to).address(), "ipproto", "tcp", "dport", Integer.toString(port), "main");
        }
        rule(from, "101", "to", node(to).address(), to);
    }

    /** A rule by which packets take another way: that of a host where they get lost, or the main one. */
    private synchronized void rule(String at, String preference, String... selectorAndWay) throws IOException {
        List<String> rule = new ArrayList<>(List.of("pref", preference));
        rule.addAll(List.of(selectorAndWay));
        String way = rule.removeLast();
        rule.addAll(List.of(
                "lookup", way.equals("main") ? way : Integer.toString(node(way).table())));
        List<String> undoing = new ArrayList<>(List.of("ip", "-n", node(at).namespace, "rule", "del"));
        undoing.addAll(rule);
        rule.addAll(0, List.of("rule", "add"));
        node(at).ip(rule.toArray(String[]::new));
        undoings.add(undoing);
    }

    /** Everything comes through again. */
    public synchronized void heal() throws IOException {
        for (List<String> undoing : undoings) {
            run(undoing.toArray(String[]::new));
        }
        undoings.clear();
        for (String one : hosts.keySet()) {
            for (String other : hosts.keySet()) {
                if (!one.equals(other)) {
                    heal(one, other);
                }
            }
        }
    }

    /** Ends all that runs on its hosts, and takes them away. */
    @Override
    public void close() throws IOException {
        for (Node host : hosts.values()) {
            host.close();
            delete(host.namespace);
        }
        delete(prefix + "bridge");
    }

    private static void delete(String namespace) throws IOException {
        run("ip", "netns", "pids", namespace)
                .lines()
                .map(pid -> ProcessHandle.of(Long.parseLong(pid.strip())))
                .forEach(process -> process.ifPresent(ProcessHandle::destroyForcibly));
        run("ip", "netns", "del", namespace);
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int status = process.onExit()
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join()
                .exitValue();
        if (status != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }

    /** A host, and its door for the test, once somebody has asked for it. */
    private final class Node implements Host {
        private final String namespace;
        private final int number;
        private Door door; // guarded by this

        private Node(String namespace, int number) {
            this.namespace = namespace;
            this.number = number;
        }

        private String hardware() {
            return "02:00:00:00:00:%02x".formatted(number);
        }

        /** Of the routes that lead nowhere, the one to this host. */
        private int table() {
            return 100 + number;
        }

        private String ip(String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of("ip", "-n", namespace));
            command.addAll(List.of(arguments));
            return run(command.toArray(String[]::new));
        }

        private void knows(Node other, String hardware) throws IOException {
            ip("neigh", "replace", other.address(), "lladdr", hardware, "dev", "eth0", "nud", "permanent");
        }

        private synchronized Door door() throws IOException {
            if (door == null) {
                door = Door.at(this);
            }
            return door;
        }

        private synchronized void close() throws IOException {
            if (door != null) {
                door.close();
            }
        }

        @Override
        public String address() {
            return "10.77.0." + number;
        }

        @Override
        public List<String> command(List<String> command) {
            List<String> there = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
            there.addAll(command);
            return there;
        }

        @Override
        public int door(int port) throws IOException {
            return node(OBSERVER).door().to(address(), port);
        }
    }
}

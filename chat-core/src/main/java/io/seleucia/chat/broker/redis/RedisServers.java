package io.seleucia.chat.broker.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The addresses of Redis, and how to connect. {@link #at} is one server, {@link #sentinel} a master that sentinels
 * watch, {@link #cluster} a Redis Cluster; the {@code with…} methods add TLS and logins. Passwords are asked for each
 * time a connection is made, and appear in no text of this class.
 *
 * @param topology which server has a channel
 * @param tls whether connections are encrypted; Redis' certificate must be for the name or address in use
 * @param authorities a PEM file with the authorities that sign Redis' certificate; empty: the JDK's
 * @param identity the certificate for Redis and the sentinels; empty: none
 * @param login for Redis; empty: none
 * @param sentinelLogin for the sentinels themselves; empty: none
 * @param waitReplicas how many replicas must have a message before it is acknowledged
 */
public record RedisServers(
        Topology topology,
        boolean tls,
        Optional<Path> authorities,
        Optional<Identity> identity,
        Optional<Login> login,
        Optional<Login> sentinelLogin,
        int waitReplicas) {
    private static final int DEFAULT_PORT = 6379;

    /** The kinds of Redis installations. */
    public sealed interface Topology {
        /**
         * One server.
         *
         * @param server the address of the server
         * @param database the number of the database
         */
        record Single(Address server, int database) implements Topology {
            /** Refuses null. */
            public Single {
                Objects.requireNonNull(server, "server");
            }
        }

        /**
         * The server that sentinels name.
         *
         * @param master the name of the master
         * @param sentinels the addresses of sentinels
         */
        record Sentinel(String master, List<Address> sentinels) implements Topology {
            /** Refuses null. */
            public Sentinel {
                Objects.requireNonNull(master, "master");
                Objects.requireNonNull(sentinels, "sentinels");
            }
        }

        /**
         * A cluster; all its nodes are found from any of the seeds.
         *
         * @param seeds the addresses of some nodes
         */
        record Cluster(List<Address> seeds) implements Topology {
            /** Refuses null. */
            public Cluster {
                Objects.requireNonNull(seeds, "seeds");
            }
        }
    }

    /**
     * A host's name or address, and a port.
     *
     * @param host the name or address, without brackets
     * @param port the port
     */
    public record Address(String host, int port) {
        /** Refuses null. */
        public Address {
            Objects.requireNonNull(host, "host");
        }

        /**
         * Parses {@code host:port}, with an IPv6 address in brackets.
         *
         * @param text the text
         * @return the result
         */
        public static Address of(String text) {
            Objects.requireNonNull(text, "text");
            int colon = text.lastIndexOf(':');
            String host = colon < 0 ? "" : text.substring(0, colon);
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            boolean plain = !bracketed && host.matches("[^\\s:@/\\[\\]]+");
            if (!(bracketed || plain) || !text.substring(colon + 1).matches("\\d{1,5}")) {
                throw new IllegalArgumentException("an address is host:port");
            }
            int port = Integer.parseInt(text.substring(colon + 1));
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("a port is a number from 1 to 65535");
            }
            return new Address(bracketed ? host.substring(1, host.length() - 1) : host, port);
        }

        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /**
     * A client certificate in PEM files, which are read for each connection.
     *
     * @param certificates the certificate, and each issuer's after the one it has signed
     * @param key the private key, unencrypted, in PKCS#8
     */
    public record Identity(Path certificates, Path key) {
        /** Refuses null. */
        public Identity {
            Objects.requireNonNull(certificates, "certificates");
            Objects.requireNonNull(key, "key");
        }
    }

    /**
     * A user of Redis' ACL.
     *
     * @param user its name; {@code ""} is the default user
     * @param password asked for each time a connection is made; {@code ""} for a user without one
     */
    public record Login(String user, Supplier<String> password) {
        private static final Login DEFAULT = new Login("", () -> "");

        /** Refuses null. */
        public Login {
            Objects.requireNonNull(user, "user");
            Objects.requireNonNull(password, "password");
        }
    }

    /** Refuses null, no address, and a negative number of replicas. */
    public RedisServers {
        Objects.requireNonNull(topology, "topology");
        Objects.requireNonNull(authorities, "authorities");
        Objects.requireNonNull(identity, "identity");
        Objects.requireNonNull(login, "login");
        Objects.requireNonNull(sentinelLogin, "sentinelLogin");
        boolean empty = switch (topology) {
            case Topology.Single single -> false;
            case Topology.Sentinel sentinel -> sentinel.sentinels().isEmpty();
            case Topology.Cluster cluster -> cluster.seeds().isEmpty();
        };
        if (empty) {
            throw new IllegalArgumentException("at least one address is needed");
        }
        if (waitReplicas < 0) {
            throw new IllegalArgumentException("the number of replicas to wait for can't be negative");
        }
    }

    /**
     * {@return one server}
     *
     * @param uri {@code redis://[user:password@]host[:port][/database]}, or {@code rediss://} for TLS
     * @throws IllegalArgumentException if it is neither
     */
    public static RedisServers at(URI uri) {
        Objects.requireNonNull(uri, "uri");
        if (uri.getHost() == null || !("redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme()))) {
            throw new IllegalArgumentException(
                    "Redis' address must be redis://host:port/database, or rediss://host:port/database for TLS");
        }
        String host = uri.getHost().replaceAll("[\\[\\]]", ""); // around an IPv6 address
        Address address = new Address(host, uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
        String path = uri.getPath() == null ? "" : uri.getPath().replace("/", "");
        if (!path.matches("\\d{0,9}")) {
            throw new IllegalArgumentException("the database in Redis' address must be a number: " + path);
        }
        RedisServers servers = of(new Topology.Single(address, path.isEmpty() ? 0 : Integer.parseInt(path)));
        if (uri.getRawUserInfo() != null && !uri.getRawUserInfo().isEmpty()) {
            servers = servers.withLogin(login(uri.getRawUserInfo()));
        }
        return "rediss".equals(uri.getScheme()) ? servers.withTls() : servers;
    }

    private static Login login(String info) {
        int colon = info.indexOf(':');
        String password = colon < 0 ? "" : decode(info.substring(colon + 1));
        return new Login(decode(colon < 0 ? info : info.substring(0, colon)), () -> password);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /**
     * {@return the master that sentinels know by a name}
     *
     * @param master the name of the master
     * @param sentinels {@code host:port} of each
     */
    public static RedisServers sentinel(String master, List<String> sentinels) {
        Objects.requireNonNull(sentinels, "sentinels");
        return of(new Topology.Sentinel(master, addresses(sentinels)));
    }

    /**
     * {@return a cluster}
     *
     * @param nodes {@code host:port} of some of its nodes
     */
    public static RedisServers cluster(List<String> nodes) {
        Objects.requireNonNull(nodes, "nodes");
        return of(new Topology.Cluster(addresses(nodes)));
    }

    private static RedisServers of(Topology topology) {
        return new RedisServers(
                topology, false, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), 0);
    }

    private static List<Address> addresses(List<String> texts) {
        return texts.stream().map(Address::of).toList();
    }

    /** {@return these servers over TLS} */
    public RedisServers withTls() {
        return new RedisServers(topology, true, authorities, identity, login, sentinelLogin, waitReplicas);
    }

    /**
     * {@return these servers over TLS, with the authorities in a PEM file, which is read for each connection}
     *
     * @param pem the PEM file
     */
    public RedisServers withAuthorities(Path pem) {
        Objects.requireNonNull(pem, "pem");
        return new RedisServers(topology, true, Optional.of(pem), identity, login, sentinelLogin, waitReplicas);
    }

    /**
     * {@return these servers over TLS, with a client certificate; see {@link Identity}}
     *
     * @param certificates the PEM file of the certificate and its issuers
     * @param key the PEM file of the private key
     */
    public RedisServers withIdentity(Path certificates, Path key) {
        Optional<Identity> shown = Optional.of(new Identity(certificates, key));
        return new RedisServers(topology, true, authorities, shown, login, sentinelLogin, waitReplicas);
    }

    /**
     * {@return these servers with a user of Redis' ACL, and the password that was set, if any}
     *
     * @param name the name of the user
     */
    public RedisServers withUser(String name) {
        Objects.requireNonNull(name, "name");
        return withLogin(new Login(name, login.orElse(Login.DEFAULT).password()));
    }

    /**
     * {@return these servers with a password, which is asked for each time a connection is made}
     *
     * @param secret returns the password; may block
     */
    public RedisServers withPassword(Supplier<String> secret) {
        Objects.requireNonNull(secret, "secret");
        return withLogin(new Login(login.orElse(Login.DEFAULT).user(), secret));
    }

    private RedisServers withLogin(Login other) {
        return new RedisServers(topology, tls, authorities, identity, Optional.of(other), sentinelLogin, waitReplicas);
    }

    /**
     * {@return these servers with a password from the first line of a file, which is read for each connection}
     *
     * @param file the file
     */
    public RedisServers withPasswordFile(Path file) {
        Objects.requireNonNull(file, "file");
        return withPassword(() -> firstLine(file));
    }

    /**
     * {@return these servers with a user of the sentinels' own ACL}
     *
     * @param name the name of the user
     */
    public RedisServers withSentinelUser(String name) {
        Objects.requireNonNull(name, "name");
        return withSentinelLogin(
                new Login(name, sentinelLogin.orElse(Login.DEFAULT).password()));
    }

    /**
     * {@return these servers with a password for the sentinels, from the first line of a file}
     *
     * @param file the file
     */
    public RedisServers withSentinelPasswordFile(Path file) {
        Objects.requireNonNull(file, "file");
        return withSentinelLogin(new Login(sentinelLogin.orElse(Login.DEFAULT).user(), () -> firstLine(file)));
    }

    private RedisServers withSentinelLogin(Login other) {
        return new RedisServers(topology, tls, authorities, identity, login, Optional.of(other), waitReplicas);
    }

    /**
     * {@return these servers with a number of replicas that must have a message before it is acknowledged} If they do
     * not confirm it in time, the publisher gets {@code unavailable}, although the message may be published: a resend
     * with the same key returns its position.
     *
     * @param replicas the number of replicas; 0 for none
     */
    public RedisServers withWaitReplicas(int replicas) {
        return new RedisServers(topology, tls, authorities, identity, login, sentinelLogin, replicas);
    }

    private static String firstLine(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.findFirst().orElseThrow(() -> new IOException(file + " is empty"));
        } catch (IOException e) {
            throw new UncheckedIOException("the password file can't be read: " + e.getMessage(), e);
        }
    }

    boolean isCluster() {
        return topology instanceof Topology.Cluster;
    }

    /** Returns the addresses for the log, without secrets. */
    @Override
    public String toString() {
        return switch (topology) {
            case Topology.Single single -> single.server().toString();
            case Topology.Sentinel sentinel -> sentinel.master() + " of the sentinels " + listed(sentinel.sentinels());
            case Topology.Cluster cluster -> "the cluster of " + listed(cluster.seeds());
        };
    }

    private static String listed(List<Address> addresses) {
        return String.join(", ", addresses.stream().map(Address::toString).toList());
    }
}

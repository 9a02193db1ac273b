package io.seleucia.chat.broker;

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
 * Where Redis is, and how to get in. {@link #at} is one server, {@link #sentinel} a master that sentinels watch, {@link
 * #cluster} a Redis Cluster; what differs from an open port is added with the {@code with…} methods. Passwords are asked
 * for each time a connection is made, and stand in no text of this class.
 *
 * @param topology who is asked for a channel
 * @param tls whether connections are encrypted; the server's certificate must be for the name or address it is called by
 * @param authorities a PEM file with the certificates of those who may vouch for Redis' certificate; empty: the JDK's
 * @param identity the certificate that is shown to Redis and the sentinels; empty: none
 * @param login what Redis asks for; empty: nothing
 * @param sentinelLogin what the sentinels themselves ask for; empty: nothing
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

    /** Who is asked for a channel. */
    public sealed interface Topology {
        /** One server. */
        record Single(Address server, int database) implements Topology {
            /** Refuses null. */
            public Single {
                Objects.requireNonNull(server, "server");
            }
        }

        /** The server that sentinels name. */
        record Sentinel(String master, List<Address> sentinels) implements Topology {
            /** Refuses null. */
            public Sentinel {
                Objects.requireNonNull(master, "master");
                Objects.requireNonNull(sentinels, "sentinels");
            }
        }

        /** The server of a cluster that has the channel; the others are found from any of these. */
        record Cluster(List<Address> seeds) implements Topology {
            /** Refuses null. */
            public Cluster {
                Objects.requireNonNull(seeds, "seeds");
            }
        }
    }

    /** A host's name or address, and a port. */
    public record Address(String host, int port) {
        /** Refuses null. */
        public Address {
            Objects.requireNonNull(host, "host");
        }

        /** Reads {@code host:port}; an IPv6 address stands in brackets. */
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
     * Who this server is, in PEM files that are read whenever a connection is made.
     *
     * @param certificates its certificate, and each issuer's after the one it has signed
     * @param key its private key, unencrypted, in PKCS#8
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
     * @param password asked for whenever a connection is made; {@code ""} for a user who needs none
     */
    public record Login(String user, Supplier<String> password) {
        private static final Login NOBODY = new Login("", () -> "");

        /** Refuses null. */
        public Login {
            Objects.requireNonNull(user, "user");
            Objects.requireNonNull(password, "password");
        }

        private Login withUser(String name) {
            return new Login(name, password);
        }

        private Login withPassword(Supplier<String> secret) {
            return new Login(user, secret);
        }
    }

    /** Refuses what nobody can be asked with. */
    public RedisServers {
        Objects.requireNonNull(topology, "topology");
        Objects.requireNonNull(authorities, "authorities");
        Objects.requireNonNull(identity, "identity");
        Objects.requireNonNull(login, "login");
        Objects.requireNonNull(sentinelLogin, "sentinelLogin");
        boolean nobody = switch (topology) {
            case Topology.Single single -> false;
            case Topology.Sentinel sentinel -> sentinel.sentinels().isEmpty();
            case Topology.Cluster cluster -> cluster.seeds().isEmpty();
        };
        if (nobody) {
            throw new IllegalArgumentException("at least one address is needed");
        }
        if (waitReplicas < 0) {
            throw new IllegalArgumentException("the number of replicas to wait for can't be negative");
        }
    }

    /**
     * One server.
     *
     * @param uri {@code redis://[user:password@]host[:port][/database]}, or {@code rediss://} for TLS
     * @throws IllegalArgumentException if it is none of these
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
        int database = path.isEmpty() ? 0 : Integer.parseInt(path);
        return new RedisServers(
                new Topology.Single(address, database),
                "rediss".equals(uri.getScheme()),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(uri.getRawUserInfo())
                        .filter(info -> !info.isEmpty())
                        .map(RedisServers::stated),
                Optional.empty(),
                0);
    }

    private static Login stated(String info) {
        int colon = info.indexOf(':');
        if (colon < 0) {
            return Login.NOBODY.withUser(decode(info));
        }
        String password = decode(info.substring(colon + 1));
        return new Login(decode(info.substring(0, colon)), () -> password);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /**
     * The master that sentinels know by a name.
     *
     * @param sentinels {@code host:port} of each
     */
    public static RedisServers sentinel(String master, List<String> sentinels) {
        Objects.requireNonNull(sentinels, "sentinels");
        Objects.requireNonNull(master, "master");
        return of(new Topology.Sentinel(master, addresses(sentinels)));
    }

    /**
     * A cluster.
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

    /** The same over TLS. */
    public RedisServers withTls() {
        return new RedisServers(topology, true, authorities, identity, login, sentinelLogin, waitReplicas);
    }

    /**
     * The same over TLS, where those in a PEM file, which is read whenever a connection is made, vouch for Redis'
     * certificate.
     */
    public RedisServers withAuthorities(Path pem) {
        Objects.requireNonNull(pem, "pem");
        return new RedisServers(topology, true, Optional.of(pem), identity, login, sentinelLogin, waitReplicas);
    }

    /** The same over TLS, where this server shows a certificate of its own; see {@link Identity}. */
    public RedisServers withIdentity(Path certificates, Path key) {
        Objects.requireNonNull(certificates, "certificates");
        Objects.requireNonNull(key, "key");
        Identity shown = new Identity(certificates, key);
        return new RedisServers(topology, true, authorities, Optional.of(shown), login, sentinelLogin, waitReplicas);
    }

    /** The same as a user of Redis' ACL, who needs no password if none is given. */
    public RedisServers withUser(String name) {
        Objects.requireNonNull(name, "name");
        return withLogin(login.orElse(Login.NOBODY).withUser(name));
    }

    /** The same with a password, which is asked for whenever a connection is made. */
    public RedisServers withPassword(Supplier<String> secret) {
        Objects.requireNonNull(secret, "secret");
        return withLogin(login.orElse(Login.NOBODY).withPassword(secret));
    }

    private RedisServers withLogin(Login other) {
        return new RedisServers(topology, tls, authorities, identity, Optional.of(other), sentinelLogin, waitReplicas);
    }

    /** The same with a password that stands in the first line of a file, which is read whenever a connection is made. */
    public RedisServers withPasswordFile(Path file) {
        Objects.requireNonNull(file, "file");
        return withPassword(() -> firstLine(file));
    }

    /** The same as a user of the sentinels' own ACL. */
    public RedisServers withSentinelUser(String name) {
        Objects.requireNonNull(name, "name");
        return withSentinelLogin(sentinelLogin.orElse(Login.NOBODY).withUser(name));
    }

    /** The same with a password for the sentinels, in the first line of a file. */
    public RedisServers withSentinelPasswordFile(Path file) {
        Objects.requireNonNull(file, "file");
        return withSentinelLogin(sentinelLogin.orElse(Login.NOBODY).withPassword(() -> firstLine(file)));
    }

    private RedisServers withSentinelLogin(Login other) {
        return new RedisServers(topology, tls, authorities, identity, login, Optional.of(other), waitReplicas);
    }

    /**
     * The same, where a message is acknowledged when so many replicas have it, and {@code unavailable} where they do not
     * confirm that in time. It may be published all the same: a resend with the same key gives its position.
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

    /** What the log calls it: addresses, and no secret. */
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

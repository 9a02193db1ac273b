package io.seleucia.chat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.protocol.Caller;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Controller;
import io.seleucia.chat.protocol.Controllers;
import io.seleucia.chat.protocol.Ctesiphon;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.protocol.TcpChat;
import io.seleucia.chat.session.Bounds;
import io.seleucia.chat.session.Channels;
import io.seleucia.chat.session.Counters;
import io.seleucia.chat.session.Watchdog;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.KeystoreFiles;
import io.seleucia.chat.transport.PemFiles;
import io.seleucia.chat.transport.Tls;
import io.seleucia.chat.transport.WireBytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A chat server in this process.
 *
 * <pre>{@code
 * try (var server = ChatServer.builder().port(8600).start()) {
 *     System.out.println("listening on port " + server.port());
 *     Thread.currentThread().join();
 * }
 * }</pre>
 *
 * <p>All its threads are virtual, and so do not keep the process alive by themselves.
 */
public final class ChatServer implements AutoCloseable {
    /** What the server calls itself, with its version. */
    public static final String NAME = "seleucia/" + version();

    private final Broker broker;
    private final boolean ownsBroker;
    private final Watchdog watchdog;
    private final Duration drainTimeout;
    private final Counters counters = new Counters();
    private final WireBytes bytes = new WireBytes();
    private final Channels channels;
    private final List<Acceptor> acceptors = new ArrayList<>(2); // the one for WebSockets first
    private volatile boolean draining;

    private ChatServer(Builder settings) throws IOException {
        ownsBroker = settings.broker.isEmpty();
        broker = settings.broker.orElseGet(() -> new InMemoryBroker(Retention.DEFAULT));
        Limits limits = settings.limits;
        drainTimeout = limits.drainTimeout();
        watchdog = new Watchdog(Stream.of(
                        limits.pingInterval(),
                        limits.pongTimeout(),
                        limits.handshakeTimeout(),
                        limits.frameTimeout(),
                        limits.writeTimeout(),
                        settings.tcpKeepalive)
                .min(Duration::compareTo)
                .orElseThrow());
        Admission admission = new Admission(limits);
        channels = new Channels(
                broker,
                settings.tcpPort.isPresent() ? Map.of(settings.tcpChannel, TcpChat.MAX_TEXT_BYTES) : Map.of(),
                counters);
        try {
            acceptors.add(new Acceptor(
                    new InetSocketAddress(settings.host, settings.port),
                    webSockets(settings),
                    settings.tls,
                    admission,
                    limits,
                    bytes,
                    watchdog));
            if (settings.tcpPort.isPresent()) {
                acceptors.add(new Acceptor(
                        new InetSocketAddress(settings.host, settings.tcpPort.getAsInt()),
                        tcp(settings),
                        settings.tls,
                        admission,
                        limits,
                        bytes,
                        watchdog));
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Entrance webSockets(Builder settings) {
        Handshake handshake = new Handshake(
                settings.allowedOrigins,
                settings.subprotocolRequired,
                settings.compression != Compression.OFF,
                settings.compression == Compression.CONTEXT_TAKEOVER);
        List<Protocol> protocols = new ArrayList<>(settings.protocols);
        Limits limits = settings.limits;
        protocols.add(new ChatV1());
        protocols.add(new Controllers(settings.controllers, limits.maxChannels()));
        protocols.add(new Ctesiphon());
        return new WebSocketEntrance(
                handshake,
                protocols,
                new Handlers(settings.handlers),
                channels,
                bounds(limits, limits.pingInterval(), limits.pongTimeout()),
                counters);
    }

    private Entrance tcp(Builder settings) {
        Duration lastChance = settings.tcpSilence.dividedBy(6);
        return new TcpEntrance(
                new TcpChat(settings.tcpChannel),
                channels,
                bounds(settings.limits, settings.tcpSilence.minus(lastChance), lastChance),
                counters,
                settings.tcpKeepalive);
    }

    private static Bounds bounds(Limits limits, Duration ping, Duration pong) {
        return new Bounds(
                NAME,
                limits.maxMessageBytes(),
                limits.outboundQueueBytes(),
                limits.maxChannels(),
                limits.rateMessages(),
                limits.rateBurst(),
                ping,
                pong,
                limits.frameTimeout(),
                limits.writeTimeout());
    }

    /** Settings with their defaults: {@code localhost:8600}, in memory, {@link Limits#DEFAULT}. */
    public static Builder builder() {
        return new Builder();
    }

    /** The port it listens on: the one that was asked for, or the one that was free. */
    public int port() {
        return acceptors.getFirst().port();
    }

    /** The port that it listens on for TcpChat, if it does. */
    public OptionalInt tcpPort() {
        return acceptors.stream().skip(1).mapToInt(Acceptor::port).findFirst();
    }

    /** The number of sessions at this moment. */
    public int sessions() {
        return acceptors.stream().mapToInt(Acceptor::sessions).sum();
    }

    /** What it is doing and has done, in numbers. Looks at every session for it, and does not block. */
    public Metrics metrics() {
        return new Metrics(
                sessions(),
                channels.size(),
                acceptors.stream().mapToLong(Acceptor::queuedBytes).sum(),
                counters.total(Counters.Count.SESSIONS),
                counters.ends(),
                counters.total(Counters.Count.RECEIVED),
                counters.total(Counters.Count.RATE_LIMITED),
                publishing(),
                counters.total(Counters.Count.DELIVERED),
                bytes.bytesIn(),
                bytes.bytesOut(),
                counters.total(Counters.Count.RECOVERED),
                counters.total(Counters.Count.NOT_RECOVERED),
                broker.health().reconnects());
    }

    private Metrics.Durations publishing() {
        long[] bounds = Counters.bucketNanos();
        long[] counts = counters.publishing();
        List<Metrics.Bucket> buckets = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            Duration upTo = i < bounds.length ? Duration.ofNanos(bounds[i]) : Metrics.Bucket.UNBOUNDED;
            buckets.add(new Metrics.Bucket(upTo, counts[i]));
        }
        return new Metrics.Durations(buckets, Duration.ofNanos(counters.publishingNanos()));
    }

    /** Whether it has been told to end: it accepts no more connections, and those that are there end. */
    public boolean isDraining() {
        return draining;
    }

    /**
     * Drains: accepts no more connections, lets every client have what waits for it and then tells it to come back
     * (close code 1012; TcpChat has none). Blocks until all sessions have ended, at most for {@link
     * Limits#drainTimeout} and a little longer, if some must be cut off.
     */
    @Override
    public void close() {
        draining = true;
        long deadline = System.nanoTime() + drainTimeout.toNanos();
        acceptors.forEach(Acceptor::stop);
        acceptors.forEach(acceptor -> acceptor.drain(deadline));
        watchdog.close();
        if (ownsBroker) {
            broker.close();
        }
    }

    private static String version() {
        try (InputStream version = ChatServer.class.getResourceAsStream("version.txt")) {
            return new String(version.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("the version is missing from the jar", e);
        }
    }

    /** Whether messages are compressed for clients that offer it (permessage-deflate, RFC 7692). */
    public enum Compression {
        /** Never. */
        OFF,
        /** Each message for itself, so that one to many is compressed once for all, and an idle client costs nothing. */
        ON,
        /**
         * With the memory of earlier messages, where the client agrees: small messages that resemble each other become
         * smaller still, but each connection holds some 300 KB for it and compresses every message for itself.
         */
        CONTEXT_TAKEOVER
    }

    /** Settings of a server that is to be started. Not thread-safe. */
    public static final class Builder {
        private String host = "localhost";
        private int port = 8600;
        private OptionalInt tcpPort = OptionalInt.empty();
        private String tcpChannel = "lobby";
        private Duration tcpKeepalive = Duration.ofSeconds(5);
        private Duration tcpSilence = Duration.ofSeconds(60);
        private Optional<Broker> broker = Optional.empty();
        private Limits limits = Limits.DEFAULT;
        private Set<String> allowedOrigins = Set.of();
        private boolean subprotocolRequired;
        private Compression compression = Compression.ON;
        private Optional<Tls> tls = Optional.empty();
        private final List<Protocol> protocols = new ArrayList<>();
        private final List<Controller<?>> controllers = new ArrayList<>();
        private final Map<String, WebSocketHandler> handlers = new HashMap<>();

        private Builder() {}

        /** The name or address of the interface to listen on; {@code 0.0.0.0} and {@code ::} are all. */
        public Builder host(String host) {
            this.host = host;
            return this;
        }

        /** The port to listen on, from 0 to 65535; 0 takes any free one. */
        public Builder port(int port) {
            this.port = port;
            return this;
        }

        /**
         * Another port to listen on, for clients that speak TcpChat; 0 takes any free one. Without it there is none. It
         * has the same limits and the same certificate.
         */
        public Builder tcpPort(int tcpPort) {
            this.tcpPort = OptionalInt.of(tcpPort);
            return this;
        }

        /**
         * The channel that clients on the TCP port are in; {@code lobby} by default. While there is such a port, no
         * text of more than {@value TcpChat#MAX_TEXT_BYTES} bytes can be published there, whatever the protocol.
         *
         * @throws IllegalArgumentException if it is no name for a channel
         */
        public Builder tcpChannel(String tcpChannel) {
            Optional<String> flaw = Names.flawOfChannel(tcpChannel);
            if (flaw.isPresent()) {
                throw new IllegalArgumentException(flaw.get());
            }
            this.tcpChannel = tcpChannel;
            return this;
        }

        /**
         * Times of the TCP port that the protocol fixes, made shorter for tests.
         *
         * @param keepalive how long nothing may be sent to a client
         * @param silence how long nothing may be heard from one
         */
        Builder tcpTimes(Duration keepalive, Duration silence) {
            this.tcpKeepalive = keepalive;
            this.tcpSilence = silence;
            return this;
        }

        /** What carries the channels. It stays the caller's: to be closed after the servers that share it. */
        public Builder broker(Broker broker) {
            this.broker = Optional.of(broker);
            return this;
        }

        /** What the server takes from its clients. */
        public Builder limits(Limits limits) {
            this.limits = limits;
            return this;
        }

        /**
         * The origins whose pages may connect, such as {@code https://chat.example}; {@code *} is any. If there are
         * none, a page may connect to the host that it came from. Programs other than browsers are not concerned.
         */
        public Builder allowedOrigins(Collection<String> allowedOrigins) {
            this.allowedOrigins = Set.copyOf(allowedOrigins);
            return this;
        }

        /**
         * Has the port speak TLS 1.2 and 1.3, {@code wss://}, and nothing else, with a key and certificates from a
         * PKCS12 keystore. Reads the files now, and again while the server runs when they have changed: new
         * connections get the new certificate. A changed file that can't be used is logged, and the former
         * certificate stays.
         *
         * @param passwordFile its first line is the password of the keystore and of the key in it
         * @throws IOException if the files can't be used; the message says which one it is and what is wrong
         */
        public Builder tlsKeystore(Path keystore, Path passwordFile) throws IOException {
            return tls(new Tls(new KeystoreFiles(keystore, passwordFile), Tls.LOOK_INTERVAL));
        }

        /**
         * Like {@link #tlsKeystore}, with a key and certificates from two files in PEM form.
         *
         * @param certificates the server's certificate, then each issuer's after the one it has signed
         * @param key the private key, unencrypted, in PKCS#8: RSA, EC (P-256, P-384, P-521) or Ed25519
         * @throws IOException if the files can't be used; the message says which one it is and what is wrong
         */
        public Builder tlsCert(Path certificates, Path key) throws IOException {
            return tls(new Tls(new PemFiles(certificates, key), Tls.LOOK_INTERVAL));
        }

        Builder tls(Tls tls) {
            this.tls = Optional.of(tls);
            return this;
        }

        /** One more protocol, chosen by its name as the subprotocol, and preferred to those the server has itself. */
        public Builder protocol(Protocol protocol) {
            protocols.add(protocol);
            return this;
        }

        /**
         * One more controller, for clients of the subprotocol {@code XSocketsNET}; see {@link Controller} for what they
         * can call. {@code chat} and {@code generic} are always there.
         *
         * @param name case does not matter
         * @param type the class whose public methods are its topics
         * @param factory makes the object that serves one connection
         * @throws IllegalArgumentException if the name or the class won't do; the message says why
         */
        public <C> Builder controller(String name, Class<C> type, Function<? super Caller<C>, ? extends C> factory) {
            controllers.add(new Controller<>(name, type, factory));
            return this;
        }

        /**
         * Whether a client that offers only subprotocols that are not spoken is refused. If not, which is the default,
         * it is let in without one, as RFC 6455 §4.2.2 has it. One that offers none is always let in.
         */
        public Builder subprotocolRequired(boolean subprotocolRequired) {
            this.subprotocolRequired = subprotocolRequired;
            return this;
        }

        /** Whether messages of 256 bytes or more are compressed; {@link Compression#ON} by default. */
        public Builder compression(Compression compression) {
            this.compression = compression;
            return this;
        }

        /**
         * Serves a path without any chat protocol.
         *
         * @param path the path, such as {@code /echo}; with {@code *} at its end, all paths that begin with it
         */
        public Builder webSocket(String path, WebSocketHandler handler) {
            handlers.put(path, handler);
            return this;
        }

        /**
         * Starts the server. It listens when this returns.
         *
         * @throws IOException if the address can't be listened on
         */
        public ChatServer start() throws IOException {
            return new ChatServer(this);
        }
    }
}

package io.seleucia.chat;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.protocol.Caller;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Controller;
import io.seleucia.chat.protocol.Controllers;
import io.seleucia.chat.protocol.Ctesiphon;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.protocol.TcpChat;
import io.seleucia.chat.session.Bounds;
import io.seleucia.chat.session.Channels;
import io.seleucia.chat.session.Control;
import io.seleucia.chat.session.Counters;
import io.seleucia.chat.session.Follower;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.session.Loops;
import io.seleucia.chat.session.Observer;
import io.seleucia.chat.session.Order;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.Watchdog;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.KeystoreFiles;
import io.seleucia.chat.transport.Pages;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
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
    private final Optional<Listeners> listeners;
    private final Set<Follower> followers = ConcurrentHashMap.newKeySet();
    private final long followerBytes;
    private final List<Port> ports = new CopyOnWriteArrayList<>(); // what is open: these
    private final InProcess inProcess;
    private final Control control;
    private final Logins logins;
    private Optional<Acceptor> webSockets = Optional.empty();
    private Optional<Acceptor> tcp = Optional.empty();
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
                        limits.loginTimeout(),
                        limits.frameTimeout(),
                        limits.writeTimeout(),
                        settings.tcpKeepalive)
                .min(Duration::compareTo)
                .orElseThrow());
        followerBytes = limits.outboundQueueBytes();
        listeners = settings.listeners.isEmpty() ? Optional.empty() : Optional.of(new Listeners(settings.listeners));
        channels = new Channels(
                broker,
                listeners.map(Observer.class::cast).orElse(Observer.NOBODY),
                settings.hasTcpPort() ? Map.of(settings.tcpChannel, TcpChat.MAX_TEXT_BYTES) : Map.of(),
                counters);
        List<Protocol> protocols = protocols(settings);
        Bounds bounds = bounds(limits, limits.pingInterval(), limits.pongTimeout());
        control = new Control(broker, this::carryOut);
        logins = new Logins(
                settings.authenticator, settings.authorizer, settings.guests(), limits.loginTimeout(), control);
        control.start();
        inProcess = new InProcess(protocols, logins, channels, bounds, counters, watchdog);
        ports.add(inProcess);
        try {
            Admission admission = new Admission(limits);
            if (settings.port.isPresent()) {
                webSockets = Optional.of(
                        open(settings, settings.port.getAsInt(), webSockets(settings, protocols, bounds), admission));
            }
            if (settings.hasTcpPort()) {
                tcp = Optional.of(open(settings, settings.tcpPort.getAsInt(), tcp(settings), admission));
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private Acceptor open(Builder settings, int port, Entrance entrance, Admission admission) throws IOException {
        Acceptor acceptor = new Acceptor(
                new InetSocketAddress(settings.host, port),
                entrance,
                settings.tls,
                admission,
                settings.limits,
                bytes,
                watchdog);
        ports.add(acceptor);
        return acceptor;
    }

    private static List<Protocol> protocols(Builder settings) {
        List<Protocol> protocols = new ArrayList<>(settings.protocols);
        protocols.add(new ChatV1());
        protocols.add(new Controllers(settings.controllers, settings.limits.maxChannels()));
        protocols.add(new Ctesiphon());
        return protocols;
    }

    private Entrance webSockets(Builder settings, List<Protocol> protocols, Bounds bounds) {
        Handshake handshake = new Handshake(
                settings.allowedOrigins,
                settings.subprotocolRequired,
                settings.compression != Compression.OFF,
                settings.compression == Compression.CONTEXT_TAKEOVER);
        // The answer to a login must be out before the handshake is cut off.
        Duration loginLimit = settings.limits.handshakeTimeout().multipliedBy(3).dividedBy(4);
        return new WebSocketEntrance(
                handshake,
                settings.pages,
                protocols,
                new Handlers(settings.handlers),
                logins,
                loginLimit,
                channels,
                bounds,
                counters);
    }

    private Entrance tcp(Builder settings) {
        Duration lastChance = settings.tcpSilence.dividedBy(6);
        return new TcpEntrance(
                new TcpChat(settings.tcpChannel),
                logins,
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

    /**
     * The port it listens on: the one that was asked for, or the one that was free.
     *
     * @throws IllegalStateException if it was started {@linkplain Builder#withoutPort without one}
     */
    public int port() {
        return webSockets
                .orElseThrow(() -> new IllegalStateException("this server has no port"))
                .port();
    }

    /** The port that it listens on for TcpChat, if it does. */
    public OptionalInt tcpPort() {
        return tcp.stream().mapToInt(Acceptor::port).findFirst();
    }

    /** The number of connections at this moment: sessions, and raw WebSockets. */
    public int connections() {
        return (int) ports.stream().flatMap(Port::connections).count();
    }

    /** The sessions at this moment, in no order. */
    public List<OpenSession> sessions() {
        return ports.stream()
                .flatMap(Port::connections)
                .flatMap(loops -> loops.receiver().stream())
                .filter(Session.class::isInstance)
                .map(receiver -> OpenSession.of((Session) receiver))
                .toList();
    }

    /** The channels that have subscribers on this server at this moment, and how many each has. */
    public Map<String, Integer> channels() {
        return channels.occupied();
    }

    /** What carries the channels: for histories, and who is present. Closing it is not for everybody. */
    public Broker broker() {
        return broker;
    }

    /**
     * Publishes a text, as {@link #publish(String, String, Content)} does.
     *
     * @param sender who is to have said it: any name, and nobody need be connected who bears it
     */
    public Position publish(String channel, String sender, String text) throws UnavailableException {
        return publish(channel, sender, new Content.Text(text));
    }

    /**
     * Publishes a message. Blocks until it has its place, for two seconds at the most.
     *
     * @param channel the channel, or {@code @name} for the inbox of a client
     * @return its place
     * @throws IllegalArgumentException if a name is none, or the text is longer than the channel takes
     * @throws UnavailableException if the broker could not confirm it in time
     */
    public Position publish(String channel, String sender, Content content) throws UnavailableException {
        Optional<String> flaw =
                Names.isInbox(channel) ? Names.flawOfClient(channel.substring(1)) : Names.flawOfChannel(channel);
        refuse(flaw.or(() -> Names.flawOfClient(sender)).or(() -> channels.flawOfText(channel, content)));
        return broker.publish(channel, sender, content, "").position();
    }

    /**
     * Follows a channel from now on, as a program and not as a client: it counts neither for limits nor for presence.
     * Blocks as {@link #publish} does.
     *
     * @param listener gets the messages in a thread of its own; up to {@link Limits#outboundQueueBytes} wait for it,
     *     and what is more is read from the history when it has come so far
     * @return where it began, and what ends it; the server ends it when it closes
     * @throws IllegalArgumentException if that is no name of a channel
     */
    public Broker.Subscription subscribe(String channel, ChannelListener listener) throws UnavailableException {
        refuse(Names.flawOfChannel(channel));
        return Follower.start(broker, channel, push -> tell(listener, push), followerBytes, followers);
    }

    private static void tell(ChannelListener listener, Event.Push push) {
        if (push instanceof Event.Received received) {
            listener.message(received.message());
        } else if (push instanceof Event.Lost lost) {
            listener.lost(lost.position());
        }
    }

    /**
     * Makes void what a user is logged in with, on all servers that share the broker: its sessions end with 4401, and
     * tokens that were issued to it up to now let nobody in any more. Blocks as {@link #publish} does.
     *
     * <p>How long a server that starts later, or is cut off from the broker now, still learns of it is a matter of the
     * broker's history: see docs/accounts.md.
     *
     * @throws IllegalArgumentException if that is no name
     * @throws UnavailableException if it can't be told whether the other servers will know; here it is done
     */
    public void revoke(String user) throws UnavailableException {
        refuse(Names.flawOfClient(user));
        control.revoke(user);
    }

    /**
     * Ends the sessions of a client with 4403, on all servers that share the broker. It may come back, if its program
     * does not do as the code says. Blocks as {@link #publish} does.
     *
     * @param client the client id, or the name of a user
     * @throws IllegalArgumentException if that is no name
     * @throws UnavailableException if it can't be told whether the other servers will know; here it is done
     */
    public void disconnect(String client) throws UnavailableException {
        refuse(Names.flawOfClient(client));
        control.disconnect(client);
    }

    private void carryOut(Order order) {
        if (order instanceof Order.Revoke revoke) {
            logins.revoke(revoke);
        }
        ports.stream()
                .flatMap(Port::connections)
                .flatMap(loops -> loops.receiver().stream())
                .forEach(receiver -> receiver.heed(order));
    }

    private static void refuse(Optional<String> flaw) {
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
    }

    /** Connects a client of this process that offers no subprotocol; see {@link #connect(String, Map)}. */
    public InMemoryClient connect() {
        return connect("");
    }

    /** Connects a client of this process; see {@link #connect(String, Map)}. */
    public InMemoryClient connect(String subprotocol) {
        return connect(subprotocol, Map.of());
    }

    /**
     * Connects a client of this process, without a port. To the server it is a client like any other, but for limits of
     * connections.
     *
     * @param subprotocol the name of the protocol that it speaks; {@code ""} for none
     * @param parameters what stands in the query of its handshake; {@code access_token} logs in, and may block
     * @throws IllegalArgumentException if the protocol is not spoken here, or the login fails
     * @throws IllegalStateException if the server is closed
     */
    public InMemoryClient connect(String subprotocol, Map<String, String> parameters) {
        return new InMemoryClient(inProcess.connect(subprotocol, parameters));
    }

    /** What it is doing and has done, in numbers. Looks at every session for it, and does not block. */
    public Metrics metrics() {
        return new Metrics(
                connections(),
                channels.size(),
                ports.stream()
                        .flatMap(Port::connections)
                        .mapToLong(Loops::queuedBytes)
                        .sum(),
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
        ports.forEach(Port::stop);
        ports.forEach(port -> port.drain(deadline));
        listeners.ifPresent(told -> told.close(drainTimeout));
        followers.forEach(Follower::close);
        control.close();
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
        private OptionalInt port = OptionalInt.of(8600);
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
        private Optional<Authenticator> authenticator = Optional.empty();
        private Optional<Authorizer> authorizer = Optional.empty();
        private Optional<Boolean> guests = Optional.empty();
        private final List<Protocol> protocols = new ArrayList<>();
        private final List<Controller<?>> controllers = new ArrayList<>();
        private final List<ServerListener> listeners = new ArrayList<>();
        private final Map<String, WebSocketHandler> handlers = new HashMap<>();
        private Pages pages = Pages.NONE;

        private Builder() {}

        /** The name or address of the interface to listen on; {@code 0.0.0.0} and {@code ::} are all. */
        public Builder host(String host) {
            this.host = host;
            return this;
        }

        /** The port to listen on, from 0 to 65535; 0 takes any free one. */
        public Builder port(int port) {
            this.port = OptionalInt.of(port);
            return this;
        }

        /** Listens on no port for WebSockets: clients come from within the process, by {@link ChatServer#connect}. */
        public Builder withoutPort() {
            this.port = OptionalInt.empty();
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

        /** One more who is told what happens on the server, and has a say in it; called in the order of adding. */
        public Builder listener(ServerListener listener) {
            listeners.add(listener);
            return this;
        }

        /**
         * Has clients log in, and says who they are. Without one there are guests only.
         *
         * @param authenticator may block; see there for how it is called
         */
        public Builder authenticator(Authenticator authenticator) {
            this.authenticator = Optional.of(authenticator);
            return this;
        }

        /** Says what clients may do. Without one they may do everything that their own rules allow, if they have any. */
        public Builder authorizer(Authorizer authorizer) {
            this.authorizer = Optional.of(authorizer);
            return this;
        }

        /**
         * Whether one may come in without a login. By default one may where there is no {@linkplain #authenticator}, and
         * may not where there is one; then there is no TCP port either, for TcpChat has no login.
         */
        public Builder guests(boolean guests) {
            this.guests = Optional.of(guests);
            return this;
        }

        private boolean guests() {
            return guests.orElse(authenticator.isEmpty());
        }

        private boolean hasTcpPort() {
            return tcpPort.isPresent() && guests();
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
         * Gives a static page, or what belongs to one, to a browser that asks for a path without wanting a WebSocket. It
         * is held in memory; a browser keeps it and asks whether it has changed. Its policy for content lets it use
         * nothing but other pages of this server and WebSockets to it, and neither script nor style within its HTML.
         * Who asks has {@link Limits#handshakeTimeout} to take it.
         *
         * <p>Without any page, all who want no WebSocket are refused with HTTP 400.
         *
         * @param path such as {@code /} or {@code /chat.css}
         * @param type the media type, such as {@code text/css; charset=utf-8}
         * @throws IllegalArgumentException if path or type can't stand in HTTP
         */
        public Builder page(String path, String type, byte[] content) {
            pages = pages.with(path, type, content);
            return this;
        }

        /**
         * Starts the server. It listens when this returns.
         *
         * @throws IOException if the address can't be listened on
         * @throws IllegalStateException if nobody could come in: there are no guests, and nobody who lets others in
         */
        public ChatServer start() throws IOException {
            if (!guests() && authenticator.isEmpty()) {
                throw new IllegalStateException("without guests there must be an authenticator");
            }
            return new ChatServer(this);
        }
    }
}

package io.seleucia.chat;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.protocol.ChatV1;
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
import io.seleucia.chat.session.MessageSizes;
import io.seleucia.chat.session.Observer;
import io.seleucia.chat.session.Order;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.Watchdog;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.HostNames;
import io.seleucia.chat.transport.WireBytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
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
 *
 * <p>Any thread may call its methods, and may be interrupted meanwhile: a call that was blocking then fails or returns
 * early, the thread stays interrupted, and no other call is concerned.
 */
public final class ChatServer implements AutoCloseable {
    /** What the server calls itself, with its version. */
    public static final String NAME = "seleucia/" + version();

    private static final Logger LOG = System.getLogger(ChatServer.class.getName());

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
    private final Set<Thread> closing = ConcurrentHashMap.newKeySet(); // the threads that are in close()
    private volatile boolean draining;
    private volatile boolean closed; // nothing can be published any more

    ChatServer(ChatServerBuilder settings) throws IOException {
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
                new MessageSizes(
                        limits.maxMessageBytes(),
                        settings.hasTcpPort() ? Map.of(settings.tcpChannel, TcpChat.MAX_TEXT_BYTES) : Map.of()),
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
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Acceptor open(ChatServerBuilder settings, int port, Entrance entrance, Admission admission)
            throws IOException {
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

    private static List<Protocol> protocols(ChatServerBuilder settings) {
        List<Protocol> protocols = new ArrayList<>(settings.protocols);
        protocols.add(new ChatV1());
        protocols.add(new Controllers(settings.controllers, settings.limits.maxChannels()));
        protocols.add(new Ctesiphon());
        return protocols;
    }

    private Entrance webSockets(ChatServerBuilder settings, List<Protocol> protocols, Bounds bounds) {
        Handshake handshake = new Handshake(
                hosts(settings),
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
                settings.authorizationIgnored,
                loginLimit,
                channels,
                bounds,
                counters);
    }

    /** See {@link ChatServerBuilder#hosts}. */
    private static HostNames hosts(ChatServerBuilder settings) {
        if (!settings.hosts.isEmpty()) {
            return HostNames.of(settings.hosts);
        }
        InetAddress address = new InetSocketAddress(settings.host, 0).getAddress();
        if (address == null || !address.isLoopbackAddress() || settings.allowedOrigins.contains("*")) {
            return HostNames.ANY;
        }
        boolean bare = settings.host.contains(":") && !settings.host.startsWith("[");
        Set<String> names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
        names.add(bare ? "[" + settings.host + "]" : settings.host);
        settings.allowedOrigins.forEach(origin -> HostNames.ofOrigin(origin).ifPresent(names::add));
        return HostNames.of(names);
    }

    private Entrance tcp(ChatServerBuilder settings) {
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
    public static ChatServerBuilder builder() {
        return new ChatServerBuilder();
    }

    /**
     * The port it listens on: the one that was asked for, or the one that was free.
     *
     * @throws IllegalStateException if it was started {@linkplain ChatServerBuilder#withoutPort without one}
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
        Objects.requireNonNull(text, "text");
        return publish(channel, sender, new Content.Text(text));
    }

    /**
     * Publishes a message. Blocks until it has its place, for two seconds at the most.
     *
     * <p>A thread that is interrupted meanwhile, as {@code Future.cancel(true)} does it, may get an {@link
     * UnavailableException}, and stays interrupted: then the message may have been published or not, as after any other
     * {@code UnavailableException}, and no other call is concerned.
     *
     * @param channel the channel, or {@code @name} for the inbox of a client
     * @return its place
     * @throws IllegalArgumentException if a name is none, the text is longer than the channel takes, or a frame of chat.v1
     *     with this content would be larger than {@link Limits#maxMessageBytes}; nothing is published
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if the broker could not confirm it in time
     */
    public Position publish(String channel, String sender, Content content) throws UnavailableException {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(sender, "sender");
        Objects.requireNonNull(content, "content");
        refuse(Names.flawOfHistory(channel)
                .or(() -> Names.flawOfClient(sender))
                .or(() -> channels.sizes().flaw(channel, sender, content)));
        refuseIfClosed();
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
     * @throws IllegalStateException if the server is closed
     */
    public Broker.Subscription subscribe(String channel, ChannelListener listener) throws UnavailableException {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(listener, "listener");
        refuse(Names.flawOfChannel(channel));
        refuseIfClosed();
        Follower follower = Follower.start(broker, channel, push -> tell(listener, push), followerBytes, followers);
        if (closed) {
            follower.close(); // it began while the others were ended
        }
        refuseIfClosed();
        return follower;
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("the server is closed");
        }
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
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if it can't be told whether the other servers will know; here it is done
     */
    public void revoke(String user) throws UnavailableException {
        Objects.requireNonNull(user, "user");
        refuse(Names.flawOfClient(user));
        refuseIfClosed();
        control.revoke(user);
    }

    /**
     * Ends the sessions of a client with 4403, on all servers that share the broker. It may come back, if its program
     * does not do as the code says. Blocks as {@link #publish} does.
     *
     * @param client the client id, or the name of a user
     * @throws IllegalArgumentException if that is no name
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if it can't be told whether the other servers will know; here it is done
     */
    public void disconnect(String client) throws UnavailableException {
        Objects.requireNonNull(client, "client");
        refuse(Names.flawOfClient(client));
        refuseIfClosed();
        control.disconnect(client);
    }

    private void carryOut(Order order) {
        if (order instanceof Order.Revoke revoke) {
            logins.revoke(revoke);
        }
        ports.stream()
                .flatMap(Port::connections)
                .flatMap(loops -> loops.receiver().stream())
                .forEach(receiver -> Loop.attempt(LOG, "carrying an order out", () -> receiver.heed(order)));
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
     * Limits#drainTimeout} and a little longer, if some must be cut off. Calling it again is fine.
     *
     * <p>What a server calls may close it: a handler, a controller, a listener, an authenticator. Such a call does not
     * wait for itself: the connection that the calling thread serves ends when the call of the handler has returned.
     *
     * <p>If the calling thread is interrupted, it waits no longer, and what has not ended is cut off.
     */
    @Override
    public void close() {
        draining = true;
        Thread self = logins.waitingFor(Thread.currentThread());
        closing.add(self);
        try {
            long deadline = System.nanoTime() + drainTimeout.toNanos();
            ports.forEach(port -> attempt(port::stop));
            ports.forEach(port -> attempt(() -> port.drain(deadline, closing)));
            listeners.ifPresent(told -> attempt(() -> told.close(drainTimeout)));
            closed = true;
            followers.forEach(follower -> attempt(follower::close));
            attempt(control::close);
            attempt(this::closeWatchdog);
            if (ownsBroker) {
                attempt(broker::close);
            }
        } finally {
            closing.remove(self);
        }
    }

    /** Takes a step of closing. One that fails is reported, and keeps no other from being taken. */
    private static void attempt(Runnable step) {
        Loop.attempt(LOG, "closing the server", step);
    }

    private void closeWatchdog() {
        if (connections() == 0) {
            watchdog.close();
        } else {
            Thread.ofVirtual().name("closing").start(this::endTheRest);
        }
    }

    /** Sees to it that the connections of those end who close the server from within it. */
    private void endTheRest() {
        long deadline = System.nanoTime() + drainTimeout.toNanos();
        ports.forEach(port -> port.drain(deadline, Set.of()));
        watchdog.close();
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
}

package io.seleucia.chat;

import io.seleucia.chat.accept.Acceptor;
import io.seleucia.chat.accept.ConnectionShedder;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.ReferenceException;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.Follower;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.connection.ConnectionContext;
import io.seleucia.chat.connection.ConnectionLimits;
import io.seleucia.chat.connection.Flusher;
import io.seleucia.chat.connection.Watchdog;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.AdminCommand;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.metrics.Counters;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.protocol.TcpChat;
import io.seleucia.chat.session.ControlChannel;
import io.seleucia.chat.session.Logins;
import io.seleucia.chat.session.Methods;
import io.seleucia.chat.session.NameHolds;
import io.seleucia.chat.session.Observer;
import io.seleucia.chat.session.Quota;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.session.SessionLimits;
import io.seleucia.chat.session.Sources;
import io.seleucia.chat.transport.Poller;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;
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
 * <p>All its threads are virtual, so they do not keep the process alive.
 *
 * <p>Any thread may call all methods. If a thread is interrupted while a call blocks, the call fails or returns early, the
 * thread stays interrupted, and no other call is affected.
 */
public final class ChatServer implements AutoCloseable {
    /** The name and version that the server gives to clients. */
    public static final String NAME = "seleucia/" + version();

    private static final int REVIEWS_AT_ONCE = 64;
    private static final Logger LOG = System.getLogger(ChatServer.class.getName());

    private final Broker broker;
    private final MemoryBudget memory;
    private final Sources sources;
    private final List<MemoryBudget.Registration> relief = new ArrayList<>(); // to be closed with the server
    private final boolean ownsBroker;
    private final Watchdog watchdog;
    private final List<Poller> pollers = polling(Poller::new);
    private final List<Flusher> flushers = polling(Flusher::new);
    private final Duration drainTimeout;
    private final Counters counters;
    private final Optional<NameHolds> holds; // of the names of guests
    private final Channels channels;
    private final Optional<ListenerDispatcher> listeners;
    private final Set<Follower> followers = ConcurrentHashMap.newKeySet();
    private final long followerBytes;
    private final ServerConnectors connectors;
    private final ControlChannel control;
    private final Logins logins;
    private final CurrentOptions.Registration reviewing; // the rights, whenever the options of channels have changed
    private final Set<Thread> closing = ConcurrentHashMap.newKeySet(); // the threads that are in close()
    private volatile boolean draining;
    private volatile boolean closed; // nothing can be published any more

    ChatServer(ChatServerBuilder settings) throws IOException {
        ownsBroker = settings.broker.isEmpty();
        broker = settings.broker.orElseGet(
                () -> new InMemoryBroker(Retention.DEFAULT, ownMemory(settings), settings.channelOptions));
        memory = broker.memory().orElseGet(() -> ownMemory(settings));
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
        listeners = settings.listeners.isEmpty()
                ? Optional.empty()
                : Optional.of(new ListenerDispatcher(settings.listeners));
        holds = settings.guestNames == GuestNames.RESERVED
                ? Optional.of(new NameHolds(broker, settings.guestNameHold))
                : Optional.empty();
        sources = sources(limits, memory);
        ConnectionContext connections = new ConnectionContext(connectionLimits(limits), memory, flushers);
        counters = connections.counters();
        Observer observer = listeners.map(Observer.class::cast).orElse(Observer.NONE);
        channels = new Channels(
                broker,
                observer,
                new MessageSizes(
                        limits.maxMessageBytes(),
                        settings.hasTcpPort() ? Map.of(settings.tcpChannel, TcpChat.MAX_TEXT_BYTES) : Map.of()),
                counters,
                limits.maxChannelsTotal(),
                memory,
                settings.channelOptions);
        relief.add(memory.register(MemoryBudget.Stage.RECENT, bytes -> channels.forgetRecent()));
        control = new ControlChannel(broker, this::apply);
        logins = new Logins(
                settings.authenticator,
                settings.authorizer,
                settings.guests(),
                settings.reservedNames,
                limits.loginTimeout(),
                control);
        SessionContext context = new SessionContext(
                NAME,
                connections,
                new SessionLimits(limits.maxChannels(), limits.rateMessages(), limits.rateBurst()),
                channels,
                logins,
                sources,
                holds,
                observer,
                methods(settings.methods));
        connectors = new ServerConnectors(settings, context, pollers, watchdog);
        reviewing = settings.channelOptions.whenChanged(this::reviewRights);
        control.start();
        holds.ifPresent(NameHolds::start);
        relief.add(memory.register(MemoryBudget.Stage.CONNECTIONS, new ConnectionShedder(connectors::connections)));
        try {
            connectors.openPorts();
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Creates a part that serves up to four processors, as often as it takes. */
    private static <T> List<T> polling(Supplier<T> part) {
        return Stream.generate(part)
                .limit((Runtime.getRuntime().availableProcessors() + 3) / 4)
                .toList();
    }

    private static MemoryBudget ownMemory(ChatServerBuilder settings) {
        return MemoryBudget.ofHeap(settings.memoryShare / 100.0);
    }

    private static Sources sources(Limits limits, MemoryBudget memory) {
        Quotas quotas = limits.quotas();
        return new Sources(
                Map.of(
                        Quota.MESSAGES, quotas.rateMessages(),
                        Quota.BYTES, quotas.rateBytes(),
                        Quota.DAILY_BYTES, quotas.dailyBytes(),
                        Quota.CHANNEL_MESSAGES, quotas.channelMessages(),
                        Quota.NEW_CHANNELS, quotas.newChannels(),
                        Quota.UNKNOWN_NAMES, quotas.unknownNames(),
                        Quota.CHANNELS, quotas.maxChannels(),
                        Quota.QUEUED_BYTES, quotas.queuedBytes()),
                limits.outboundQueueBytes(),
                memory);
    }

    private static Methods methods(Map<String, CallHandler> handlers) {
        Map<String, CallHandler> known = Map.copyOf(handlers);
        return (user, call) -> {
            CallHandler handler = known.get(call.method());
            if (handler == null) {
                return Methods.unknown(call);
            }
            try {
                return new Event.Result(Objects.requireNonNull(handler.call(user, call.content()), "result"));
            } catch (CallException e) {
                return new Event.Failed(e.code(), e.getMessage());
            }
        };
    }

    private static ConnectionLimits connectionLimits(Limits limits) {
        return new ConnectionLimits(
                limits.maxMessageBytes(),
                limits.outboundQueueBytes(),
                limits.pingInterval(),
                limits.pongTimeout(),
                limits.frameTimeout(),
                limits.writeTimeout());
    }

    /** {@return a builder with the defaults: {@code localhost:8600}, in memory, {@link Limits#DEFAULT}} */
    public static ChatServerBuilder builder() {
        return new ChatServerBuilder();
    }

    /**
     * {@return the port that the server listens on for WebSockets: the configured one, or a free one if that was 0}
     *
     * @throws IllegalStateException if it was started {@linkplain ChatServerBuilder#withoutPort without one}
     */
    public int port() {
        return connectors
                .webSockets()
                .orElseThrow(() -> new IllegalStateException("this server has no port"))
                .port();
    }

    /** {@return the port that the server listens on for WebSockets, if there is one} */
    public OptionalInt webSocketPort() {
        return connectors.webSockets().stream().mapToInt(Acceptor::port).findFirst();
    }

    /** {@return the port that the server listens on for TcpChat, if there is one} */
    public OptionalInt tcpPort() {
        return connectors.tcp().stream().mapToInt(Acceptor::port).findFirst();
    }

    /** {@return the number of connections at this moment: sessions and raw WebSockets} */
    public int connections() {
        return (int) connectors.connections().count();
    }

    /** {@return the sessions at this moment, in no order} */
    public List<SessionSnapshot> sessions() {
        return connectors.sessions().map(SessionSnapshot::of).toList();
    }

    /**
     * {@return a page of the sessions at this moment} Sessions that are not on the page cost little memory.
     *
     * @param client the client whose sessions are wanted; {@code ""} for all clients
     * @param channel the channel whose subscribers are wanted; {@code ""} for all sessions
     * @param order the order of the pages
     * @param offset the number of sessions before the page
     * @param limit the most sessions on the page
     * @throws IllegalArgumentException if {@code offset} or {@code limit} is negative
     */
    public SessionSnapshot.Page sessions(
            String client, String channel, SessionSnapshot.Order order, int offset, int limit) {
        Objects.requireNonNull(client, "client");
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(order, "order");
        if (offset < 0 || limit < 0) {
            throw new IllegalArgumentException("offset and limit must not be negative");
        }
        String name = Names.normal(client);
        String subscribed = Names.normal(channel);
        Stream<Session> wanted = connectors
                .sessions()
                .filter(session -> name.isEmpty() || session.client().equals(name))
                .filter(session -> subscribed.isEmpty() || session.isSubscribed(subscribed));
        return SessionSnapshot.page(wanted, order, offset, limit);
    }

    /**
     * {@return the page of the sessions at this moment that a query asks for} Sessions that are not on the page cost little
     * memory.
     *
     * @param query the query
     */
    public SessionSnapshot.Page sessions(SessionSnapshot.Query query) {
        return SessionSnapshot.page(connectors.sessions(), Objects.requireNonNull(query, "query"));
    }

    /** {@return the number of subscribers on this server for each channel that has any at this moment, sorted by name} */
    public Map<String, Integer> channels() {
        Map<String, Integer> sorted = new TreeMap<>();
        forEachChannel(sorted::put);
        return sorted;
    }

    /**
     * Passes the channels that have subscribers on this server to an action, one by one, and how many each has. In no
     * order, and without a copy of them all: for servers with very many channels.
     *
     * @param action is given the name and the number of subscribers; must not block
     */
    public void forEachChannel(ObjIntConsumer<String> action) {
        channels.forEachOccupied(Objects.requireNonNull(action, "action"));
    }

    /** {@return the broker, for histories and presence} A broker that other servers share must not be closed here. */
    public Broker broker() {
        return broker;
    }

    /**
     * Publishes a text, as {@link #publish(String, String, Content)} does.
     *
     * @param channel the channel
     * @param sender the name of the sender: any valid name, whether or not a client with it is connected
     * @param text the text
     * @return its position
     * @throws UnavailableException if the broker could not confirm it in time
     */
    public Position publish(String channel, String sender, String text) throws UnavailableException {
        Objects.requireNonNull(text, "text");
        return publish(channel, sender, new Content.Text(text));
    }

    /**
     * Publishes a message. Blocks until the broker has given it a position, for at most two seconds.
     *
     * <p>If the thread is interrupted meanwhile, for example by {@code Future.cancel(true)}, the call may throw an {@link
     * UnavailableException}. As after any {@code UnavailableException}, the message may or may not have been published.
     *
     * @param channel the channel, or {@code @name} for the inbox of a client
     * @param sender the name of the sender
     * @param content the text or the JSON value
     * @return its position
     * @throws IllegalArgumentException if a name is not valid, the text is longer than the channel accepts, or a frame of
     *     chat.v1 with this content would be larger than {@link Limits#maxMessageBytes}; nothing is published
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if the broker could not confirm it in time
     */
    public Position publish(String channel, String sender, Content content) throws UnavailableException {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(sender, "sender");
        Objects.requireNonNull(content, "content");
        try {
            return publish(channel, sender, new Draft(content, ""));
        } catch (ReferenceException e) {
            throw new IllegalStateException("a message without a reference was refused for it", e);
        }
    }

    /**
     * Publishes a message with headers, or one that refers to an earlier message: a reply, an edit, a deletion or a reaction.
     * Like {@link #publish(String, String, Content)} otherwise. In an inbox, it concerns that inbox only: a direct message between
     * two clients has another half in the other's.
     *
     * @param channel the channel, or {@code @name} for the inbox of a client
     * @param sender the name of the sender, which is taken for an account's, or for a client's of a server without accounts
     * @param draft the message; with {@link Draft#moderates} it may edit or delete those of others
     * @return its position
     * @throws IllegalArgumentException if a name or a header is not valid, the content is none for its kind of message or longer
     *     than the channel accepts, or a frame of chat.v1 would be larger than {@link Limits#maxMessageBytes}
     * @throws IllegalStateException if the server is closed
     * @throws ReferenceException if the message that it refers to does not allow it
     * @throws UnavailableException if the broker could not confirm it in time
     */
    public Position publish(String channel, String sender, Draft draft)
            throws UnavailableException, ReferenceException {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(sender, "sender");
        Objects.requireNonNull(draft, "draft");
        String normal = Names.normal(channel);
        refuse(Names.flawOfHistory(normal)
                .or(() -> Names.flawOfClient(sender))
                .or(() -> Names.flawOfKey(draft.key()))
                .or(() -> draft.attributes().flawWith(draft.content()))
                .or(() -> channels.sizes().flaw(normal, sender, draft.content(), draft.attributes())));
        refuseIfClosed();
        String published = Names.isInbox(normal) ? logins.inboxOf(normal.substring(1)) : normal;
        return broker.publish(published, Sender.of(Names.normal(sender)), draft).position();
    }

    /**
     * Subscribes the program to a channel, from the next message on. The subscription counts neither for limits nor for
     * presence. Blocks as {@link #publish} does.
     *
     * @param channel the channel
     * @param listener receives the messages in a thread of its own. Up to {@link Limits#outboundQueueBytes} wait for it; later
     *     messages are read from the history when their turn comes
     * @return the subscription, with the position where it began. The server closes it when the server closes
     * @throws IllegalArgumentException if the name is not one of a channel
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if the broker could not confirm it in time
     */
    public Broker.Subscription subscribe(String channel, ChannelListener listener) throws UnavailableException {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(listener, "listener");
        refuse(Names.flawOfChannel(channel));
        refuseIfClosed();
        Follower follower = new Follower(
                        broker, Names.normal(channel), push -> tell(listener, push), followerBytes, followers, memory)
                .open();
        if (closed) {
            follower.close(); // it began while the others were being ended
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
     * Revokes all logins of a user, on all servers that share the broker. The user's sessions end with 4401, and tokens that
     * were issued before now are no longer accepted. Blocks as {@link #publish} does.
     *
     * <p>The broker keeps the revocation for {@link Broker#REVOCATION_AGE}, so that a server that starts later, or cannot
     * reach the broker now, learns of it.
     *
     * @param user the name of the user
     * @throws IllegalArgumentException if the name is not valid
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if it is unknown whether the other servers will learn of it; on this server it is done
     */
    public void revoke(String user) throws UnavailableException {
        Objects.requireNonNull(user, "user");
        refuse(Names.flawOfClient(user));
        refuseIfClosed();
        control.revoke(Names.normal(user));
    }

    /**
     * Disconnects a client with 4403, on all servers that share the broker. The client can connect again: the code only
     * asks it not to. Blocks as {@link #publish} does.
     *
     * @param client the client id, or the name of a user
     * @throws IllegalArgumentException if the name is not valid
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if it is unknown whether the other servers will learn of it; on this server it is done
     */
    public void disconnect(String client) throws UnavailableException {
        Objects.requireNonNull(client, "client");
        refuse(Names.flawOfClient(client));
        refuseIfClosed();
        control.disconnect(Names.normal(client));
    }

    /**
     * Bans an account, a guest name or an address, on all servers that share the broker. Its sessions end with 4403, and new
     * ones are refused with the time when the ban ends. The ban replaces another with the same {@link Ban#key}, and outlives
     * restarts if the broker does. Clients of this process have no address, so only bans of names apply to them.
     *
     * <p>Blocks for at most twice as long as {@link #publish}. A server that cannot be told at once learns of the ban
     * within a minute after it reaches the broker.
     *
     * @param ban the ban
     * @throws IllegalArgumentException if the ban has ended, or lasts longer than {@link Ban#MAX_DURATION}
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if it is unknown whether the ban was stored, or when the other servers will learn of
     *     it; or if there are 10,000 bans
     */
    public void ban(Ban ban) throws UnavailableException {
        Objects.requireNonNull(ban, "ban");
        refuseIfClosed();
        control.ban(ban);
    }

    /**
     * Lifts the ban of a subject, if there is one, on all servers that share the broker. Blocks as {@link #ban} does.
     *
     * @param kind the kind of the subject
     * @param subject the name or the address, or another with the same {@link Ban#key}
     * @throws IllegalArgumentException if the subject is not a name or an address
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if it is unknown whether the ban was lifted, or when the other servers will learn of it
     */
    public void unban(Ban.Kind kind, String subject) throws UnavailableException {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(subject, "subject");
        refuseIfClosed();
        control.unban(kind, subject);
    }

    /**
     * {@return the bans that have not ended, in no order} Reads them from the broker, and so blocks as {@link #publish}
     * does.
     *
     * @throws IllegalStateException if the server is closed
     * @throws UnavailableException if the broker cannot be reached
     */
    public List<Ban> bans() throws UnavailableException {
        refuseIfClosed();
        return broker.bans();
    }

    /**
     * Asks the authorizer again about the subscriptions of all sessions on this server, and ends those that it no longer
     * allows; their clients are told. Call it when an authorizer allows less than before: each request is authorized when it
     * comes, but an existing subscription is not checked again by itself, unless the login of its session changes.
     *
     * <p>Blocks until the authorizer has answered for all sessions; up to 64 are reviewed at a time. If the authorizer throws,
     * that is logged, and the subscription stays. Messages that are queued already still reach the client.
     */
    public void reviewRights() {
        Loop.attemptEach(
                LOG,
                session -> "reviewing the rights of " + session,
                connectors.sessions().toList(),
                REVIEWS_AT_ONCE,
                Session::review);
    }

    private void apply(AdminCommand command) {
        if (command instanceof AdminCommand.Revoke revoke) {
            logins.revoke(revoke);
        }
        connectors
                .handlers()
                .forEach(handler ->
                        Loop.attempt(LOG, "applying a command of an operator", () -> handler.apply(command)));
    }

    private static void refuse(Optional<String> flaw) {
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
    }

    /**
     * Connects a client of this process that offers no subprotocol; see {@link #connect(String, Map)}.
     *
     * @return the client
     */
    public InMemoryClient connect() {
        return connect("");
    }

    /**
     * Connects a client of this process; see {@link #connect(String, Map)}.
     *
     * @param subprotocol the name of its protocol; {@code ""} for none
     * @return the client
     */
    public InMemoryClient connect(String subprotocol) {
        return connect(subprotocol, Map.of());
    }

    /**
     * Connects a client of this process, without a port. The server treats it like any other client, except that limits of
     * connections do not apply.
     *
     * @param subprotocol the name of its protocol; {@code ""} for none
     * @param parameters the query of its handshake; {@code access_token} logs in, which may block
     * @return the client
     * @throws IllegalArgumentException if the server does not speak the protocol, or the login fails
     * @throws IllegalStateException if the server is closed
     */
    public InMemoryClient connect(String subprotocol, Map<String, String> parameters) {
        return new InMemoryClient(connectors.inMemory().connect(subprotocol, parameters));
    }

    /** {@return the memory that the server and its broker keep for clients} Does not block. */
    public MemoryBudget.Usage memory() {
        return memory.usage();
    }

    /** {@return the metrics at this moment} Goes through all sessions; does not block. */
    public Metrics metrics() {
        return Metrics.read(
                counters,
                sources.refusals(),
                connectors.refused().byReason(),
                connectors.connections().toList(),
                connectors.bytes(),
                channels.size(),
                memory.usage(),
                broker.health());
    }

    /** {@return whether the server is closing: it accepts no connections, and ends the existing ones} */
    public boolean isDraining() {
        return draining;
    }

    /**
     * Drains and closes the server. Accepts no more connections, sends every client the messages that are queued for it, and
     * then closes it with 1012, which asks it to connect again (TcpChat has no close code). Blocks until all sessions have
     * ended, for at most {@link Limits#drainTimeout} and the time to cut off the rest. It may be called more than once.
     *
     * <p>A handler, a controller, a listener or an authenticator may close the server that calls it. Such a call does not wait
     * for itself: the connection that the calling thread serves ends after the handler has returned.
     *
     * <p>If the calling thread is interrupted, it stops waiting, and the remaining connections are cut off.
     */
    @Override
    public void close() {
        draining = true;
        Thread self = logins.waitingFor(Thread.currentThread());
        closing.add(self);
        try {
            long deadline = System.nanoTime() + drainTimeout.toNanos();
            connectors.all().forEach(port -> attempt(port::stop));
            connectors.all().forEach(port -> attempt(() -> port.drain(deadline, closing)));
            listeners.ifPresent(told -> attempt(() -> told.close(drainTimeout)));
            closed = true;
            followers.forEach(follower -> attempt(follower::close));
            attempt(connectors::close);
            attempt(control::close);
            attempt(sources::close);
            holds.ifPresent(names -> attempt(names::close));
            attempt(reviewing::close);
            relief.forEach(registration -> attempt(registration::close));
            attempt(this::closeWatchdog);
            flushers.forEach(flusher -> attempt(flusher::close));
            pollers.forEach(poller -> attempt(poller::close)); // when its last connection has ended
            if (ownsBroker) {
                attempt(broker::close);
            }
        } finally {
            closing.remove(self);
        }
    }

    /** Runs a step of closing. A step that fails is reported, and does not prevent the others. */
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

    /** Waits for the connections whose threads have closed the server from within. */
    private void endTheRest() {
        long deadline = System.nanoTime() + drainTimeout.toNanos();
        connectors.all().forEach(port -> attempt(() -> port.drain(deadline, Set.of())));
        watchdog.close();
    }

    private static String version() {
        try (InputStream version = ChatServer.class.getResourceAsStream("version.txt")) {
            return new String(version.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("the version is missing from the jar", e);
        }
    }

    /** The ways in which messages are compressed for clients that offer permessage-deflate (RFC 7692). */
    public enum Compression {
        /** Messages are never compressed. */
        OFF,
        /** Each message by itself: a broadcast is compressed once for all clients, and an idle client costs nothing. */
        ON,
        /**
         * With context takeover, if the client agrees: small, similar messages become even smaller, but each connection
         * holds about 300 KB for it and compresses every message by itself.
         */
        CONTEXT_TAKEOVER
    }
}

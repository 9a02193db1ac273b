package io.seleucia.chat;

import io.seleucia.chat.accept.AcceptLimits;
import io.seleucia.chat.accept.Acceptor;
import io.seleucia.chat.accept.ConnectionFactory;
import io.seleucia.chat.accept.ConnectionLimiter;
import io.seleucia.chat.accept.Connector;
import io.seleucia.chat.accept.HttpFallback;
import io.seleucia.chat.accept.InMemoryConnector;
import io.seleucia.chat.accept.RefusedHandshakes;
import io.seleucia.chat.accept.TcpConnectionFactory;
import io.seleucia.chat.accept.WebSocketConnectionFactory;
import io.seleucia.chat.accept.WebSocketRoutes;
import io.seleucia.chat.connection.ConnectionHandler;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.connection.Watchdog;
import io.seleucia.chat.protocol.ChatV1;
import io.seleucia.chat.protocol.Ctesiphon;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.protocol.TcpChat;
import io.seleucia.chat.protocol.xsockets.XSocketsProtocol;
import io.seleucia.chat.session.Session;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.transport.Handshake;
import io.seleucia.chat.transport.HostNames;
import io.seleucia.chat.transport.Poller;
import io.seleucia.chat.transport.WireBytes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * The connectors of a server: one for clients of this process, and one for each port. Assembles them from the settings. Any
 * thread, once the ports are open.
 */
final class ServerConnectors {
    private final ChatServerBuilder settings;
    private final SessionContext context;
    private final Watchdog watchdog;
    private final List<Poller> pollers;
    private final WireBytes bytes = new WireBytes();
    private final RefusedHandshakes refused = new RefusedHandshakes();
    private final List<Protocol> protocols;
    private final InMemoryConnector inMemory;
    private final List<Connector> all = new CopyOnWriteArrayList<>();
    private Optional<Acceptor> webSockets =
            Optional.empty(); // this and the next two: set before the server is handed out
    private Optional<Acceptor> tcp = Optional.empty();
    private Optional<HttpFallback> fallback = Optional.empty();

    /** Creates the connector for clients of this process; the ports are yet to be opened. */
    ServerConnectors(ChatServerBuilder settings, SessionContext context, List<Poller> pollers, Watchdog watchdog) {
        this.settings = settings;
        this.context = context;
        this.pollers = pollers;
        this.watchdog = watchdog;
        this.protocols = protocols(settings);
        this.inMemory = new InMemoryConnector(protocols, context, watchdog);
        all.add(inMemory);
    }

    /**
     * Opens the ports of the settings. If one cannot be opened, those before it stay open.
     *
     * @throws IOException if an address cannot be listened on
     */
    void openPorts() throws IOException {
        ConnectionLimiter limiter = new ConnectionLimiter(
                acceptLimits(), context.logins().bans(), context.connections().memory(), settings.tls.isPresent());
        if (settings.port.isPresent()) {
            webSockets = Optional.of(open(settings.port.getAsInt(), webSocketFactory(), limiter));
        }
        if (settings.hasTcpPort()) {
            tcp = Optional.of(open(settings.tcpPort.getAsInt(), tcpFactory(), limiter));
        }
    }

    private Acceptor open(int port, ConnectionFactory factory, ConnectionLimiter limiter) throws IOException {
        Acceptor acceptor = new Acceptor(
                new InetSocketAddress(settings.host, port),
                factory,
                settings.tls,
                limiter,
                settings.trustedProxies,
                refused,
                acceptLimits(),
                bytes,
                context.connections().memory(),
                pollers,
                watchdog);
        all.add(acceptor);
        return acceptor;
    }

    private static List<Protocol> protocols(ChatServerBuilder settings) {
        List<Protocol> protocols = new ArrayList<>(settings.protocols);
        protocols.add(new ChatV1());
        protocols.add(new XSocketsProtocol(settings.controllers, settings.limits.maxChannels()));
        protocols.add(new Ctesiphon());
        return protocols;
    }

    private ConnectionFactory webSocketFactory() {
        Handshake handshake = new Handshake(
                hosts(),
                settings.allowedOrigins,
                settings.subprotocolRequired,
                settings.compression != ChatServer.Compression.OFF,
                settings.compression == ChatServer.Compression.CONTEXT_TAKEOVER);
        fallback = settings.httpFallback
                ? Optional.of(new HttpFallback(protocols, settings.basePath, context))
                : Optional.empty();
        return new WebSocketConnectionFactory(
                handshake,
                settings.pages,
                settings.basePath,
                fallback,
                protocols,
                routes(),
                settings.authorizationIgnored,
                settings.limits.handshakeTimeout(),
                context);
    }

    /** See {@link ChatServerBuilder#hosts}. */
    private HostNames hosts() {
        if (!settings.hosts.isEmpty()) {
            return HostNames.of(settings.hosts);
        }
        InetAddress address = new InetSocketAddress(settings.host, 0).getAddress();
        if (address == null || !address.isLoopbackAddress() || settings.allowedOrigins.includesAll()) {
            return HostNames.ANY;
        }
        boolean bare = settings.host.contains(":") && !settings.host.startsWith("[");
        Set<String> names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));
        names.add(bare ? "[" + settings.host + "]" : settings.host);
        names.addAll(settings.allowedOrigins.hosts());
        return HostNames.of(names);
    }

    private WebSocketRoutes routes() {
        Map<String, WebSocketRoutes.Endpoint> endpoints = new HashMap<>();
        settings.handlers.forEach((pattern, handler) -> endpoints.put(
                pattern,
                (served, path, login) -> RawWebSocket.receiver(served, path, login, context.logins(), handler)));
        return new WebSocketRoutes(endpoints);
    }

    private ConnectionFactory tcpFactory() {
        Duration pong = settings.tcpSilence.dividedBy(6);
        return new TcpConnectionFactory(
                new TcpChat(settings.tcpChannel),
                context.withPings(settings.tcpSilence.minus(pong), pong),
                settings.tcpKeepalive);
    }

    private AcceptLimits acceptLimits() {
        Limits limits = settings.limits;
        return new AcceptLimits(
                limits.maxConnections(),
                limits.maxConnectionsPerAddress(),
                limits.rateBytes(),
                limits.handshakeTimeout(),
                limits.writeTimeout());
    }

    /** Returns the connectors that are open. */
    List<Connector> all() {
        return all;
    }

    InMemoryConnector inMemory() {
        return inMemory;
    }

    Optional<Acceptor> webSockets() {
        return webSockets;
    }

    Optional<Acceptor> tcp() {
        return tcp;
    }

    /** Takes no more requests from other servers, after all connections have ended. */
    void close() {
        fallback.ifPresent(HttpFallback::close);
    }

    /** Returns the bytes that have gone over all ports. */
    WireBytes bytes() {
        return bytes;
    }

    /** Returns the handshakes that were refused on all ports. */
    RefusedHandshakes refused() {
        return refused;
    }

    /** Returns the connections at this moment, without those whose handshake is not done. */
    Stream<ServedConnection> connections() {
        return all.stream().flatMap(Connector::connections);
    }

    /** Returns what handles the messages of the connections at this moment. */
    Stream<ConnectionHandler> handlers() {
        return connections().flatMap(connection -> connection.handler().stream());
    }

    /** Returns the sessions at this moment. */
    Stream<Session> sessions() {
        return handlers().filter(Session.class::isInstance).map(Session.class::cast);
    }
}

package io.seleucia.chat;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.keys.KeystoreFiles;
import io.seleucia.chat.keys.PemFiles;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.ReservedNames;
import io.seleucia.chat.options.CurrentOptions;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.protocol.TcpChat;
import io.seleucia.chat.protocol.xsockets.Caller;
import io.seleucia.chat.protocol.xsockets.Controller;
import io.seleucia.chat.transport.AllowedOrigins;
import io.seleucia.chat.transport.BasePath;
import io.seleucia.chat.transport.HostNames;
import io.seleucia.chat.transport.StaticPages;
import io.seleucia.chat.transport.Tls;
import io.seleucia.chat.transport.TrustedProxies;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A builder of a server. Not thread-safe. An invalid setting is refused at once; null with a {@link NullPointerException} that
 * names it.
 */
public final class ChatServerBuilder {
    /** The default of {@link #guestNameHold}: ten minutes. */
    public static final Duration DEFAULT_GUEST_NAME_HOLD = Duration.ofMinutes(10);

    private static final Duration LONGEST_GUEST_NAME_HOLD = Duration.ofDays(36_500);
    private static final int MAX_PORT = 65_535;
    private static final int MAX_MEMORY_SHARE = 90; // the rest is for what the server does with it
    private static final Pattern SUBPROTOCOL = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+"); // RFC 9110 §5.6.2
    private static final Pattern PATH = Pattern.compile("/[!-~&&[^?#*]]*\\*?");

    String host = "localhost";
    OptionalInt port = OptionalInt.of(8600);
    OptionalInt tcpPort = OptionalInt.empty();
    String tcpChannel = "lobby";
    Duration tcpKeepalive = Duration.ofSeconds(5);
    Duration tcpSilence = Duration.ofSeconds(60);
    Optional<Broker> broker = Optional.empty();
    CurrentOptions channelOptions = new CurrentOptions();
    Limits limits = Limits.DEFAULT;
    int memoryShare = 50;
    Set<String> hosts = Set.of();
    AllowedOrigins allowedOrigins = AllowedOrigins.OWN;
    TrustedProxies trustedProxies = TrustedProxies.NONE;
    boolean subprotocolRequired;
    boolean httpFallback = true;
    ChatServer.Compression compression = ChatServer.Compression.ON;
    Optional<Tls> tls = Optional.empty();
    Optional<Authenticator> authenticator = Optional.empty();
    Optional<Authorizer> authorizer = Optional.empty();
    Optional<Boolean> guests = Optional.empty();
    ReservedNames reservedNames = ReservedNames.DEFAULT;
    GuestNames guestNames = GuestNames.SHARED;
    Duration guestNameHold = DEFAULT_GUEST_NAME_HOLD;
    boolean authorizationIgnored;
    final List<Protocol> protocols = new ArrayList<>();
    final List<Controller<?>> controllers = new ArrayList<>();
    final List<ServerListener> listeners = new ArrayList<>();
    final Map<String, WebSocketHandler> handlers = new HashMap<>();
    final Map<String, CallHandler> methods = new HashMap<>();
    StaticPages pages = StaticPages.NONE;
    BasePath basePath = BasePath.ROOT;

    ChatServerBuilder() {}

    /**
     * Sets the name or address of the interface to listen on; {@code 0.0.0.0} and {@code ::} are all.
     *
     * @param host the name or address
     * @return this builder
     */
    public ChatServerBuilder host(String host) {
        Objects.requireNonNull(host, "host");
        this.host = host;
        return this;
    }

    private static void checkPort(String name, int port) {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException(name + " must be from 0 to " + MAX_PORT + ", and not " + port);
        }
    }

    /**
     * Sets the port to listen on, from 0 to 65535; 0 takes any free one.
     *
     * @param port the port
     * @return this builder
     * @throws IllegalArgumentException if it is not a port
     */
    public ChatServerBuilder port(int port) {
        checkPort("port", port);
        this.port = OptionalInt.of(port);
        return this;
    }

    /**
     * Opens no port for WebSockets: clients connect from within the process, by {@link ChatServer#connect}.
     *
     * @return this builder
     */
    public ChatServerBuilder withoutPort() {
        this.port = OptionalInt.empty();
        return this;
    }

    /**
     * Opens a second port, for clients that speak TcpChat; 0 takes any free one. By default there is no such port. It has the
     * same limits and the same certificate.
     *
     * @param tcpPort the port, from 0 to 65535
     * @return this builder
     */
    public ChatServerBuilder tcpPort(int tcpPort) {
        checkPort("tcpPort", tcpPort);
        this.tcpPort = OptionalInt.of(tcpPort);
        return this;
    }

    /**
     * Sets the channel of the clients on the TCP port; {@code lobby} by default. If there is such a port, texts in this channel
     * are limited to {@value TcpChat#MAX_TEXT_BYTES} bytes in all protocols.
     *
     * @param tcpChannel the name of the channel
     * @return this builder
     * @throws IllegalArgumentException if it is not the name of a channel
     */
    public ChatServerBuilder tcpChannel(String tcpChannel) {
        Objects.requireNonNull(tcpChannel, "tcpChannel");
        Optional<String> flaw = Names.flawOfChannel(tcpChannel);
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
        this.tcpChannel = Names.normal(tcpChannel);
        return this;
    }

    /**
     * Shortens the times of the TCP port, which the protocol fixes, for tests.
     *
     * @param keepalive how long nothing may be sent to a client
     * @param silence how long nothing may be received from a client
     */
    ChatServerBuilder tcpTimes(Duration keepalive, Duration silence) {
        this.tcpKeepalive = keepalive;
        this.tcpSilence = silence;
        return this;
    }

    /**
     * Sets the broker. The caller must close it after the servers that share it.
     *
     * @param broker the broker
     * @return this builder
     */
    public ChatServerBuilder broker(Broker broker) {
        Objects.requireNonNull(broker, "broker");
        this.broker = Optional.of(broker);
        return this;
    }

    /**
     * Sets the share of the heap that the server keeps for all clients together, in percent; 50 by default. Has no effect
     * with a broker that has a {@linkplain Broker#memory budget} of its own.
     *
     * @param memoryShare percent of the largest heap that the process may have
     * @return this builder
     * @throws IllegalArgumentException if it is not from 1 to 90
     */
    public ChatServerBuilder memoryShare(int memoryShare) {
        if (memoryShare < 1 || memoryShare > MAX_MEMORY_SHARE) {
            throw new IllegalArgumentException(
                    "memoryShare must be from 1 to " + MAX_MEMORY_SHARE + " percent, and not " + memoryShare);
        }
        this.memoryShare = memoryShare;
        return this;
    }

    /**
     * Adds a listener. Listeners are called in the order in which they were added.
     *
     * @param listener the listener
     * @return this builder
     */
    public ChatServerBuilder listener(ServerListener listener) {
        Objects.requireNonNull(listener, "listener");
        listeners.add(listener);
        return this;
    }

    /**
     * Sets the authenticator, which checks logins. Without one, all clients are guests.
     *
     * @param authenticator may block; see its documentation for the threads that call it
     * @return this builder
     */
    public ChatServerBuilder authenticator(Authenticator authenticator) {
        Objects.requireNonNull(authenticator, "authenticator");
        this.authenticator = Optional.of(authenticator);
        return this;
    }

    /**
     * Sets the authorizer. Without one, clients may do all that the rules of their own logins allow, if there are any.
     *
     * @param authorizer the authorizer; see its documentation for the threads that call it
     * @return this builder
     */
    public ChatServerBuilder authorizer(Authorizer authorizer) {
        Objects.requireNonNull(authorizer, "authorizer");
        this.authorizer = Optional.of(authorizer);
        return this;
    }

    /**
     * Sets whether clients without a login are allowed; by default, only if there is no {@linkplain #authenticator}. Without
     * guests there is no TCP port, because TcpChat has no login.
     *
     * @param guests whether they are allowed
     * @return this builder
     */
    public ChatServerBuilder guests(boolean guests) {
        this.guests = Optional.of(guests);
        return this;
    }

    /**
     * Ignores the field {@code Authorization} of handshakes, which is a login otherwise. For a server behind a proxy that has
     * logins of its own and passes the field on; each connection would otherwise be refused, and count as a failed login.
     *
     * @return this builder
     */
    public ChatServerBuilder ignoreAuthorization() {
        this.authorizationIgnored = true;
        return this;
    }

    /**
     * Sets the names that no guest and no user with a token may have, nor a name that looks like one of them. {@code operator},
     * {@code server} and {@code redis} are always reserved; by default there are no others.
     *
     * @param reservedNames the names
     * @return this builder
     * @throws IllegalArgumentException if a name is not a valid client id
     */
    public ChatServerBuilder reservedNames(Collection<String> reservedNames) {
        this.reservedNames = ReservedNames.of(Objects.requireNonNull(reservedNames, "reservedNames"));
        return this;
    }

    /**
     * Sets whether a guest's name belongs to it alone, on all servers that share the broker. The default is {@link
     * GuestNames#SHARED}, which suits tests and servers whose clients all log in. A server for unknown guests should reserve
     * names: a guest that takes the name of another can read the messages to it.
     *
     * <p>A client of chat.v1 receives a secret with its name, and must show it to have the name again. Clients of protocols
     * without such a secret share a name with others of the same protocol. A client that is refused takes another name.
     *
     * @param guestNames whether names are shared or reserved
     * @return this builder
     */
    public ChatServerBuilder guestNames(GuestNames guestNames) {
        this.guestNames = Objects.requireNonNull(guestNames, "guestNames");
        return this;
    }

    /**
     * Sets how long a guest's name stays reserved after its last session; ten minutes by default. If a server is killed, its
     * names become free after the same time.
     *
     * @param guestNameHold the time
     * @return this builder
     * @throws IllegalArgumentException if it is less than a millisecond, or more than 36,500 days
     */
    public ChatServerBuilder guestNameHold(Duration guestNameHold) {
        Objects.requireNonNull(guestNameHold, "guestNameHold");
        if (guestNameHold.compareTo(Duration.ofMillis(1)) < 0 || guestNameHold.compareTo(LONGEST_GUEST_NAME_HOLD) > 0) {
            throw new IllegalArgumentException("guestNameHold must be from 1 ms to 36500 days");
        }
        this.guestNameHold = guestNameHold;
        return this;
    }

    boolean guests() {
        return guests.orElse(authenticator.isEmpty());
    }

    boolean hasTcpPort() {
        return tcpPort.isPresent() && guests();
    }

    /**
     * Sets the limits of clients.
     *
     * @param limits the limits
     * @return this builder
     */
    public ChatServerBuilder limits(Limits limits) {
        Objects.requireNonNull(limits, "limits");
        this.limits = limits;
        return this;
    }

    /**
     * Sets the host names of the server, without ports. A request for another host is refused with HTTP 421. {@code *} allows
     * any. Case does not matter; IPv6 addresses are in brackets.
     *
     * <p>This is the only protection against DNS rebinding, where a foreign page's name is made to point at this server. Without
     * host names, a server that listens on the loopback interface accepts {@code localhost}, {@code 127.0.0.1}, {@code
     * [::1]}, its {@linkplain #host host} and those of the {@linkplain #allowedOrigins allowed origins}. Any other server, or one
     * that allows all origins, accepts any host.
     *
     * @param hosts the names
     * @return this builder
     * @throws IllegalArgumentException if one is neither a name nor an address, or has a port
     */
    public ChatServerBuilder hosts(Collection<String> hosts) {
        Objects.requireNonNull(hosts, "hosts");
        hosts.forEach(name -> Objects.requireNonNull(name, "hosts has null in it"));
        if (!hosts.isEmpty()) {
            HostNames.of(hosts); // refuses what can't be used
        }
        this.hosts = Set.copyOf(hosts);
        return this;
    }

    /**
     * Sets the origins whose pages may connect, such as {@code https://chat.example}; {@code *} allows any, and {@code
     * https://*.example.com} all subdomains. Scheme, host and port must match; a missing port is the default of the scheme.
     * Without origins, a page may connect only to the origin
     * that it came from: {@code http}, or {@code https} if the server itself speaks TLS, with the host and port of the request.
     * Behind a proxy that terminates TLS, the {@code https} origin must be named here, unless the proxy says so itself and is
     * one of the {@linkplain #trustedProxies trusted proxies}. Programs other than browsers are not
     * affected.
     *
     * @param allowedOrigins the origins
     * @return this builder
     * @throws IllegalArgumentException if one is malformed, such as one with a path
     */
    public ChatServerBuilder allowedOrigins(Collection<String> allowedOrigins) {
        Objects.requireNonNull(allowedOrigins, "allowedOrigins");
        allowedOrigins.forEach(origin -> Objects.requireNonNull(origin, "allowedOrigins has null in it"));
        this.allowedOrigins = AllowedOrigins.of(allowedOrigins);
        return this;
    }

    /**
     * Sets the proxies that are believed when they say for which client they speak: by the PROXY protocol, version 1 or 2, on
     * both ports, and by the fields {@code X-Forwarded-For}, {@code X-Forwarded-Proto}, {@code X-Forwarded-Host} and {@code
     * Forwarded} of requests. Limits, bans, logs and the check of origins then concern that client. By default there are none,
     * and what proxies say is ignored.
     *
     * <p>Only proxies belong here that clients can't get past: the others could claim any address.
     *
     * @param trustedProxies addresses, networks such as {@code 10.0.0.0/8}, and {@code unix} for a proxy that another one has
     *     reached over a Unix domain socket
     * @return this builder
     * @throws IllegalArgumentException if one is none of these
     */
    public ChatServerBuilder trustedProxies(Collection<String> trustedProxies) {
        Objects.requireNonNull(trustedProxies, "trustedProxies");
        trustedProxies.forEach(proxy -> Objects.requireNonNull(proxy, "trustedProxies has null in it"));
        this.trustedProxies = TrustedProxies.of(trustedProxies);
        return this;
    }

    /**
     * Secures the ports with TLS 1.2 and 1.3 ({@code wss://}), with a key and certificates from a PKCS12 keystore. Plain
     * connections are not accepted. Reads the files now, and again when they change, so that new connections get the new
     * certificate. If a changed file cannot be used, that is logged, and the previous certificate stays.
     *
     * @param keystore the PKCS12 file
     * @param passwordFile its first line is the password of the keystore and of the key in it
     * @return this builder
     * @throws IOException if the files can't be used; the message says which one it is and what is wrong
     */
    public ChatServerBuilder tlsKeystore(Path keystore, Path passwordFile) throws IOException {
        Objects.requireNonNull(keystore, "keystore");
        Objects.requireNonNull(passwordFile, "passwordFile");
        return tls(new Tls(new KeystoreFiles(keystore, passwordFile), Tls.LOOK_INTERVAL));
    }

    /**
     * Like {@link #tlsKeystore}, with a key and certificates from two files in PEM form.
     *
     * @param certificates the certificate of the server, followed by those of its issuers in order
     * @param key the private key, unencrypted, in PKCS#8: RSA, EC (P-256, P-384, P-521) or Ed25519
     * @return this builder
     * @throws IOException if the files can't be used; the message says which one it is and what is wrong
     */
    public ChatServerBuilder tlsCert(Path certificates, Path key) throws IOException {
        Objects.requireNonNull(certificates, "certificates");
        Objects.requireNonNull(key, "key");
        return tls(new Tls(new PemFiles(certificates, key), Tls.LOOK_INTERVAL));
    }

    ChatServerBuilder tls(Tls tls) {
        this.tls = Optional.of(tls);
        return this;
    }

    /**
     * Adds a protocol, which clients choose by its name as the subprotocol. It is preferred to the built-in protocols.
     *
     * @param protocol the protocol
     * @return this builder
     * @throws IllegalArgumentException if its name is not valid in a handshake (RFC 6455 §4.1), or another added protocol has
     *     the same
     */
    public ChatServerBuilder protocol(Protocol protocol) {
        Objects.requireNonNull(protocol, "protocol");
        String name = protocol.name();
        if (name == null || !SUBPROTOCOL.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "a protocol's name must be a token of HTTP, without spaces and commas: " + name);
        }
        if (protocols.stream().anyMatch(other -> other.name().equals(name))) {
            throw new IllegalArgumentException("there are two protocols called " + name);
        }
        protocols.add(protocol);
        return this;
    }

    /**
     * Adds a controller for clients of the subprotocol {@code XSocketsNET}; see {@link Controller} for the methods that they can
     * call. The controllers {@code chat} and {@code generic} are built in.
     *
     * @param <C> the class of the controller
     * @param name the name; case does not matter
     * @param type the class whose public methods are its topics
     * @param factory makes the object that serves one connection
     * @return this builder
     * @throws IllegalArgumentException if the name or the class is not valid; the message says why
     */
    public <C> ChatServerBuilder controller(
            String name, Class<C> type, Function<? super Caller<C>, ? extends C> factory) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(factory, "factory");
        controllers.add(new Controller<>(name, type, factory));
        return this;
    }

    /**
     * Sets the options of channels. By default, no channel has any. Those of the history are the broker's: a broker that is
     * given to this builder must be given the same object.
     *
     * @param channelOptions the options, which may change while the server runs
     * @return this builder
     */
    public ChatServerBuilder channelOptions(CurrentOptions channelOptions) {
        Objects.requireNonNull(channelOptions, "channelOptions");
        this.channelOptions = channelOptions;
        return this;
    }

    /**
     * Adds a method that clients can call, by the request {@code call} of chat.v1.
     *
     * @param name the name, by the rules of client ids
     * @param handler the method; see its documentation for the threads that call it
     * @return this builder
     * @throws IllegalArgumentException if the name is not valid, or there is a method of that name
     */
    public ChatServerBuilder method(String name, CallHandler handler) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(handler, "handler");
        Names.flawOfMethod(name).ifPresent(flaw -> {
            throw new IllegalArgumentException(flaw);
        });
        if (methods.putIfAbsent(name, handler) != null) {
            throw new IllegalArgumentException("there are two methods called " + name);
        }
        return this;
    }

    /**
     * Sets whether a client is refused that offers only unknown subprotocols. By default it is accepted without one (RFC 6455
     * §4.2.2). A client that offers no subprotocol is always accepted.
     *
     * @param subprotocolRequired whether it is refused
     * @return this builder
     */
    public ChatServerBuilder subprotocolRequired(boolean subprotocolRequired) {
        this.subprotocolRequired = subprotocolRequired;
        return this;
    }

    /**
     * Sets whether clients for which there are no WebSockets may connect over HTTP instead, on the port for WebSockets, below the
     * path {@code /http/}. Default: they may.
     *
     * @param httpFallback whether they may
     * @return this builder
     */
    public ChatServerBuilder httpFallback(boolean httpFallback) {
        this.httpFallback = httpFallback;
        return this;
    }

    /**
     * Sets how messages of 256 bytes or more are compressed; {@link ChatServer.Compression#ON} by default.
     *
     * @param compression when to compress
     * @return this builder
     */
    public ChatServerBuilder compression(ChatServer.Compression compression) {
        Objects.requireNonNull(compression, "compression");
        this.compression = compression;
        return this;
    }

    /**
     * Adds a handler that serves a path without any chat protocol.
     *
     * @param path the path, such as {@code /echo}; with {@code *} at its end, all paths that begin with the rest
     * @param handler serves the connections to the path
     * @return this builder
     * @throws IllegalArgumentException if the path is not valid in a request, or already has a handler
     */
    public ChatServerBuilder webSocket(String path, WebSocketHandler handler) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(handler, "handler");
        if (!PATH.matcher(path).matches()) {
            throw new IllegalArgumentException(
                    "a path must begin with /, have no query and no space, and * only at its end: " + path);
        }
        if (handlers.containsKey(path)) {
            throw new IllegalArgumentException("there are two handlers for " + path);
        }
        handlers.put(path, handler);
        return this;
    }

    /**
     * Adds a static page, or a resource of one, for browsers that request the path without asking for a WebSocket. It is kept
     * in memory; browsers cache it and revalidate it. Its content security policy allows only other pages of this server and
     * WebSockets to it, and no inline scripts or styles. A browser has {@link Limits#handshakeTimeout} to load it.
     *
     * <p>Without any page, requests that do not ask for a WebSocket are refused with HTTP 400.
     *
     * @param path such as {@code /} or {@code /chat.css}
     * @param type the media type, such as {@code text/css; charset=utf-8}
     * @param content the page as it is sent
     * @return this builder
     * @throws IllegalArgumentException if the path or the type is not valid in HTTP
     */
    public ChatServerBuilder page(String path, String type, byte[] content) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(content, "content");
        pages = pages.with(path, type, content);
        return this;
    }

    /**
     * Sets the path below which a proxy publishes the port for WebSockets, such as {@code /chat}; by default there is none. All
     * other paths are below it: those of pages, of {@linkplain #webSocket handlers} and of sessions over HTTP. The proxy may
     * remove it from requests or not.
     *
     * @param basePath the path
     * @return this builder
     * @throws IllegalArgumentException if it does not begin with a slash, or has other characters than letters, digits, {@code
     *     -._~} and slashes
     */
    public ChatServerBuilder basePath(String basePath) {
        Objects.requireNonNull(basePath, "basePath");
        this.basePath = BasePath.of(basePath);
        return this;
    }

    /**
     * Starts the server, which listens when this returns.
     *
     * @return this builder
     * @throws IOException if the address cannot be listened on
     * @throws IllegalStateException if no client could connect: there are neither guests nor an authenticator
     */
    public ChatServer start() throws IOException {
        if (!guests() && authenticator.isEmpty()) {
            throw new IllegalStateException("without guests there must be an authenticator");
        }
        return new ChatServer(this);
    }
}

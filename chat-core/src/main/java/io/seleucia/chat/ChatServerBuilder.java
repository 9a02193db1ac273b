package io.seleucia.chat;

import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.keys.KeystoreFiles;
import io.seleucia.chat.keys.PemFiles;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.protocol.Caller;
import io.seleucia.chat.protocol.Controller;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.protocol.TcpChat;
import io.seleucia.chat.transport.HostNames;
import io.seleucia.chat.transport.Pages;
import io.seleucia.chat.transport.Tls;
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
 * Settings of a server that is to be started. Not thread-safe. A setting that can't be used is refused at once: null with a
 * {@link NullPointerException} that names it.
 */
public final class ChatServerBuilder {
    private static final int MAX_PORT = 65_535;
    private static final Pattern SUBPROTOCOL = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+"); // RFC 9110 §5.6.2
    private static final Pattern PATH = Pattern.compile("/[!-~&&[^?#*]]*\\*?");

    String host = "localhost";
    OptionalInt port = OptionalInt.of(8600);
    OptionalInt tcpPort = OptionalInt.empty();
    String tcpChannel = "lobby";
    Duration tcpKeepalive = Duration.ofSeconds(5);
    Duration tcpSilence = Duration.ofSeconds(60);
    Optional<Broker> broker = Optional.empty();
    Limits limits = Limits.DEFAULT;
    Set<String> hosts = Set.of();
    Set<String> allowedOrigins = Set.of();
    boolean subprotocolRequired;
    ChatServer.Compression compression = ChatServer.Compression.ON;
    Optional<Tls> tls = Optional.empty();
    Optional<Authenticator> authenticator = Optional.empty();
    Optional<Authorizer> authorizer = Optional.empty();
    Optional<Boolean> guests = Optional.empty();
    boolean authorizationIgnored;
    final List<Protocol> protocols = new ArrayList<>();
    final List<Controller<?>> controllers = new ArrayList<>();
    final List<ServerListener> listeners = new ArrayList<>();
    final Map<String, WebSocketHandler> handlers = new HashMap<>();
    Pages pages = Pages.NONE;

    ChatServerBuilder() {}

    /** The name or address of the interface to listen on; {@code 0.0.0.0} and {@code ::} are all. */
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
     * The port to listen on, from 0 to 65535; 0 takes any free one.
     *
     * @throws IllegalArgumentException if it is no port
     */
    public ChatServerBuilder port(int port) {
        checkPort("port", port);
        this.port = OptionalInt.of(port);
        return this;
    }

    /** Listens on no port for WebSockets: clients come from within the process, by {@link ChatServer#connect}. */
    public ChatServerBuilder withoutPort() {
        this.port = OptionalInt.empty();
        return this;
    }

    /**
     * Another port to listen on, for clients that speak TcpChat; 0 takes any free one. Without it there is none. It
     * has the same limits and the same certificate.
     */
    public ChatServerBuilder tcpPort(int tcpPort) {
        checkPort("tcpPort", tcpPort);
        this.tcpPort = OptionalInt.of(tcpPort);
        return this;
    }

    /**
     * The channel that clients on the TCP port are in; {@code lobby} by default. While there is such a port, no
     * text of more than {@value TcpChat#MAX_TEXT_BYTES} bytes can be published there, whatever the protocol.
     *
     * @throws IllegalArgumentException if it is no name for a channel
     */
    public ChatServerBuilder tcpChannel(String tcpChannel) {
        Objects.requireNonNull(tcpChannel, "tcpChannel");
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
    ChatServerBuilder tcpTimes(Duration keepalive, Duration silence) {
        this.tcpKeepalive = keepalive;
        this.tcpSilence = silence;
        return this;
    }

    /** What carries the channels. It stays the caller's: to be closed after the servers that share it. */
    public ChatServerBuilder broker(Broker broker) {
        Objects.requireNonNull(broker, "broker");
        this.broker = Optional.of(broker);
        return this;
    }

    /** One more who is told what happens on the server, and has a say in it; called in the order of adding. */
    public ChatServerBuilder listener(ServerListener listener) {
        Objects.requireNonNull(listener, "listener");
        listeners.add(listener);
        return this;
    }

    /**
     * Has clients log in, and says who they are. Without one there are guests only.
     *
     * @param authenticator may block; see there for how it is called
     */
    public ChatServerBuilder authenticator(Authenticator authenticator) {
        Objects.requireNonNull(authenticator, "authenticator");
        this.authenticator = Optional.of(authenticator);
        return this;
    }

    /** Says what clients may do. Without one they may do everything that their own rules allow, if they have any. */
    public ChatServerBuilder authorizer(Authorizer authorizer) {
        Objects.requireNonNull(authorizer, "authorizer");
        this.authorizer = Optional.of(authorizer);
        return this;
    }

    /**
     * Whether one may come in without a login. By default one may where there is no {@linkplain #authenticator}, and
     * may not where there is one; then there is no TCP port either, for TcpChat has no login.
     */
    public ChatServerBuilder guests(boolean guests) {
        this.guests = Optional.of(guests);
        return this;
    }

    /**
     * Ignores the field {@code Authorization} of handshakes, which is a login otherwise. For a server behind a proxy that
     * has logins of its own and passes the field on: each connection would be refused, and count as a failed login.
     */
    public ChatServerBuilder ignoreAuthorization() {
        this.authorizationIgnored = true;
        return this;
    }

    boolean guests() {
        return guests.orElse(authenticator.isEmpty());
    }

    boolean hasTcpPort() {
        return tcpPort.isPresent() && guests();
    }

    /** What the server takes from its clients. */
    public ChatServerBuilder limits(Limits limits) {
        Objects.requireNonNull(limits, "limits");
        this.limits = limits;
        return this;
    }

    /**
     * The names by which clients call the server, without ports: what a request must name as its host, or it is refused
     * with HTTP 421. {@code *} is any. Case does not matter; an address of IPv6 stands in brackets.
     *
     * <p>A page whose name was made to point at this server (DNS rebinding) is told by this alone. If there are none, a
     * server that listens on the loopback interface takes {@code localhost}, {@code 127.0.0.1}, {@code [::1]}, its
     * {@linkplain #host host} and those of the {@linkplain #allowedOrigins allowed origins}, and any other server, or one
     * that allows all origins, takes any.
     *
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
     * The origins whose pages may connect, such as {@code https://chat.example}; {@code *} is any. Scheme, host and port
     * count, and a port that is left out is the scheme's. If there are none, a page may connect to the origin that it came
     * from: {@code http} and the host and port that the request names, or {@code https} where the server speaks TLS
     * itself. Behind a proxy that ends TLS, pages come from an {@code https} origin that must be named here. Programs other
     * than browsers are not concerned.
     */
    public ChatServerBuilder allowedOrigins(Collection<String> allowedOrigins) {
        Objects.requireNonNull(allowedOrigins, "allowedOrigins");
        allowedOrigins.forEach(origin -> Objects.requireNonNull(origin, "allowedOrigins has null in it"));
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
    public ChatServerBuilder tlsKeystore(Path keystore, Path passwordFile) throws IOException {
        Objects.requireNonNull(keystore, "keystore");
        Objects.requireNonNull(passwordFile, "passwordFile");
        return tls(new Tls(new KeystoreFiles(keystore, passwordFile), Tls.LOOK_INTERVAL));
    }

    /**
     * Like {@link #tlsKeystore}, with a key and certificates from two files in PEM form.
     *
     * @param certificates the server's certificate, then each issuer's after the one it has signed
     * @param key the private key, unencrypted, in PKCS#8: RSA, EC (P-256, P-384, P-521) or Ed25519
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
     * One more protocol, chosen by its name as the subprotocol, and preferred to those the server has itself.
     *
     * @throws IllegalArgumentException if its name can't stand in a handshake (RFC 6455 §4.1), or another that was added
     *     bears it
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
     * One more controller, for clients of the subprotocol {@code XSocketsNET}; see {@link Controller} for what they
     * can call. {@code chat} and {@code generic} are always there.
     *
     * @param name case does not matter
     * @param type the class whose public methods are its topics
     * @param factory makes the object that serves one connection
     * @throws IllegalArgumentException if the name or the class won't do; the message says why
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
     * Whether a client that offers only subprotocols that are not spoken is refused. If not, which is the default,
     * it is let in without one, as RFC 6455 §4.2.2 has it. One that offers none is always let in.
     */
    public ChatServerBuilder subprotocolRequired(boolean subprotocolRequired) {
        this.subprotocolRequired = subprotocolRequired;
        return this;
    }

    /** Whether messages of 256 bytes or more are compressed; {@link ChatServer.Compression#ON} by default. */
    public ChatServerBuilder compression(ChatServer.Compression compression) {
        Objects.requireNonNull(compression, "compression");
        this.compression = compression;
        return this;
    }

    /**
     * Serves a path without any chat protocol.
     *
     * @param path the path, such as {@code /echo}; with {@code *} at its end, all paths that begin with it
     * @throws IllegalArgumentException if no request can be for that path, or it has a handler already
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
    public ChatServerBuilder page(String path, String type, byte[] content) {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(content, "content");
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

package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Connects to one of the servers, after a backoff: by a WebSocket or, if none gets through, over HTTP. Each attempt has a virtual thread of its own, because the program's
 * supplier of tokens may block. All methods are called by the client's thread.
 */
final class Dialer {
    private static final Logger LOG = System.getLogger(Dialer.class.getName());
    private static final int UNAUTHORIZED = 401;
    private static final Set<Integer> OF_THE_SERVER = Set.of(UNAUTHORIZED, 403, 421, 429, 503);

    private final List<URI> servers;
    private final Identity identity;
    private final Duration timeout;
    private final HttpClient http;
    private final boolean owned;
    private final Backoff backoff;
    private final Window window;
    private final Consumer<LoopEvent> events;
    private final Transports transports = new Transports(System::nanoTime);
    private volatile int server; // of the list
    private int attempt;

    /**
     * Creates a dialer, which does not connect yet.
     *
     * @param http the program's own, or empty for one that lives as long as the client
     * @param events takes the results of attempts; after the client's end it must abort opened connections
     */
    Dialer(
            List<URI> servers,
            Identity identity,
            Optional<HttpClient> http,
            ClientSettings settings,
            RandomGenerator random,
            Window window,
            Consumer<LoopEvent> events) {
        this.servers = servers;
        this.identity = identity;
        this.timeout = settings.connectTimeout();
        this.owned = http.isEmpty();
        this.http = http.orElseGet(HttpClient::newHttpClient);
        this.backoff = new Backoff(settings.backoffBase(), settings.backoffCap(), random);
        this.window = window;
        this.events = events;
    }

    /** Returns a server's address without its query, which may have secrets. */
    static String shown(URI server) {
        return server.getScheme() + "://" + server.getHost() + (server.getPort() < 0 ? "" : ":" + server.getPort())
                + server.getRawPath();
    }

    /** Returns the server of the current attempt or connection. */
    URI server() {
        return servers.get(server);
    }

    Backoff backoff() {
        return backoff;
    }

    /** Returns whether the next attempt may have another token. */
    boolean renewable() {
        return identity.renewable();
    }

    /** Begins an attempt; {@link LoopEvent.Opened} or {@link LoopEvent.NotOpened} follows. */
    void dial() {
        int current = ++attempt;
        URI to = server();
        Thread.ofVirtual().name("chat-connect " + shown(to)).start(() -> events.accept(attempt(current, to)));
    }

    private LoopEvent attempt(int current, URI to) {
        try {
            ClientCodec.Credentials credentials = identity.credentials();
            return new LoopEvent.Opened(current, open(to), credentials);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            Loop.passOn(cause);
            return new LoopEvent.NotOpened(
                    current, isUnauthorized(cause), "no connection to " + shown(to) + ": " + cause);
        } catch (TimeoutException e) {
            return new LoopEvent.NotOpened(current, false, "no connection to " + shown(to) + " in time");
        } catch (Throwable e) { // such as one of the program's supplier of tokens
            if (e instanceof Error) {
                Loop.report(LOG, "connecting", e);
            }
            return new LoopEvent.NotOpened(current, false, "no connection to " + shown(to) + ": " + e);
        }
    }

    private static boolean isUnauthorized(Throwable why) {
        return why instanceof WebSocketHandshakeException refused
                && refused.getResponse().statusCode() == UNAUTHORIZED;
    }

    /** Returns whether the server itself has refused the client or is absent, so that HTTP would not help. */
    private static boolean isOfTheServer(Throwable why) {
        return why instanceof ConnectException
                || why instanceof WebSocketHandshakeException refused
                        && OF_THE_SERVER.contains(refused.getResponse().statusCode());
    }

    /** Opens a connection. A WebSocket has half of the time, so that there is some left for HTTP. */
    private ClientSocket open(URI to) throws IOException, ExecutionException, TimeoutException, InterruptedException {
        if (transports.usesHttp(to)) {
            try {
                return overHttp(to, timeout);
            } catch (IOException | ExecutionException | TimeoutException e) {
                transports.forget();
                throw e;
            }
        }
        long began = System.nanoTime();
        try {
            return ClientWebSocket.open(http, to, timeout.dividedBy(2), window, this::report);
        } catch (IOException | ExecutionException | TimeoutException e) {
            if (isOfTheServer(e.getCause())) {
                throw e;
            }
            try {
                ClientSocket opened = overHttp(to, timeout.minusNanos(System.nanoTime() - began));
                transports.avoidWebSocket(to);
                return opened;
            } catch (IOException | ExecutionException | TimeoutException overHttp) {
                e.addSuppressed(overHttp);
                throw e;
            }
        }
    }

    private ClientSocket overHttp(URI to, Duration left)
            throws IOException, ExecutionException, TimeoutException, InterruptedException {
        return ClientHttpSocket.open(http, to, left, window, this::report);
    }

    private void report(ClientSocket socket, ClientSocket.Report report) {
        events.accept(new LoopEvent.FromSocket(socket, report));
    }

    /** Notes that a WebSocket to the current server has ended before its first message. */
    void avoidWebSocket() {
        transports.avoidWebSocket(server());
    }

    /** Returns when to {@link #probe} next while connected over HTTP, as {@link System#nanoTime}. */
    long nextProbe() {
        return System.nanoTime() + transports.nextProbeNanos();
    }

    /** Tries whether a WebSocket gets through to the current server, and an answer; {@link LoopEvent.Probed} follows. */
    void probe() {
        URI to = server();
        Thread.ofVirtual().name("chat-probe " + shown(to)).start(() -> {
            boolean through;
            CountDownLatch heard = new CountDownLatch(1);
            try {
                ClientWebSocket probing =
                        ClientWebSocket.open(http, to, timeout, new Window(1, () -> {}), (from, report) -> {
                            if (report instanceof ClientSocket.Received) {
                                heard.countDown();
                            }
                        });
                try {
                    probing.request();
                    probing.send(ClientCodec.withId(1, ClientCodec.ping()));
                    through = heard.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
                } finally {
                    probing.abort();
                }
            } catch (Exception e) {
                LOG.log(Logger.Level.DEBUG, () -> "a WebSocket still does not get through: " + e);
                through = false;
            }
            if (through) {
                transports.forget();
            }
            events.accept(new LoopEvent.Probed(through));
        });
    }

    /** Returns whether this is the last attempt. */
    boolean isCurrent(int attempt) {
        return attempt == this.attempt;
    }

    /** Chooses the next server for the next attempt. */
    void turn() {
        server = (server + 1) % servers.size();
    }

    void close() {
        if (owned) {
            http.shutdownNow();
        }
    }
}

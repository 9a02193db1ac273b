package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Makes connections: to which server, how soon after the last attempt, and with what login. Each attempt has a virtual
 * thread of its own, for a program may take its time to give a token. All methods are called by the client's thread.
 */
final class Dialer {
    private static final Logger LOG = System.getLogger(Dialer.class.getName());
    private static final int UNAUTHORIZED = 401;

    private final List<URI> servers;
    private final Identity identity;
    private final Duration timeout;
    private final HttpClient http;
    private final boolean owned;
    private final Backoff backoff;
    private final Window window;
    private final Consumer<Happening> happenings;
    private int server; // of the list
    private int attempt;

    /**
     * Connects as the program wants it to.
     *
     * @param http the program's own, or empty for one that lives as long as the client
     * @param happenings is told what becomes of each attempt; after the client's end it must abort what is opened
     */
    Dialer(
            List<URI> servers,
            Identity identity,
            Optional<HttpClient> http,
            ClientSettings settings,
            RandomGenerator random,
            Window window,
            Consumer<Happening> happenings) {
        this.servers = servers;
        this.identity = identity;
        this.timeout = settings.connectTimeout();
        this.owned = http.isEmpty();
        this.http = http.orElseGet(HttpClient::newHttpClient);
        this.backoff = new Backoff(settings.backoffBase(), settings.backoffCap(), random);
        this.window = window;
        this.happenings = happenings;
    }

    /** A server's address as it may be printed: there may be secrets in its query. */
    static String shown(URI server) {
        return server.getScheme() + "://" + server.getHost() + (server.getPort() < 0 ? "" : ":" + server.getPort())
                + server.getRawPath();
    }

    /** The server that is being tried, or was found. */
    URI server() {
        return servers.get(server);
    }

    Backoff backoff() {
        return backoff;
    }

    /** Whether another login may be better than the last one. */
    boolean renewable() {
        return identity.renewable();
    }

    /** Begins an attempt; {@link Happening.Opened} or {@link Happening.NotOpened} follows. */
    void dial() {
        int current = ++attempt;
        URI to = server();
        Thread.ofVirtual().name("chat-connect " + shown(to)).start(() -> happenings.accept(attempt(current, to)));
    }

    private Happening attempt(int current, URI to) {
        try {
            ClientCodec.Login login = identity.login();
            ClientSocket socket = ClientSocket.open(http, to, timeout, window, happenings);
            return new Happening.Opened(current, socket, login);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            Loop.passOn(cause);
            boolean unauthorized = cause instanceof WebSocketHandshakeException refused
                    && refused.getResponse().statusCode() == UNAUTHORIZED;
            return new Happening.NotOpened(current, unauthorized, "no connection to " + shown(to) + ": " + cause);
        } catch (TimeoutException e) {
            return new Happening.NotOpened(current, false, "no connection to " + shown(to) + " in time");
        } catch (Throwable e) { // whatever the program's supplier of tokens throws is one of them
            if (e instanceof Error) {
                Loop.report(LOG, "connecting", e);
            }
            return new Happening.NotOpened(current, false, "no connection to " + shown(to) + ": " + e);
        }
    }

    /** Whether this is the attempt that was begun last. */
    boolean isCurrent(int attempt) {
        return attempt == this.attempt;
    }

    /** The next attempt goes to the next server. */
    void turn() {
        server = (server + 1) % servers.size();
    }

    void close() {
        if (owned) {
            http.shutdownNow();
        }
    }
}

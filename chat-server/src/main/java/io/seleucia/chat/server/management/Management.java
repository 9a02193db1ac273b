package io.seleucia.chat.server.management;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The operator's port, on the JDK's own HTTP server: {@code /health}, {@code /metrics}, {@code /api}, and the console.
 * Each request is served in a virtual thread of its own; how long it may take and how many connections there may be is
 * bounded by that server.
 */
public final class Management implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Management.class.getName());
    private static final int BACKLOG = 50;

    /** Times in seconds. They are read once by the JDK's server, and hold for all of this process. */
    private static final Map<String, String> BOUNDS = Map.of(
            "sun.net.httpserver.maxReqTime", "10",
            "sun.net.httpserver.maxRspTime", "30",
            "sun.net.httpserver.idleInterval", "30",
            "sun.net.httpserver.maxReqHeaders", "50",
            "sun.net.httpserver.maxReqHeaderSize", "16384",
            "sun.net.httpserver.nodelay", "true",
            "jdk.httpserver.maxConnections", "200");

    /** What browsers are told with every answer: to run and show nothing that does not come from here. */
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options", "nosniff",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Cache-Control", "no-store");

    static {
        BOUNDS.forEach((name, value) -> System.getProperties().putIfAbsent(name, value));
    }

    private final Access access;
    private final HttpServer http;
    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("management-", 1).factory());

    /**
     * Takes the port; nothing is answered before {@link #serve}.
     *
     * @throws IOException if it can't be listened on
     */
    public Management(Access access, int port) throws IOException {
        this.access = access;
        try {
            http = HttpServer.create(new InetSocketAddress(access.host(), port), BACKLOG);
        } catch (IOException | RuntimeException e) {
            throw new IOException(
                    "can't listen on " + access.host() + ":" + port + " for management: " + e.getMessage()
                            + " (--management-port=off does without)",
                    e);
        }
        http.setExecutor(threads);
    }

    /**
     * Serves from now on.
     *
     * @param warnings what an operator should know of although the server serves; asked for at each request, must not block
     */
    public void serve(ChatServer server, RecentLines log, Supplier<List<String>> warnings) {
        Pages pages = new Pages(server, access, log, warnings);
        http.createContext("/", exchange -> handle(exchange, pages));
        http.start();
    }

    /** Where it listens. */
    public String url() {
        String host = access.host();
        return "http://" + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":"
                + http.getAddress().getPort() + "/";
    }

    private static void handle(HttpExchange exchange, Pages pages) throws IOException {
        try {
            send(exchange, answer(exchange, pages));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "a connection of management broke: " + e.getMessage());
            throw e; // the JDK's server closes the connection
        } catch (RuntimeException | Error e) {
            Loop.report(LOG, "answering a request of management", e);
        } finally {
            exchange.close();
        }
    }

    private static Answer answer(HttpExchange exchange, Pages pages) throws IOException {
        try {
            return pages.answer(exchange);
        } catch (Refusal e) {
            return Answer.of(e);
        } catch (UnavailableException e) {
            return Answer.of(new Refusal(503, "the broker can't be reached, try again later"));
        } catch (ClosedBrokerException e) {
            return Answer.of(new Refusal(503, "the server is shutting down"));
        } catch (RuntimeException | Error e) {
            Loop.report(
                    LOG,
                    "the request of management for " + exchange.getRequestURI().getPath(),
                    e);
            return Answer.of(new Refusal(500, "internal error"));
        }
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        HEADERS.forEach(headers::set);
        headers.set("Content-Type", answer.type());
        if (answer.status() == 401) {
            headers.set("WWW-Authenticate", "Bearer");
        }
        if (answer.status() >= 400) {
            headers.set("Connection", "close"); // what was not read of the request is not waited for
        }
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(answer.status(), head || answer.body().length == 0 ? -1 : answer.body().length);
        if (!head) {
            exchange.getResponseBody().write(answer.body());
        }
    }

    /** Answers nothing more. Does not wait. */
    @Override
    public void close() {
        http.stop(0);
        threads.shutdownNow();
    }
}

package io.seleucia.chat.server.management;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The management port: {@code /health}, {@code /metrics}, {@code /api} and the console, on an {@link HttpPort}. */
public final class Management implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Management.class.getName());

    private final Access access;
    private final HttpPort http;
    private volatile Optional<Pages> pages = Optional.empty(); // set once it serves

    /**
     * Binds the port. Nothing is answered before {@link #serve}.
     *
     * @throws IOException if the port can't be bound
     */
    public Management(Access access, int port) throws IOException {
        this.access = access;
        try {
            http = new HttpPort(new InetSocketAddress(access.host(), port));
        } catch (IOException | RuntimeException e) {
            throw new IOException(
                    "can't listen on " + access.host() + ":" + port + " for management: " + e.getMessage()
                            + " (--management-port=off does without)",
                    e);
        }
    }

    /**
     * Starts to serve.
     *
     * @param warnings problems for an operator that don't keep the server from serving; called for each request, must not block
     */
    public void serve(ChatServer server, RecentLines log, Supplier<List<String>> warnings) {
        serve(server, log, warnings, Optional.empty());
    }

    /**
     * Starts to serve, with accounts that an operator can change.
     *
     * @param warnings problems for an operator that don't keep the server from serving; called for each request, must not block
     * @param users empty if the server has no users file
     */
    public void serve(ChatServer server, RecentLines log, Supplier<List<String>> warnings, Optional<Users> users) {
        Pages serving = new Pages(server, access, log, warnings, users);
        pages = Optional.of(serving);
        serving.start();
        http.serve(request -> answer(request, serving));
    }

    /** Returns the URL of the port. */
    public String url() {
        String host = access.host();
        return "http://" + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + http.port()
                + "/";
    }

    private static HttpResponse answer(HttpRequest request, Pages pages) {
        try {
            return pages.answer(request);
        } catch (HttpError e) {
            return HttpResponse.of(e);
        } catch (UnavailableException e) {
            return HttpResponse.of(new HttpError(503, "the broker can't be reached, try again later"));
        } catch (ClosedBrokerException e) {
            return HttpResponse.of(new HttpError(503, "the server is shutting down"));
        } catch (RuntimeException | Error e) {
            Loop.report(LOG, "the request of management for " + request.path(), e);
            return HttpResponse.of(new HttpError(500, "internal error"));
        }
    }

    /** Closes the port. Does not wait. */
    @Override
    public void close() {
        http.close();
        pages.ifPresent(Pages::close);
    }
}

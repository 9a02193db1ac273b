package io.seleucia.chat.server.management;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.lang.System.Logger;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.Supplier;

/** The operator's port: {@code /health}, {@code /metrics}, {@code /api}, and the console, on an {@link HttpPort}. */
public final class Management implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Management.class.getName());

    private final Access access;
    private final HttpPort http;

    /**
     * Takes the port; nothing is answered before {@link #serve}.
     *
     * @throws IOException if it can't be listened on
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
     * Serves from now on.
     *
     * @param warnings what an operator should know of although the server serves; asked for at each request, must not block
     */
    public void serve(ChatServer server, RecentLines log, Supplier<List<String>> warnings) {
        Pages pages = new Pages(server, access, log, warnings);
        http.serve(request -> answer(request, pages));
    }

    /** Where it listens. */
    public String url() {
        String host = access.host();
        return "http://" + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + http.port()
                + "/";
    }

    private static Answer answer(Request request, Pages pages) {
        try {
            return pages.answer(request);
        } catch (Refusal e) {
            return Answer.of(e);
        } catch (UnavailableException e) {
            return Answer.of(new Refusal(503, "the broker can't be reached, try again later"));
        } catch (ClosedBrokerException e) {
            return Answer.of(new Refusal(503, "the server is shutting down"));
        } catch (RuntimeException | Error e) {
            Loop.report(LOG, "the request of management for " + request.path(), e);
            return Answer.of(new Refusal(500, "internal error"));
        }
    }

    /** Answers nothing more. Does not wait. */
    @Override
    public void close() {
        http.close();
    }
}

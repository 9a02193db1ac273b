package io.seleucia.chat.server.management;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Routes requests by path. Only the console's files and short forms of the probes need no token. */
final class Pages implements AutoCloseable {
    private static final Set<String> PROBES = Set.of("/live", "/ready", "/health");

    // The other connections are left for probes.
    private final Bulkhead<HttpError> slowRequests =
            new Bulkhead<>(HttpPort.MAX_CONNECTIONS / 4, Duration.ZERO, "send requests", HttpError::busy);
    private final ChatServer server;
    private final Access access;
    private final Health health;
    private final Samples samples;
    private final Servers servers;
    private final Api api;

    Pages(ChatServer server, Access access, RecentLines log, Supplier<List<String>> warnings, Optional<Users> users) {
        this.server = server;
        this.access = access;
        this.health = new Health(server, warnings);
        this.samples = new Samples(server::metrics);
        Status status = new Status(server, health, users.isPresent());
        SessionLists sessions = new SessionLists(server, status);
        this.servers = sessions.servers();
        this.api = new Api(server, status, sessions, samples, log, users);
    }

    /** Begins to take samples, and to answer other servers. */
    void start() {
        samples.start();
        servers.start();
    }

    @Override
    public void close() {
        samples.close();
        servers.close();
    }

    HttpResponse answer(HttpRequest request) throws HttpError, UnavailableException {
        access.checkOrigin(request);
        boolean isProbe = PROBES.contains(request.path());
        if (!isProbe) { // probes come from orchestrators and load balancers, which name an address
            access.checkHost(request);
        }
        Optional<HttpResponse> page = request.isReading() ? Console.page(request.path()) : Optional.empty();
        if (page.isPresent()) {
            return page.get(); // contains no secrets
        }
        if (isProbe && request.field("authorization").isEmpty()) {
            return probe(request, access.isAllowed(request));
        }
        slowRequests.enter();
        try {
            boolean allowed = access.isAllowed(request);
            if (isProbe) {
                return probe(request, allowed);
            }
            if (!allowed) {
                throw new HttpError(401, "the token is missing or wrong: send Authorization: Bearer and the token");
            }
            return request.path().equals("/metrics") ? metrics(request) : api.answer(request);
        } finally {
            slowRequests.leave();
        }
    }

    private HttpResponse probe(HttpRequest request, boolean detailed) throws HttpError {
        checkReading(request);
        return switch (request.path()) {
            case "/live" -> HttpResponse.of(Json.object("live", true)); // there is nothing that only a restart mends
            case "/ready" -> health.ready(detailed);
            default -> health.answer(detailed);
        };
    }

    private HttpResponse metrics(HttpRequest request) throws HttpError {
        checkReading(request);
        return HttpResponse.text(Prometheus.TYPE, new Prometheus(server).text());
    }

    private static void checkReading(HttpRequest request) throws HttpError {
        if (!request.isReading()) {
            throw new HttpError(405, "only GET is allowed here");
        }
    }
}

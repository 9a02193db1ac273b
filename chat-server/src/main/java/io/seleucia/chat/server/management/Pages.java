package io.seleucia.chat.server.management;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.UnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/** What is at which path of the operator's port, and what of it can be had without the token. */
final class Pages {
    /** Requests at a time that may take long; the other connections are left for {@code /health}. */
    private static final int WORKING = HttpPort.MAX_CONNECTIONS / 4;

    private final Semaphore working = new Semaphore(WORKING);
    private final ChatServer server;
    private final Access access;
    private final Health health;
    private final Api api;
    private final Console console = new Console();

    Pages(ChatServer server, Access access, RecentLines log, Supplier<List<String>> warnings) {
        this.server = server;
        this.access = access;
        this.health = new Health(server, warnings);
        this.api = new Api(server, health, log);
    }

    Answer answer(Request request) throws Refusal, UnavailableException {
        access.checkOrigin(request);
        Optional<Answer> page = request.isReading() ? console.page(request.path()) : Optional.empty();
        if (page.isPresent()) {
            return page.get(); // it holds nothing that is secret
        }
        boolean isHealth = request.path().equals("/health");
        if (isHealth && request.field("authorization").isEmpty()) {
            return health(request, access.isAllowed(request));
        }
        if (!working.tryAcquire()) {
            throw new Refusal(503, "too many requests at a time, try again later");
        }
        try {
            boolean allowed = access.isAllowed(request);
            if (isHealth) {
                return health(request, allowed);
            }
            if (!allowed) {
                throw new Refusal(401, "the token is missing or wrong: send Authorization: Bearer and the token");
            }
            return request.path().equals("/metrics") ? metrics(request) : api.answer(request);
        } finally {
            working.release();
        }
    }

    private Answer health(Request request, boolean detailed) throws Refusal {
        checkReading(request);
        return health.answer(detailed);
    }

    private Answer metrics(Request request) throws Refusal {
        checkReading(request);
        return Answer.text(Prometheus.TYPE, new Prometheus(server).text());
    }

    private static void checkReading(Request request) throws Refusal {
        if (!request.isReading()) {
            throw new Refusal(405, "only GET is allowed here");
        }
    }
}

package io.seleucia.chat.server.management;

import com.sun.net.httpserver.HttpExchange;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.UnavailableException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** What is at which path of the operator's port, and what of it can be had without the token. */
final class Pages {
    private static final Set<String> READING = Set.of("GET", "HEAD");

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

    Answer answer(HttpExchange exchange) throws IOException, Refusal, UnavailableException {
        access.checkOrigin(exchange);
        String path = exchange.getRequestURI().getPath();
        boolean isReading = READING.contains(exchange.getRequestMethod());
        Optional<Answer> page = isReading ? console.page(path) : Optional.empty();
        if (page.isPresent()) {
            return page.get(); // it holds nothing that is secret
        }
        boolean allowed = access.isAllowed(exchange);
        if (!allowed && !path.equals("/health")) {
            throw new Refusal(401, "the token is missing or wrong: send Authorization: Bearer and the token");
        }
        if (!path.equals("/health") && !path.equals("/metrics")) {
            return api.answer(exchange);
        }
        if (!isReading) {
            throw new Refusal(405, "only GET is allowed here");
        }
        return path.equals("/health")
                ? health.answer(allowed)
                : Answer.text(Prometheus.TYPE, new Prometheus(server).text());
    }
}

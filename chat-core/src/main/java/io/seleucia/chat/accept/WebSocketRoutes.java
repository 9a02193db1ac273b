package io.seleucia.chat.accept;

import io.seleucia.chat.connection.ConnectionHandler;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.session.Login;
import java.util.Map;
import java.util.Optional;

/**
 * The endpoints of raw WebSockets by path. A pattern that ends with {@code *} matches all paths that begin with the text before
 * it; the longest match counts.
 */
public record WebSocketRoutes(Map<String, Endpoint> byPattern) {
    /** Serves the raw WebSockets of one pattern. */
    @FunctionalInterface
    public interface Endpoint {
        /** Returns the receiver of a connection's messages. Does not block. */
        ConnectionHandler serve(ServedConnection served, String path, Optional<Login> login);
    }

    /** Keeps its own copy. */
    public WebSocketRoutes {
        byPattern = Map.copyOf(byPattern);
    }

    Optional<Endpoint> at(String path) {
        String longest = null;
        for (String pattern : byPattern.keySet()) {
            boolean matches = pattern.endsWith("*")
                    ? path.startsWith(pattern.substring(0, pattern.length() - 1))
                    : path.equals(pattern);
            if (matches && (longest == null || pattern.length() > longest.length())) {
                longest = pattern;
            }
        }
        return Optional.ofNullable(longest).map(byPattern::get);
    }
}

package io.seleucia.chat;

import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/**
 * The handlers of raw WebSockets by path. A pattern that ends with {@code *} stands for all paths that begin with what is
 * before it; the longest that fits counts.
 */
record Handlers(Map<String, WebSocketHandler> byPattern) {
    /** Keeps its own copy. */
    Handlers {
        byPattern = Map.copyOf(byPattern);
    }

    Optional<WebSocketHandler> at(String path) {
        return byPattern.keySet().stream()
                .filter(pattern -> pattern.endsWith("*")
                        ? path.startsWith(pattern.substring(0, pattern.length() - 1))
                        : path.equals(pattern))
                .max(Comparator.comparingInt(String::length))
                .map(byPattern::get);
    }
}

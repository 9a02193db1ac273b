package io.seleucia.chat.faults;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.Retention;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A chat server as a process: {@code ServerMain PORT STORE}, the store being the URI of a Redis, or of a directory for a
 * journal. It prints its port, drains when it is told to end, and ends at once when its standard input does, which is
 * with its parent.
 */
final class ServerMain {
    private static final Limits LIMITS =
            Limits.DEFAULT.withRateMessages(1_000_000).withRateBurst(1_000_000).withDrainTimeout(Duration.ofSeconds(5));

    private ServerMain() {}

    public static void main(String[] arguments) throws Exception {
        Broker broker = broker(arguments[1]);
        ChatServer server = ChatServer.builder()
                .port(Integer.parseInt(arguments[0]))
                .broker(broker)
                .limits(LIMITS)
                .start();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            server.close();
            broker.close();
        }));
        System.out.println(server.port());
        while (System.in.read() >= 0) {
            // Nothing is said there: it only must not end.
        }
        Runtime.getRuntime().halt(1);
    }

    private static Broker broker(String store) throws IOException {
        URI uri = URI.create(store);
        return uri.getScheme().equals("file")
                ? InMemoryBroker.open(Retention.DEFAULT, Path.of(uri), InMemoryBroker.Fsync.INTERVAL)
                : new RedisBroker(uri, RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT);
    }
}

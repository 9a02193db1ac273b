package io.seleucia.chat.benchmark;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.RawWebSocket;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.broker.redis.RedisBroker;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A server, as {@link ServerProcess} starts it: {@code seleucia}, {@code selector}, {@code journal} and its fsync policy, or
 * {@code redis} and its URL. Prints its port, then serves until its standard input ends.
 */
final class ServerProgram {
    /** The path on which the server echoes. */
    static final String ECHO_PATH = "/echo";

    static final String REDIS = "redis";

    /** Maximum queue of one client. */
    static final int QUEUE_BYTES = 64 * 1024 * 1024;

    private ServerProgram() {}

    public static void main(String... args) throws IOException {
        switch (args[0]) {
            case "seleucia" -> serve(new InMemoryBroker(Retention.DEFAULT));
            case REDIS -> serve(new RedisBroker(URI.create(args[1]), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT));
            case Candidate.JOURNAL -> journal(Fsync.valueOf(args[1]));
            case "selector" -> {
                try (SelectorServer server = new SelectorServer()) {
                    Thread.ofPlatform().daemon().name("selector").start(server);
                    serve(server.port());
                }
            }
            default -> throw new IllegalArgumentException("there is no server called " + args[0]);
        }
    }

    private static void journal(Fsync fsync) throws IOException {
        Path directory = Files.createTempDirectory("journal");
        try {
            serve(InMemoryBroker.open(Retention.DEFAULT, directory, fsync));
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Serves until standard input ends, then closes the broker. */
    private static void serve(Broker broker) throws IOException {
        // The load comes from one address, and its outstanding messages bound the queues.
        Limits limits = Limits.DEFAULT
                .withRateMessages(Integer.MAX_VALUE)
                .withRateBurst(Integer.MAX_VALUE)
                .withQuotas(Quotas.NONE)
                .withRateBytes(Integer.MAX_VALUE)
                .withMaxChannels(Integer.MAX_VALUE)
                .withMaxChannelsTotal(Integer.MAX_VALUE)
                .withMaxConnections(Integer.MAX_VALUE)
                .withMaxConnectionsPerAddress(Integer.MAX_VALUE)
                .withOutboundQueueBytes(QUEUE_BYTES);
        try (broker;
                var server = ChatServer.builder()
                        .port(0)
                        .limits(limits)
                        .broker(broker)
                        .webSocket(ECHO_PATH, RawWebSocket::send)
                        .start()) {
            serve(server.port());
        }
    }

    private static void serve(int port) throws IOException {
        System.out.println(port);
        System.in.transferTo(OutputStream.nullOutputStream());
    }
}

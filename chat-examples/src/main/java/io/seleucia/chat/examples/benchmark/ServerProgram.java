package io.seleucia.chat.examples.benchmark;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.Limits;
import io.seleucia.chat.RawWebSocket;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.InMemoryBroker;
import io.seleucia.chat.broker.InMemoryBroker.Fsync;
import io.seleucia.chat.broker.RedisBroker;
import io.seleucia.chat.broker.Retention;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * What {@link ServerProcess} starts: {@code seleucia}, {@code selector}, {@code journal} and when it is synced, or {@code
 * redis} and its URL. It prints its port, then serves until its standard input ends, and so no longer than its parent
 * lives.
 */
final class ServerProgram {
    /** The path on which every message goes back to its sender. */
    static final String ECHO_PATH = "/echo";

    /** A server whose channels are in a Redis. */
    static final String REDIS = "redis";

    /** What may wait for one client. */
    static final int QUEUE_BYTES = 64 * 1024 * 1024;

    private ServerProgram() {}

    public static void main(String... args) throws IOException {
        switch (args[0]) {
            case "seleucia" -> {
                try (Broker broker = new InMemoryBroker(Retention.DEFAULT)) {
                    serve(broker);
                }
            }
            case REDIS -> {
                try (Broker broker =
                        new RedisBroker(URI.create(args[1]), RedisBroker.DEFAULT_PREFIX, Retention.DEFAULT)) {
                    serve(broker);
                }
            }
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
        try (Broker broker = InMemoryBroker.open(Retention.DEFAULT, directory, fsync)) {
            serve(broker);
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

    private static void serve(Broker broker) throws IOException {
        // The load is one client at one address; what it has outstanding bounds the queues.
        Limits limits = Limits.DEFAULT
                .withRateMessages(Integer.MAX_VALUE)
                .withRateBurst(Integer.MAX_VALUE)
                .withRateBytes(Integer.MAX_VALUE)
                .withMaxChannels(Integer.MAX_VALUE)
                .withMaxConnections(Integer.MAX_VALUE)
                .withMaxConnectionsPerAddress(Integer.MAX_VALUE)
                .withOutboundQueueBytes(QUEUE_BYTES);
        try (var server = ChatServer.builder()
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

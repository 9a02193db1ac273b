package io.seleucia.chat.examples;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServer.Compression;
import io.seleucia.chat.Limits;

/**
 * Raw WebSockets without a chat protocol: echoes every message, text or binary, on every path.
 *
 * <p>{@code EchoServer [--port 9001] [--max-message 67108864] [--compression on|off|context]}
 */
public final class EchoServer {
    private EchoServer() {}

    /** Serves until the process is ended. */
    public static void main(String[] args) throws Exception {
        int port = 9001;
        int maxMessage = 64 * 1024 * 1024;
        Compression compression = Compression.ON;
        try {
            for (int i = 0; i < args.length; i += 2) {
                String value = i + 1 < args.length ? args[i + 1] : "";
                switch (args[i]) {
                    case "--port" -> port = Integer.parseInt(value);
                    case "--max-message" -> maxMessage = Integer.parseInt(value);
                    case "--compression" -> compression = compression(value);
                    default -> throw new IllegalArgumentException(args[i] + " is no option");
                }
            }
        } catch (IllegalArgumentException e) {
            System.err.println(
                    "EchoServer [--port N] [--max-message BYTES] [--compression on|off|context]: " + e.getMessage());
            System.exit(2);
        }
        Limits limits = Limits.DEFAULT
                .withMaxMessageBytes(maxMessage)
                .withMaxConnectionsPerAddress(Limits.DEFAULT.maxConnections())
                .withRateBytes(Integer.MAX_VALUE);
        try (var server = ChatServer.builder()
                .port(port)
                .limits(limits)
                .compression(compression)
                .webSocket("/*", (socket, message) -> socket.send(message))
                .start()) {
            System.out.println("listening on ws://localhost:" + server.port() + "/");
            Thread.currentThread().join();
        }
    }

    private static Compression compression(String value) {
        return switch (value) {
            case "on" -> Compression.ON;
            case "off" -> Compression.OFF;
            case "context" -> Compression.CONTEXT_TAKEOVER;
            default -> throw new IllegalArgumentException("--compression is on, off or context");
        };
    }
}

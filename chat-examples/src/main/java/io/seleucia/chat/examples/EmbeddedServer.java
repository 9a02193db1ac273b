package io.seleucia.chat.examples;

import io.seleucia.chat.ChatServer;

/** A chat server inside a program, in memory, with the defaults. */
public final class EmbeddedServer {
    private EmbeddedServer() {}

    /** Serves until the process is ended. */
    public static void main(String[] args) throws Exception {
        try (var server = ChatServer.builder().port(8600).start()) {
            System.out.println("listening on ws://localhost:" + server.port() + "/");
            Thread.currentThread().join();
        }
    }
}

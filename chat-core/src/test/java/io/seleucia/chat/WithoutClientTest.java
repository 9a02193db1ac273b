package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who embeds the server and not the client loads nothing of it, nor of the JDK's HTTP client under it. */
class WithoutClientTest {
    private static final long PATIENCE_SECONDS = 60;

    /** A program with a server in it, which serves a client that speaks for itself. */
    static final class Embedder {
        private Embedder() {}

        public static void main(String[] args) throws Exception {
            try (ChatServer server = ChatServer.builder().port(0).start()) {
                RawClient.open(server.port()); // shakes hands
            }
            System.exit(0);
        }
    }

    @Test
    void aServerLoadsNoneOfIt() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xlog:class+load",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Embedder.class.getName()))
                .redirectErrorStream(true)
                .start();
        List<String> lines = process.inputReader().lines().toList();

        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(lines)
                .anyMatch(line -> line.contains("io.seleucia.chat.transport.WebSocketConnection"))
                .noneMatch(line -> line.contains("io.seleucia.chat.client."))
                .noneMatch(line -> line.contains("java.net.http") || line.contains("jdk.internal.net.http."));
    }
}

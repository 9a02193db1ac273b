package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisBroker;
import io.seleucia.chat.broker.redis.RedisServers;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who embeds the server in memory needs Gson, and nothing else. */
class WithoutJedisTest {
    private static final long PATIENCE_SECONDS = 60;

    /** A program with a server in it, and a client of that. */
    static final class Embedder {
        private Embedder() {}

        public static void main(String[] args) throws Exception {
            CompletableFuture<String> answer = new CompletableFuture<>();
            try (ChatServer server = ChatServer.builder().port(0).start()) {
                WebSocket client = HttpClient.newHttpClient()
                        .newWebSocketBuilder()
                        .subprotocols("chat.v1")
                        .buildAsync(URI.create("ws://localhost:" + server.port() + "/"), new WebSocket.Listener() {
                            @Override
                            public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                                answer.complete(text.toString());
                                return null;
                            }
                        })
                        .join();
                client.sendText("{\"id\":1,\"type\":\"subscribe\",\"channel\":\"lobby\"}", true);
                System.out.println(answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
                client.abort();
            }
            System.exit(isThere("redis.clients.jedis.RedisClient") ? 1 : 0);
        }

        private static boolean isThere(String name) {
            try {
                Class.forName(name);
                return true;
            } catch (ClassNotFoundException e) {
                return false;
            }
        }
    }

    /** A program that has forgotten Jedis, or has an old one, and prints what it is told. */
    static final class Forgetful {
        private Forgetful() {}

        public static void main(String[] args) {
            RedisServers servers = RedisServers.at(URI.create("redis://localhost:1"));
            for (Callable<?> mistake : List.<Callable<?>>of(
                    () -> new RedisBroker(servers, "chat:", Retention.DEFAULT),
                    () -> new RedisBroker(URI.create("redis://localhost:1"), "chat:", Retention.DEFAULT),
                    () -> RedisBroker.connect(servers, "chat:", Retention.DEFAULT))) {
                try {
                    mistake.call();
                } catch (Throwable e) {
                    System.out.println(e);
                }
            }
            System.exit(0);
        }
    }

    private static List<String> forgetful(String classPath) throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        classPath,
                        Forgetful.class.getName()))
                .redirectErrorStream(true)
                .start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return lines;
    }

    @Test
    void aBrokerOnRedisSaysInOneSentenceThatJedisIsMissing() throws Exception {
        assertThat(forgetful(classPath()))
                .hasSize(3)
                .containsOnly("java.lang.IllegalStateException: a RedisBroker needs Jedis (redis.clients:jedis) 8.0 or"
                        + " newer on the class path; it is not there");
    }

    @Test
    void aBrokerOnRedisSaysInOneSentenceThatJedisIsTooOld(@TempDir Path old) throws Exception {
        Path properties = old.resolve("META-INF/maven/redis.clients/jedis/pom.properties");
        Files.createDirectories(properties.getParent());
        Files.writeString(properties, "version=5.2.0\n");

        assertThat(forgetful(old + File.pathSeparator + System.getProperty("java.class.path")))
                .hasSize(3)
                .containsOnly("java.lang.IllegalStateException: a RedisBroker needs Jedis (redis.clients:jedis) 8.0 or"
                        + " newer on the class path; it is version 5.2.0");
    }

    @Test
    void aServerInMemoryRuns() throws Exception {
        assertThat(Embedder.isThere("redis.clients.jedis.RedisClient"))
                .as("here")
                .isTrue();

        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        classPath(),
                        Embedder.class.getName()))
                .redirectErrorStream(true)
                .start();

        assertThat(process.inputReader().lines()).singleElement().asString().contains("\"subscribed\"");
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    /** The classes of this module and Gson. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.endsWith(".jar") || entry.contains("gson"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}

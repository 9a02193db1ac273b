package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A real haproxy or nginx in a process of its own, in front of servers of this process. */
public final class ProxyProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;

    private final Process process;
    private final int port;

    private ProxyProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * An nginx as Debian has it: it speaks HTTP/1.0 to the servers, passes no {@code Upgrade} on, and buffers answers.
     *
     * @param lines of its location
     */
    public static ProxyProcess nginx(Path directory, List<Integer> servers, String... lines) throws IOException {
        Path program = find("nginx");
        int port = freePort();
        String upstream = servers.stream()
                .map(server -> "server 127.0.0.1:" + server + ";")
                .collect(Collectors.joining(" "));
        String temporary = Stream.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
                .map(kind -> kind + "_temp_path " + directory.resolve(kind) + ";")
                .collect(Collectors.joining(" "));
        Path file = write(directory.resolve("nginx.conf"), """
                daemon off; master_process off; pid %s; error_log %s;
                events { worker_connections 512; }
                http {
                    access_log off; %s
                    upstream chat { %s }
                    server {
                        listen 127.0.0.1:%d;
                        location / { proxy_pass http://chat; proxy_set_header Host localhost; %s }
                    }
                }
                """.formatted(
                        directory.resolve("nginx.pid"),
                        directory.resolve("errors"),
                        temporary,
                        upstream,
                        port,
                        String.join(" ", lines)));
        return start(
                directory, port, program.toString(), "-p", directory.toString(), "-e", "stderr", "-c", file.toString());
    }

    /**
     * A haproxy that removes {@code Upgrade} and gives each request to the next server.
     *
     * @param lines of its defaults
     */
    public static ProxyProcess haproxy(Path directory, List<Integer> servers, String... lines) throws IOException {
        Path program = find("haproxy");
        int port = freePort();
        String backends = IntStream.range(0, servers.size())
                .mapToObj(i -> "    server s" + i + " 127.0.0.1:" + servers.get(i))
                .collect(Collectors.joining("\n"));
        Path file =
                write(directory.resolve("haproxy.cfg"), """
                defaults
                    mode http
                    timeout connect 5s
                    timeout client 60s
                    timeout server 60s
                    %s
                frontend in
                    bind 127.0.0.1:%d
                    http-request del-header Upgrade
                    http-request set-header Host localhost
                    default_backend chat
                backend chat
                    balance roundrobin
                %s
                """.formatted(String.join("\n    ", lines), port, backends));
        return start(directory, port, program.toString(), "-db", "-f", file.toString());
    }

    /**
     * A haproxy with a whole file of its own.
     *
     * @param format has {@code %s} in place of the address to listen on
     */
    public static ProxyProcess haproxy(Path directory, String format) throws IOException {
        Path program = find("haproxy");
        int port = freePort();
        Path file = write(directory.resolve("haproxy.cfg"), format.formatted("127.0.0.1:" + port) + "\n");
        return start(directory, port, program.toString(), "-db", "-f", file.toString());
    }

    /** The program; where there is none, the test is skipped, or fails if {@code proxy.required} is set. */
    private static Path find(String name) {
        Optional<Path> found = Stream.concat(
                        Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator)),
                        Stream.of("/usr/sbin", "/usr/local/sbin"))
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst();
        if (found.isEmpty() && Boolean.getBoolean("proxy.required")) {
            throw new AssertionError("proxy.required is set, and there is no " + name);
        }
        Assumptions.assumeTrue(found.isPresent(), () -> "there is no " + name + " to test with");
        return found.orElseThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return port.getLocalPort();
        }
    }

    private static Path write(Path file, String text) throws IOException {
        return Files.writeString(file, text);
    }

    private static ProxyProcess start(Path directory, int port, String... command) throws IOException {
        Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
        ProxyProcess proxy = new ProxyProcess(process, port);
        eventually(() -> {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
            } catch (IOException e) {
                throw new AssertionError(output(directory), e);
            }
        });
        return proxy;
    }

    private static String output(Path directory) {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it listens. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + port + "/");
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }
}

package io.seleucia.chat.server;

import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.gson.JsonParser;
import io.seleucia.chat.Concurrent;
import io.seleucia.chat.TestKey;
import io.seleucia.chat.broker.Fsync;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.server.management.Http;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program as its user sees it: a process with flags, two streams and an exit status. */
@Concurrent
class MainTest {
    private static final long PATIENCE_SECONDS = 60;
    private static final String PASSWORD = "pass word";
    private static final String HANDSHAKE =
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    private static final Pattern LISTENING = Pattern.compile(
            "listening on wss?://localhost:(\\d+)/(?: tcps?://localhost:(\\d+))?(?: management http://localhost:(\\d+)/)?");

    @TempDir
    private Path directory;

    private Process process;

    @AfterEach
    void stop() {
        if (process != null) {
            process.destroyForcibly().onExit().join();
        }
    }

    @Test
    void saysWhereItListensAndServes() throws Exception {
        int port = begin("--port=0");

        assertThat(answerTo(port, "{\"Kind\":4}")).isEqualTo("{\"Kind\":100,\"Payload\":\"[]\"}");
    }

    @Test
    void saysWhereItListensForTcpAndServesThereToo() throws Exception {
        begin(List.of("--port=0", "--tcp-port=0", "--tcp-channel=hall"));
        Matcher listening = LISTENING.matcher(process.inputReader().readLine());
        assertThat(listening.matches()).isTrue();

        try (Socket guest = new Socket("localhost", Integer.parseInt(listening.group(2)))) {
            Client client = new Client();
            WebSocket socket = connect(Integer.parseInt(listening.group(1)), client);
            socket.sendText(request(0).replace("lobby", "hall"), true).join();
            assertThat(client.next()).contains("SUCCESSFULLY");
            guest.getOutputStream().write(new byte[] {0, 0, 0, 8, 0, 0, 0, 0, 0, 2, 'h', 'i'});

            assertThat(client.next())
                    .isEqualTo("Channel : hall, Sender : 127.0.0.1:" + guest.getLocalPort() + ", Message : hi");
        }
    }

    @Test
    void drainsWhenItIsToldToEnd() throws Exception {
        int port = begin("--port=0");
        Client client = new Client();
        connect(port, client);

        process.destroy(); // SIGTERM

        assertThat(client.closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(1012);
        assertThat(exitStatus()).isZero();
    }

    @Test
    void saysThatItDrainsWhileItDoes() throws Exception {
        begin(List.of("--port=0", "--management-port=0"));
        Matcher listening = LISTENING.matcher(process.inputReader().readLine());
        assertThat(listening.matches()).isTrue();
        Http operator = new Http(Integer.parseInt(listening.group(3)));
        assertThat(operator.get("/health").status()).isEqualTo(200);
        try (Socket deaf = new Socket("localhost", Integer.parseInt(listening.group(1)))) {
            deaf.getOutputStream().write(HANDSHAKE.getBytes(StandardCharsets.US_ASCII));
            assertThat(deaf.getInputStream().read()).isEqualTo('H');

            process.destroy(); // SIGTERM, which this client does not answer

            Http.Reply health = operator.get("/health");
            while (health.status() == 200) {
                health = operator.get("/health");
            }
            assertThat(health.status()).isEqualTo(503);
            assertThat(health.json().get("draining").getAsBoolean()).isTrue();
        }
        assertThat(exitStatus()).isZero();
    }

    @Test
    void saysInOneLineThatTheOperatorsPortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            begin(List.of("--port=0", "--management-port=" + taken.getLocalPort()));

            assertThat(exitStatus()).isEqualTo(1);
            assertThat(errors())
                    .singleElement()
                    .asString()
                    .startsWith("chat-server: can't listen on localhost:" + taken.getLocalPort() + " for management");
        }
    }

    @Test
    void saysInOneLineThatTheOperatorsTokenIsNone() throws Exception {
        begin(List.of("--port=0", "--management-port=0", "--management-token-file=" + directory.resolve("none")));

        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors()).singleElement().asString().endsWith("none does not exist");
    }

    @Test
    void logsAsItIsTold() throws Exception {
        String nowhere = "--redis-url=redis://localhost:" + unusedPort();
        begin("--port=0", "--broker=redis", nowhere, "--log-format=json");

        assertThat(JsonParser.parseString(errors().getFirst())
                        .getAsJsonObject()
                        .get("message")
                        .getAsString())
                .contains("can't be reached");

        process.destroyForcibly().onExit().join();
        begin(List.of("--port=0", "--broker=redis", nowhere, "--management-port=0"));
        Matcher listening = LISTENING.matcher(process.inputReader().readLine());
        assertThat(listening.matches()).isTrue();
        assertThat(new Http(Integer.parseInt(listening.group(3)))
                        .get("/api/log")
                        .body())
                .as("the operator reads what was logged before anybody could ask")
                .contains("can't be reached");
        assertThat(errors().getFirst()).matches("\\d{4}-\\d\\d-\\d\\dT[0-9:]{8}\\.\\d{3}Z WARNING .*");
    }

    @Test
    void saysInOneLineWhichSettingIsWrong() throws Exception {
        begin(List.of("--port=many"));

        assertThat(exitStatus()).isEqualTo(2);
        assertThat(errors())
                .containsExactly("chat-server: --port: 'many' is not allowed; port must be a number from 0 to 65535");
    }

    @Test
    void saysInOneLineThatItsPortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            begin(List.of("--host=0.0.0.0", "--port=" + taken.getLocalPort()));

            assertThat(exitStatus()).isEqualTo(1);
            assertThat(errors()).singleElement().asString().contains("can't listen on 0.0.0.0:" + taken.getLocalPort());

            begin(List.of("--host=0.0.0.0", "--port=0", "--tcp-port=" + taken.getLocalPort()));

            assertThat(exitStatus()).isEqualTo(1);
            assertThat(errors()).singleElement().asString().contains("can't listen on 0.0.0.0:" + taken.getLocalPort());
        }
    }

    @Test
    void saysInOneLineThatRedisIsDownAndServesAllTheSame() throws Exception {
        int port = begin("--port=0", "--broker=redis", "--redis-url=redis://user:secret@localhost:" + unusedPort());

        assertThat(answerTo(port, request(0))).contains("Error: unavailable");
        assertThat(errors())
                .singleElement()
                .asString()
                .contains("can't be reached")
                .doesNotContain("secret");
    }

    @Test
    void stopsWithoutARedisThatIsRequired() throws Exception {
        begin(List.of(
                "--port=0", "--broker=redis", "--redis-url=redis://localhost:" + unusedPort(), "--redis-required"));

        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors()).singleElement().asString().contains("redis-required");
    }

    @Test
    void keepsWhatItHasShownThroughAKill() throws Exception {
        Path data = directory.resolve("data");
        int port = begin("--port=0", "--data-dir=" + data);
        Client client = new Client();
        WebSocket socket = connect(port, client);
        socket.sendText(request(0), true).join();
        assertThat(client.next()).contains("SUCCESSFULLY");
        socket.sendText(request(3), true).join();
        assertThat(client.next()).isEqualTo("Channel : lobby, Sender : ada, Message : hi");

        process.destroyForcibly().onExit().join();

        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, data, Fsync.INTERVAL)) {
            assertThat(broker.historyAfter("lobby", 0, 10).messages())
                    .extracting(message -> message.content().asText())
                    .containsExactly("hi");
        }
        assertThat(errors()).isEmpty();
    }

    @Test
    void exportsAChannelWhileTheServerRunsAndWhenItIsStopped() throws Exception {
        Path data = directory.resolve("data");
        int port = begin("--port=0", "--data-dir=" + data);
        Client client = new Client();
        WebSocket socket = connect(port, client);
        socket.sendText(request(0), true).join();
        assertThat(client.next()).contains("SUCCESSFULLY");
        for (String text : List.of("hi", "\u00e4 \u2615", "two\\\\nlines", "\\\\u001b[31m")) {
            socket.sendText(request(3).replace("hi", text), true).join();
            client.next();
        }
        String message =
                "\\{\"channel\":\"lobby\",\"epoch\":\"[-0-9a-f]{36}\",\"offset\":%d,\"time\":\\d{13},\"sender\":\"ada\",\"data\":%s\\}";
        String time = "20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ";

        for (boolean running : new boolean[] {true, false}) {
            assertThat(process.isAlive()).isEqualTo(running);
            assertThat(output("export", "--channel=lobby", "--data-dir=" + data))
                    .satisfiesExactly(
                            first -> assertThat(first).matches(message.formatted(1, "\"hi\"")),
                            second -> assertThat(second).matches(message.formatted(2, "\"\u00e4 \u2615\"")),
                            third -> assertThat(third).matches(message.formatted(3, "\"two\\\\nlines\"")),
                            last -> assertThat(last).matches(message.formatted(4, "\"\\\\u001b\\[31m\"")));
            assertThat(output("export", "--channel", "lobby", "--data-dir=" + data, "--format", "text", "--since=1h"))
                    .satisfiesExactly(
                            first -> assertThat(first).matches(time + "ada: hi"),
                            second -> assertThat(second).matches(time + "ada: \u00e4 \u2615"),
                            third -> assertThat(third).matches(time + "ada: two\\\\nlines"),
                            last -> assertThat(last).matches(time + "ada: \\\\u001b\\[31m"));
            assertThat(output("export", "--channel=lobby", "--data-dir=" + data, "--until=2026-01-31"))
                    .isEmpty();
            assertThat(output("export", "--channel=elsewhere", "--data-dir=" + data))
                    .isEmpty();
            process.destroyForcibly().onExit().join();
        }
        assertThat(errors()).isEmpty();
    }

    @Test
    void deletesOnlyWhereNoServerRuns() throws Exception {
        Path data = directory.resolve("data");
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, data, Fsync.INTERVAL)) {
            for (String sender : List.of("ada", "eve", "ada")) {
                broker.publish("lobby", sender, new Content.Text("said by " + sender), "");
                broker.publish("@bob", sender, new Content.Text("said by " + sender), "");
            }
            begin(List.of("delete", "--channel=lobby", "--data-dir=" + data));
            assertThat(exitStatus()).isEqualTo(1);
            assertThat(errors()).containsExactly("chat-server: the directory " + data + " is in use by another server");
        }

        assertThat(output("delete", "--user=eve", "--data-dir=" + data)).isEmpty();
        assertThat(output("export", "--channel=@bob", "--format=text", "--data-dir=" + data))
                .hasSize(2)
                .allMatch(line -> line.endsWith("ada: said by ada"));

        assertThat(output("delete", "--channel=lobby", "--data-dir=" + data)).isEmpty();
        assertThat(output("export", "--channel=lobby", "--data-dir=" + data)).isEmpty();
        assertThat(output("export", "--channel=@bob", "--data-dir=" + data)).hasSize(2);
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, data, Fsync.INTERVAL)) {
            assertThat(broker.historyAfter("lobby", 0, 10).messages()).isEmpty();
            assertThat(broker.historyAfter("lobby", 0, 10).position().offset()).isEqualTo(3);
        }
    }

    @Test
    void marksADirectoryThatWasPutBackFromABackup() throws Exception {
        Path data = directory.resolve("data");
        Position before;
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, data, Fsync.INTERVAL)) {
            before = broker.publish("lobby", "ada", new Content.Text("hi"), "").position();
            begin(List.of("restore", "--data-dir=" + data));
            assertThat(exitStatus()).isEqualTo(1);
            assertThat(errors()).containsExactly("chat-server: the directory " + data + " is in use by another server");
        }
        assertThat(output("restore", "--data-dir=" + data))
                .containsExactly(data + " is marked as restored from a backup: the next server that starts on it begins"
                        + " new epochs, with the messages that are there");
        try (InMemoryBroker broker = InMemoryBroker.open(Retention.DEFAULT, data, Fsync.INTERVAL)) {
            assertThat(broker.historyAfter("lobby", 0, 10).messages()).hasSize(1);
            assertThat(broker.historyAfter("lobby", 0, 10).position().sameEpoch(before))
                    .isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "restore|restore needs --data-dir=DIR: a data directory that was restored from a backup",
                "export|export needs --channel=NAME: a channel, or an inbox as @ and the name of its owner",
                "export --channel=lobby|export needs --data-dir=DIR: the data directory of a server",
                "export --channel|--channel needs a value",
                "export --channel=x --since=soon|--since: 'soon' is not allowed; since must be a day such as 2026-01-31, a"
                        + " time such as 2026-01-31T10:00:00Z, or how long ago, such as 24h or 30d",
                "export --channel=x --format=xml|--format: 'xml' is not allowed; format must be json or text",
                "export --channel=x --what=y|'--what' is not a setting; --help lists them all",
                "delete --data-dir=x|delete needs either --channel=NAME or --user=NAME",
                "delete --channel=x --user=y|delete needs either --channel=NAME or --user=NAME",
                "delete --channel=@ --data-dir=x|--channel: @ is the channel of the servers, and no client's inbox",
                "delete --user=y|delete needs --data-dir=DIR: the data directory of a stopped server",
                "undo|'undo' is not a setting; --help lists them all",
            })
    void saysInOneLineWhatIsWrongWithACommand(String arguments, String complaint) throws Exception {
        begin(List.of(arguments.split(" ")));

        assertThat(exitStatus()).isEqualTo(2);
        assertThat(errors()).containsExactly("chat-server: " + complaint);
    }

    @Test
    void saysInOneLineThatThereIsNothingToExportOrDelete() throws Exception {
        Path none = directory.resolve("none");
        begin(List.of("export", "--channel=lobby", "--data-dir=" + none));
        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors()).singleElement().asString().contains("there is no journal");

        begin(List.of("delete", "--channel=lobby", "--data-dir=" + none));
        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors()).containsExactly("chat-server: the data directory " + none + " does not exist");
        assertThat(none).doesNotExist();
    }

    /** What a command that succeeds writes. */
    private List<String> output(String... command) throws Exception {
        Process server = process;
        try {
            start(List.of(), List.of(command));
            List<String> lines =
                    process.inputReader(StandardCharsets.UTF_8).lines().toList();
            assertThat(exitStatus()).as("errors: %s", errors()).isZero();
            return lines;
        } finally {
            process = server;
        }
    }

    @Test
    void saysInOneLineThatItsDataDirectoryIsTakenOrNone() throws Exception {
        Path data = directory.resolve("data");
        try (InMemoryBroker other = InMemoryBroker.open(Retention.DEFAULT, data, Fsync.NEVER)) {
            begin(List.of("--port=0", "--data-dir=" + data));

            assertThat(exitStatus()).isEqualTo(1);
            assertThat(errors()).containsExactly("chat-server: the directory " + data + " is in use by another server");
            assertThat(other.members("lobby")).isEmpty();
        }

        begin(List.of("--port=0", "--data-dir=" + directory.resolve("errors")));
        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors()).singleElement().asString().contains("can't use the data directory");
    }

    @Test
    void servesOverTls() throws Exception {
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        begin(List.of(
                "--port=0",
                "--tcp-port=0",
                "--tls-keystore=" + key.keystore(),
                "--tls-password-file=" + key.passwordFile()));
        String line = process.inputReader().readLine();
        assertThat(line)
                .as("first line; errors: %s", errors())
                .matches("listening on wss://localhost:\\d+/ tcps://localhost:\\d+");

        Client client = new Client();
        HttpClient.newBuilder()
                .sslContext(key.trusting())
                .build()
                .newWebSocketBuilder()
                .buildAsync(URI.create(line.split(" ")[2]), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .sendText("{\"Kind\":4}", true);

        assertThat(client.next()).isEqualTo("{\"Kind\":100,\"Payload\":\"[]\"}");
    }

    @Test
    void saysInOneLineWhichFileOfTlsIsWrong() throws Exception {
        Path key = Files.writeString(directory.resolve("key.pem"), "-----BEGIN PRIVATE KEY-----");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Path missing = directory.resolve("missing.pem");
        begin(List.of("--port=0", "--tls-cert=" + missing, "--tls-key=" + key));

        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors()).containsExactly("chat-server: " + missing + " does not exist");
    }

    @Test
    void saysInOneLineThatTheSettingsOfTlsMissOneAnother() throws Exception {
        begin(List.of("--port=0", "--tls-cert=cert.pem"));

        assertThat(exitStatus()).isEqualTo(2);
        assertThat(errors()).containsExactly("chat-server: tls-cert needs tls-key");
    }

    @Test
    void servesOnAfterItRanOutOfFileDescriptors() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash to lower the limit with");
        int port = begin("ulimit -n 150; exec \"$0\" \"$@\"", List.of("--port=0"));
        List<Socket> connections = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                connections.add(new Socket("localhost", port));
            }
            String complaint = "accepting connections fails";
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (errors().stream().noneMatch(line -> line.contains(complaint))) {
                assertThat(System.nanoTime()).as("errors: %s", errors()).isLessThan(deadline);
                LockSupport.parkNanos(1_000_000);
            }
        } finally {
            for (Socket connection : connections) {
                connection.close();
            }
        }
        assertThat(answerTo(port, "{\"Kind\":4}")).isEqualTo("{\"Kind\":100,\"Payload\":\"[]\"}");
        assertThat(errors()).hasSize(1);
    }

    @Test
    void endsWithAStatusOfItsOwnWhenItsMemoryHasRunOut() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash to set the heap with");
        int port = beginWithSmallHeap(20, "--memory-share=90"); // what is left is far less than the server itself takes
        Thread.ofVirtual().start(() -> publishWithoutReading(port));

        assertThat(exitStatus()).isEqualTo(3);
        String last = "chat-server: out of memory, the process ends; give it a larger heap (-Xmx)";
        assertThat(errors())
                .containsOnlyOnce(last)
                .allMatch(line -> line.equals(last) || line.contains("OutOfMemoryError")); // of threads that met it too
    }

    @Test
    void endsAClientBeforeItsMemoryRunsOut() throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash to set the heap with");
        int port = beginWithSmallHeap(32, "--memory-share=50");

        assertTimeoutPreemptively(Duration.ofMinutes(1), () -> publishWithoutReading(port)); // until it is ended

        assertThat(eventuallyGet(() -> answerTo(port, "{\"Kind\":4}"))) // once its memory is free again
                .isEqualTo("{\"Kind\":100,\"Payload\":\"[]\"}");
        assertThat(errors()).anyMatch(line -> line.contains("memory is short"));
    }

    private int beginWithSmallHeap(int megabytes, String share) throws Exception {
        return begin(
                "exec \"$0\" -Xmx" + megabytes + "m \"$@\"",
                List.of(
                        "--port=0",
                        share,
                        "--outbound-queue-bytes=1000000000",
                        "--rate-messages=1000000",
                        "--rate-burst=1000000",
                        "--rate-bytes=1000000000",
                        "--client-rate-messages=0",
                        "--client-rate-bytes=0",
                        "--client-channel-messages=0",
                        "--write-timeout=1h"));
    }

    /** Is sent all that it says, and so fills the heap with what waits for it. */
    private static void publishWithoutReading(int port) {
        byte[] message = frame(request(3).replace("\"hi", "\"" + "x".repeat(60_000)));
        try (Socket deaf = new Socket("localhost", port)) {
            OutputStream server = deaf.getOutputStream();
            server.write(HANDSHAKE.getBytes(StandardCharsets.US_ASCII));
            server.write(frame(request(0)));
            while (true) {
                server.write(message);
            }
        } catch (IOException e) {
            // The process has ended.
        }
    }

    /** A masked text, its mask being zeros. */
    private static byte[] frame(String text) {
        byte[] payload = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 8).put((byte) 0x81);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        }
        return Arrays.copyOf(frame.putInt(0).put(payload).array(), frame.position());
    }

    @Test
    void letsInWhoLogsInAndClosesWhoIsRemoved() throws Exception {
        PrivateFile users = new PrivateFile(directory.resolve("users"));
        users.change(lines -> List.of(Account.of("ada", PASSWORD, 1_000).line()));
        int port = begin("--port=0", "--tcp-port=0", "--users-file=" + users.path());
        assertThat(answerTo(port, request(0))).contains("Error: log in first");
        Client client = new Client();
        HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header(
                        "Authorization",
                        "Basic "
                                + Base64.getEncoder()
                                        .encodeToString(("ada:" + PASSWORD).getBytes(StandardCharsets.UTF_8)))
                .buildAsync(URI.create("ws://localhost:" + port + "/"), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .sendText(request(0), true);
        assertThat(client.next()).contains("SUCCESSFULLY");

        users.change(lines -> List.of());

        assertThat(client.closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(4401);
        process.destroy();
        assertThat(exitStatus()).isZero();
        assertThat(errors()).noneMatch(line -> line.contains(PASSWORD));
    }

    /** Behind a proxy with a login of its own, and under attack by another address. */
    @Test
    void answersOthersWhileOneAddressSendsPasswordsThatAreHardToNormalise() throws Exception {
        PrivateFile users = new PrivateFile(directory.resolve("users"));
        users.change(lines -> List.of(Account.of("ada", PASSWORD, 1_000).line()));
        int port = begin(
                "--port=0",
                "--users-file=" + users.path(),
                "--max-message-bytes=1048576",
                "--login-timeout=5m",
                "--ignore-authorization");
        String connect = "{\"id\":1,\"type\":\"connect\",\"user\":\"%s\",\"password\":\"%s\"}";
        String hostile = connect.formatted("eve", "\u0301".repeat(100_000) + "\u0316".repeat(100_000)); // classes fall
        HttpClient attacker = HttpClient.newHttpClient();
        for (int i = 0; i < 32; i++) {
            chat(attacker, port, new Client()).sendText(hostile, true);
        }

        Client ada = new Client();
        HttpClient honest = HttpClient.newBuilder()
                .localAddress(InetAddress.getByName("127.0.0.2"))
                .build();
        WebSocket socket = chat(honest, port, ada);
        socket.sendText(connect.formatted("ada", PASSWORD), true);
        assertThat(ada.next()).contains("\"connected\"");
        socket.sendText("{\"id\":2,\"type\":\"ping\"}", true);
        assertThat(ada.next()).contains("\"pong\"");
    }

    private static WebSocket chat(HttpClient from, int port, Client client) throws Exception {
        return from.newWebSocketBuilder()
                .subprotocols("chat.v1")
                .header("Authorization", "Basic cHJveHk6aXRzIG93bg==")
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/"), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void writesDownWhoHasLoggedInWhenItEnds() throws Exception {
        Path users = directory.resolve("users");
        new PrivateFile(users)
                .change(lines -> List.of(Account.of("ada", PASSWORD, 1_000).line()));
        int port = begin("--port=0", "--users-file=" + users);
        Client client = new Client();
        HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .subprotocols("chat.v1")
                .buildAsync(URI.create("ws://localhost:" + port + "/"), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .sendText("{\"id\":1,\"type\":\"connect\",\"user\":\"ada\",\"password\":\"" + PASSWORD + "\"}", true);
        assertThat(client.next()).contains("connected");

        process.destroy();

        assertThat(exitStatus()).isZero();
        assertThat(new LastLogins(users).all()).containsOnlyKeys("ada");
    }

    @Test
    void saysInOneLineWhichRuleIsWrong() throws Exception {
        Path rules = Files.writeString(directory.resolve("rules"), "allow * * *\nallow ada\n");

        begin(List.of("--port=0", "--rules-file=" + rules));

        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors())
                .containsExactly("chat-server: " + rules
                        + ", line 2: what is allowed: group NAME USER …, or allow|deny WHO ACTION,… CHANNEL …");
    }

    @Test
    void saysInOneLineWhichOptionOfAChannelIsWrong() throws Exception {
        Path channels = Files.writeString(directory.resolve("channels"), "# all\n* history=12\n");

        begin(List.of("--port=0", "--channels-file=" + channels));

        assertThat(exitStatus()).isEqualTo(1);
        assertThat(errors())
                .containsExactly("chat-server: " + channels + ", line 2: history: '12' is not allowed;"
                        + " it must be one of everybody, users, moderators, nobody");
    }

    @Test
    void tellsItsVersionAndItsSettings() throws Exception {
        begin(List.of("--version"));
        assertThat(exitStatus()).isZero();
        assertThat(process.inputReader().readLine()).matches("seleucia \\d+\\.\\d+\\.\\d+.*");

        begin(List.of("--help"));
        assertThat(process.inputReader().lines()).anyMatch(line -> line.contains("--redis-url=redis://localhost:6379"));
        assertThat(exitStatus()).isZero();
    }

    private static String request(int kind) {
        return "{\"Kind\":" + kind
                + ",\"Payload\":\"{\\\"ClientId\\\":\\\"ada\\\",\\\"Channel\\\":\\\"lobby\\\",\\\"Message\\\":\\\"hi\\\"}\"}";
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    private void begin(List<String> flags) throws IOException {
        start(List.of(), flags);
    }

    /** Begins it under a shell that runs this script, with the command in {@code $0} and {@code $@}. */
    private int begin(String script, List<String> flags) throws IOException {
        start(List.of("/bin/bash", "-c", script), flags);
        return listening();
    }

    private void start(List<String> under, List<String> flags) throws IOException {
        List<String> command = new ArrayList<>(under);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(flags);
        boolean serves = flags.isEmpty() || flags.getFirst().startsWith("--");
        if (serves && flags.stream().noneMatch(flag -> flag.startsWith("--tcp-port"))) {
            command.add("--tcp-port=off"); // the default port is one for all tests that run at a time
        }
        if (serves && flags.stream().noneMatch(flag -> flag.startsWith("--management-port"))) {
            command.add("--management-port=off"); // likewise
        }
        process = new ProcessBuilder(command)
                .redirectError(directory.resolve("errors").toFile())
                .start();
    }

    private int begin(String... flags) throws IOException {
        begin(List.of(flags));
        return listening();
    }

    private int listening() throws IOException {
        BufferedReader output = process.inputReader();
        String line = output.readLine();
        assertThat(line).as("first line; errors: %s", errors()).isNotNull();
        Matcher listening = LISTENING.matcher(line);
        assertThat(listening.matches()).as(line).isTrue();
        return Integer.parseInt(listening.group(1));
    }

    private int exitStatus() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private List<String> errors() throws IOException {
        return Files.readAllLines(directory.resolve("errors"), StandardCharsets.UTF_8);
    }

    private static String answerTo(int port, String request) throws Exception {
        Client client = new Client();
        connect(port, client).sendText(request, true);
        return client.next();
    }

    private static WebSocket connect(int port, Client client) throws Exception {
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create("ws://localhost:" + port + "/"), client)
                .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static final class Client implements WebSocket.Listener {
        private final LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        private String next() throws InterruptedException {
            String answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(answer).isNotNull();
            return answer;
        }

        @Override
        public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            answers.add(data.toString());
            webSocket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            closed.complete(statusCode);
            return null;
        }
    }
}

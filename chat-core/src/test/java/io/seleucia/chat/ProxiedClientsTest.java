package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Ban;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What proxies say counts if they are trusted, and has no effect if not. The proxies here are 127.0.0.2 and 10.0.0.0/8. */
class ProxiedClientsTest {
    private static final String PROXY = "127.0.0.2";
    private static final String STRANGER = "127.0.0.1";
    private static final int PATIENCE_MILLIS = 60_000;
    private static final String UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    private static final String V1 = "PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n";
    private static final String V2 =
            bytes("0d0a0d0a000d0a515549540a" + "2111000c" + "c0000201" + "c0000202" + "1267" + "01bb");

    private final ChatServerBuilder builder =
            ChatServer.builder().port(0).tcpPort(0).trustedProxies(Set.of(PROXY, "10.0.0.0/8"));
    private final List<Socket> sockets = new ArrayList<>();
    private ChatServer server;

    @AfterEach
    void stop() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        server.close();
    }

    private static String bytes(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.ISO_8859_1);
    }

    private Socket connect(String from, int port) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
        socket.connect(new InetSocketAddress("127.0.0.1", port), PATIENCE_MILLIS);
        socket.setSoTimeout(PATIENCE_MILLIS);
        sockets.add(socket);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String upgrade(String... fields) {
        return "GET / HTTP/1.1\r\nHost: localhost\r\n" + UPGRADE + String.join("", fields) + "\r\n";
    }

    private static String head(Socket socket) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = socket.getInputStream().read();
            assertThat(b).as("the end, after " + head).isNotNegative();
            head.write(b);
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private String statusOf(String from, String request) throws IOException {
        return statusOf(connect(from, server.port()), request);
    }

    private static String statusOf(Socket socket, String request) throws IOException {
        send(socket, request);
        return head(socket).substring("HTTP/1.1 ".length(), "HTTP/1.1 101".length());
    }

    private String address() {
        eventually(() -> assertThat(server.sessions()).hasSize(1));
        return server.sessions().getFirst().address();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void nameTheClientAheadOfAWebSocket(String version) throws Exception {
        server = builder.start();
        assertThat(statusOf(PROXY, (version.equals("1") ? V1 : V2) + upgrade("X-Forwarded-For: 203.0.113.9\r\n")))
                .isEqualTo("101");
        assertThat(address()).isEqualTo("192.0.2.1:4711"); // whose own claim has no effect
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void nameTheClientAheadOfTcpChat(String version) throws Exception {
        server = builder.start();
        send(connect(PROXY, server.tcpPort().getAsInt()), version.equals("1") ? V1 : V2);
        assertThat(address()).isEqualTo("192.0.2.1:4711");
    }

    @Test
    void mayNameNone() throws Exception {
        server = builder.start();
        assertThat(statusOf(PROXY, upgrade())).isEqualTo("101");
        assertThat(address()).startsWith(PROXY + ":");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY UNKNOWN\r\n",
                "PROXY UNKNOWN 192.0.2.1 192.0.2.2 4711 443\r\n",
                "\r\n\r\n\0\r\nQUIT\n\40\0\0\0", // LOCAL
                "\r\n\r\n\0\r\nQUIT\n\41\0\0\0" // unspecified
            })
    void areNotBelievedAfterAHeaderThatNamesNone(String header) throws Exception {
        server = builder.start();
        assertThat(statusOf(PROXY, header + upgrade("X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=192.0.2.1\r\n")))
                .isEqualTo("101");
        assertThat(address()).startsWith(PROXY + ":");
        assertThat(statusOf(
                        PROXY,
                        header
                                + upgrade(
                                        "Origin: https://evil.example\r\n",
                                        "X-Forwarded-Host: evil.example\r\n",
                                        "X-Forwarded-Proto: https\r\n")))
                .isEqualTo("403");
    }

    @Test
    void countForThemselvesAfterAHeaderThatNamesNone() throws Exception {
        server = builder.limits(Limits.DEFAULT.withMaxConnectionsPerAddress(1)).start();
        assertThat(statusOf(PROXY, "PROXY UNKNOWN\r\n" + upgrade())).isEqualTo("101");
        assertThat(statusOf(PROXY, "PROXY UNKNOWN\r\n" + upgrade("X-Forwarded-For: 192.0.2.1\r\n")))
                .isEqualTo("503");
        assertThat(statusOf(PROXY, upgrade("X-Forwarded-For: 192.0.2.1\r\n"))).isEqualTo("101");
    }

    @Test
    void mayNameNoneAheadOfTcpChat() throws Exception {
        server = builder.start();
        send(connect(PROXY, server.tcpPort().getAsInt()), bytes("0000000400000002"));
        assertThat(address()).startsWith(PROXY + ":");
    }

    @Test
    void nameTheClientInFields() throws Exception {
        server = builder.start();
        assertThat(statusOf(PROXY, upgrade("X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.3\r\n")))
                .isEqualTo("101");
        assertThat(address()).isEqualTo("192.0.2.1:0");
    }

    @Test
    void nameTheClientInFieldsBehindAnother() throws Exception {
        server = builder.start();
        assertThat(statusOf(
                        PROXY, V1.replace("192.0.2.1", "10.0.0.3") + upgrade("Forwarded: for=\"[2001:db8::1]:7\"\r\n")))
                .isEqualTo("101");
        assertThat(address()).isEqualTo("2001:db8:0:0:0:0:0:1:7");
    }

    @Test
    void nameTheClientAheadOfTls(@TempDir Path directory) throws Exception {
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        server = builder.tlsKeystore(key.keystore(), key.passwordFile()).start();
        Socket below = connect(PROXY, server.port());
        send(below, V2);
        try (SSLSocket socket = (SSLSocket)
                key.trusting().getSocketFactory().createSocket(below, "localhost", below.getPort(), false)) {
            assertThat(statusOf(socket, upgrade())).isEqualTo("101");
            assertThat(address()).isEqualTo("192.0.2.1:4711");
        }
        below.close();
        eventually(() -> assertThat(server.sessions()).isEmpty());

        Socket without = connect(PROXY, server.port());
        try (SSLSocket socket = (SSLSocket)
                key.trusting().getSocketFactory().createSocket(without, "localhost", without.getPort(), false)) {
            assertThat(statusOf(socket, upgrade())).isEqualTo("101");
            assertThat(address()).startsWith(PROXY + ":");
        }
    }

    @Test
    void areNotStrangers() throws Exception {
        server = builder.start();
        assertThat(statusOf(STRANGER, upgrade("X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=\"\r\n")))
                .isEqualTo("101");
        assertThat(address()).startsWith(STRANGER + ":");
        Socket socket = connect(STRANGER, server.port());
        assertThat(statusOf(socket, V1 + upgrade())).isEqualTo("400");
        assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("the setting trusted-proxies");
        assertThat(statusOf(STRANGER, V2 + upgrade())).isEqualTo("400");
        for (String header : List.of(V1, V2)) {
            Socket tcp = connect(STRANGER, server.tcpPort().getAsInt());
            send(tcp, header);
            assertThat(tcp.getInputStream().readAllBytes()).isEmpty();
        }
    }

    @Test
    void areCutOffForAMalformedHeader() throws Exception {
        server = builder.start();
        for (int port : List.of(server.port(), server.tcpPort().getAsInt())) {
            Socket socket = connect(PROXY, port);
            send(socket, V1.replace("4711", "x"));
            assertThat(socket.getInputStream().readAllBytes()).isEmpty();
        }
        eventually(() -> assertThat(server.metrics().handshakesRefused()).containsEntry("malformed", 2L));
    }

    @Test
    void haveTheTimeOfAHandshake() throws Exception {
        server = builder.limits(Limits.DEFAULT.withHandshakeTimeout(Duration.ofMillis(300)))
                .start();
        for (String begun : List.of("", "PROXY TCP4 192.0.2.1", V2.substring(0, 14))) {
            Socket socket = connect(PROXY, server.port());
            send(socket, begun);
            assertThat(socket.getInputStream().readAllBytes()).isEmpty();
        }
        eventually(() -> assertThat(server.metrics().handshakesRefused()).containsEntry("timeout", 3L));
    }

    @Test
    void haveTheirClientsCountedByAddress() throws Exception {
        server = builder.limits(Limits.DEFAULT.withMaxConnectionsPerAddress(1)).start();
        Socket first = connect(PROXY, server.port());
        assertThat(statusOf(first, upgrade("X-Forwarded-For: 192.0.2.1\r\n"))).isEqualTo("101");
        assertThat(statusOf(PROXY, upgrade("X-Forwarded-For: 192.0.2.2\r\n"))).isEqualTo("101");
        assertThat(statusOf(PROXY, upgrade("X-Forwarded-For: 192.0.2.1\r\n"))).isEqualTo("503");
        assertThat(statusOf(PROXY, V1 + upgrade())).isEqualTo("503");
        assertThat(statusOf(PROXY, V1.replace("192.0.2.1", "192.0.2.3") + upgrade()))
                .isEqualTo("101");

        first.close();
        eventually(() -> assertThat(server.sessions()).hasSize(2));
        eventually(() -> {
            try {
                assertThat(statusOf(PROXY, V1 + upgrade())).isEqualTo("101");
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void haveEachRequestOfAConnectionCountedForItsClient() throws Exception {
        server = builder.page("/", "text/plain", new byte[0])
                .limits(Limits.DEFAULT.withMaxConnectionsPerAddress(1))
                .start();
        server.ban(new Ban(Ban.Kind.ADDRESS, "192.0.2.9", Instant.now().plusSeconds(60), ""));
        Socket one = connect(PROXY, server.port());
        Socket other = connect(PROXY, server.port());
        String page = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ";
        assertThat(statusOf(one, page + "192.0.2.1\r\n\r\n")).isEqualTo("200");
        assertThat(statusOf(one, page + "192.0.2.2\r\n\r\n")).isEqualTo("200");
        assertThat(statusOf(other, page + "192.0.2.2\r\n\r\n"))
                .isEqualTo("200"); // the first waits, and counts for nobody
        assertThat(statusOf(other, page + "192.0.2.9\r\n\r\n")).isEqualTo("403");
        assertThat(statusOf(one, upgrade("X-Forwarded-For: 192.0.2.2\r\n"))).isEqualTo("101");
        assertThat(statusOf(PROXY, page + "192.0.2.2\r\n\r\n")).isEqualTo("503");
    }

    @Test
    void areNotBannedInPlaceOfTheirClients() throws Exception {
        server = builder.start();
        server.ban(new Ban(Ban.Kind.ADDRESS, "192.0.2.1", Instant.now().plusSeconds(60), ""));
        assertThat(statusOf(PROXY, V1 + upgrade())).isEqualTo("403");
        assertThat(statusOf(PROXY, upgrade("X-Forwarded-For: 192.0.2.1\r\n"))).isEqualTo("403");
        assertThat(statusOf(PROXY, upgrade("X-Forwarded-For: 192.0.2.2\r\n"))).isEqualTo("101");
        eventually(() -> assertThat(server.metrics().handshakesRefused()).containsEntry("banned", 2L));
    }

    @Test
    void haveLoginsOfTheirClientsCheckedByAddress() throws Exception {
        List<String> addresses = new CopyOnWriteArrayList<>();
        server = builder.authenticator((credentials, address) -> {
                    addresses.add(address);
                    return Optional.<User>empty();
                })
                .start();
        String secret = "Authorization: Basic "
                + Base64.getEncoder().encodeToString("ada:a good secret".getBytes(StandardCharsets.UTF_8)) + "\r\n";
        assertThat(statusOf(PROXY, upgrade(secret, "X-Forwarded-For: 192.0.2.1\r\n")))
                .isEqualTo("401");
        assertThat(statusOf(STRANGER, upgrade(secret, "X-Forwarded-For: 192.0.2.1\r\n")))
                .isEqualTo("401");
        assertThat(addresses).containsExactly("192.0.2.1", STRANGER);
    }

    @Test
    void tellTheOriginOfTheirPages() throws Exception {
        server = builder.start();
        String origin = "Origin: https://chat.example\r\n";
        String host = "X-Forwarded-Host: chat.example\r\n";
        String proto = "X-Forwarded-Proto: https\r\n";
        assertThat(statusOf(PROXY, upgrade(origin, host, proto))).isEqualTo("101");
        assertThat(statusOf(PROXY, upgrade(origin, "Forwarded: for=192.0.2.1;host=chat.example;proto=https\r\n")))
                .isEqualTo("101");
        assertThat(statusOf(PROXY, upgrade(origin, host))).isEqualTo("403");
        assertThat(statusOf(PROXY, upgrade(origin, proto))).isEqualTo("403");
        assertThat(statusOf(PROXY, upgrade("Origin: https://evil.example\r\n", host, proto)))
                .isEqualTo("403");
        assertThat(statusOf(STRANGER, upgrade(origin, host, proto))).isEqualTo("403");
    }

    @Test
    void doNotChooseTheHostThatIsServed() throws Exception {
        server = builder.start();
        String request =
                upgrade("X-Forwarded-Host: localhost\r\n").replace("Host: localhost\r\nUp", "Host: evil.example\r\nUp");
        assertThat(statusOf(PROXY, request)).isEqualTo("421"); // a page of a rebound name could write that field
    }
}

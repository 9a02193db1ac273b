package io.seleucia.chat;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.keys.PemFiles;
import io.seleucia.chat.transport.Tls;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server over TLS, as its clients see it, and those who are none. */
class TlsTest {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final String UPGRADE = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    @TempDir
    private static Path keys;

    private static TestKey key;

    @TempDir
    private Path directory;

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final Log log = new Log();
    private final Logger logger = Logger.getLogger("io.seleucia.chat");
    private ChatServer server;

    /** What the server logs at INFO and above. */
    private static final class Log extends Handler {
        private final Queue<LogRecord> records = new ConcurrentLinkedQueue<>();

        @Override
        public void publish(LogRecord line) {
            records.add(line);
        }

        List<String> lines(Level level) {
            return records.stream()
                    .filter(line -> line.getLevel() == level)
                    .map(LogRecord::getMessage)
                    .toList();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    @BeforeAll
    static void makeKey() throws Exception {
        key = TestKey.make(keys.resolve("key.p12"), "EC");
    }

    @BeforeEach
    void listenToTheLog() {
        logger.setLevel(Level.INFO);
        logger.addHandler(log);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(log);
        logger.setLevel(null);
        if (server != null) {
            server.close();
        }
        broker.close();
    }

    private void start() throws Exception {
        start(Limits.DEFAULT);
    }

    private void start(Limits limits) throws Exception {
        server = ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(limits)
                .tlsKeystore(key.keystore(), key.passwordFile())
                .start();
    }

    private void start(PemFiles files, Duration lookInterval) throws Exception {
        server = ChatServer.builder()
                .port(0)
                .broker(broker)
                .tls(new Tls(files, lookInterval))
                .start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void servesEveryKindOfKeyInEveryVersion(String algorithm) throws Exception {
        TestKey made = TestKey.make(directory.resolve("made.p12"), algorithm);
        try (ChatServer keystore = ChatServer.builder()
                        .port(0)
                        .tlsKeystore(made.keystore(), made.passwordFile())
                        .start();
                ChatServer pem = ChatServer.builder()
                        .port(0)
                        .tlsCert(
                                Files.writeString(directory.resolve("cert.pem"), made.certificates()),
                                Files.writeString(directory.resolve("key.pem"), made.key()))
                        .start()) {
            for (String version : List.of("TLSv1.3", "TLSv1.2")) {
                for (ChatServer one : List.of(keystore, pem)) {
                    try (SSLSocket client = connect(one.port(), made.trusting(), version)) {
                        upgrade(client);
                        assertThat(client.getSession().getProtocol()).isEqualTo(version);
                        assertThat(client.getSession().getPeerCertificates()).containsExactly(made.certificate());
                    }
                }
            }
        }
    }

    @Test
    void carriesAConversation() throws Exception {
        start(Limits.DEFAULT.withQuotas(Quotas.NONE)); // faster than one client may by default
        try (TestClient ada = TestClient.connect(server.port(), key.trusting()).join("ada", "lobby");
                TestClient bob =
                        TestClient.connect(server.port(), key.trusting()).join("bob", "lobby")) {
            String text = "x".repeat(60_000); // of several records
            for (int i = 0; i < 20; i++) {
                ada.publish("ada", "lobby", i + text);
                assertThat(bob.next()).endsWith(i + text);
                assertThat(ada.next()).endsWith(i + text);
            }
        }
        eventually(() -> assertThat(server.connections()).isZero());
    }

    @Test
    void sendsTheWholeChain() throws Exception {
        TestKey signed = TestKey.makeSigned(directory.resolve("signed.p12"));
        start(pem(signed), Duration.ZERO);

        try (SSLSocket client = connect(server.port(), signed.trusting(), "TLSv1.3")) {
            client.startHandshake();
            assertThat(client.getSession().getPeerCertificates()).hasSize(2);
        }
    }

    @Test
    void refusesTls11() throws Exception {
        start();
        try (Socket client = plain()) {
            // ClientHello of TLS 1.1: a random of zeros, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, secp256r1
            client.getOutputStream()
                    .write(HexFormat.of()
                            .parseHex("16 0301 003b 01 000037 0302".replace(" ", "") + "00".repeat(32) + "00"
                                    + "0002c009" + "0100" + "000c" + "000a00040002001700" + "0b0000"));
            assertThat(HexFormat.ofDelimiter(" ")
                            .formatHex(client.getInputStream().readNBytes(7)))
                    .matches("15 03 0\\d 00 02 02 46"); // a fatal alert, protocol_version (RFC 5246 §7.2)
        }
        staysQuietAndServes();
    }

    @Test
    void agreesOnHttp11IfTheClientAsks() throws Exception {
        start();
        try (SSLSocket client = offering("h2", "http/1.1")) {
            upgrade(client);
            assertThat(client.getApplicationProtocol()).isEqualTo("http/1.1");
        }
        try (SSLSocket client = offering()) {
            upgrade(client);
            assertThat(client.getApplicationProtocol()).isEmpty();
        }
        try (SSLSocket client = offering("h2")) {
            assertThatThrownBy(client::startHandshake)
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("no_application_protocol");
        }
        staysQuietAndServes();
    }

    private SSLSocket offering(String... protocols) throws Exception {
        SSLSocket client = connect(server.port(), key.trusting(), "TLSv1.3");
        SSLParameters parameters = client.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        client.setSSLParameters(parameters);
        return client;
    }

    @Test
    void refusesToRenegotiate() throws Exception {
        start();
        try (SSLSocket client = connect(server.port(), key.trusting(), "TLSv1.2")) {
            upgrade(client);
            client.getSession().invalidate();
            client.startHandshake(); // asks for it
            assertThatThrownBy(client.getInputStream()::read)
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("fatal alert");
        }
        staysQuietAndServes();
    }

    @Test
    void givesNewConnectionsAChangedCertificateAndKeepsTheOldConnections() throws Exception {
        TestKey next = TestKey.make(directory.resolve("next.p12"), "RSA");
        PemFiles files = pem(key);
        start(files, Duration.ZERO);
        try (TestClient ada = TestClient.connect(server.port(), key.trusting()).join("ada", "lobby")) {
            assertThat(certificate()).isEqualTo(key.certificate());

            Files.writeString(files.certificates(), next.certificates()); // does not suit the key yet
            assertThat(certificate()).isEqualTo(key.certificate());
            Files.writeString(files.key(), next.key());

            assertThat(certificate()).isEqualTo(next.certificate());
            ada.expectNothingElse();
            try (TestClient bob =
                    TestClient.connect(server.port(), next.trusting()).join("bob", "lobby")) {
                bob.publish("bob", "lobby", "hi");
                assertThat(ada.next()).endsWith("hi");
            }
        }
        assertThat(log.lines(Level.INFO)).singleElement().asString().contains("cert.pem", "key.pem");
    }

    @Test
    void keepsTheOldCertificateIfTheNewOneIsBrokenAndSaysSoOnce() throws Exception {
        PemFiles files = pem(key);
        start(files, Duration.ZERO);

        Files.writeString(files.key(), "broken");
        for (int i = 0; i < 3; i++) {
            assertThat(certificate()).isEqualTo(key.certificate());
        }
        assertThat(log.lines(Level.WARNING))
                .singleElement()
                .asString()
                .contains("key.pem holds no line")
                .doesNotContain("\n");

        Files.delete(files.key());
        for (int i = 0; i < 3; i++) {
            assertThat(certificate()).isEqualTo(key.certificate());
        }
        assertThat(log.lines(Level.WARNING)).hasSize(2).last().asString().contains("key.pem does not exist");
        assertThat(log.records).allSatisfy(line -> assertThat(line.getThrown()).isNull());
    }

    @Test
    void looksAtTheFilesNoMoreOftenThanItIsTold() throws Exception {
        PemFiles files = pem(key);
        start(files, Duration.ofDays(1));

        Files.writeString(files.key(), "broken");

        assertThat(certificate()).isEqualTo(key.certificate());
        staysQuietAndServes();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "160301", // a record's head that ends early
                "16030102000100", // a ClientHello that ends early
            })
    void cutsOffWhoDoesNotCompleteItsHandshake(String sent) throws Exception {
        start(Limits.DEFAULT.withHandshakeTimeout(Duration.ofMillis(300)));
        try (Socket client = plain()) {
            client.getOutputStream().write(HexFormat.of().parseHex(sent));
            assertEnded(client);
        }
        staysQuiet();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "\r\n\r\n\r\n\r\n",
                "{\"Kind\":4}",
                "\u0016\u0003\u0003\u0000\u0004abcd"
            })
    void endsWhoDoesNotSpeakTls(String sent) throws Exception {
        start();
        try (Socket client = plain()) {
            client.getOutputStream().write(sent.getBytes(StandardCharsets.ISO_8859_1));
            assertEnded(client);
        }
        staysQuietAndServes();
    }

    @Test
    void endsWhoSendsARecordThatIsForged() throws Exception {
        start();
        try (Socket below = plain();
                SSLSocket client = over(below, key.trusting())) {
            upgrade(client);
            eventually(() -> assertThat(server.connections()).isEqualTo(1));
            below.getOutputStream().write(HexFormat.of().parseHex("1703030020" + "00".repeat(32)));
            eventually(() -> assertThat(server.connections()).isZero());
        }
        staysQuietAndServes();
    }

    @Test
    void shakesNoHandsWithConnectionsOverTheLimits() throws Exception {
        start(Limits.DEFAULT.withMaxConnectionsPerAddress(1));
        try (TestClient first = TestClient.connect(server.port(), key.trusting())) {
            first.expectNothingElse();
            try (SSLSocket second = connect(server.port(), key.trusting(), "TLSv1.3")) {
                assertThatThrownBy(second::startHandshake).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void servesOthersWhileAnAddressLeavesItsHandshakesUnfinished() throws Exception {
        start(Limits.DEFAULT.withHandshakeTimeout(Duration.ofSeconds(60)));
        byte[] hello = clientHello();
        List<Socket> stalled = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                Socket socket = new Socket();
                stalled.add(socket);
                socket.bind(new InetSocketAddress("127.0.0.2", 0));
                socket.connect(new InetSocketAddress("localhost", server.port()), PATIENCE_MILLIS);
                socket.getOutputStream().write(hello);
            }
            List<Socket> begun = awaitAnswered(stalled, 32);
            assertThat(begun).as("handshakes of the address that were begun").hasSize(32);
            try (TestClient other = TestClient.connect(server.port(), key.trusting())) {
                other.expectNothingElse();
            }
            assertThat(answered(stalled)).containsExactlyElementsOf(begun);
            for (Socket socket : begun) {
                socket.close();
            }
            stalled.removeAll(begun);
            assertThat(awaitAnswered(stalled, 1)).as("the next in line").isNotEmpty();
        } finally {
            for (Socket socket : stalled) {
                socket.close();
            }
        }
    }

    /** Waits until at least {@code count} of these sockets have something to read, and returns those that have. */
    private static List<Socket> awaitAnswered(List<Socket> sockets, int count) {
        eventually(() -> assertThat(answered(sockets)).hasSizeGreaterThanOrEqualTo(count));
        return answered(sockets);
    }

    private static List<Socket> answered(List<Socket> sockets) {
        return sockets.stream().filter(TlsTest::isAnswered).toList();
    }

    private static boolean isAnswered(Socket socket) {
        try {
            return socket.getInputStream().available() > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a client begins its handshake with. */
    private static byte[] clientHello() throws Exception {
        SSLEngine engine = key.trusting().createSSLEngine();
        engine.setUseClientMode(true);
        engine.beginHandshake();
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        return Arrays.copyOf(hello.array(), hello.position());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"})
    void refusesSuitesOfOld(String suite) throws Exception {
        start();
        try (SSLSocket client = (SSLSocket) key.trusting().getSocketFactory().createSocket()) {
            client.connect(new InetSocketAddress("localhost", server.port()), PATIENCE_MILLIS);
            client.setSoTimeout(PATIENCE_MILLIS);
            client.setEnabledProtocols(new String[] {"TLSv1.2"});
            client.setEnabledCipherSuites(new String[] {suite});

            assertThatThrownBy(client::startHandshake)
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("handshake_failure");
        }
    }

    @Test
    void takesPagesOfItsHttpsOriginOnly() throws Exception {
        start();
        for (Map.Entry<String, String> known :
                Map.of("https", "101", "http", "403").entrySet()) {
            try (SSLSocket client = connect(server.port(), key.trusting(), "TLSv1.3")) {
                String at = "localhost:" + server.port();
                String request = UPGRADE.replace(
                        "Host: localhost\r\n", "Host: " + at + "\r\nOrigin: " + known.getKey() + "://" + at + "\r\n");
                client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(client.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                        .isEqualTo("HTTP/1.1 " + known.getValue());
            }
        }
    }

    @Test
    void cutsOffWhoNeverReadsThoughItsWriterIsStuck() throws Exception {
        start(Limits.DEFAULT
                .withOutboundQueueBytes(64 * 1024)
                .withRateMessages(1_000_000)
                .withRateBurst(1_000_000)
                .withQuotas(Quotas.NONE)
                .withWriteTimeout(Duration.ofMillis(500)));
        try (Socket below = plain();
                SSLSocket deaf = over(below, key.trusting())) {
            upgrade(deaf);
            subscribe(deaf, "deaf", "lobby");
            try (TestClient ada =
                    TestClient.connect(server.port(), key.trusting()).join("ada", "lobby")) {
                eventually(() -> assertThat(broker.members("lobby")).containsKeys("ada", "deaf"));
                String text = "x".repeat(16 * 1024);
                for (int i = 0; broker.members("lobby").containsKey("deaf"); i++) {
                    assertThat(i)
                            .as("messages until the slow consumer is cut off")
                            .isLessThan(10_000);
                    ada.publish("ada", "lobby", text);
                    assertThat(ada.next()).endsWith(text);
                }
                eventually(() -> assertThat(server.connections()).isEqualTo(1));
            }
            eventually(() -> assertThat(server.connections()).isZero());
            assertThat(below.isClosed()).isFalse();
        }
    }

    @Test
    void cutsOffWhoDoesNotCloseInItsTurn() throws Exception {
        start(Limits.DEFAULT.withPongTimeout(Duration.ofMillis(300)));
        try (Socket below = plain();
                SSLSocket client = over(below, key.trusting())) {
            upgrade(client);
            subscribe(client, "ada", "lobby");
            eventually(() -> assertThat(broker.members("lobby")).containsKey("ada"));
            client.getOutputStream().write(HexFormat.of().parseHex("888000000000")); // a masked, empty Close
            eventually(() -> assertThat(server.connections()).isZero());
            assertThat(below.isClosed()).isFalse();
        }
    }

    @Test
    void sendsACloseNotifyAfterTheLastFrame() throws Exception {
        start();
        try (Recording below = new Recording(server.port());
                SSLSocket client = over(below, key.trusting())) {
            client.setEnabledProtocols(new String[] {"TLSv1.2"}); // where a record's kind can be seen
            upgrade(client);
            client.getOutputStream().write(HexFormat.of().parseHex("888000000000"));
            assertThat(client.getInputStream().readNBytes(2)).asHexString().isEqualTo("8800");
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            assertThat(below.lastRecord()).isEqualTo(0x15); // an alert (RFC 5246 §7.2.1)
        }
        eventually(() -> assertThat(server.connections()).isZero());
        staysQuiet();
    }

    /** A connection without TLS that keeps what is read from it. */
    private static final class Recording extends Socket {
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();

        Recording(int port) throws IOException {
            super("localhost", port);
            setSoTimeout(PATIENCE_MILLIS);
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    int b = super.read();
                    if (b >= 0) {
                        read.write(b);
                    }
                    return b;
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    int n = super.read(target, offset, length);
                    read.write(target, offset, Math.max(0, n));
                    return n;
                }
            };
        }

        /** The type of the last record (RFC 5246 §6.2.1). */
        int lastRecord() {
            ByteBuffer records = ByteBuffer.wrap(read.toByteArray());
            int type = -1;
            while (records.hasRemaining()) {
                type = records.get();
                records.getShort(); // version
                records.position(records.position() + 2 + records.getShort(records.position()));
            }
            return type;
        }
    }

    @Test
    void drainsBeforeItEnds() throws Exception {
        start();
        TestClient ada = TestClient.connect(server.port(), key.trusting()).join("ada", "lobby");
        for (int i = 0; i < 50; i++) {
            ada.publish("ada", "lobby", "message " + i);
        }
        assertThat(ada.next()).endsWith("message 0");

        CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);

        assertThat(ada.closeCode()).isEqualTo(1012);
        closing.get(60, TimeUnit.SECONDS);
        assertThat(server.connections()).isZero();
        staysQuiet();
    }

    /** Nobody but an operator who wants to know everything is told of a client that does wrong. */
    private void staysQuiet() {
        assertThat(log.records).extracting(LogRecord::getMessage).isEmpty();
    }

    private void staysQuietAndServes() throws Exception {
        try (TestClient client = TestClient.connect(server.port(), key.trusting())) {
            client.expectNothingElse();
        }
        staysQuiet();
    }

    private PemFiles pem(TestKey of) throws Exception {
        return new PemFiles(
                Files.writeString(directory.resolve("cert.pem"), of.certificates()),
                Files.writeString(directory.resolve("key.pem"), of.key()));
    }

    /** The certificate that a new connection is given, whosever it is. */
    private Certificate certificate() throws Exception {
        try (SSLSocket client = connect(server.port(), TestKey.trustingAll(), "TLSv1.3")) {
            client.startHandshake();
            return client.getSession().getPeerCertificates()[0];
        }
    }

    private static SSLSocket connect(int port, SSLContext trusting, String version) throws IOException {
        SSLSocket client = (SSLSocket) trusting.getSocketFactory().createSocket("localhost", port);
        client.setSoTimeout(PATIENCE_MILLIS);
        client.setEnabledProtocols(new String[] {version});
        return client;
    }

    /** A connection without TLS, whose little buffer is soon full. */
    private Socket plain() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(8 * 1024);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(new InetSocketAddress("localhost", server.port()));
        return socket;
    }

    private static SSLSocket over(Socket below, SSLContext trusting) throws IOException {
        SSLSocket client =
                (SSLSocket) trusting.getSocketFactory().createSocket(below, "localhost", below.getPort(), false);
        client.setEnabledProtocols(new String[] {"TLSv1.3"});
        return client;
    }

    private static void upgrade(Socket client) throws IOException {
        client.getOutputStream().write(UPGRADE.getBytes(StandardCharsets.US_ASCII));
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int b = client.getInputStream().read();
            assertThat(b).as("after %s", head).isNotNegative();
            head.append((char) b);
        }
        assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
    }

    private static void subscribe(Socket client, String name, String channel) throws IOException {
        byte[] request = ("{\"Kind\":0,\"Payload\":\"{\\\"ClientId\\\":\\\"" + name + "\\\",\\\"Channel\\\":\\\""
                        + channel + "\\\"}\"}")
                .getBytes(StandardCharsets.UTF_8);
        client.getOutputStream().write(new byte[] {(byte) 0x81, (byte) (0x80 | request.length), 0, 0, 0, 0});
        client.getOutputStream().write(request);
    }

    /** The server ends the connection; what it says before is an alert at most. */
    private static void assertEnded(Socket client) throws IOException {
        try {
            assertThat(client.getInputStream().readAllBytes()).hasSizeLessThan(100);
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset"); // it had not read all that the client sent
        }
    }
}

package io.seleucia.chat.server.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A server with TLS, an honest client of it, and handshakes that cost the server more than the one who begins them. */
final class TlsAttacks {
    private static final String PASSWORD = "a keystore's password";

    private TlsAttacks() {}

    /** Trusts every certificate. */
    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private static SSLContext context() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return context;
    }

    /** Makes a key and a certificate, and returns the settings with which a server uses them. */
    static String[] settings(Path directory) throws Exception {
        Path keystore = directory.resolve("keystore");
        Path password = Files.writeString(directory.resolve("password"), PASSWORD + "\n");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        List<String> command = new ArrayList<>(List.of(keytool, "-genkeypair", "-alias", "chat", "-keyalg", "RSA"));
        command.addAll(List.of("-keysize", "2048", "-dname", "CN=localhost", "-storetype", "PKCS12"));
        command.addAll(List.of("-keystore", keystore.toString(), "-storepass", PASSWORD));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor()).isZero();
        return new String[] {"--tls-keystore=" + keystore, "--tls-password-file=" + password};
    }

    /** Connects a client that speaks TLS. */
    static Peer connect(String from, int port) throws IOException, GeneralSecurityException {
        Socket plain = Peer.socket(from, port, 65_536);
        SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket(plain, "localhost", port, true);
        socket.startHandshake();
        return new Peer(socket);
    }

    /** One address begins handshakes with the same bytes again and again, and ends each when the server has answered. */
    static void handshakes(Swarm swarm) throws Exception {
        byte[] hello = clientHello();
        swarm.eachAgain(16, i -> {
            try (Socket socket = Peer.socket("127.0.1.1", swarm.server().port(), 65_536)) {
                socket.getOutputStream().write(hello);
                socket.getInputStream().readNBytes(100);
            }
        });
    }

    private static byte[] clientHello() throws GeneralSecurityException, IOException {
        SSLEngine engine = context().createSSLEngine("localhost", 443);
        engine.setUseClientMode(true);
        engine.beginHandshake();
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        return Arrays.copyOf(hello.array(), hello.position());
    }
}

package io.seleucia.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** A private key with a certificate for localhost, made by the JDK's keytool while the tests run. */
public final class TestKey {
    public static final String PASSWORD = "pass word";
    private static final String ALIAS = "server";

    private final Path keystore;
    private final KeyStore content;

    private TestKey(Path keystore) throws IOException, GeneralSecurityException {
        this.keystore = keystore;
        this.content = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keystore)) {
            content.load(in, PASSWORD.toCharArray());
        }
    }

    /**
     * Makes one, signed by itself.
     *
     * @param keystore the file to make
     * @param algorithm as keytool has them: RSA, EC, Ed25519
     */
    public static TestKey make(Path keystore, String algorithm) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1"));
        if (algorithm.equals("RSA")) {
            arguments.addAll(List.of("-keysize", "2048")); // a longer one takes seconds to make
        }
        keytool(keystore, arguments.toArray(String[]::new));
        return new TestKey(keystore);
    }

    /** Makes one that an authority has signed, which is made too. */
    public static TestKey makeSigned(Path keystore) throws Exception {
        Path request = keystore.resolveSibling("request.pem");
        Path signed = keystore.resolveSibling("signed.pem");
        keytool(
                keystore,
                "-genkeypair",
                "-alias",
                "authority",
                "-keyalg",
                "EC",
                "-dname",
                "CN=authority",
                "-ext",
                "bc:c");
        make(keystore, "EC");
        keytool(keystore, "-certreq", "-alias", ALIAS, "-file", request.toString());
        keytool(
                keystore,
                "-gencert",
                "-alias",
                "authority",
                "-infile",
                request.toString(),
                "-outfile",
                signed.toString(),
                "-ext",
                "san=dns:localhost");
        keytool(keystore, "-importcert", "-noprompt", "-alias", ALIAS, "-file", signed.toString());
        keytool(keystore, "-delete", "-alias", "authority");
        return new TestKey(keystore);
    }

    private static void keytool(Path keystore, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        command.addAll(List.of(
                "-J-XX:TieredStopAtLevel=1",
                "-storetype",
                "PKCS12",
                "-keystore",
                keystore.toString(),
                "-storepass",
                PASSWORD));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    public Path keystore() {
        return keystore;
    }

    /** Writes a file with the password. */
    public Path passwordFile() throws IOException {
        return Files.writeString(keystore.resolveSibling("password"), PASSWORD + "\nnot this line\n");
    }

    public Certificate certificate() throws GeneralSecurityException {
        return content.getCertificate(ALIAS);
    }

    /** Its certificate, and its issuers', as PEM. */
    public String certificates() throws GeneralSecurityException {
        StringBuilder pem = new StringBuilder();
        for (Certificate certificate : content.getCertificateChain(ALIAS)) {
            pem.append(pem("CERTIFICATE", certificate.getEncoded()));
        }
        return pem.toString();
    }

    /** The private key in PKCS#8, as PEM. */
    public String key() throws GeneralSecurityException {
        return pem("PRIVATE KEY", content.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
    }

    private static String pem(String label, byte[] content) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + label
                + "-----\n";
    }

    /** For a client that trusts the last in the chain of this certificate and nothing else. */
    public SSLContext trusting() throws Exception {
        Certificate[] chain = content.getCertificateChain(ALIAS);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("root", chain[chain.length - 1]);
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    /** For a client that looks at the certificate itself. */
    public static SSLContext trustingAll() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustAll()}, null);
        return context;
    }

    private static final class TrustAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}

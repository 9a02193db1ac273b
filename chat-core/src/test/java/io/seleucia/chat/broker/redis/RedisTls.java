package io.seleucia.chat.broker.redis;

import io.seleucia.chat.TestKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * How servers are started that speak TLS with everybody, with a certificate for 127.0.0.1 that stands for itself.
 *
 * @param authority the certificate, as a PEM file
 * @param clients whether they ask their clients for a certificate: {@code yes} or {@code no}
 */
record RedisTls(Path authority, Path key, String clients) {
    /** Makes the files; where Redis was built without TLS, the test is skipped. */
    static RedisTls make(Path directory) throws Exception {
        Assumptions.assumeTrue(isBuiltIn(), "this redis-server was built without TLS");
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        return new RedisTls(
                Files.writeString(directory.resolve("cert.pem"), key.certificates()),
                Files.writeString(directory.resolve("key.pem"), key.key()),
                "no");
    }

    /** The same, where only who has a certificate may come in. */
    RedisTls askingClients() {
        return new RedisTls(authority, key, "yes");
    }

    private static boolean isBuiltIn() throws IOException {
        Process server = new ProcessBuilder("redis-server", "--port", "0", "--tls-auth-clients", "no")
                .redirectErrorStream(true)
                .start(); // which ends at once, either way
        String said = new String(server.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return !said.contains("Bad directive");
    }

    /** The flags for one server. */
    String flags() throws IOException {
        return " --tls-port " + RedisProcess.freePort()
                + " --tls-auth-clients " + clients + " --tls-replication yes --tls-cert-file " + authority
                + " --tls-key-file " + key
                + " --tls-ca-cert-file " + authority;
    }
}

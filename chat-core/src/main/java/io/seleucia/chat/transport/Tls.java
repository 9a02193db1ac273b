package io.seleucia.chat.transport;

import io.seleucia.chat.keys.KeyFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * TLS 1.2 and 1.3 on the server's side, with a key and certificates from files that are read again when they have
 * changed. Any thread.
 *
 * <p>What a peer may choose is bounded to what is safe without any further condition: forward secrecy and AEAD, so of the
 * suites of TLS 1.2 those with ECDHE and GCM or ChaCha20 only. What handshakes compute is bounded by {@link
 * TlsHandshakeInput}: half of the processors at most are busy with it.
 *
 * <p>A new connection looks at the files, in its own thread, if nobody has for a while: a server to which nobody
 * connects needs no new certificate, and no thread or timer is kept. Connections that are open go on undisturbed.
 */
public final class Tls {
    /** How often the files are looked at where nobody says otherwise. */
    public static final Duration LOOK_INTERVAL = Duration.ofSeconds(5);

    private static final Logger LOG = System.getLogger(Tls.class.getName());
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};
    private static final String[] APPLICATION_PROTOCOLS = {"http/1.1"}; // RFC 7301; who offers only others is refused

    private final Semaphore computing =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
    private final KeyFiles files;
    private final Duration lookInterval;
    private volatile SSLContext context;

    // Of the one thread at a time that has set looking.
    private final AtomicBoolean looking = new AtomicBoolean();
    private List<String> stamps;
    private volatile long lookedAt;

    /**
     * Reads the files.
     *
     * @param lookInterval how long a change may go unnoticed; the files are looked at no more often
     * @throws IOException if they can't be used; the message says which file it is and what is wrong
     */
    public Tls(KeyFiles files, Duration lookInterval) throws IOException {
        this.files = files;
        this.lookInterval = lookInterval;
        this.stamps = stamps(); // before they are read: what changes meanwhile is read again
        this.context = read();
        this.lookedAt = System.nanoTime();
    }

    /**
     * Lays TLS over a connected socket. Nothing is sent or received before {@link Wire#secure}.
     *
     * @param bytesPerSecond how fast is read what TLS carries, at the most, after as many bytes at once
     * @param bytes counts what TLS carries
     * @throws IOException if the socket is closed already
     */
    public Wire over(Socket socket, int bytesPerSecond, WireBytes bytes) throws IOException {
        look();
        TlsHandshakeInput input = new TlsHandshakeInput(socket.getInputStream(), computing);
        // As what was read before: the JDK reads from there until that ends, with the connection.
        SSLSocket layer = (SSLSocket) context.getSocketFactory().createSocket(socket, input, true);
        SSLParameters parameters = layer.getSSLParameters();
        parameters.setProtocols(VERSIONS);
        parameters.setCipherSuites(suites(parameters.getCipherSuites()));
        parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
        layer.setSSLParameters(parameters);
        return new Wire(socket, layer, input, bytesPerSecond, bytes);
    }

    private static String[] suites(String[] enabled) {
        return Arrays.stream(enabled).filter(Tls::isSafe).toArray(String[]::new);
    }

    /** The names are those of the IANA registry; those of TLS 1.3 name no key exchange. */
    private static boolean isSafe(String suite) {
        boolean tls13 = suite.startsWith("TLS_AES_") || suite.startsWith("TLS_CHACHA20_");
        boolean aead = suite.contains("_GCM_") || suite.contains("_CHACHA20_POLY1305_");
        return tls13 || suite.startsWith("TLS_ECDHE_") && aead;
    }

    private void look() {
        if (System.nanoTime() - lookedAt < lookInterval.toNanos() || !looking.compareAndSet(false, true)) {
            return;
        }
        try {
            List<String> now = stamps();
            if (!now.equals(stamps)) {
                stamps = now; // whatever comes of it, these files are not tried again
                context = read();
                LOG.log(Level.INFO, () -> "new connections get the certificate of the changed " + files.files());
            }
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the changed certificate can't be used, the former stays: " + e.getMessage());
        } finally {
            lookedAt = System.nanoTime();
            looking.set(false);
        }
    }

    private SSLContext read() throws IOException {
        try {
            SSLContext fresh = SSLContext.getInstance("TLS");
            fresh.init(files.read(), null, null);
            return fresh;
        } catch (GeneralSecurityException e) {
            throw new IOException(files.files() + " can't be used: " + e.getMessage(), e);
        }
    }

    /** What differs when a file has been written or replaced. */
    private List<String> stamps() {
        return files.files().stream().map(Tls::stamp).toList();
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            return is.lastModifiedTime() + " " + is.size() + " " + is.fileKey();
        } catch (IOException e) {
            return "out of reach"; // reading it says why
        }
    }
}

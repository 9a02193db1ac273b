package io.seleucia.chat.transport;

import io.seleucia.chat.keys.KeyFiles;
import io.seleucia.chat.memory.MemoryBudget;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
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
 * <p>Only suites with forward secrecy and AEAD are accepted: of TLS 1.2, those with ECDHE and GCM or ChaCha20. {@link
 * TlsHandshakeInput} keeps handshakes from occupying more than half of the processors.
 *
 * <p>A new connection checks the files, in its own thread, if the last check was long ago. No thread or timer is needed, and
 * open connections go on undisturbed.
 */
public final class Tls {
    /** The default interval between two checks of the files. */
    public static final Duration LOOK_INTERVAL = Duration.ofSeconds(5);

    private static final Logger LOG = System.getLogger(Tls.class.getName());
    private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};
    private static final String[] APPLICATION_PROTOCOLS = {"http/1.1"
    }; // RFC 7301; a client that offers only others is refused

    private final Semaphore computing =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
    private final KeyFiles files;
    private final Duration lookInterval;
    private volatile SSLContext context;

    private final AtomicBoolean looking = new AtomicBoolean(); // set by the one thread that checks the files
    private List<String> stamps; // used by that thread
    private volatile long lookedAt;

    /**
     * Reads the files.
     *
     * @param lookInterval the least interval between two checks of the files
     * @throws IOException if they can't be used; the message names the file and says what is wrong
     */
    public Tls(KeyFiles files, Duration lookInterval) throws IOException {
        this.files = files;
        this.lookInterval = lookInterval;
        this.stamps = stamps(); // before they are read, so that a change meanwhile is noticed
        this.context = read();
        this.lookedAt = System.nanoTime();
    }

    /**
     * Layers TLS over a connected socket. Nothing is sent or received before {@link Wire#secure}. The other parameters are
     * those of {@link Wire}, and concern the bytes inside TLS.
     *
     * @param first bytes of TLS that were read from the socket before
     * @throws IOException if the socket is closed already
     */
    public Wire over(Socket socket, byte[] first, int bytesPerSecond, WireBytes bytes, MemoryBudget memory)
            throws IOException {
        look();
        InputStream in = socket.getInputStream();
        TlsHandshakeInput input = new TlsHandshakeInput(
                first.length == 0 ? in : new SequenceInputStream(new ByteArrayInputStream(first), in), computing);
        // The JDK takes the input for bytes that were read before, and reads there until it ends with the connection.
        SSLSocket layer = (SSLSocket) context.getSocketFactory().createSocket(socket, input, true);
        SSLParameters parameters = layer.getSSLParameters();
        parameters.setProtocols(VERSIONS);
        parameters.setCipherSuites(
                Arrays.stream(parameters.getCipherSuites()).filter(Tls::isSafe).toArray(String[]::new));
        parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
        layer.setSSLParameters(parameters);
        return new Wire(new StreamLink(socket, layer, input), bytesPerSecond, bytes, memory);
    }

    /** Returns whether a suite is safe, by its name in the IANA registry. Those of TLS 1.3 name no key exchange. */
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
                stamps = now; // unusable files are not tried again
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

    /** Returns texts that change when a file is written or replaced. */
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

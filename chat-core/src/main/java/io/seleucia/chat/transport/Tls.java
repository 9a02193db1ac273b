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
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * TLS 1.2 and 1.3 on the server's side, with a key and certificates from files that are read again when they have
 * changed. Any thread.
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
        SSLSocket layer = (SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
        SSLParameters parameters = layer.getSSLParameters();
        parameters.setProtocols(VERSIONS);
        parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
        layer.setSSLParameters(parameters);
        return new Wire(socket, layer, bytesPerSecond, bytes);
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

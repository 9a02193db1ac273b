package io.seleucia.chat.broker;

import io.seleucia.chat.keys.PemFiles;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.DefaultRedisCredentials;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisCredentials;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * How connections to Redis are made: login, TLS, deadlines. All files are read for each connection, so that what is in
 * them can be changed while the server runs. For any thread.
 */
final class RedisAccess {
    private static final Logger LOG = System.getLogger(RedisAccess.class.getName());
    private static final Duration CONNECT = Duration.ofMillis(500);
    private static final Duration ANSWER = Duration.ofMillis(1_000);

    private final RedisServers servers;
    private final JedisClientConfig redis;
    private final JedisClientConfig sentinel;

    /**
     * @param name what Redis calls the connections
     * @throws IllegalArgumentException if a file with certificates or a key can't be used
     */
    RedisAccess(RedisServers servers, String name) {
        int database = switch (servers.topology()) {
            case RedisServers.Topology.Single single -> single.database();
            case RedisServers.Topology.Sentinel master -> 0;
            case RedisServers.Topology.Cluster cluster -> 0;
        };
        this.servers = servers;
        if (servers.tls()) {
            tls(); // so that files which can't be used stop the start
        }
        redis = config(servers.login(), name, database);
        sentinel = config(servers.sentinelLogin(), null, 0);
    }

    /** A connection to a server with channels. */
    Connection toRedis(HostAndPort address) {
        return toRedis(line(address));
    }

    /** The same, made of what can cut it. */
    Connection toRedis(Line line) {
        return new Connection(line, redis);
    }

    /** A connection to a sentinel. */
    Connection toSentinel(HostAndPort address) {
        return new Connection(new Line(address, sentinel), sentinel);
    }

    /** What a connection of another kind to a server with channels is made of, with {@link #config}. */
    Line line(HostAndPort address) {
        return new Line(address, redis);
    }

    /** Login and deadlines for servers with channels. */
    JedisClientConfig config() {
        return redis;
    }

    /** Makes a connection's socket, and can cut it without waiting for anybody who writes. */
    final class Line extends DefaultJedisSocketFactory {
        private final HostAndPort address;
        private volatile Socket plain;

        private Line(HostAndPort address, JedisClientConfig config) {
            super(address, config);
            this.address = address;
        }

        @Override
        public Socket createSocket() {
            Socket socket = super.createSocket();
            plain = socket;
            if (!servers.tls()) {
                return socket;
            }
            try {
                SSLSocket secure = (SSLSocket) tls().createSocket(socket, address.getHost(), address.getPort(), true);
                secure.setSSLParameters(checkingNames());
                secure.startHandshake();
                return secure;
            } catch (IOException | IllegalArgumentException e) {
                cut();
                throw new JedisConnectionException("no TLS with " + address + ": " + e.getMessage(), e);
            }
        }

        /** Closes the plain socket: one of TLS would wait for a writer that is stuck. */
        void cut() {
            try {
                if (plain != null) {
                    plain.close();
                }
            } catch (IOException e) {
                LOG.log(Level.DEBUG, () -> "cutting a connection to Redis: " + e.getMessage());
            }
        }
    }

    private static JedisClientConfig config(Optional<RedisServers.Login> login, String name, int database) {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .resp2()
                .connectionTimeoutMillis((int) CONNECT.toMillis())
                .socketTimeoutMillis((int) ANSWER.toMillis())
                .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
                .clientName(name)
                .database(database);
        login.ifPresent(user -> config.credentialsProvider(() -> credentials(user)));
        return config.build();
    }

    private static RedisCredentials credentials(RedisServers.Login login) {
        try {
            String user = login.user().isEmpty() ? null : login.user();
            return new DefaultRedisCredentials(user, login.password().get());
        } catch (RuntimeException e) {
            throw new JedisConnectionException(e.getMessage(), e);
        }
    }

    private static SSLParameters checkingNames() {
        SSLParameters parameters = new SSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // a certificate for another name is another server
        return parameters;
    }

    private SSLSocketFactory tls() {
        Optional<RedisServers.Identity> identity = servers.identity();
        if (identity.isEmpty() && servers.authorities().isEmpty()) {
            return (SSLSocketFactory) SSLSocketFactory.getDefault();
        }
        try {
            KeyManager[] own = identity.isEmpty()
                    ? null // who has none
                    : new PemFiles(identity.get().certificates(), identity.get().key()).read();
            TrustManager[] trusted = servers.authorities().isEmpty()
                    ? null // the JDK's own
                    : authorities(servers.authorities().get());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own, trusted, null);
            return context.getSocketFactory();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("TLS with Redis can't be spoken: " + e.getMessage(), e);
        }
    }

    private static TrustManager[] authorities(Path file) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        for (Certificate one : PemFiles.readCertificates(file)) {
            trusted.setCertificateEntry("authority " + trusted.size(), one);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust.getTrustManagers();
    }
}

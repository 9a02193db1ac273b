package io.seleucia.chat.broker.redis;

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
 * Makes connections to Redis: login, TLS and timeouts. Reads all files for each connection, so that they can be
 * replaced while the server runs. Any thread.
 */
final class RedisConnectionFactory {
    private static final Logger LOG = System.getLogger(RedisConnectionFactory.class.getName());
    private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(1);

    private final RedisServers servers;
    private final JedisClientConfig redis;
    private final JedisClientConfig sentinel;

    /**
     * @param name the connections' name in Redis
     * @throws IllegalArgumentException if a file with certificates or a key is not usable
     */
    RedisConnectionFactory(RedisServers servers, String name) {
        this.servers = servers;
        if (servers.tls()) {
            tls(); // so that unusable files stop the start
        }
        int database = servers.topology() instanceof RedisServers.Topology.Single single ? single.database() : 0;
        redis = config(servers.login(), name, database);
        sentinel = config(servers.sentinelLogin(), null, 0);
    }

    Connection toRedis(HostAndPort address) {
        return socketFactory(address).connect();
    }

    Connection toSentinel(HostAndPort address) {
        return new SocketFactory(address, sentinel).connect();
    }

    SocketFactory socketFactory(HostAndPort address) {
        return new SocketFactory(address, redis);
    }

    /** Makes the socket of one connection, and can cut it without waiting for a writer. */
    final class SocketFactory extends DefaultJedisSocketFactory {
        private final HostAndPort address;
        private final JedisClientConfig config;
        private volatile Socket plain;

        private SocketFactory(HostAndPort address, JedisClientConfig config) {
            super(address, config);
            this.address = address;
            this.config = config;
        }

        Connection connect() {
            return new Connection(this, config);
        }

        /** Returns the login and the timeouts. */
        JedisClientConfig config() {
            return config;
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

        /** Closes the plain socket. To close a TLS socket would wait for a writer that is stuck. */
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
                .connectionTimeoutMillis((int) CONNECT_TIMEOUT.toMillis())
                .socketTimeoutMillis((int) READ_TIMEOUT.toMillis())
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
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the certificate must be for the server's name
        return parameters;
    }

    private SSLSocketFactory tls() {
        Optional<RedisServers.Identity> identity = servers.identity();
        if (identity.isEmpty() && servers.authorities().isEmpty()) {
            return (SSLSocketFactory) SSLSocketFactory.getDefault();
        }
        try {
            KeyManager[] own = identity.isEmpty()
                    ? null
                    : new PemFiles(identity.get().certificates(), identity.get().key()).read();
            TrustManager[] trusted = servers.authorities().isEmpty()
                    ? null // the JDK's own
                    : authorities(servers.authorities().get());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own, trusted, null);
            return context.getSocketFactory();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("TLS with Redis is not possible: " + e.getMessage(), e);
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

package io.seleucia.chat.broker;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
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

/** How connections to Redis are made: login, TLS, deadlines. For any thread. */
final class RedisAccess {
    private static final Logger LOG = System.getLogger(RedisAccess.class.getName());
    private static final Duration CONNECT = Duration.ofMillis(500);
    private static final Duration ANSWER = Duration.ofMillis(1_000);

    private final Optional<SSLSocketFactory> tls;
    private final JedisClientConfig redis;
    private final JedisClientConfig sentinel;

    /**
     * @param name what Redis calls the connections
     * @throws IllegalArgumentException if the file of authorities can't be used
     */
    RedisAccess(RedisServers servers, String name) {
        int database = switch (servers.topology()) {
            case RedisServers.Topology.Single single -> single.database();
            case RedisServers.Topology.Sentinel master -> 0;
            case RedisServers.Topology.Cluster cluster -> 0;
        };
        tls = servers.tls() ? Optional.of(tls(servers.authorities())) : Optional.empty();
        redis = config(servers.user(), servers.password(), name, database);
        sentinel = config(Optional.empty(), servers.sentinelPassword(), null, 0);
    }

    /** A connection to a server with channels. */
    Connection toRedis(HostAndPort address) {
        return new Connection(line(address), redis);
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
            if (tls.isEmpty()) {
                return socket;
            }
            try {
                SSLSocket secure =
                        (SSLSocket) tls.get().createSocket(socket, address.getHost(), address.getPort(), true);
                secure.setSSLParameters(checkingNames());
                secure.startHandshake();
                return secure;
            } catch (IOException e) {
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

    private static JedisClientConfig config(
            Optional<String> user, Optional<Supplier<String>> password, String name, int database) {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .resp2()
                .connectionTimeoutMillis((int) CONNECT.toMillis())
                .socketTimeoutMillis((int) ANSWER.toMillis())
                .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
                .clientName(name)
                .database(database);
        password.ifPresent(secret -> config.credentialsProvider(() -> credentials(user, secret)));
        return config.build();
    }

    private static RedisCredentials credentials(Optional<String> user, Supplier<String> secret) {
        try {
            return new DefaultRedisCredentials(user.orElse(null), secret.get());
        } catch (RuntimeException e) {
            throw new JedisConnectionException(e.getMessage(), e);
        }
    }

    private static SSLParameters checkingNames() {
        SSLParameters parameters = new SSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS"); // a certificate for another name is another server
        return parameters;
    }

    private static SSLSocketFactory tls(Optional<Path> authorities) {
        if (authorities.isEmpty()) {
            return (SSLSocketFactory) SSLSocketFactory.getDefault();
        }
        Path file = authorities.get();
        try (InputStream pem = Files.newInputStream(file)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                trusted.setCertificateEntry("authority " + trusted.size(), one);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "the file of authorities for Redis, " + file + ", can't be used: " + e.getMessage(), e);
        }
    }
}

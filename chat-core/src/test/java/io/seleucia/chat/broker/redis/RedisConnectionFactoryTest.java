package io.seleucia.chat.broker.redis;

import static io.seleucia.chat.Eventually.eventually;
import static io.seleucia.chat.Eventually.eventuallyGet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.TestKey;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a broker gets into a Redis that does not let everybody in. */
class RedisConnectionFactoryTest {
    @TempDir
    private static Path directory;

    private static RedisProcess redis;
    private static URI secure;
    private static Path authority;

    @BeforeAll
    static void startRedis() throws Exception {
        TestKey key = TestKey.make(directory.resolve("key.p12"), "EC");
        authority = Files.writeString(directory.resolve("cert.pem"), key.certificates());
        Path secret = Files.writeString(directory.resolve("key.pem"), key.key());
        int port = RedisProcess.freePort();
        secure = URI.create("rediss://127.0.0.1:" + port);
        redis = RedisProcess.begin("--save '' --tls-auth-clients no --tls-port " + port + " --tls-cert-file "
                + authority + " --tls-key-file " + secret + " --tls-ca-cert-file " + authority);
    }

    @AfterAll
    static void stopRedis() throws Exception {
        if (redis != null) {
            redis.close();
        }
    }

    @Test
    void aUserNeedsNoMoreRightsThanTheManualSays() throws Exception {
        RedisRights.grant(redis, "chat", "secret");
        RedisServers servers = RedisServers.at(redis.uri()).withUser("chat").withPassword(() -> "secret");
        redis.ask("ACL", "LOG", "RESET");

        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            RedisRights.use(broker);
        }

        assertThat((List<?>) redis.ask("ACL", "LOG")).isEmpty();
    }

    @Test
    void speaksTlsWithAServerThatAnAuthorityVouchesFor() throws Exception {
        RedisServers servers = RedisServers.at(secure).withAuthorities(authority);

        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            RedisRights.use(broker);
        }
    }

    @Test
    void refusesACertificateThatNobodyVouchesFor() {
        eventually(
                () -> assertThatThrownBy(() -> RedisBroker.connect(RedisServers.at(secure), "chat:", Retention.DEFAULT))
                        .isInstanceOf(UnavailableException.class)
                        .hasMessageContaining("no TLS with 127.0.0.1"));
    }

    @Test
    void refusesACertificateForAnotherName() throws Exception {
        TestKey other = TestKey.makeSigned(directory.resolve("other.p12")); // for localhost, not for 127.0.0.1
        Path certificates = Files.writeString(directory.resolve("other.pem"), other.certificates());
        Path secret = Files.writeString(directory.resolve("other-key.pem"), other.key());
        int port = RedisProcess.freePort();
        try (RedisProcess named = RedisProcess.begin("--save '' --tls-auth-clients no --tls-port " + port
                + " --tls-cert-file " + certificates + " --tls-key-file " + secret + " --tls-ca-cert-file "
                + certificates)) {
            assertThat(named.isAlive()).isTrue();
            RedisServers address = RedisServers.at(URI.create("rediss://127.0.0.1:" + port));
            RedisServers name = RedisServers.at(URI.create("rediss://localhost:" + port));

            assertThatThrownBy(() ->
                            RedisBroker.connect(address.withAuthorities(certificates), "chat:", Retention.DEFAULT))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("127.0.0.1");
            RedisBrokers.connect(name.withAuthorities(certificates)).close();
        }
    }

    @Test
    void refusesAFileOfAuthoritiesThatIsNone() throws Exception {
        Path none = Files.writeString(directory.resolve("none.pem"), "nothing");

        Path missing = directory.resolve("missing");

        assertRefused(none, none + " holds no line -----BEGIN CERTIFICATE-----");
        assertRefused(missing, missing + " does not exist");
    }

    private static void assertRefused(Path authorities, String why) {
        RedisServers servers = RedisServers.at(secure).withAuthorities(authorities);

        assertThatThrownBy(() -> new RedisBroker(servers, "chat:", Retention.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    @Test
    void refusesACertificateOfItsOwnThatIsNone() throws Exception {
        Path none = Files.writeString(directory.resolve("no-key.pem"), "nothing");
        RedisServers servers = RedisServers.at(secure).withIdentity(authority, none);

        assertThatThrownBy(() -> new RedisBroker(servers, "chat:", Retention.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(none + " holds no line -----BEGIN PRIVATE KEY-----");
    }

    @Test
    void isTheUserThatItIsToldToBe() throws Exception {
        RedisServers servers = RedisServers.at(redis.uri()).withUser("open");
        redis.ask("ACL", "SETUSER", "open", "on", ">secret", "~*", "&*", "+@all");
        eventually(() -> assertThatThrownBy(() -> RedisBroker.connect(servers, "chat:", Retention.DEFAULT))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("WRONGPASS"));

        redis.ask("ACL", "SETUSER", "open", "nopass");

        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();
            RedisRights.use(broker);
            assertThat((String) redis.ask("CLIENT", "LIST")).contains("user=open");
        }
    }

    @Test
    void readsCertificatesAnewForEachConnection() throws Exception {
        Path changing = Files.copy(authority, directory.resolve("changing.pem"));
        RedisServers servers = RedisServers.at(secure).withAuthorities(changing);
        TestKey stranger = TestKey.make(directory.resolve("stranger.p12"), "EC");
        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();

            Files.writeString(changing, stranger.certificates());
            redis.ask("CLIENT", "KILL", "TYPE", "normal");
            eventually(() -> assertThatThrownBy(() -> broker.publish("lobby", "ada", new Content.Text("hi"), ""))
                    .hasMessageContaining("no TLS with"));

            Files.copy(authority, changing, StandardCopyOption.REPLACE_EXISTING);
            eventuallyGet(() -> broker.publish("lobby", "ada", new Content.Text("hi"), ""));
        }
    }

    @Test
    void readsThePasswordAnewForEachConnection() throws Exception {
        Path file = Files.writeString(directory.resolve("password"), "first\n");
        RedisRights.grant(redis, "changing", "first");
        RedisServers servers = RedisServers.at(redis.uri()).withUser("changing").withPasswordFile(file);
        try (RedisBroker broker = RedisBrokers.connect(servers)) {
            assertThat(broker.awaitReachable(Duration.ofSeconds(30))).isTrue();

            Files.writeString(file, "second\n");
            RedisRights.grant(redis, "changing", "second");
            redis.ask("CLIENT", "KILL", "USER", "changing");

            eventuallyGet(() -> broker.publish("lobby", "ada", new Content.Text("hi"), ""));
        }
    }

    @Test
    void tellsNobodyThePassword() throws Exception {
        RedisRights.grant(redis, "chat", "secret");
        String login = "chat:wrong-secret@";
        URI uri = URI.create(redis.uri().toString().replace("//", "//" + login));
        RedisServers servers = RedisServers.at(uri);
        try (LoggedLines log = new LoggedLines();
                RedisBroker broker = new RedisBroker(servers, "chat:", Retention.DEFAULT)) {
            assertThatThrownBy(() -> broker.publish("lobby", "ada", new Content.Text("hi"), ""))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("WRONGPASS")
                    .hasMessageNotContaining("wrong-secret");
            assertThatThrownBy(() -> RedisBroker.connect(servers, "chat:", Retention.DEFAULT))
                    .hasMessageNotContaining("wrong-secret");
            assertThat(servers.toString()).doesNotContain("wrong-secret");
            assertThat(log.lines()).isNotEmpty().noneMatch(line -> line.contains("wrong-secret"));
        }
    }
}

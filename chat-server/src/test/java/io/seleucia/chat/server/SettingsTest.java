package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.Limits;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.redis.RedisServers;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir
    private Path directory;

    @Test
    void areTheLibrarysDefaultsIfNothingIsSaid() throws Exception {
        Settings settings = Settings.read(List.of(), Map.of());

        assertThat(settings.limits()).isEqualTo(Limits.DEFAULT);
        assertThat(settings.retention()).isEqualTo(Retention.DEFAULT);
        assertThat(settings.text(Setting.HOST)).isEqualTo("localhost");
        assertThat(settings.number(Setting.PORT)).isEqualTo(8600);
        assertThat(settings.port(Setting.TCP_PORT)).hasValue(33333);
        assertThat(settings.text(Setting.TCP_CHANNEL)).isEqualTo("lobby");
        assertThat(settings.text(Setting.BROKER)).isEqualTo("memory");
        assertThat(settings.redis()).isEqualTo(RedisServers.at(URI.create("redis://localhost:6379")));
        assertThat(settings.isOn(Setting.REDIS_REQUIRED)).isFalse();
    }

    @Test
    void flagsOutdoTheEnvironmentWhichOutdoesTheFile() throws Exception {
        Path file = file("port=1\nhost=file\nredis-prefix = file:\n");

        Settings settings = Settings.read(
                List.of("--config", file.toString(), "--port=3"), Map.of("CHAT_PORT", "2", "CHAT_HOST", "environment"));

        assertThat(settings.number(Setting.PORT)).isEqualTo(3);
        assertThat(settings.text(Setting.HOST)).isEqualTo("environment");
        assertThat(settings.text(Setting.REDIS_PREFIX)).isEqualTo("file:");
    }

    @Test
    void takeBothFormsOfAFlag() throws Exception {
        Settings settings = Settings.read(
                List.of(
                        "--port",
                        "0",
                        "--redis-required",
                        "--ping-interval=500ms",
                        "--redis-url=redis://u:p@[::1]:7/2"),
                Map.of());

        assertThat(settings.number(Setting.PORT)).isZero();
        assertThat(settings.isOn(Setting.REDIS_REQUIRED)).isTrue();
        assertThat(settings.limits().pingInterval()).isEqualTo(Duration.ofMillis(500));
        assertThat(settings.redis().topology())
                .isEqualTo(new RedisServers.Topology.Single(new RedisServers.Address("::1", 7), 2));
        RedisServers.Login login = settings.redis().login().orElseThrow();
        assertThat(login.user()).isEqualTo("u");
        assertThat(login.password().get()).isEqualTo("p");
    }

    @Test
    void switchThePortForTcpOff() throws Exception {
        assertThat(Settings.read(List.of("--tcp-port=off"), Map.of()).port(Setting.TCP_PORT))
                .isEmpty();
    }

    @Test
    void ignoreTheRestOfTheEnvironment() throws Exception {
        Settings settings = Settings.read(List.of(), Map.of("PATH", "/bin", "CHATTER", "yes"));

        assertThat(settings.text(Setting.HOST)).isEqualTo("localhost");
    }

    @Test
    void refuseWhatIsUnknownWhereverItStands() throws Exception {
        Path file = file("prot=1\n");

        assertRefused(List.of("--prot=1"), Map.of(), "'--prot' is not a setting");
        assertRefused(List.of("port=1"), Map.of(), "'port' is not a setting");
        assertRefused(List.of(), Map.of("CHAT_PROT", "1"), "CHAT_PROT is not a setting");
        assertRefused(List.of("--config=" + file), Map.of(), "'prot' in " + file + " is not a setting");
    }

    @Test
    void refuseWhatIsMalformedEvenWhereItIsOutdone() throws Exception {
        Path file = file("port=x\n");
        String allowed = "port must be a number from 0 to 65535";

        assertRefused(List.of("--port=65536"), Map.of(), allowed);
        assertRefused(List.of("--port=1"), Map.of("CHAT_PORT", "-1"), allowed);
        assertRefused(List.of("--port=1", "--config=" + file), Map.of(), allowed);
        assertRefused(List.of("--port"), Map.of(), "--port needs a value");
        assertRefused(List.of("--tcp-port=on"), Map.of(), "a number from 0 to 65535, or off");
        assertRefused(List.of("--tcp-channel=@ada"), Map.of(), "a channel's name");
        assertRefused(List.of("--host="), Map.of(), "host must be");
        assertRefused(
                List.of("--allowed-origins=https://chat.example/"), Map.of(), "origins such as https://chat.example");
        assertRefused(
                List.of("--trusted-proxies=10.0.0.1/8"), Map.of(), "addresses, networks such as 10.0.0.0/8, and unix");
        assertRefused(List.of("--base-path=chat"), Map.of(), "a path such as /chat");
        assertRefused(List.of("--hosts=chat.example:8600"), Map.of(), "names or addresses, without ports, or *");
        assertRefused(List.of("--broker=kafka"), Map.of(), "memory or redis");
        assertRefused(List.of("--journal-fsync=sometimes"), Map.of(), "interval, always or never");
        assertRefused(List.of("--broker=redis", "--data-dir=data"), Map.of(), "data-dir is for broker=memory");
        assertRefused(List.of("--archive-age=ever"), Map.of(), "a time such as 24h or 365d, 0, or forever");
        assertRefused(List.of("--ping-interval=25"), Map.of(), "a time such as");
        assertRefused(List.of("--ping-interval=0s"), Map.of(), "above 0");
        assertRefused(List.of("--ping-interval=36501d"), Map.of(), "at most 36500d");
        assertRefused(List.of("--max-channels=0"), Map.of(), "from 1");
        assertRefused(List.of("--max-channels=99999999999"), Map.of(), "from 1");
        assertRefused(List.of("--max-message-bytes=2000000000"), Map.of(), "from 1 to 1073741824");
        assertRefused(List.of("--compression=yes"), Map.of(), "on, off or context");
        assertRefused(List.of("--redis-required=maybe"), Map.of(), "true or false");
        assertRefused(List.of("--redis-url=localhost:6379"), Map.of(), "redis://");
        assertRefused(List.of("--config=" + directory.resolve("missing")), Map.of(), "does not exist");
    }

    @Test
    void sayHowLongTheArchiveLasts() throws Exception {
        assertThat(Settings.read(List.of(), Map.of()).retention().archive()).isEqualTo(Retention.FOREVER);
        assertThat(Settings.read(List.of("--archive-age=365d"), Map.of())
                        .retention()
                        .archive())
                .isEqualTo(Duration.ofDays(365));
        assertThat(Settings.read(List.of("--archive-age=0"), Map.of())
                        .retention()
                        .archive())
                .isZero();
    }

    @Test
    void takeTheFilesOfOneKind() throws Exception {
        Settings keystore =
                Settings.read(List.of("--tls-keystore=a.p12"), Map.of("CHAT_TLS_PASSWORD_FILE", "password"));
        assertThat(keystore.file(Setting.TLS_KEYSTORE)).isEqualTo(Path.of("a.p12"));
        assertThat(keystore.isGiven(Setting.TLS_CERT)).isFalse();

        Settings pem = Settings.read(List.of("--tls-cert=a.pem", "--tls-key=b.pem"), Map.of());
        assertThat(pem.file(Setting.TLS_KEY)).isEqualTo(Path.of("b.pem"));
        assertThat(pem.isGiven(Setting.TLS_KEYSTORE)).isFalse();
    }

    @Test
    void refuseFilesThatMissTheirOther() {
        assertRefused(List.of("--tls-keystore=a"), Map.of(), "tls-keystore needs tls-password-file");
        assertRefused(List.of("--tls-password-file=a"), Map.of(), "tls-password-file needs tls-keystore");
        assertRefused(List.of("--tls-cert=a"), Map.of(), "tls-cert needs tls-key");
        assertRefused(List.of(), Map.of("CHAT_TLS_KEY", "a"), "tls-key needs tls-cert");
        assertRefused(
                List.of("--tls-keystore=a", "--tls-password-file=b", "--tls-cert=c"),
                Map.of("CHAT_TLS_KEY", "d"),
                "tls-keystore and tls-cert exclude each other");
    }

    @Test
    void refuseAPathThatIsNone() throws Exception {
        assertRefused(List.of("--config=" + file("tls-key=a\\u0000b")), Map.of(), "must be the path of a file");
    }

    @Test
    void takeSentinelsOrAClusterForRedis() throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "secret\nnot this\n");
        Settings sentinel = Settings.read(
                List.of(
                        "--redis-sentinel=mymaster@a:1, [::1]:2",
                        "--redis-sentinel-user=asker",
                        "--redis-user=chat",
                        "--redis-wait-replicas=1"),
                Map.of("CHAT_REDIS_PASSWORD_FILE", password.toString()));
        assertThat(sentinel.redis().topology())
                .isEqualTo(RedisServers.sentinel("mymaster", List.of("a:1", "[::1]:2"))
                        .topology());
        RedisServers.Login login = sentinel.redis().login().orElseThrow();
        assertThat(login.user()).isEqualTo("chat");
        assertThat(login.password().get()).isEqualTo("secret");
        assertThat(sentinel.redis().sentinelLogin().orElseThrow().user()).isEqualTo("asker");
        assertThat(sentinel.redis().waitReplicas()).isEqualTo(1);
        assertThat(sentinel.redis().toString()).doesNotContain("secret").contains("mymaster", "a:1");

        Settings cluster = Settings.read(
                List.of("--redis-cluster=a:1,b:2", "--redis-tls", "--redis-ca-file=ca.pem"),
                Map.of("CHAT_REDIS_CERT_FILE", "me.pem", "CHAT_REDIS_KEY_FILE", "key.pem"));
        assertThat(cluster.redis())
                .isEqualTo(RedisServers.cluster(List.of("a:1", "b:2"))
                        .withAuthorities(Path.of("ca.pem"))
                        .withIdentity(Path.of("me.pem"), Path.of("key.pem")));
        assertThat(cluster.redis().tls()).isTrue();
    }

    @Test
    void refuseARedisThatCanNotBe() {
        assertRefused(List.of("--redis-sentinel=a:1"), Map.of(), "name@host:port");
        assertRefused(List.of("--redis-cluster=a"), Map.of(), "host:port");
        assertRefused(List.of("--redis-cluster=a:1,b:99999"), Map.of(), "host:port");
        assertRefused(List.of("--redis-wait-replicas=-1"), Map.of(), "from 0");
        assertRefused(List.of("--redis-cluster=a:1", "--redis-sentinel=m@a:1"), Map.of(), "exclude each other");
        assertRefused(List.of("--redis-cluster=a:1", "--redis-prefix={x}"), Map.of(), "braces");
        assertRefused(
                List.of("--redis-sentinel-password-file=a"),
                Map.of(),
                "redis-sentinel-password-file needs redis-sentinel");
        assertRefused(List.of("--redis-sentinel-user=a"), Map.of(), "redis-sentinel-user needs redis-sentinel");
        assertRefused(List.of("--redis-cert-file=a"), Map.of(), "redis-cert-file needs redis-key-file");
        assertRefused(List.of("--redis-key-file=a"), Map.of(), "redis-key-file needs redis-cert-file");
    }

    @Test
    void neverRepeatAPassword() {
        assertThatThrownBy(() -> Settings.read(List.of("--redis-cluster=redis://ada:secret@localhost:1"), Map.of()))
                .isInstanceOf(SettingsException.class)
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> Settings.read(List.of("--redis-url=http://ada:secret@localhost"), Map.of()))
                .isInstanceOf(SettingsException.class)
                .hasMessageNotContaining("secret");
    }

    @Test
    void areAllListedByHelp() {
        assertThat(Setting.values())
                .allSatisfy(setting -> assertThat(Settings.help()).contains("--" + setting.key()));
    }

    private Path file(String text) throws Exception {
        return Files.writeString(directory.resolve("chat.properties"), text);
    }

    private static void assertRefused(List<String> flags, Map<String, String> environment, String why) {
        assertThatThrownBy(() -> Settings.read(flags, environment))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(why)
                .hasMessageNotContaining("\n");
    }

    @Test
    void readsTheShareOfMemory() throws Exception {
        long heap = Runtime.getRuntime().maxMemory();
        assertThat(Settings.read(List.of(), Map.of()).memory().limit()).isEqualTo(heap / 2);
        assertThat(Settings.read(List.of("--memory-share=25"), Map.of())
                        .memory()
                        .limit())
                .isEqualTo(heap / 4);
        assertThatThrownBy(() -> Settings.read(List.of(), Map.of("CHAT_MEMORY_SHARE", "91")))
                .hasMessageContaining("percent from 1 to 90");
    }
}

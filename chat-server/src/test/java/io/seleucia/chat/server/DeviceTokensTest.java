package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** By which a device stays signed in, and by which it does not. */
class DeviceTokensTest {
    private static final Duration LIFETIME = Duration.ofDays(30);
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final int FEW = 10; // iterations: these tests are not about time

    @TempDir
    private Path directory;

    private final Account ada = Account.of("ada", "secret", FEW);
    private final Account bob = Account.of("bob", "secret", FEW);
    private DeviceTokens tokens;

    @BeforeEach
    void open() {
        tokens = new DeviceTokens(directory.resolve("users"), LIFETIME);
    }

    private static Optional<User> user(DeviceTokens tokens, String token, Account account, Instant now)
            throws IOException {
        return tokens.user(
                token, name -> Optional.of(account).filter(one -> one.name().equals(name)), now);
    }

    @Test
    void holdUntilTheyExpire() throws Exception {
        String token = tokens.issue(ada, NOW, NOW).token();
        User user = user(tokens, token, ada, NOW).orElseThrow();

        assertThat(user.name()).isEqualTo("ada");
        assertThat(user.issued()).contains(NOW.minusSeconds(30));
        assertThat(user.expires()).contains(NOW.plus(LIFETIME));
        assertThat(user.version()).isEqualTo(ada.salt());
        assertThat(user(tokens, token, ada, NOW.plus(LIFETIME).minusSeconds(1))).isPresent();
        assertThat(user(tokens, token, ada, NOW.plus(LIFETIME))).isEmpty();
        assertThat(tokens.issue(ada, NOW, NOW).token())
                .as("each device has its own")
                .isNotEqualTo(token);
    }

    @Test
    void areVoidWithAnotherPasswordOrAccount() throws Exception {
        String token = tokens.issue(ada, NOW, NOW).token();

        assertThat(user(tokens, token, Account.of("ada", "secret", FEW), NOW))
                .as("the same password, set again")
                .isEmpty();
        assertThat(user(tokens, token, bob, NOW)).isEmpty();
        assertThat(tokens.user(token, name -> Optional.empty(), NOW)).isEmpty();
        assertThat(tokens.user(token, name -> Optional.of(bob), NOW)).isEmpty();
    }

    @Test
    void countFromTheLogin() throws Exception {
        Instant login = NOW.minus(Duration.ofHours(1));
        DeviceTokens.Issued issued = tokens.issue(ada, login, NOW);
        User user = user(tokens, issued.token(), ada, NOW).orElseThrow();

        assertThat(user.issued())
                .as("before a revocation after the login, by any clock")
                .contains(login.minusSeconds(30));
        assertThat(user.expires()).contains(login.plus(LIFETIME));
        assertThat(issued.lifetime()).isEqualTo(LIFETIME.minusHours(1));
    }

    @Test
    void areVoidOnceTheAccountWasDisabled() throws Exception {
        String token = tokens.issue(ada, NOW, NOW).token();
        Account again = ada.withDisabled(true).withDisabled(false);
        assertThat(user(tokens, token, again, NOW)).isEmpty();

        String fresh = tokens.issue(again, NOW, NOW).token();
        assertThat(user(tokens, fresh, again, NOW)).isPresent();
        assertThat(user(tokens, fresh, again.withDisabled(false), NOW)).isPresent();
        assertThat(user(tokens, fresh, again.withDisabled(true).withDisabled(false), NOW))
                .isEmpty();
    }

    @Test
    void canNotBeForged() throws Exception {
        String token = tokens.issue(ada, NOW, NOW).token();
        for (int i = DeviceTokens.PREFIX.length(); i < token.length() - 1; i++) { // the last character has spare bits
            char other = token.charAt(i) == 'A' ? 'B' : 'A';
            String changed = token.substring(0, i) + other + token.substring(i + 1);
            assertThat(user(tokens, changed, ada, NOW)).as(changed).isEmpty();
        }
        for (String text : new String[] {"", "device.", "device..", "device.a.b", "device.===.b", "x".repeat(9_999)}) {
            assertThat(user(tokens, text, ada, NOW)).as(text).isEmpty();
        }
        Path other = Files.createDirectory(directory.resolve("other"));
        DeviceTokens others = new DeviceTokens(other.resolve("users"), LIFETIME);
        assertThat(user(others, token, ada, NOW)).as("without a secret").isEmpty();
        others.issue(ada, NOW, NOW);
        assertThat(user(others, token, ada, NOW)).as("with another secret").isEmpty();
    }

    @Test
    void haveASecretThatServersShareAndNobodyElseReads() throws Exception {
        String token = tokens.issue(ada, NOW, NOW).token();
        DeviceTokens again = new DeviceTokens(directory.resolve("users"), LIFETIME);

        assertThat(user(again, token, ada, NOW)).isPresent();
        assertThat(user(tokens, again.issue(ada, NOW, NOW).token(), ada, NOW)).isPresent();
        Path file = directory.resolve("users.device-key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        Files.writeString(file, "no secret\n");
        assertThatThrownBy(() -> new DeviceTokens(directory.resolve("users"), LIFETIME).issue(ada, NOW, NOW))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("holds no secret; remove it");
    }
}

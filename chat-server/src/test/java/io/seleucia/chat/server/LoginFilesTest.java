package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.InMemoryClient;
import io.seleucia.chat.auth.TokenMaker;
import io.seleucia.chat.auth.Tokens;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoginFilesTest {
    @TempDir
    private Path directory;

    private Settings settings(String... flags) throws Exception {
        return Settings.read(List.of(flags), Map.of());
    }

    private Path file(String name, String text) throws Exception {
        return Files.writeString(directory.resolve(name), text);
    }

    @Test
    void takesPasswordsAndTokens() throws Exception {
        Path users = directory.resolve("users");
        new PrivateFile(users)
                .change(lines -> List.of(Account.of("ada", "secret", 10).line()));
        Path key = file("key", "kX3vQ9rTz7LmW2pYb8NcF4hJd6GsA1eU\n");
        try (LoginFiles logins = new LoginFiles(settings("--users-file=" + users, "--token-key-file=" + key))) {
            User ada = logins.authenticate(new Credentials.Password("ada", "secret"), "::1")
                    .orElseThrow();

            assertThat(logins.holds(ada)).isTrue();
            assertThat(logins.authenticate(new Credentials.Token("x"), "::1")).isEmpty();
            assertThat(logins.hasAccount("ada")).contains(true);
            assertThat(logins.hasAccount("carl")).as("may have a token").isEmpty();
        }
        try (LoginFiles logins = new LoginFiles(settings("--users-file=" + users))) {
            assertThat(logins.hasAccount("carl")).contains(false);
            assertThat(logins.authenticate(new Credentials.Token("x"), "::1")).isEmpty();
        }
    }

    @Test
    void keepsADeviceSignedInFromItsLoginOn() throws Exception {
        Account ada = Account.of("ada", "secret", 10);
        Path users = directory.resolve("users");
        new PrivateFile(users).change(lines -> List.of(ada.line()));
        Instant login = Instant.now().minus(Duration.ofHours(1)).truncatedTo(ChronoUnit.SECONDS);
        ChatServerBuilder builder = ChatServer.builder().withoutPort();
        try (LoginFiles logins = new LoginFiles(settings("--users-file=" + users, "--stay-signed-in=2h"))) {
            Instant before = Instant.now().truncatedTo(ChronoUnit.SECONDS);
            User now = logins.authenticate(new Credentials.Password("ada", "secret"), "::1")
                    .orElseThrow();
            assertThat(Accounts.passwordLogin(now).orElseThrow()).isBetween(before, Instant.now());

            logins.apply(builder);
            builder.authenticator((credentials, address) ->
                    Optional.of(new User("ada").withVersion(Accounts.version(ada, times(credentials, login)))));
            try (ChatServer server = builder.start()) {
                String token = staySignedIn(server, "early").replaceAll(".*\"token\":\"([^\"]*)\".*", "$1");
                assertThat(token).startsWith("device.");
                User user =
                        logins.authenticate(new Credentials.Token(token), "::1").orElseThrow();
                assertThat(user.issued()).contains(login.minusSeconds(30));
                assertThat(user.expires()).contains(login.plus(Duration.ofHours(2)));
                assertThat(staySignedIn(server, "too early"))
                        .contains("forbidden", "log in with the password again to stay signed in");
            }
        }
    }

    private static Instant times(Credentials credentials, Instant login) {
        return ((Credentials.Password) credentials).password().equals("early")
                ? login
                : login.minus(Duration.ofHours(1));
    }

    private static String staySignedIn(ChatServer server, String password) throws Exception {
        try (InMemoryClient ada = server.connect("chat.v1")) {
            ada.send("{\"id\":1,\"type\":\"connect\",\"user\":\"ada\",\"password\":\"" + password + "\"}");
            assertThat(ada.receive()).contains("connected");
            ada.send("{\"id\":2,\"type\":\"call\",\"method\":\"stay-signed-in\",\"data\":{}}");
            return ada.receive();
        }
    }

    @Test
    void otherRulesEndSubscriptionsThatTheyDoNotAllow() throws Exception {
        Path rules = file("rules", "allow * * *");
        ChatServerBuilder builder = ChatServer.builder().withoutPort();
        try (LoginFiles logins = new LoginFiles(settings("--rules-file=" + rules))) {
            logins.apply(builder);
            try (ChatServer server = builder.start();
                    InMemoryClient ada = server.connect("chat.v1")) {
                logins.whenRulesChange(server::reviewRights);
                ada.send("{\"id\":1,\"type\":\"connect\",\"client\":\"ada\"}");
                assertThat(ada.receive()).contains("connected");
                ada.send("{\"id\":2,\"type\":\"subscribe\",\"channel\":\"lobby\"}");
                assertThat(ada.receive()).contains("subscribed");
                file("rules", "deny * subscribe lobby\nallow * * *");

                assertThat(ada.receive())
                        .isEqualTo("{\"type\":\"unsubscribed\",\"channel\":\"lobby\",\"code\":\"forbidden\","
                                + "\"message\":\"no longer allowed in lobby\"}");
            }
        }
    }

    @Test
    void saysWhichFileIsWrongAndWhere() throws Exception {
        Path rules = file("rules", "# rules\n\nallow ada fly lobby\n");
        assertThatThrownBy(() -> new LoginFiles(settings("--rules-file=" + rules)))
                .hasMessage(rules
                        + ", line 3: 'fly' is no action: an action must be one of subscribe, publish, edit, delete, "
                        + "history, presence, signal, direct, list, describe and moderate, or *");

        Path key = file("key", "too short\n");
        assertThatThrownBy(() -> new LoginFiles(settings("--token-key-file=" + key)))
                .hasMessage(key + ": a secret must have at least 32 bytes");
        assertThatThrownBy(() -> new LoginFiles(settings("--token-key-file=" + directory.resolve("none"))))
                .hasMessageContaining("none does not exist");
    }

    @Test
    void readsAFileAgainWhenItHasChangedAndCanBeUsed() throws Exception {
        Path rules = file("rules", "first");
        ReloadingFile<String> watched = new ReloadingFile<>(rules, text -> false, read -> {
            String text = Files.readString(read);
            if (text.equals("broken!")) {
                throw new IOException("broken");
            }
            return text;
        });
        assertThat(watched.value()).isEqualTo("first");

        file("rules", "second");
        watched.look();
        assertThat(watched.value()).isEqualTo("second");

        file("rules", "broken!");
        watched.look();
        assertThat(watched.value()).isEqualTo("second");
        assertThat(watched.flaw()).contains("keeping the previous content of " + rules + ": broken");

        file("rules", "third");
        watched.look();
        assertThat(watched.value()).isEqualTo("third");
        assertThat(watched.flaw()).isEmpty();
    }

    @Test
    void saysWhichFileCanNotBeReadAnyMoreUntilItCan() throws Exception {
        Path rules = file("rules", "first");
        AtomicReference<IOException> fault = new AtomicReference<>();
        ReloadingFile<String> watched = new ReloadingFile<>(rules, text -> false, read -> {
            if (fault.get() != null) {
                throw fault.get();
            }
            return Files.readString(read);
        });
        Files.delete(rules);
        fault.set(new IOException("gone"));
        watched.look();
        assertThat(watched.value()).isEqualTo("first");
        assertThat(watched.flaw()).hasValueSatisfying(flaw -> assertThat(flaw).endsWith("gone"));

        file("rules", "second");
        fault.set(new IOException("the disk is ill"));
        watched.look();
        assertThat(watched.flaw()).hasValueSatisfying(flaw -> assertThat(flaw).endsWith("the disk is ill"));

        fault.set(null); // and the file is as it was
        watched.look();
        assertThat(watched.value()).isEqualTo("second");
        assertThat(watched.flaw()).isEmpty();
    }

    @Test
    void readsADirectoryOfKeysAgainAndKeepsSessionsThatAreLoggedIn() throws Exception {
        Path keys = Files.createDirectory(directory.resolve("keys"));
        Path old = Files.writeString(keys.resolve("old"), "kX3vQ9rTz7LmW2pYb8NcF4hJd6GsA1eU\n");
        ReloadingFile<Tokens> watched = new ReloadingFile<>(keys, Tokens::hasSecret, Tokens::read);
        Credentials.Token token = new Credentials.Token(TokenMaker.token("ada"));
        assertThat(watched.value().authenticate(token, "::1")).isPresent();

        Files.writeString(keys.resolve("new"), "pW2kX3vQ9rTz7LmYb8NcF4hJd6GsA1eU\n");
        watched.look();
        assertThat(watched.value().authenticate(token, "::1")).isPresent();

        Files.delete(old);
        watched.look();
        assertThat(watched.value().authenticate(token, "::1")).isEmpty();

        Files.writeString(keys.resolve("new"), "ssh-ed25519 AAAA");
        watched.look();
        assertThat(watched.flaw()).hasValueSatisfying(flaw -> assertThat(flaw).contains("new: "));
    }

    @Test
    void theOperatorNamesTheAlgorithm() throws Exception {
        Path key = file("key", "kX3vQ9rTz7LmW2pYb8NcF4hJd6GsA1eU\n");
        try (LoginFiles logins = new LoginFiles(settings("--token-key-file=" + key, "--token-algorithm=HS256"))) {
            assertThat(logins.authenticate(new Credentials.Token(TokenMaker.token("ada")), "::1"))
                    .isPresent();
            assertThat(logins.flaws()).isEmpty();
        }
        assertThatThrownBy(() -> new LoginFiles(settings("--token-key-file=" + key, "--token-algorithm=ES256")))
                .hasMessage(key + ": token-algorithm is ES256, but the key is for HS256");
        assertThatThrownBy(() -> settings("--token-algorithm=HS256"))
                .hasMessage("token-algorithm needs token-key-file");
        assertThatThrownBy(() -> settings("--token-key-file=k", "--token-algorithm=none"))
                .hasMessageContaining("HS256, RS256, ES256 or EdDSA");
    }

    @Test
    void warnsOfFilesThatOthersCanReadOrWrite() throws Exception {
        Path file = file("key", "secret");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(FileModes.warning(file, true))
                .contains("other users can read " + file + ", which contains a secret: run chmod go-r " + file);
        assertThat(FileModes.warning(file, false)).isEmpty();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThat(FileModes.warning(file, false))
                .hasValueSatisfying(warning -> assertThat(warning).contains("can write " + file));
        assertThat(FileModes.warning(directory, false)).isPresent();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(FileModes.warning(file, true)).isEmpty();
        assertThat(FileModes.warning(directory.resolve("none"), true)).isEmpty();
    }

    @Test
    void lettingGuestsInIsSaidOrFollows() throws Exception {
        assertThat(settings().guests()).isTrue();
        assertThat(settings("--users-file=u").guests()).isFalse();
        assertThat(settings("--token-key-file=k").guests()).isFalse();
        assertThat(settings("--users-file=u", "--guests").guests()).isTrue();
        assertThat(settings("--users-file=u", "--guests=false").guests()).isFalse();
        assertThatThrownBy(() -> settings("--guests=false")).hasMessageContaining("no client could connect");
        assertThatThrownBy(() -> settings("--token-audience=chat")).hasMessage("token-audience needs token-key-file");
        assertThatThrownBy(() -> settings("--guests=maybe")).hasMessageContaining("true or false");
    }
}

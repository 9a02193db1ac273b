package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
        new OwnerFile(users)
                .change(lines -> List.of(Account.of("ada", "secret", 10).line()));
        Path key = file("key", "0123456789abcdef0123456789abcdef\n");
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
    void saysWhichFileIsWrongAndWhere() throws Exception {
        Path rules = file("rules", "# rules\n\nallow ada fly lobby\n");
        assertThatThrownBy(() -> new LoginFiles(settings("--rules-file=" + rules)))
                .hasMessage(
                        rules + ", line 3: 'fly' is no action: an action must be one of subscribe, publish, history, "
                                + "presence, signal and direct, or *");

        Path key = file("key", "too short\n");
        assertThatThrownBy(() -> new LoginFiles(settings("--token-key-file=" + key)))
                .hasMessage(key + ": a secret must have at least 32 bytes");
        assertThatThrownBy(() -> new LoginFiles(settings("--token-key-file=" + directory.resolve("none"))))
                .hasMessageContaining("none does not exist");
    }

    @Test
    void readsAFileAgainWhenItHasChangedAndCanBeUsed() throws Exception {
        Path rules = file("rules", "first");
        Watched<String> watched = new Watched<>(rules, read -> {
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
    }

    @Test
    void lettingGuestsInIsSaidOrFollows() throws Exception {
        assertThat(settings().guests()).isTrue();
        assertThat(settings("--users-file=u").guests()).isFalse();
        assertThat(settings("--token-key-file=k").guests()).isFalse();
        assertThat(settings("--users-file=u", "--guests").guests()).isTrue();
        assertThat(settings("--users-file=u", "--guests=false").guests()).isFalse();
        assertThatThrownBy(() -> settings("--guests=false")).hasMessageContaining("nobody could come in");
        assertThatThrownBy(() -> settings("--token-audience=chat")).hasMessage("token-audience needs token-key-file");
        assertThatThrownBy(() -> settings("--guests=maybe")).hasMessageContaining("true or false");
    }
}

package io.seleucia.chat.server;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.Limits;
import io.seleucia.chat.LoggedLines;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.browser.Accessibility;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.browser.Problem;
import io.seleucia.chat.message.ReservedNames;
import io.seleucia.chat.server.management.Access;
import io.seleucia.chat.server.management.ConsoleFixture;
import io.seleucia.chat.server.management.Http;
import io.seleucia.chat.server.management.Users;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accounts that an operator changes, over HTTP and in the console, while a server uses them. */
class OperatorUsersTest {
    private static final String PASSWORD = "correct horse";
    private static final Duration PATIENCE = Duration.ofMinutes(2); // hashing takes long on a loaded machine
    private static final int FEW = 10; // iterations: these tests are not about time

    @TempDir
    private Path directory;

    private Path file;
    private LoginFiles logins;
    private Users users;
    private ChatServer server;

    @BeforeEach
    void start() throws Exception {
        file = directory.resolve("users");
        new PrivateFile(file)
                .change(lines -> List.of(
                        Account.of("ada", PASSWORD, FEW).line(),
                        Account.of("bob", PASSWORD, FEW).line()));
        logins = new LoginFiles(Settings.read(List.of("--users-file=" + file), Map.of()));
        users = new OperatorUsers(usersFile(), logins::readAccounts);
        ChatServerBuilder builder = ChatServer.builder()
                .port(0)
                .limits(Limits.DEFAULT.withLoginTimeout(PATIENCE).withHandshakeTimeout(PATIENCE));
        logins.apply(builder);
        server = builder.start();
    }

    @AfterEach
    void stop() {
        server.close();
        logins.close();
    }

    private UsersFile usersFile() {
        return new UsersFile(file, new NewPasswords(8), ReservedNames.DEFAULT);
    }

    private ConsoleFixture console() throws IOException {
        return new ConsoleFixture(server, Access.local(), Optional.of(users), "users");
    }

    private TestClient login(String name, String password) throws Exception {
        byte[] pair = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        return TestClient.connect(
                server.port(), "chat.v1", "/", "Basic " + Base64.getEncoder().encodeToString(pair));
    }

    private void refuses(String name, String password) {
        assertThatThrownBy(() -> login(name, password)).hasMessageContaining("WebSocketHandshakeException");
    }

    @Test
    void addsDisablesEnablesResetsAndRemovesOverHttp() throws Exception {
        try (ConsoleFixture console = console();
                LoggedLines logged = new LoggedLines()) {
            Http http = console.http();
            assertThat(http.post("/api/users/add", "{\"user\":\"eve\",\"password\":\"" + PASSWORD + "\"}")
                            .body())
                    .isEqualTo("{\"done\":true}");
            TestClient eve = login("eve", PASSWORD);
            assertThat(http.post("/api/users/disable", "{\"user\":\"eve\"}").body())
                    .isEqualTo("{\"done\":true}");
            assertThat(eve.closeCode()).isEqualTo(4401);
            refuses("eve", PASSWORD);
            JsonArray list = http.get("/api/users?contains=V").json().getAsJsonArray("users");
            assertThat(list).hasSize(1);
            JsonObject entry = list.get(0).getAsJsonObject();
            assertThat(entry.get("user").getAsString()).isEqualTo("eve");
            assertThat(entry.get("disabled").getAsBoolean()).isTrue();

            assertThat(http.post("/api/users/password", "{\"user\":\"eve\",\"password\":\"another horse\"}")
                            .status())
                    .isEqualTo(200);
            refuses("eve", "another horse");
            assertThat(http.post("/api/users/enable", "{\"user\":\"eve\"}").status())
                    .isEqualTo(200);
            refuses("eve", PASSWORD);
            TestClient again = login("eve", "another horse");
            assertThat(http.post("/api/users/remove", "{\"user\":\"eve\"}").status())
                    .isEqualTo(200);
            assertThat(again.closeCode()).isEqualTo(4401);
            assertThat(http.get("/api/users").json().get("total").getAsInt()).isEqualTo(2);

            String everything = http.get("/api/users").body() + logged.lines();
            assertThat(everything)
                    .contains("an operator has disabled the user eve")
                    .doesNotContain("horse")
                    .doesNotContain("pbkdf2");
            for (Account account : usersFile().accounts().values()) {
                assertThat(everything).doesNotContain(account.salt()).doesNotContain(account.hash());
            }
        }
    }

    @Test
    void saysWhyAChangeIsRefusedAndChangesNothing() throws Exception {
        String before = Files.readString(file);
        try (ConsoleFixture console = console()) {
            Http http = console.http();
            assertRefused(http, "add", "ada", PASSWORD, "there is a user ada");
            assertRefused(http, "add", "\u0430da", PASSWORD, "looks like the user ada");
            assertRefused(http, "add", "operator", PASSWORD, "is reserved");
            assertRefused(http, "add", "#eve", PASSWORD, "must not begin with #");
            assertRefused(http, "add", "eve", "short", "too short");
            assertRefused(http, "password", "ada", "password1", "most common");
            assertRefused(http, "password", "nobody", PASSWORD, "there is no user nobody");
            assertRefused(http, "disable", "nobody", "x", "there is no user nobody");
            assertRefused(http, "remove", "nobody", "x", "there is no user nobody");
            assertThat(http.post("/api/users/add", "{\"user\":\"eve\"}").status())
                    .isEqualTo(400);
        }
        assertThat(Files.readString(file)).isEqualTo(before);
    }

    private static void assertRefused(Http http, String action, String user, String password, String why)
            throws IOException {
        JsonObject body = new JsonObject();
        body.addProperty("user", user);
        body.addProperty("password", password);
        Http.Reply reply = http.post("/api/users/" + action, body.toString());
        assertThat(reply.status()).as(action + " " + user).isEqualTo(400);
        assertThat(reply.json().get("error").getAsString()).contains(why).doesNotContain(PASSWORD);
    }

    @Test
    void losesNoChangeOfOthersAtTheSameTime() throws Exception {
        List<Future<?>> changes = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 6; i++) {
                String name = "user" + i;
                Users operator = new OperatorUsers(usersFile(), () -> {});
                changes.add(threads.submit(() -> {
                    if (name.endsWith("0") || name.endsWith("1")) {
                        usersFile().setDisabled(name.endsWith("0") ? "ada" : "bob", true);
                    } else {
                        operator.add(name, PASSWORD);
                    }
                    return null;
                }));
            }
            for (Future<?> change : changes) {
                change.get();
            }
        }
        Map<String, Account> all = usersFile().accounts();
        assertThat(all).containsOnlyKeys("ada", "bob", "user2", "user3", "user4", "user5");
        assertThat(all.get("ada").disabled()).isTrue();
        assertThat(all.get("bob").disabled()).isTrue();
    }

    @Test
    void keepsTheNameOfADisabledAccountTaken() throws Exception {
        users.setDisabled("ada", true);

        assertThat(logins.hasAccount("ada")).contains(true);
        assertThatThrownBy(() -> users.add("ada", PASSWORD)).hasMessageContaining("there is a user ada");
    }

    @Test
    void violateNoRuleOfAccessibilityInTheConsole() throws Exception {
        users.setDisabled("bob", true);
        try (ConsoleFixture console = console()) {
            console.page.await("document.querySelectorAll('#users-rows tr').length === 2");
            for (String scheme : List.of("light", "dark")) {
                console.page.prefers("prefers-color-scheme", scheme);
                assertThat(Accessibility.violations(console.page)).as(scheme).isEmpty();
            }
            console.page.click("[aria-label='Password … ada']");
            assertThat(Accessibility.violations(console.page)).isEmpty();
        }
    }

    @Test
    void areListedAndChangedInTheConsole() throws Exception {
        TestClient ada = login("ada", PASSWORD);
        try (ConsoleFixture console = console()) {
            Page page = console.page;
            page.await("document.querySelectorAll('#users-rows tr').length === 2");
            page.click("[aria-label='Disable … ada']");
            page.click("#confirm [data-close]");
            assertThat(usersFile().accounts().get("ada").disabled()).isFalse();
            page.click("[aria-label='Disable … ada']");
            page.click("#confirm-yes");
            console.awaitSaid("Disabled ada.");
            assertThat(ada.closeCode()).isEqualTo(4401);
            page.await("document.getElementById('users-rows').innerText.includes('disabled')");
            page.click("[aria-label='Enable ada']");
            console.awaitSaid("Enabled ada.");

            page.type("#user-name", "eve");
            page.type("#user-password", "short");
            page.press("Enter");
            console.awaitSaid("too short");
            assertThat(page.isTrue("document.getElementById('user-password').value === ''"))
                    .isTrue();
            page.type("#user-password", PASSWORD);
            page.press("Enter");
            console.awaitSaid("Added eve.");
            page.click("[aria-label='Password … eve']");
            page.type("#password-new", "another horse");
            page.press("Enter");
            console.awaitSaid("Changed the password of eve");
            login("eve", "another horse").close();
            eventually(() -> assertThat(page.text("#users-rows")).contains("eve"));

            page.evaluate("document.getElementById('users-contains').value = 'EV'");
            page.evaluate("document.getElementById('users-contains').dispatchEvent(new Event('input'))");
            page.await("document.querySelectorAll('#users-rows tr').length === 1");
            page.click("[aria-label='Remove … eve']");
            page.click("#confirm-yes");
            console.awaitSaid("Removed eve.");
            page.await("!document.getElementById('users-empty').hidden");
            assertThat(page.problemsBut(Problem.Kind.NETWORK))
                    .as("but for the refusal")
                    .isEmpty();
        }
    }
}

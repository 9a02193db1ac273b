package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.browser.Page;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accounts that stay signed in on a device, if they ask for it and as long as the server lets them. */
class BrowserClientDeviceTest {
    private static final int FEW = 10; // iterations: this test is not about time
    private static final String TOKENS = "JSON.stringify({ ...localStorage }).includes('device.')";

    @TempDir
    private Path directory;

    private void write(Account... all) throws Exception {
        new PrivateFile(directory.resolve("users"))
                .change(lines -> List.of(all).stream().map(Account::line).toList());
    }

    private static void logIn(Visitor ada, String password, boolean stays) {
        ada.page().await("document.activeElement.id === 'login-password'");
        ada.page().evaluate("document.querySelector('#login-stay').checked = " + stays);
        ada.page().type(password);
        ada.page().press("Enter");
        ada.awaitMember("ada");
    }

    @Test
    void staySignedInUntilThePasswordChanges() throws Exception {
        write(Account.of("ada", "secret", FEW));
        Settings settings = Settings.read(List.of("--users-file=" + directory.resolve("users")), Map.of());
        try (LoginFiles logins = new LoginFiles(settings);
                BrowserServer server = new BrowserServer(logins::apply)) {
            Visitor ada = server.open();
            Page page = ada.page();
            ada.takeName("ada");
            logIn(ada, "secret", false);
            assertThat(page.isTrue(TOKENS)).isFalse();
            page.reload();
            logIn(ada, "secret", true);
            page.await(TOKENS);
            assertThat(page.isTrue("!JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes('secret')"))
                    .isTrue();
            ada.say("hello");

            page.reload();
            ada.awaitLast("hello");
            ada.awaitMember("ada");
            Visitor other = server.another(ada); // another tab of the device
            other.awaitLast("hello");
            other.say("from another tab");
            ada.awaitLast("hello", "from another tab");

            write(Account.of("ada", "changed", FEW));
            logins.readAccounts();
            for (Visitor tab : List.of(ada, other)) {
                tab.page().await("!document.querySelector('#login').hidden");
                assertThat(tab.page().text("#login-error"))
                        .isEqualTo("Your login has expired or was revoked. Log in again.");
            }
            logIn(ada, "changed", true);
            page.await(TOKENS);
            server.server().revoke("ada");
            page.await("!document.querySelector('#login').hidden");
            page.reload();
            page.await("document.activeElement.id === 'login-password'");
            assertThat(page.isTrue(TOKENS)).isFalse();
            logIn(ada, "changed", true);
            page.await(TOKENS);
            page.click("#sign-out");
            page.await("!document.querySelector('#login').hidden");
            assertThat(page.isTrue(TOKENS)).isFalse();
            page.reload();
            page.await("document.activeElement.id === 'login-name'");
            assertThat(page.isTrue("document.querySelector('#login-name').value === ''"))
                    .isTrue();
        }
    }
}

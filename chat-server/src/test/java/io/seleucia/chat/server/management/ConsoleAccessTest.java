package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.browser.Problem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The console's token, and its addresses, in a real browser. */
class ConsoleAccessTest {
    private static final String TOKEN = "correct horse battery";

    @TempDir
    private Path directory;

    private ConsoleFixture open() throws IOException {
        return new ConsoleFixture(
                ChatServer.builder().port(0).start(),
                Access.withToken(Files.writeString(directory.resolve("token"), TOKEN), "localhost"),
                Optional.empty(),
                "overview");
    }

    @Test
    void asksOnceForTheTokenAndKeepsItForTheTab() throws Exception {
        try (ConsoleFixture console = open()) {
            Page page = console.page;
            page.await("!document.getElementById('login').hidden");
            page.type("#token", "not the token at all");
            page.press("Enter");
            page.await("document.getElementById('trouble').innerText.includes('not the token')");
            assertThat(page.isTrue("document.getElementById('board').hidden")).isTrue();
            page.type("#token", TOKEN);
            page.press("Enter");
            page.await("!document.getElementById('board').hidden");
            page.reload();
            page.await("!document.getElementById('board').hidden");

            assertThat(page.isTrue("localStorage.length === 0 && sessionStorage.length === 1"))
                    .isTrue();
            assertThat(page.problemsBut(Problem.Kind.NETWORK))
                    .as("but for the refusals")
                    .isEmpty();
        }
    }

    @Test
    void remembersTheTokenIfAskedAndForgetsItOnDemand() throws Exception {
        try (ConsoleFixture console = open()) {
            Page page = console.page;
            console.awaitVisible("#login");
            page.type("#token", TOKEN);
            page.click("#remember");
            page.click("#login .primary");
            page.await("!document.getElementById('board').hidden");
            assertThat(page.isTrue("localStorage.length === 1 && sessionStorage.length === 0"))
                    .isTrue();
            page.reload();
            page.click("#forget");

            page.await("!document.getElementById('login').hidden");
            assertThat(page.isTrue("localStorage.length === 0 && sessionStorage.length === 0"))
                    .isTrue();
            assertThat(page.isTrue("document.getElementById('board').hidden")).isTrue();
            page.reload();
            page.await("!document.getElementById('login').hidden");
        }
    }

    @Test
    void worksBelowAPathAndThereForgetsNoTokenOfAnother() throws Exception {
        try (ConsoleFixture console = open();
                SubPathProxy proxy = new SubPathProxy(
                        "/ops/chat/", URI.create(console.management.url()).getPort());
                Page page = Browser.shared().open(proxy.url() + "#bans")) {
            page.evaluate("localStorage.setItem('seleucia-token /other/', 'of another console')");
            page.await("document.getElementById('login').checkVisibility()");
            page.type("#token", TOKEN);
            page.press("Enter");
            page.await("!document.getElementById('bans-empty').hidden");
            page.type("#ban-subject", "192.0.2.1");
            page.evaluate("document.getElementById('ban-kind').value = 'address'");
            page.click("#ban-submit");
            page.click("#confirm-yes");
            page.await("document.querySelectorAll('#bans-rows tr').length === 1");
            page.click("#forget");
            assertThat(page.evaluate("localStorage.getItem('seleucia-token /other/')")
                            .getAsString())
                    .isEqualTo("of another console");
            assertThat(page.problemsBut(Problem.Kind.NETWORK)).isEmpty();
        }
    }
}

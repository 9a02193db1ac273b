package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.browser.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operator's console in a real browser, next to real clients. */
class ConsoleTest {
    private static final String MARKUP = "<img src=x onerror=alert(1)>";
    private static final String TOKEN = "correct horse battery";

    @TempDir
    private Path directory;

    private final RecentLines log = new RecentLines(new SimpleFormatter());
    private ChatServer server;
    private Management management;
    private Page page;

    @BeforeEach
    void start() throws Exception {
        server = ChatServer.builder().port(0).start();
        manage(Access.local());
    }

    private void manage(Access access) throws IOException {
        management = new Management(access, 0);
        management.serve(server, log, List::of);
        page = Browser.shared().open(management.url());
    }

    @AfterEach
    void stop() {
        if (page != null) {
            page.close();
        }
        management.close();
        server.close();
    }

    @Test
    void showsWhoIsThereAndWhatIsGoingOn() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby");
                TestClient markup = TestClient.member(server.port(), MARKUP, MARKUP)) {
            page.await("document.querySelectorAll('#sessions-rows tr').length === 2");
            page.await("document.querySelectorAll('#channels-rows li').length === 2");
            assertThat(page.text("#sessions-rows")).contains("ada", "ctesiphon", "lobby", MARKUP);
            assertThat(page.text("#channels-rows")).contains("lobby", MARKUP);
            assertThat(page.text("#health")).isEqualTo("healthy");
            assertThat(page.text("#about")).contains("seleucia");
            log.publish(new LogRecord(Level.WARNING, "something " + MARKUP));
            page.await("document.getElementById('log').innerText.includes('something <img')");

            ada.publish("ada", "lobby", "hi").next();
            page.await("[...document.querySelectorAll('.card .label')].some(l => /^peak (0\\.[1-9]|[1-9])/"
                    + ".test(l.textContent) && l.parentElement.textContent.startsWith('Messages published'))");
            markup.expectNothingElse();
        }
        page.await("!document.getElementById('sessions-empty').hidden");
        page.await("document.getElementById('ended-rows').innerText.includes('1000 normal')");
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void endsTheSessionsOfAClientAfterAsking() throws Exception {
        TestClient ada = TestClient.member(server.port(), "ada", "lobby");
        try (TestClient bob = TestClient.member(server.port(), "bob", "lobby")) {
            page.click("button[data-client=ada]");
            assertThat(page.text("#client-title")).isEqualTo("What about ada?");
            page.press("Escape");
            page.await("!document.getElementById('client').open");
            assertThat(page.isTrue("document.activeElement.dataset.client === 'ada'"))
                    .as("the focus is where it was")
                    .isTrue();
            ada.expectNothingElse();

            page.press("Enter");
            page.click("#client-disconnect");

            assertThat(ada.closeCode()).isEqualTo(4403);
            page.await("document.querySelectorAll('#sessions-rows tr').length === 1");
            bob.expectNothingElse();
        }
        page.await(
                "document.querySelectorAll('#sessions-rows tr').length === 0"); // or what is below moves under a click
        page.type("#by-name-client", "eve");
        page.press("Enter");
        page.click("#client-revoke");
        page.await("!document.getElementById('client').open");
        page.click("#by-name button");
        page.await("document.getElementById('client').open");
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void bansAfterAskingAndLiftsBans() throws Exception {
        TestClient ada = TestClient.member(server.port(), "ada", "lobby");
        page.await("!document.getElementById('bans-empty').hidden");
        assertThat(page.isTrue("(document.getElementById('ban-kind').value = 'guest')"))
                .isTrue();
        page.type("#ban-subject", "ada");
        page.type("#ban-reason", MARKUP);
        page.click("#ban button");
        assertThat(page.text("#confirm-title")).isEqualTo("Ban the guest ada for a day?");
        ada.expectNothingElse();

        page.click("#confirm-yes");

        assertThat(ada.closeCode()).isEqualTo(4403);
        page.await("document.querySelectorAll('#bans-rows li').length === 1");
        assertThat(page.text("#bans-rows")).contains("guest ada until", MARKUP);
        page.click("#bans-rows button");
        page.await("!document.getElementById('bans-empty').hidden");
        TestClient.member(server.port(), "ada", "lobby").close();
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void showsAChannelAndPublishesThereAfterAsking() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            ada.publish("ada", "lobby", MARKUP).next();
            page.click("#channels-rows button");
            page.await("document.getElementById('channel-messages').innerText.includes('onerror')");
            assertThat(page.text("#channel-members")).isEqualTo("1 client on all servers, 1 message so far");

            page.type("#publish-text", "back in five minutes");
            page.click("#publish .primary");
            assertThat(page.text("#confirm-text")).isEqualTo("back in five minutes");
            page.click("#confirm [data-close]");
            page.click("#publish .primary");
            page.click("#confirm-yes");

            assertThat(ada.next()).isEqualTo("Channel : lobby, Sender : operator, Message : back in five minutes");
            page.await("document.getElementById('channel-messages').innerText.includes('back in five minutes')");
            ada.expectNothingElse();
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void deletesWhatWasSaidAfterAsking() throws Exception {
        try (TestClient ada = TestClient.member(server.port(), "ada", "lobby")) {
            ada.publish("ada", "lobby", "regrettable").next();
            page.click("#channels-rows button");
            page.await("document.querySelectorAll('#channel-messages li').length === 1");
            page.click("#channel-delete");
            page.press("Escape");
            page.await("!document.getElementById('confirm').open");
            assertThat(server.broker().historyAfter("lobby", 0, 10).messages()).hasSize(1);

            page.click("#channel-delete");
            page.click("#confirm-yes");

            page.await("!document.getElementById('channel-empty').hidden");
            assertThat(server.broker().historyAfter("lobby", 0, 10).messages()).isEmpty();

            ada.publish("ada", "lobby", "worse").next();
            page.click("#channel [data-close]");
            page.click("button[data-client=ada]");
            page.click("#client-delete");
            page.click("#confirm-yes");
            page.await("!document.getElementById('client').open");
            assertThat(server.broker().historyAfter("lobby", 0, 10).messages()) // what tells open pages of it
                    .allMatch(message -> message.sender().equals("operator"));
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void asksOnceForTheTokenAndKeepsItForTheTab() throws Exception {
        page.close();
        management.close();
        manage(Access.withToken(Files.writeString(directory.resolve("token"), TOKEN), "localhost"));

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

    @Test
    void saysThatTheServerIsOutOfReachAndThatItIsBack() throws Exception {
        page.await("document.getElementById('health').innerText === 'healthy'");
        page.evaluate("window.realFetch = window.fetch; window.fetch = () => Promise.reject(new TypeError('gone'))");
        page.await("document.getElementById('health').innerText === 'out of reach'");
        assertThat(page.text("#trouble")).contains("can’t be reached");

        page.evaluate("window.fetch = window.realFetch");
        page.await("document.getElementById('health').innerText === 'healthy'");
        assertThat(page.isTrue("document.getElementById('trouble').hidden")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"360, light", "360, dark", "768, light", "768, dark", "1440, light", "1440, dark"})
    void fitsAndCanBeReadOn(int width, String scheme) throws Exception {
        page.viewport(width, 900);
        page.prefers("prefers-color-scheme", scheme);
        String longest = "a".repeat(64);
        try (TestClient ada = TestClient.member(server.port(), longest, "lobby".repeat(20))) {
            log.publish(new LogRecord(Level.SEVERE, "x".repeat(500)));
            page.await("document.querySelectorAll('#sessions-rows tr').length === 1");
            page.await("document.querySelectorAll('#log li').length === 1");

            assertThat(page.isTrue("document.documentElement.scrollWidth <= innerWidth"))
                    .as("nothing sticks out to the right")
                    .isTrue();
            assertThat(page.evaluate(CONTRASTS)).as("too faint to be read").isEqualTo(list());
            ada.expectNothingElse();
        }
        assertThat(page.problems()).isEmpty();
    }

    private static JsonElement list() {
        return new JsonArray();
    }

    /** Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3), for they are of normal size. */
    private static final String CONTRASTS = """
            (() => {
              const parse = color => color.match(/[\\d.]+/g).map(Number);
              const light = color => parse(color).slice(0, 3).map(c => c / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
              const ground = element => {
                for (let e = element; e; e = e.parentElement) {
                  const color = getComputedStyle(e).backgroundColor;
                  const alpha = parse(color)[3] ?? 1;
                  if (alpha > 0) return color;
                }
                return 'rgb(255, 255, 255)';
              };
              const faint = [];
              for (const element of document.querySelectorAll('body *')) {
                const own = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
                if (!own || element.disabled || !element.checkVisibility()) continue;
                const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
                const contrast = (a + 0.05) / (b + 0.05);
                if (contrast < 4.5) faint.push(`${element.textContent} ${contrast.toFixed(2)}`);
              }
              return faint;
            })()""";
}

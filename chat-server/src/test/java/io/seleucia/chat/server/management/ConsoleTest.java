package io.seleucia.chat.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import io.seleucia.chat.TestClient;
import io.seleucia.chat.browser.Accessibility;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.message.Ban;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The overview and the log of the operator's console in a real browser, next to real clients; and how all its views look. */
class ConsoleTest {
    private static final String MARKUP = "<img src=x onerror=alert(1)>";

    private ConsoleFixture console;
    private Page page;

    @BeforeEach
    void start() throws Exception {
        console = ConsoleFixture.open("overview");
        page = console.page;
    }

    @AfterEach
    void stop() {
        console.close();
    }

    private int port() {
        return console.server.port();
    }

    @Test
    void showsTheNumbersOfThisMomentAndWhyConnectionsHaveEnded() throws Exception {
        try (TestClient ada = TestClient.member(port(), "ada", "lobby")) {
            page.await("document.getElementById('health').innerText === 'healthy'");
            assertThat(page.text("#about"))
                    .contains(":" + port() + ", seleucia")
                    .contains("up ");
            page.await(value("Connections") + " === '1'");
            ada.publish("ada", "lobby", "hi").next();
            page.await("/^(0\\.[1-9]|[1-9])/.test(" + value("Messages published") + ")");
            page.await("document.getElementById('servers-rows').innerText.includes('(this one)')");
            page.await("document.getElementById('servers-rows').innerText.includes('1 connection')");
            assertThat(page.text("#servers-rows")).contains("healthy", "1 channel");
            page.await("document.querySelectorAll('#memory-rows meter').length > 5");
            assertThat(page.text("#memory-total")).contains(" of ");
            ada.expectNothingElse();
        }
        page.await("document.getElementById('ended-rows').innerText.includes('1000 normal')");
        assertThat(page.problems()).isEmpty();
    }

    private static String value(String card) {
        return "[...document.querySelectorAll('.card')].find(c => c.querySelector('.label').textContent === '" + card
                + "').querySelector('.value').textContent";
    }

    @Test
    void showsRefusedHandshakesByReason() throws Exception {
        page.await("!document.getElementById('refused-empty').hidden");
        assertThat(answer("GET / HTTP/1.1\r\nHost: localhost:" + port() + "\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
        assertThat(answer("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")).startsWith("HTTP/1.1 421 ");

        page.await("document.querySelectorAll('#refused-rows li').length === 2");
        assertThat(page.text("#refused-rows")).contains("not a valid handshake", "another host’s name");
        assertThat(console.http().get("/metrics").body())
                .contains("\nseleucia_handshakes_refused_total{reason=\"malformed\"} 1\n")
                .contains("\nseleucia_handshakes_refused_total{reason=\"host\"} 1\n")
                .contains("\nseleucia_handshakes_refused_total{reason=\"banned\"} 0\n");
    }

    private String answer(String request) throws IOException {
        try (Socket socket = new Socket("localhost", port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void drawsTheSamplesOfAnHourAndReadsThemByKeys() {
        page.evaluate(
                "window.realFetch = window.fetch; window.fetch = (path, ...rest) => path.startsWith('api/samples')"
                        + " ? Promise.resolve(new Response(JSON.stringify({seconds: 10, now: Date.now(), fields: ['time', 'connections'], samples:"
                        + " [[Date.now() - 1800000, 7], [Date.now() - 60000, 12], [Date.now() - 10000, 3]]})))"
                        + " : window.realFetch(path, ...rest)");
        String plot = "document.querySelector('.plot[aria-label=Connections]')";
        page.await(plot + ".querySelector('polyline').getAttribute('points').split(' ').length === 3");

        assertThat(page.text(".card .peak")).isEqualTo("peak 12");
        assertThat(page.evaluate(plot + ".clientWidth").getAsInt())
                .as("wide enough to read")
                .isGreaterThan(250);
        page.evaluate(plot + ".focus()");
        console.press("ArrowLeft", 37);
        page.await(plot + ".getAttribute('aria-valuetext').endsWith(': 3')");
        console.press("ArrowLeft", 37);
        page.await(plot + ".getAttribute('aria-valuetext').endsWith(': 12')");
        assertThat(page.text(".card .read")).endsWith(": 12");
        console.choose("#range", "10");
        page.await(plot + ".querySelector('polyline').getAttribute('points').split(' ').length === 2");
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void showsTheLogByLevelAndText() {
        console.log.publish(new LogRecord(Level.INFO, "all is well " + MARKUP));
        console.log.publish(new LogRecord(Level.WARNING, "the disk is nearly full"));
        console.log.publish(new LogRecord(Level.FINE, "a detail"));
        console.view("log");
        page.await("document.querySelectorAll('#log li').length === 2");
        assertThat(page.text("#log")).contains(MARKUP, "nearly full");

        console.choose("#log-level", "warning");
        page.await("document.querySelectorAll('#log li').length === 1");
        assertThat(page.text("#log")).contains("nearly full");
        console.log.publish(new LogRecord(Level.SEVERE, "the disk is full"));
        page.await("document.querySelectorAll('#log li.error').length === 1");
        page.type("#log-contains", "NEARLY");
        page.await("document.querySelectorAll('#log li').length === 1");
        console.choose("#log-level", "debug");
        page.evaluate("document.getElementById('log-contains').value = ''");
        page.await("document.querySelectorAll('#log li').length === 4");
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void saysAtOnceThatTheServerIsOutOfReachAndThatItIsBack() {
        page.await("document.getElementById('health').innerText === 'healthy'");
        page.evaluate("window.realFetch = window.fetch; window.fetch = () => Promise.reject(new TypeError('gone'))");
        page.await("document.getElementById('health').innerText === 'out of reach'");
        assertThat(page.text("#trouble")).contains("can’t be reached").containsPattern("What you see is \\d+ s old");

        page.evaluate("window.fetch = window.realFetch");
        page.await("document.getElementById('health').innerText === 'healthy'");
        assertThat(page.isTrue("document.getElementById('trouble').hidden")).isTrue();
    }

    @Test
    void takesAServerThatDoesNotAnswerForOutOfReach() {
        page.await("document.getElementById('health').innerText === 'healthy'");
        page.evaluate("window.realFetch = window.fetch; window.fetch = (path, options) => new Promise((_, reject) =>"
                + " options.signal.addEventListener('abort', () => reject(options.signal.reason)))");
        long began = System.nanoTime();
        page.await("document.getElementById('health').innerText === 'out of reach'");
        assertThat(System.nanoTime() - began)
                .as("the patience of a status is 2.5 s")
                .isLessThan(8_000_000_000L);
    }

    @Test
    void opensViewsByTheKeyboardAndTheHistory() {
        console.view("channels");
        assertThat(page.isTrue("document.title.startsWith('Channels')")).isTrue();
        assertThat(page.isTrue("document.querySelectorAll('[data-view]:not([hidden])').length === 1"))
                .isTrue();
        page.evaluate("document.querySelector('#views a[href=\"#log\"]').focus()");
        page.press("Enter");
        page.await("document.getElementById('log-title').checkVisibility()");
        page.evaluate("history.back()");
        page.await("document.getElementById('channels-title').checkVisibility()");
    }

    @ParameterizedTest
    @CsvSource({"360, light", "360, dark", "768, light", "768, dark", "1440, light", "1440, dark"})
    void fitsAndCanBeReadOn(int width, String scheme) throws Exception {
        page.viewport(width, 900);
        page.prefers("prefers-color-scheme", scheme);
        String longest = "a".repeat(64);
        try (TestClient ada = TestClient.member(port(), longest, "lobby".repeat(20))) {
            console.log.publish(new LogRecord(Level.SEVERE, "x".repeat(500)));
            console.server.publish("lobby".repeat(20), longest, "x".repeat(500));
            ada.next();
            assertReadable("overview", "#servers-rows td");
            assertReadable("sessions", "#sessions-rows tr");
            assertReadable("channels", "#channels-rows tr");
            assertReadable("bans", "#ban");
            assertReadable("log", "#log li");
            console.view("channels");
            page.click("#channels-rows button");
            page.await("document.querySelectorAll('#channel-messages li').length === 1");
            page.await("document.querySelectorAll('#members-rows li').length === 1");
            assertFits("channel");
            page.click("#members-rows button");
            page.await("document.getElementById('client').open");
            assertFits("client");
        }
        assertThat(page.problems()).isEmpty();
    }

    @Test
    void violatesNoRuleOfAccessibility() throws Exception {
        TestClient ada = TestClient.member(port(), "ada", "lobby");
        console.server.publish("lobby", "ada", "hi");
        console.server.ban(new Ban(Ban.Kind.GUEST, "eve", Instant.now().plusSeconds(1_000), "spam"));
        console.log.publish(new LogRecord(Level.SEVERE, "the disk is full"));
        ada.next();
        for (String view : List.of("overview", "sessions", "channels", "bans", "log")) {
            console.view(view);
            page.await("document.querySelector('[data-view=" + view + "]').checkVisibility()");
            assertAccessible(view);
        }
        console.view("channels");
        page.click("#channels-rows button");
        page.await("document.querySelectorAll('#members-rows li').length === 1");
        assertAccessible("a channel");
        page.click("#channel-delete");
        assertAccessible("a question");
        page.click("#confirm [data-close]");
        page.click("#members-rows button");
        page.click("#client-disconnect");
        console.awaitSaid("Disconnected ada.");
        assertAccessible("what was said");
        page.evaluate("document.getElementById('channel').close()");
        page.evaluate("window.fetch = () => Promise.reject(new TypeError('gone'))");
        page.await("document.getElementById('health').innerText === 'out of reach'");
        assertAccessible("out of reach");
        page.evaluate("window.fetch = () => Promise.resolve(new Response('{}', {status: 401}))");
        page.await("document.getElementById('login').checkVisibility()");
        assertAccessible("the question for the token");
    }

    private void assertAccessible(String where) {
        for (String scheme : List.of("light", "dark")) {
            page.prefers("prefers-color-scheme", scheme);
            assertThat(Accessibility.violations(page)).as(where + ", " + scheme).isEmpty();
        }
    }

    private void assertReadable(String view, String shown) {
        console.view(view);
        page.await("document.querySelector('" + shown + "')?.checkVisibility()");
        assertFits(view);
    }

    private void assertFits(String where) {
        assertThat(page.isTrue("document.documentElement.scrollWidth <= innerWidth"))
                .as("nothing sticks out to the right in " + where)
                .isTrue();
        assertThat(page.evaluate(CONTRASTS))
                .as("too faint to be read in " + where)
                .isEqualTo(list());
        assertThat(page.evaluate(UNNAMED)).as("without a name in " + where).isEqualTo(list());
    }

    private static JsonElement list() {
        return new JsonArray();
    }

    /** Controls that assistive technology would have no name for. */
    private static final String UNNAMED = """
            [...document.querySelectorAll('button, input, select, textarea, a, meter, [role=slider]')]
              .filter(e => e.checkVisibility())
              .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length))
              .map(e => e.outerHTML)""";

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

package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.browser.Page;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What those need who see little, or nothing, or use no mouse (WCAG 2.2), as far as a program can tell. */
class BrowserClientAccessTest {
    private static final Set<String> OPERATED = Set.of("button", "textbox", "link");

    /** Texts whose contrast to what is behind them is too low (WCAG 1.4.3), and fields whose edge is (1.4.11). */
    private static final String TOO_PALE = """
            (() => {
                const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
                const parse = (color) => { // of any notation
                    pen.clearRect(0, 0, 1, 1);
                    pen.fillStyle = color;
                    pen.fillRect(0, 0, 1, 1);
                    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
                    return [r, g, b, a / 255];
                };
                const mixed = ([r, g, b, a = 1], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
                const behind = (element) => {
                    if (!element) return [255, 255, 255];
                    const color = parse(getComputedStyle(element).backgroundColor);
                    return color[3] === 0 ? behind(element.parentElement)
                        : (color[3] ?? 1) === 1 ? color : mixed(color, behind(element.parentElement));
                };
                const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
                const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
                const contrast = (one, other) => {
                    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
                    return (high + 0.05) / (low + 0.05);
                };
                const pale = [];
                for (const element of document.body.querySelectorAll("*")) {
                    const style = getComputedStyle(element);
                    const shown = element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen, :disabled");
                    const said = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
                    const ground = behind(element);
                    if (shown && (said || element.tagName === "use" || element.value)) {
                        const color = element.tagName === "use" ? style.stroke : style.color;
                        const ratio = contrast(mixed(parse(color), ground), ground);
                        const least = element.tagName === "use" || parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
                        if (ratio < least) pale.push(`${element.outerHTML.slice(0, 80)} ${ratio}`);
                    }
                    if (shown && element.matches("input, .composer")) {
                        const ratio = contrast(parse(style.borderTopColor), behind(element.parentElement));
                        if (ratio < 3 && style.outlineStyle === "none") pale.push(`edge of ${element.id} ${ratio}`);
                    }
                }
                return pale;
            })()""";

    /** Has the server refuse one message. */
    private static final String REFUSE = """
            (() => {
                const real = WebSocket.prototype.send;
                WebSocket.prototype.send = function (text) {
                    real.call(this, text.includes("refuse me") ? text.replace('"type"', '"headers":7,"type"') : text);
                };
            })()""";

    private ChatServer server;
    private Visitor ada;

    @BeforeEach
    void start() throws IOException {
        ChatServerBuilder builder = ChatServer.builder().port(0);
        BrowserClient.addTo(builder);
        server = builder.start();
        ada = Visitor.open("http://localhost:" + server.port() + "/");
    }

    @AfterEach
    void stop() {
        ada.close();
        server.close();
    }

    /** As much at once as can be. */
    private void fill() {
        ada.takeName("ada");
        ada.awaitMember("ada");
        ada.say("Hello, see https://example.org/");
        ada.page().evaluate(REFUSE);
        ada.say("refuse me");
        try (Visitor bob = Visitor.enter("http://localhost:" + server.port() + "/", "bob")) {
            bob.say("Hi");
            bob.page().click("#members-list button[title='Write to ada']");
            bob.awaitTitle("ada");
            bob.say("between us");
            ada.awaitUnread(Visitor.Key.person("bob"), "1");
        }
        ada.join("design");
        ada.open(Visitor.Key.channel("lobby"));
        ada.page().await("document.querySelector('.problem') && document.querySelector('.words a')");
    }

    @ParameterizedTest
    @CsvSource({"light, 1440", "dark, 1440", "light, 360", "dark, 360"})
    void whatIsWrittenCanBeRead(String scheme, int width) {
        ada.page().prefers("prefers-color-scheme", scheme);
        assertThat(ada.strings(TOO_PALE)).isEmpty();
        fill();
        ada.page().viewport(width, 800);
        ada.page().evaluate("document.querySelector('#banner').textContent = 'The server is away.'");

        assertThat(ada.strings(TOO_PALE)).isEmpty();
        assertThat(ada.page()
                        .isTrue("getComputedStyle(document.body).backgroundColor === '"
                                + (scheme.equals("light") ? "rgb(255, 255, 255)" : "rgb(22, 24, 29)") + "'"))
                .isTrue();
    }

    @Test
    void thePaleIsFound() {
        ada.page().await("document.querySelector('#login-lead')");
        ada.page().evaluate("document.querySelector('#login-lead').style.color = '#8a8a8a'");
        ada.page().prefers("prefers-color-scheme", "light");

        assertThat(ada.strings(TOO_PALE)).singleElement().asString().contains("login-lead");
    }

    @Test
    void everythingHasANameAndAPlace() {
        assertThat(unnamed(ada.page())).isEmpty();
        assertThat(roles(ada.page())).contains("main");
        fill();
        Page page = ada.page();

        assertThat(unnamed(page)).isEmpty();
        assertThat(roles(page)).contains("navigation", "main", "complementary", "heading", "list", "log", "status");
        assertThat(page.isTrue("document.documentElement.lang === 'en' && document.title"))
                .isTrue();
        assertThat(page.isTrue("[...document.querySelectorAll('h1')].some(e => e.checkVisibility())"))
                .isTrue();
        assertThat(ada.strings("[...document.querySelectorAll('[id]')].map(e => e.id)"
                        + ".filter((id, at, all) => all.indexOf(id) !== at)"))
                .as("given twice")
                .isEmpty();
        assertThat(page.isTrue("document.querySelector('#announcer').ariaLive === 'polite'"))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {360, 1440})
    void whatIsTouchedIsLargeEnough(int width) {
        fill();
        ada.page().viewport(width, 800);

        assertThat(ada.strings("[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility()"
                        + " && (e.offsetHeight < 24 || e.offsetWidth < 24)).map(e => e.outerHTML)"))
                .as("smaller than 24 pixels (WCAG 2.5.8)")
                .isEmpty();
    }

    @Test
    void nothingMovesForWhoDoesNotWantIt() {
        ada.page().prefers("prefers-reduced-motion", "reduce");
        fill();

        assertThat(ada.page()
                        .isTrue("[...document.querySelectorAll('*')].every(e =>"
                                + " getComputedStyle(e).animationName === 'none'"
                                + " && parseFloat(getComputedStyle(e).transitionDuration) === 0)"))
                .isTrue();
    }

    private static List<JsonObject> tree(Page page) {
        List<JsonObject> nodes = new ArrayList<>();
        page.call("Accessibility.enable", new JsonObject());
        for (JsonElement node :
                page.call("Accessibility.getFullAXTree", new JsonObject()).getAsJsonArray("nodes")) {
            if (!node.getAsJsonObject().get("ignored").getAsBoolean()) {
                nodes.add(node.getAsJsonObject());
            }
        }
        return nodes;
    }

    private static String of(JsonObject node, String property) {
        return node.has(property) ? node.getAsJsonObject(property).get("value").getAsString() : "";
    }

    private static List<String> roles(Page page) {
        return tree(page).stream().map(node -> of(node, "role")).toList();
    }

    private static List<String> unnamed(Page page) {
        return tree(page).stream()
                .filter(node ->
                        OPERATED.contains(of(node, "role")) && of(node, "name").isBlank())
                .map(JsonObject::toString)
                .toList();
    }
}

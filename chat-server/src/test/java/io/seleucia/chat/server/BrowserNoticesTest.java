package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonPrimitive;
import io.seleucia.chat.browser.Page;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How the page tells of what happens elsewhere: notifications, badges, marks, and the passing of days. */
class BrowserNoticesTest {
    private static final Visitor.Key LOBBY = Visitor.Key.channel("lobby");

    /** Stands in for the desktop, which a browser without a window has not. */
    private static final String DESKTOP = """
            window.told = [];
            window.asked = 0;
            window.Notification = class {
                static permission = localStorage.getItem("permission") ?? "default";
                static async requestPermission() {
                    window.asked++;
                    localStorage.setItem("permission", "granted");
                    return (Notification.permission = "granted");
                }
                constructor(title, options) {
                    window.told.push({ title, ...options, shown: this });
                }
                close() {
                    this.closed = true;
                }
            };
            window.sounds = 0;
            const start = OscillatorNode.prototype.start;
            OscillatorNode.prototype.start = function (...at) {
                window.sounds++;
                return start.apply(this, at);
            };
            window.looksAway = false;
            const hasFocus = document.hasFocus.bind(document);
            document.hasFocus = () => !window.looksAway && hasFocus();
            """;

    private BrowserServer server;

    @BeforeEach
    void start() throws Exception {
        server = new BrowserServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private Visitor enterWithDesktop(String name) {
        Visitor visitor = server.open();
        visitor.page().beforeEachDocument(DESKTOP);
        visitor.page().reload();
        visitor.takeName(name);
        visitor.awaitMember(name);
        return visitor;
    }

    private static void lookAway(Visitor visitor, boolean away) {
        visitor.page().evaluate("window.looksAway = " + away + "; window.dispatchEvent(new Event('focus'))");
    }

    private static void awaitTold(Page page, int count) {
        page.await("window.told.length === " + count);
    }

    @Test
    void asksForPermissionWhenThereIsSomethingToTellAndByAClick() throws Exception {
        Visitor ada = enterWithDesktop("ada");
        Page page = ada.page();
        server.publish("lobby", "bob", "@ada in sight");
        ada.awaitLast("@ada in sight");
        assertThat(page.isTrue("document.querySelector('#notify-ask').hidden && window.asked === 0"))
                .isTrue();

        lookAway(ada, true);
        server.publish("lobby", "bob", "not for you");
        ada.awaitLast("not for you");
        assertThat(page.isTrue("document.querySelector('#notify-ask').hidden")).isTrue();
        server.publish("lobby", "bob", "hey @Ada!");
        page.await("!document.querySelector('#notify-ask').hidden && window.asked === 0");
        page.click("#notify-yes");
        page.await("window.asked === 1 && document.querySelector('#notify-ask').hidden");
        server.publish("lobby", "bob", "@ada <b>again</b>");
        awaitTold(page, 1);

        assertThat(page.evaluate("(({title, body, silent, tag}) => [title, body, silent, tag].join())(window.told[0])")
                        .getAsString())
                .isEqualTo("bob in lobby,@ada <b>again</b>,true,lobby");
        server.publish("lobby", "bob", "@adam is another");
        server.publish("lobby", "bob", "last");
        ada.awaitLast("last");
        awaitTold(page, 1);
        assertThat(page.isTrue("window.sounds === 0")).isTrue(); // unless it is turned on
        ada.join("elsewhere");
        page.evaluate("window.told[0].shown.onclick()");
        ada.awaitTitle("lobby");

        lookAway(ada, true);
        server.publish("lobby", "bob", "@ada once more");
        awaitTold(page, 2);
        assertThat(page.isTrue("window.told[1].shown.closed === undefined")).isTrue();
        page.click("#sign-out");
        page.await("window.told[1].shown.closed"); // the next person must not see it
        ada.assertNoProblems();
    }

    @Test
    void tellsNothingOfWhatIsMuted() throws Exception {
        Visitor ada = enterWithDesktop("ada");
        Page page = ada.page();
        page.evaluate("Notification.permission = 'granted'");
        page.click("#settings-open");
        page.evaluate("const s = document.querySelector('#notify'); s.value = 'all';"
                + " s.dispatchEvent(new Event('change'))");
        page.click("#sound");
        page.await("window.sounds === 1"); // as a sample
        page.click("#settings .primary");
        page.click("#mute");
        page.await("document.querySelector('#mute').ariaPressed === 'true'");
        ada.join("design");
        lookAway(ada, true);

        server.publish("lobby", "bob", "@ada");
        ada.awaitUnread(LOBBY, "1");
        server.publish("design", "bob", "for all");
        awaitTold(page, 1);
        assertThat(page.evaluate("window.told[0].title").getAsString()).isEqualTo("bob in design");
        page.await("document.title.startsWith('(1) design')"); // the muted one does not count
        assertThat(page.isTrue("document.querySelector(" + quoted(LOBBY.selector()) + ").classList.contains('muted')"))
                .isTrue();

        page.reload();
        page.await("document.querySelector(" + quoted(LOBBY.selector()) + ")?.classList.contains('muted')");
        ada.open(LOBBY);
        page.click("#mute");
        page.await("!document.querySelector(" + quoted(LOBBY.selector()) + ").classList.contains('muted')");
        ada.assertNoProblems();
    }

    private static String quoted(String text) {
        return new JsonPrimitive(text).toString();
    }

    @Test
    void marksDraftsAndLeadsToUnreadConversationsThatAreOutOfSight() throws Exception {
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        for (int i = 0; i < 24; i++) {
            page.evaluate("document.querySelector('#join-open').click()");
            page.type("#join-name", "team-%02d".formatted(i));
            page.press("Enter");
        }
        ada.awaitTitle("team-23");
        ada.open(LOBBY);
        ada.draft("not yet");
        String draft = "document.querySelector(" + quoted(LOBBY.selector() + " .draft") + ").textContent";
        assertThat(page.evaluate(draft).getAsString()).isEmpty(); // it is in sight
        ada.open(Visitor.Key.channel("team-00"));
        page.await(draft + " === 'draft'");

        page.viewport(1280, 500);
        page.evaluate("document.querySelector('.lists').scrollTop = 0");
        assertThat(page.isTrue("document.querySelector('#unread-below').hidden"))
                .isTrue();
        server.publish("team-22", "bob", "down here");
        server.publish("team-23", "bob", "and here");
        page.await("document.querySelector('#unread-below-text').textContent === '2 unread'");
        page.click("#unread-below");
        page.await("document.activeElement.dataset.key === 'team-22'");
        page.await("document.querySelector('#unread-below').hidden");
        ada.assertNoProblems();
    }

    @Test
    void namesDaysAnewAfterMidnight() throws Exception {
        Visitor ada = server.open();
        Page page = ada.page();
        page.beforeEachDocument("const now = Date.now; window.ahead = 0; Date.now = () => now() + window.ahead;"
                + " const timer = window.setTimeout; window.midnights = []; window.setTimeout = (f, wait, ...rest) =>"
                + " wait > 90000 ? window.midnights.push(f) : timer(f, wait, ...rest);");
        page.reload();
        ada.takeName("ada");
        ada.awaitMember("ada");
        server.publish("lobby", "bob", "late");
        ada.awaitLast("late");
        assertThat(page.text(".day")).isEqualTo("Today");

        page.evaluate("window.ahead = 86400000; window.midnights.at(-1)()");
        page.await("document.querySelector('.day').textContent === 'Yesterday'");
        String until =
                "import('./text.js').then(({untilMidnight}) => untilMidnight(new Date(2026, 4, 5, 23, 59, 58).getTime()))";
        assertThat(page.evaluate(until).getAsInt()).isEqualTo(2050);
    }

    @Test
    void coloursOfNamesCanBeReadInEachTheme() {
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        page.click("#settings-open");
        for (String theme : List.of("light", "dark")) {
            page.evaluate("var s = document.querySelector('#theme'); s.value = '" + theme
                    + "'; s.dispatchEvent(new Event('change'))");
            double lowest = page.evaluate("""
                    (() => {
                        const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
                        const light = (colour) => {
                            context.fillStyle = colour;
                            context.fillRect(0, 0, 1, 1);
                            const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((c) => c / 255)
                                .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
                            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                        };
                        const contrast = (one, other) => {
                            const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
                            return (high + 0.05) / (low + 0.05);
                        };
                        const sender = document.body.appendChild(document.createElement("span"));
                        const avatar = document.body.appendChild(document.createElement("span"));
                        sender.className = "sender coloured";
                        avatar.className = "avatar coloured";
                        const page = getComputedStyle(document.body).backgroundColor;
                        let lowest = 99;
                        for (let hue = 0; hue < 360; hue += 5) {
                            sender.style.setProperty("--hue", hue);
                            avatar.style.setProperty("--hue", hue);
                            const shown = getComputedStyle(avatar);
                            lowest = Math.min(lowest, contrast(getComputedStyle(sender).color, page),
                                contrast(shown.color, shown.backgroundColor));
                        }
                        sender.remove();
                        avatar.remove();
                        return lowest;
                    })()""").getAsDouble();
            assertThat(lowest).as(theme).isGreaterThan(4.5);
        }
        page.await("document.documentElement.dataset.theme === 'dark'");
        page.reload();
        page.await("document.documentElement.dataset.theme === 'dark'");
        assertThat(page.evaluate("import('./colour.js').then(({hueOf}) => new Set(['ada', 'bob', 'cyd', 'dan', 'eve']"
                                + ".map(hueOf)).size)")
                        .getAsInt())
                .isEqualTo(5);
    }
}

package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonPrimitive;
import io.seleucia.chat.browser.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Addresses and history entries, phones, keyboards and small pages. */
class BrowserClientFrameTest {
    private static final Visitor.Key LOBBY = Visitor.Key.channel("lobby");
    private static final String TIMELINE = "document.querySelector('#timeline')";

    private BrowserServer server;

    @BeforeEach
    void start() throws IOException {
        server = new BrowserServer();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    /** Opens an address as a new document, though it differs from the one before by its fragment alone. */
    private static void open(Page page, String address) {
        page.go("about:blank");
        page.go(address);
    }

    private static void back(Page page) {
        page.evaluate("history.back()");
    }

    /** Writes a picture for a person to look at, if a directory for them is given. */
    private static void picture(Page page, String name) throws IOException {
        String directory = System.getProperty("pictures", "");
        if (!directory.isEmpty()) {
            Files.createDirectories(Path.of(directory));
            page.evaluate("new Promise(requestAnimationFrame)");
            page.screenshot(Path.of(directory, name + ".png"));
        }
    }

    @Test
    void everyConversationAndMessageHasAnAddress() throws Exception {
        for (int i = 1; i <= 150; i++) {
            server.publish("team/a b", "bob", "message " + i);
        }
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        assertThat(page.isTrue("location.hash === '#/lobby'")).isTrue();
        ada.join("team/a b");
        ada.awaitLast("message 150");
        assertThat(page.isTrue("location.hash === '#/team%2Fa%20b'")).isTrue();
        page.click("#direct-open");
        page.type("#direct-name", "ada");
        page.press("Enter");
        ada.awaitTitle("ada");
        assertThat(page.isTrue("location.hash === '#/@ada'")).isTrue();
        back(page);
        ada.awaitTitle("team/a b");
        back(page);
        ada.awaitTitle("lobby");
        page.evaluate("history.forward()");
        ada.awaitTitle("team/a b");
        page.reload();
        ada.awaitTitle("team/a b");
        ada.awaitLast("message 150");

        page.await("document.querySelector('.message.first .when')");
        String address = page.evaluate("document.querySelector('.message.first .when').href.replace(/:\\d+$/, ':20')")
                .getAsString();
        Visitor bob = server.open();
        open(bob.page(), address);
        bob.takeName("bob"); // the address leads on through signing in, and asks before it joins the channel
        bob.page().await("document.querySelector('#invited').open");
        bob.page().click("#invited [value=join]");
        bob.page().await("document.querySelector('.message.target .words')?.textContent === 'message 20'");
        bob.awaitTitle("team/a b");
        assertThat(bob.page()
                        .isTrue("(() => { const r = document.querySelector('.target').getBoundingClientRect();"
                                + " return r.top > 0 && r.bottom < innerHeight; })()"))
                .isTrue();
        open(bob.page(), address.replaceAll(":\\d+$", ":9999"));
        bob.page().await("!document.querySelector('#missing').hidden");
        page.click(".message.first .when");
        page.await("document.querySelector('.message.target')");
        assertThat(page.isTrue("location.hash.includes('?at=')")).isTrue();
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void aPhoneGoesBackAndForthBetweenTheListAndAConversation() throws Exception {
        Visitor ada = server.open();
        Page page = ada.page();
        page.viewport(360, 640);
        ada.takeName("ada");
        page.await("document.querySelector('.entry') && !document.querySelector('#app').hidden");
        page.evaluate(
                "(async () => { const { ChatClient } = await import('./chat-client.js');"
                        + " const chat = window.eve = new ChatClient({ client: 'eve' });"
                        + " for (let i = 0; i < 40; i++) { await chat.join(`channel ${i}`); await chat.direct('ada', 'hi'); } })()");
        for (int i = 10; i < 40; i++) {
            page.click("#join-open");
            page.type("#join-name", "channel " + i);
            page.press("Enter");
            ada.awaitTitle("channel " + i);
            ada.awaitMember("ada"); // the server has it in the channel
            if (i % 2 == 0) {
                back(page);
            } else {
                page.click("#back");
            }
            page.await("document.querySelector('#app').dataset.pane === 'list'");
        }
        page.evaluate("Promise.all(Array.from({ length: 40 }, (_, i) => eve.publish(`channel ${i}`, 'news')))");
        ada.awaitUnread(Visitor.Key.channel("channel 39"), "1");
        assertThat(page.isTrue("document.scrollingElement.scrollHeight <= innerHeight"
                        + " && document.documentElement.scrollWidth <= innerWidth"))
                .as("the page does not scroll, its list does")
                .isTrue();
        page.evaluate("document.scrollingElement.scrollTop = 1000");
        assertThat(page.isTrue("document.scrollingElement.scrollTop === 0")).isTrue();
        picture(page, "phone-list");

        ada.open(LOBBY);
        assertThat(page.isTrue("document.querySelector('#text').offsetHeight >= 36"))
                .isTrue();
        ada.draft("a line\n".repeat(40));
        assertThat(page.isTrue("document.querySelector('#text').offsetHeight <= innerHeight * 0.4"))
                .isTrue();
        page.evaluate("document.querySelector('#text').select()");
        page.press("Backspace");
        page.click("#members-open");
        page.await("document.querySelector('#members').getBoundingClientRect().right <= 360");
        page.evaluate(TIMELINE + ".dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))");
        page.await("!document.querySelector('#members').classList.contains('open')");
        page.reload();
        ada.awaitTitle("lobby");
        back(page);
        page.await("document.querySelector('#app').dataset.pane === 'list'");
        ada.assertNoProblems();
    }

    /** A phone on its side with a keyboard, and a page of 1280 by 1024 that is enlarged four times. */
    @Test
    void aSmallPageLeavesRoomForMessages() throws Exception {
        Visitor ada = server.enter("ada");
        for (int i = 1; i <= 20; i++) {
            server.publish("lobby", "bob", "message " + i);
        }
        ada.awaitLast("message 20");
        for (int[] size : new int[][] {{640, 200}, {320, 256}, {640, 320}}) {
            ada.page().viewport(size[0], size[1]);
            ada.page().await("innerWidth === " + size[0]);
            ada.page().await(TIMELINE + ".clientHeight >= innerHeight * 0.4");
            ada.page()
                    .await("document.querySelector('#send').getBoundingClientRect().bottom <= innerHeight"
                            + " && document.documentElement.scrollWidth <= innerWidth");
            picture(ada.page(), "small-" + size[0] + "x" + size[1]);
        }
        ada.assertNoProblems();
    }

    @Test
    void whatComposesIsNotSent() {
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        ada.draft("にほんご");
        key(page, "{\"isComposing\":true,\"keyCode\":13}");
        key(page, "{\"isComposing\":false,\"keyCode\":229}");
        assertThat(ada.draft()).isEqualTo("にほんご");
        key(page, "{\"isComposing\":false,\"keyCode\":13}");
        ada.awaitLast("にほんご");

        page.evaluate("document.querySelector('#text').dir");
        assertThat(page.isTrue("['text', 'title', 'login-name', 'join-name', 'direct-name']"
                        + ".every(id => document.getElementById(id).dir === 'auto')"))
                .isTrue();
        ada.draft("שלום");
        assertThat(page.isTrue("document.querySelector('#text').matches(':dir(rtl)')"))
                .isTrue();
    }

    private static void key(Page page, String rest) {
        page.evaluate("document.querySelector('#text').dispatchEvent(new KeyboardEvent('keydown',"
                + " { key: 'Enter', bubbles: true, cancelable: true, ..." + rest + " }))");
    }

    @Test
    void keyboardsAndScreenReadersFindTheirWay() throws Exception {
        Visitor bob = server.enter("bob");
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        assertThat(page.isTrue("document.activeElement.id === 'text'")).isTrue();
        assertThat(page.isTrue("[...document.querySelectorAll('a[href], button, input, textarea')]"
                        + ".find(e => e.checkVisibility()).id === 'skip'"))
                .as("the first that Tab leads to")
                .isTrue();
        page.evaluate("document.querySelector('#skip').focus()");
        assertThat(page.isTrue("document.querySelector('#skip').offsetWidth > 100"))
                .isTrue();
        picture(page, "skip");
        page.press("Enter");
        page.await("document.activeElement.id === 'text'");
        assertThat(page.isTrue("location.hash === '#/lobby'")).isTrue();

        bob.page().click("#members-list button[title='Write to ada']");
        bob.say("psst");
        page.await("document.querySelector('#announcer').textContent === 'bob (direct message): psst'");
        ada.join("design");
        server.publish("lobby", "bob", "news");
        ada.awaitUnread(LOBBY, "1");
        page.prefers("forced-colors", "active");
        assertThat(page.isTrue("getComputedStyle(document.querySelector('.entry[aria-current=true]')).outlineStyle"
                        + " === 'solid'"))
                .isTrue();
        assertThat(page.isTrue("getComputedStyle(document.querySelector('.entry.unread .name')).textDecorationLine"
                        + " === 'underline'"))
                .isTrue();
        picture(page, "forced-colors");
        ada.assertNoProblems();
    }

    @Test
    void linksAreWhatAReaderTakesForOne() {
        Visitor ada = server.enter("ada");
        ada.page()
                .evaluate("import('./links.js').then(module => window.links = text =>"
                        + " module.partsOf(text).filter(part => part.isLink).map(part => part.text))");
        String[][] cases = {
            {"見て https://example.org/a。次", "https://example.org/a"},
            {"「https://example.org/a」", "https://example.org/a"},
            {"https://example.org/a、https://example.org/b", "https://example.org/a", "https://example.org/b"},
            {"https://example.org/\u202egpj.exe", "https://example.org/"},
            {"https://example.org/a\u200bb", "https://example.org/a"},
            {"https://example.org/it's/(a)_(b)", "https://example.org/it's/(a)_(b)"},
            {"'https://example.org/a'", "https://example.org/a"},
            {"(https://example.org/a(b)).", "https://example.org/a(b)"},
            {"[https://example.org/a]", "https://example.org/a"},
            {"https://example.org/wiki/東京", "https://example.org/wiki/東京"},
            {"https://user@example.org/ https://bаnk.example/ javascript:alert(1)"},
        };
        for (String[] one : cases) {
            assertThat(ada.strings("links(" + new JsonPrimitive(one[0]) + ")"))
                    .as(one[0])
                    .containsExactly(Arrays.copyOfRange(one, 1, one.length));
        }
        ada.page().evaluate("import('./route.js').then(module => window.route = module)");
        for (String key : new String[] {"lobby", "team/a?b#c", "@bob", "@a@b", "100%", "__proto__", "东京"}) {
            String json = new JsonPrimitive(key).toString();
            assertThat(ada.page()
                            .isTrue("[{ key: " + json + " }, { key: " + json
                                    + ", message: { epoch: 'e:1?', offset: 7 } }].every(place => JSON.stringify(place)"
                                    + " === JSON.stringify(route.placeOf(route.fragmentOf(place))))"))
                    .as(key)
                    .isTrue();
        }
        assertThat(ada.page()
                        .isTrue("['', '#', '#/', '#/@', '#lobby', '#/%ff', '#/a?at=e'].every(f =>"
                                + " route.placeOf(f) === null)"))
                .isTrue();
    }

    /** Pictures of the page, empty, busy and broken, for a person to look at. Without a directory for them, no test. */
    @Test
    void canBeLookedAt() throws Exception {
        Assumptions.assumeFalse(System.getProperty("pictures", "").isEmpty());
        Visitor ada = server.open();
        Page page = ada.page();
        shots(page, "login");
        ada.takeName("ada");
        ada.awaitMember("ada");
        shots(page, "empty");
        try (Visitor bob = Visitor.enter(server.url(), "bob")) {
            for (String text : new String[] {
                "Good morning",
                "Has anyone seen https://example.org/report(2)?",
                "It's due today",
                "שלום לכולם",
                "a\nmessage\nof\nseveral\nlines"
            }) {
                bob.say(text);
            }
            ada.say("Yes, I have it here.");
            bob.page().click("#members-list button[title='Write to ada']");
            bob.say("between us");
            ada.awaitUnread(Visitor.Key.person("bob"), "1");
            ada.join("design");
            ada.join("a channel with a rather long name that does not fit into the list");
            bob.open(LOBBY);
            bob.say("something new");
            ada.awaitUnread(LOBBY, "1");
            ada.open(LOBBY);
            bob.draft("x");
            shots(page, "busy");
            server.proxy().refuse(true);
            server.proxy().cut();
            ada.say("written while the server is away");
            page.await("document.querySelector('#banner').textContent !== ''");
            shots(page, "broken");
            page.viewport(1280, 800);
            page.click("#sign-out");
            shots(page, "unsent");
        }
    }

    static void shots(Page page, String name) throws IOException {
        for (String scheme : new String[] {"light", "dark"}) {
            page.prefers("prefers-color-scheme", scheme);
            for (int width : new int[] {360, 768, 1440}) {
                page.viewport(width, width == 360 ? 640 : 800);
                page.await("innerWidth === " + width
                        + " && document.getAnimations().every(a => a.effect.getTiming().iterations === Infinity)");
                picture(page, name + "-" + width + "-" + scheme);
            }
        }
        page.viewport(1280, 800);
    }
}

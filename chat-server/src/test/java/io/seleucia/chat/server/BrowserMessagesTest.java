package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonPrimitive;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.message.Content;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What two people do with messages in the page: change, answer, react to and illustrate them. */
class BrowserMessagesTest {
    private static final Visitor.Key LOBBY = Visitor.Key.channel("lobby");

    private BrowserServer server;
    private Visitor ada;
    private Visitor bob;

    @BeforeEach
    void start() throws IOException {
        server = new BrowserServer();
        ada = server.enter("ada");
        bob = server.enter("bob");
        ada.awaitMember("bob");
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static void awaitChips(Visitor visitor, String chips) {
        visitor.page()
                .await("[...document.querySelectorAll('.chip')].map(c => c.innerText.replace(/\\s+/g, '')"
                        + " + (c.ariaPressed === 'true' ? '!' : '')).join(' ') === '" + chips + "'");
    }

    private static void focusMessage(Visitor visitor, String text) {
        visitor.page()
                .evaluate(
                        "[...document.querySelectorAll('.message')].find(m => m.querySelector('.words').textContent === "
                                + new JsonPrimitive(text) + ").focus()");
    }

    /** Opens the menu of the message with the focus, and chooses an entry. */
    private static void choose(Visitor visitor, String entry) {
        visitor.page().press("Enter");
        visitor.page().await("document.activeElement.role === 'menuitem'");
        String focused = "document.activeElement.firstElementChild.textContent";
        for (int i = 0; i < 10 && !visitor.page().isTrue(focused + " === '" + entry + "'"); i++) {
            visitor.page().press("ArrowDown");
        }
        visitor.page().press("Enter");
    }

    @Test
    void editsAndDeletesInPlace() {
        ada.say("frist");
        bob.awaitLast("frist");
        ada.awaitLast("frist");
        ada.page().press("ArrowUp"); // in the empty composer
        ada.page().await("document.activeElement.closest('.edit')");
        ada.page().press("Escape");
        ada.page().await("document.activeElement.matches('.message')");
        ada.page().press("e");
        ada.page().await("document.activeElement.closest('.edit')");
        ada.page().evaluate("document.activeElement.select()");
        ada.page().type("**first**");
        ada.page().press("Enter");
        for (Visitor one : new Visitor[] {ada, bob}) {
            one.awaitLast("first");
            assertThat(one.page().text(".message .edited")).isEqualTo("edited");
            assertThat(one.page().isTrue("document.querySelector('.words strong')"))
                    .isTrue();
        }
        ada.page().await("document.activeElement.matches('.message')");
        ada.page().press("e");
        ada.page().await("document.activeElement.value === '**first**'"); // the source
        ada.page().press("Escape");
        bob.page().reload();
        bob.awaitLast("first");
        bob.page().await("document.querySelector('.message .edited')");

        focusMessage(bob, "first"); // not his, and the server has no moderator here
        bob.page().press("e");
        bob.page().press("Delete");
        bob.page().await("document.querySelector('#erase').open");
        assertThat(bob.page().text("#erase-text")).isEqualTo("first");
        bob.page().click("#erase [value=erase]");
        bob.page().await("document.querySelector('#notice').textContent.includes('only its author and moderators')");
        assertThat(bob.texts()).containsExactly("first");

        focusMessage(ada, "first");
        ada.page().press("Delete");
        ada.page().await("document.querySelector('#erase').open");
        ada.page().press("Enter"); // keeps it
        ada.page().await("!document.querySelector('#erase').open && document.activeElement.matches('.message')");
        choose(ada, "Delete");
        ada.page().click("#erase [value=erase]");
        for (Visitor one : new Visitor[] {ada, bob}) {
            one.page().await("document.querySelector('.words.gone')?.textContent === 'This message was deleted.'");
            assertThat(one.page().isTrue("document.querySelector('#messages').textContent.includes('first')"))
                    .isFalse();
            one.page().reload();
            one.page().await("document.querySelector('.words.gone')?.textContent === 'This message was deleted.'");
            one.assertNoProblems();
        }
    }

    @Test
    void repliesAndReacts() throws Exception {
        ada.page()
                .evaluate(
                        "(() => { window.sent = []; const send = WebSocket.prototype.send;"
                                + " WebSocket.prototype.send = function (text) { sent.push(text); send.call(this, text); }; })()");
        for (int i = 1; i <= 120; i++) {
            server.publish("lobby", "cyd", "message " + i);
        }
        ada.awaitLast("message 120");
        bob.awaitLast("message 119", "message 120");
        focusMessage(ada, "message 120");
        ada.page().press("ArrowUp");
        ada.page().await("document.activeElement.querySelector('.words').textContent === 'message 119'");
        ada.page().press("r");
        ada.page().await("document.activeElement.id === 'text' && !document.querySelector('#replying').hidden");
        assertThat(ada.page().text("#replying")).contains("Reply to cyd", "message 119");
        ada.say("to that");
        ada.page().await("document.querySelector('#replying').hidden");
        bob.awaitLast("to that");
        bob.page().await("document.querySelector('.quote')?.textContent.includes('message 119')");
        bob.page().click(".quote");
        bob.page().await("document.querySelector('.target .words').textContent === 'message 119'");

        bob.page().await("document.querySelector('.message')");
        focusMessage(bob, "to that");
        choose(bob, "React");
        bob.page().await("document.activeElement.id === 'picker-search'");
        bob.page().type("rocket");
        bob.page().await("document.querySelectorAll('#picker-grid button').length === 1");
        bob.page().press("Enter");
        awaitChips(ada, "🚀1");
        awaitChips(bob, "🚀1!");
        ada.page().click(".chip");
        awaitChips(bob, "🚀2!");
        assertThat(bob.page().evaluate("document.querySelector('.chip').title").getAsString())
                .isEqualTo("bob and ada");
        bob.page().click(".chip");
        awaitChips(bob, "🚀1");
        awaitChips(ada, "🚀1!");
        assertThat(bob.page().isTrue("document.activeElement.matches('.chip')"))
                .as("it keeps the focus")
                .isTrue();
        ada.page().await("sent.some(text => JSON.parse(text).type === 'read' && JSON.parse(text).offset > 120)");
        ada.page().reload(); // from here on the message that is answered is far from what is loaded
        ada.page().await("document.querySelector('.quote')?.textContent.includes('message 119')");
        awaitChips(ada, "🚀1!");

        focusMessage(ada, "to that");
        ada.page().click(".bar [data-part=smile]");
        ada.page().await("document.activeElement.id === 'picker-search'");
        ada.page().press("ArrowDown");
        ada.page().press("ArrowRight");
        ada.page().press("ArrowDown");
        ada.page().press("Enter");
        awaitChips(bob, "🚀1 😄1");
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void changesDirectMessages() {
        ada.page().click("#members-list button[title='Write to bob']");
        ada.awaitTitle("bob");
        ada.say("between");
        ada.awaitLast("between");
        bob.open(Visitor.Key.person("ada"));
        bob.awaitLast("between");
        focusMessage(bob, "between");
        bob.page().press("r");
        bob.say("indeed");
        ada.awaitLast("between", "indeed");
        ada.page().await("document.querySelector('.quote').textContent.includes('between')");
        focusMessage(ada, "indeed");
        ada.page().click(".bar [data-part='👍']");
        awaitChips(bob, "👍1");
        awaitChips(ada, "👍1!");
        focusMessage(ada, "between");
        ada.page().press("e");
        ada.page().await("document.activeElement.closest('.edit')");
        ada.page().type(" us");
        ada.page().press("Enter");
        bob.awaitLast("between us", "indeed");
        bob.page().await("document.querySelector('.quote').textContent.includes('between us')");
        focusMessage(bob, "indeed");
        choose(bob, "Delete");
        bob.page().click("#erase [value=erase]");
        ada.page().await("document.querySelector('.words.gone')");
        bob.page().await("document.querySelector('.words.gone')");
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void mentionsNamesAndShowsWhoHasSeenAMessage() throws Exception {
        bob.join("design");
        ada.draft("hello @bo");
        ada.page().await("!document.querySelector('#names').hidden");
        assertThat(ada.page().text("#names [aria-selected=true]")).isEqualTo("bob");
        assertThat(ada.page()
                        .isTrue("document.querySelector('#text').getAttribute('aria-activedescendant') === 'name-0'"))
                .isTrue();
        ada.page().press("Enter");
        assertThat(ada.draft()).isEqualTo("hello @bob ");
        ada.page().press("Enter");
        ada.awaitLast("hello @bob");
        bob.awaitUnread(LOBBY, "1");
        bob.page().await("document.querySelector('[data-key=lobby] .badge').classList.contains('mentioned')");
        bob.page().reload(); // it is still there for what was missed
        bob.page().await("document.querySelector('[data-key=lobby] .badge.mentioned')");
        bob.open(LOBBY);
        bob.page().await("document.querySelector('.mention.mine')?.textContent === '@bob'");
        ada.page().await("document.querySelector('.mention:not(.mine)')?.textContent === '@bob'");
        ada.page().await("document.querySelector('.seen')?.textContent === 'Seen by bob'");

        ada.draft("mail me@bo");
        assertThat(ada.page().isTrue("document.querySelector('#names').hidden")).isTrue();
        ada.page().press("Enter");
        ada.awaitLast("hello @bob", "mail me@bo");
        ada.page()
                .await("document.querySelector('.message:last-of-type + .seen, .seen')?.previousElementSibling"
                        + ".querySelector('.words').textContent === 'mail me@bo'");
        assertThat(bob.page().isTrue("document.querySelector('.seen')")).isFalse();
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void sendsPictures() throws Exception {
        String paste = """
                (async () => {
                    const canvas = new OffscreenCanvas(2000, 1000);
                    const context = canvas.getContext("2d");
                    const noise = context.createImageData(2000, 1000);
                    for (let from = 0; from < noise.data.length; from += 65_536) {
                        crypto.getRandomValues(noise.data.subarray(from, from + 65_536));
                    }
                    context.putImageData(noise, 0, 0); // as hard to compress as can be
                    const data = new DataTransfer();
                    data.items.add(new File([await canvas.convertToBlob({ type: "image/jpeg" })], "noise.jpg", { type: "image/jpeg" }));
                    document.querySelector("#text").dispatchEvent(
                        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
                })()""";
        ada.page().evaluate(paste);
        ada.page().await("document.querySelector('#attached img')?.complete");
        ada.page().click("#attached .icon");
        ada.page().await("!document.querySelector('#attached img') && document.querySelector('#send').disabled");
        ada.page().evaluate(paste);
        ada.page().await("document.querySelector('#attached img')?.complete");
        ada.say("some noise");
        for (Visitor one : new Visitor[] {ada, bob}) {
            one.awaitLast("some noise");
            one.page().await("document.querySelector('.picture img')?.complete");
            assertThat(
                            one.page()
                                    .isTrue(
                                            "(() => { const i = document.querySelector('.picture img');"
                                                    + " return i.naturalWidth > 100 && i.alt === 'some noise' && i.width === 360 && i.height === 180; })()"))
                    .isTrue();
        }
        bob.page().click(".picture");
        bob.page()
                .await(
                        "document.querySelector('#enlarged').open && document.querySelector('#enlarged-image').naturalWidth > 100");
        bob.page().press("Escape");
        bob.page().await("!document.querySelector('#enlarged').open");

        focusMessage(ada, "some noise");
        ada.page().press("e");
        ada.page().await("document.activeElement.closest('.edit')");
        ada.page().type(", described");
        ada.page().press("Enter");
        bob.awaitLast("some noise, described");
        assertThat(bob.page().isTrue("document.querySelector('.picture img').naturalWidth > 100"))
                .isTrue();

        ada.page().evaluate("""
                (() => {
                    const data = new DataTransfer();
                    data.items.add(new File(["<svg xmlns='http://www.w3.org/2000/svg'/>"], "a.svg", { type: "image/svg+xml" }));
                    document.querySelector("#timeline").dispatchEvent(
                        new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
                })()""");
        ada.page().await("document.querySelector('#notice').textContent.includes('a.svg is no picture')");
        server.broker()
                .publish(
                        "lobby",
                        "eve",
                        new Content.Json(
                                "{\"image\":{\"type\":\"image/svg+xml\",\"width\":1,\"height\":1,\"data\":\"AAAA\"},\"text\":\"x\"}"),
                        "");
        server.publish("lobby", "eve", " \u200b");
        server.publish("lobby", "eve", "last");
        ada.awaitLast("last");
        assertThat(ada.page()
                        .isTrue(
                                "document.querySelectorAll('.picture').length === 1 && document.querySelector('.words.code')"
                                        + " && document.querySelectorAll('.message').length === 3"))
                .isTrue();
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void drawsMarkdownWithoutReadingHtml() {
        ada.page()
                .evaluate("document.querySelector('#text').value = "
                        + new JsonPrimitive("*a*\n```html\n<b>x</b>\n```\n> quoted\n1. one\n2. two")
                        + ", document.querySelector('#text').dispatchEvent(new Event('input'))");
        ada.page().press("Enter");
        bob.page().await("document.querySelector('.words pre')");
        assertThat(bob.page()
                        .evaluate(
                                "document.querySelector('.words').innerHTML.replace(/ (class|dir|type|tabindex)=\"[^\"]*\"/g, '')")
                        .getAsString())
                .isEqualTo("<p><em>a</em></p><div><div><span>html</span><button>Copy</button></div>"
                        + "<pre><code>&lt;b&gt;x&lt;/b&gt;</code></pre></div>"
                        + "<blockquote><p>quoted</p></blockquote>"
                        + "<ol start=\"1\"><li><p>one</p></li><li><p>two</p></li></ol>");
        ada.page().press("ArrowUp");
        ada.page().await("document.activeElement.closest('.edit') && document.activeElement.value.startsWith('*a*')");
        Page page = bob.page();
        page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }");
        page.click(".copy");
        page.await("window.copied === '<b>x</b>' && document.querySelector('.copy').textContent === 'Copied'");
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    /** Pictures of the page with all of this, for a person to look at. Without a directory for them, no test. */
    @Test
    void canBeLookedAt() throws Exception {
        Assumptions.assumeFalse(System.getProperty("pictures", "").isEmpty());
        Page page = ada.page();
        bob.say("Has anyone seen the **report**? It is in `docs/report.md`, see [the wiki](https://example.org/wiki).");
        write(
                ada,
                "Yes. It says:\n> We are *nearly* done.\n> ~~Tomorrow~~ today\n1. write\n2. read\n- a point\n- another");
        write(bob, "```js\nconst answer = 42; // " + "long ".repeat(40) + "\n```");
        ada.page().await("document.querySelector('pre')");
        bob.say("@ada can you look?");
        ada.page().await("document.querySelector('.mention.mine')");
        focusMessage(ada, "@ada can you look?");
        page.press("r");
        ada.say("I did, @bob.");
        bob.awaitLast("I did, @bob.");
        focusMessage(bob, "I did, @bob.");
        bob.page().click(".bar [data-part='👍']");
        awaitChips(ada, "👍1");
        page.click(".chip");
        page.press("ArrowUp");
        page.evaluate("document.querySelector('#text').focus()");
        ada.say("oops");
        bob.awaitLast("oops");
        page.press("ArrowUp");
        page.await("document.activeElement.closest('.edit')");
        page.type(", meant otherwise");
        page.press("Enter");
        bob.awaitLast("oops, meant otherwise");
        bob.say("this goes");
        bob.awaitLast("this goes");
        focusMessage(bob, "this goes");
        choose(bob, "Delete");
        bob.page().click("#erase [value=erase]");
        page.await("document.querySelector('.gone')");
        page.evaluate(PAINT);
        page.await("document.querySelector('#attached img')?.complete");
        ada.say("a picture of colours");
        bob.page().await("document.querySelector('.picture img')");
        page.evaluate(PAINT);
        page.await("document.querySelector('#attached img')?.complete");
        focusMessage(ada, "I did, @bob.");
        page.press("r");
        page.await("!document.querySelector('#replying').hidden");
        ada.draft("so @b");
        page.await("!document.querySelector('#names').hidden");
        BrowserClientFrameTest.shots(page, "messages");
        page.press("Escape");
        focusMessage(ada, "oops, meant otherwise");
        page.press("Enter");
        BrowserClientFrameTest.shots(page, "menu");
        page.press("Escape");
        focusMessage(ada, "oops, meant otherwise");
        page.press("+");
        page.await("document.activeElement.id === 'picker-search'");
        BrowserClientFrameTest.shots(page, "picker");
        page.press("Escape");
        focusMessage(ada, "oops, meant otherwise");
        page.press("e");
        BrowserClientFrameTest.shots(page, "edit");
        page.press("Escape");
        page.press("Delete");
        BrowserClientFrameTest.shots(page, "erase");
        page.press("Escape");
        page.click(".picture");
        BrowserClientFrameTest.shots(page, "enlarged");
    }

    private static final String PAINT = """
            (async () => {
                const canvas = new OffscreenCanvas(1200, 800);
                const context = canvas.getContext("2d");
                const colours = context.createLinearGradient(0, 0, 1200, 800);
                colours.addColorStop(0, "teal");
                colours.addColorStop(1, "orange");
                context.fillStyle = colours;
                context.fillRect(0, 0, 1200, 800);
                const data = new DataTransfer();
                data.items.add(new File([await canvas.convertToBlob()], "a.png", { type: "image/png" }));
                document.querySelector("#text").dispatchEvent(
                    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
            })()""";

    /** Sends a text of several lines. */
    private static void write(Visitor visitor, String text) {
        visitor.page()
                .evaluate("document.querySelector('#text').value = " + new JsonPrimitive(text)
                        + ", document.querySelector('#text').focus(),"
                        + " document.querySelector('#text').dispatchEvent(new Event('input'))");
        visitor.page().press("Enter");
    }
}

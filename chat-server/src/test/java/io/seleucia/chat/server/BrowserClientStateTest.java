package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.browser.Page;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the page keeps in the browser belongs to one person, and to all of that person's tabs. */
class BrowserClientStateTest {
    private static final Visitor.Key LOBBY = Visitor.Key.channel("lobby");

    /** Everything that the browser keeps, as a text. */
    private static final String KEPT = """
            (async () => {
                const open = indexedDB.open("seleucia", 1);
                await new Promise((resolve) => { open.onsuccess = resolve; });
                const values = open.result.transaction("values").objectStore("values").getAll();
                await new Promise((resolve) => { values.onsuccess = resolve; });
                return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, values.result]);
            })()""";

    private BrowserServer server;

    @BeforeEach
    void start() throws IOException {
        server = new BrowserServer();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static void signOut(Visitor visitor) {
        visitor.page().click("#sign-out");
        visitor.page().await("!document.querySelector('#login').hidden");
    }

    @Test
    void whatOnePersonWroteIsNeverTheNextOnes() {
        Visitor tab = server.enter("ada");
        tab.draft("ada's draft");
        server.proxy().refuse(true);
        server.proxy().cut();
        tab.page().await("document.querySelector('#banner').textContent.includes('kept')");
        tab.say(", and ada's secret");
        tab.page().await("document.querySelector('.message[data-state=sending]')");
        tab.draft("x".repeat(5_000)); // large: in the database

        tab.page().click("#sign-out"); // asks, because the message would be lost
        tab.page().await("document.querySelector('#unsent').open");
        assertThat(tab.page().text("#unsent-text")).isEqualTo("One message has not been sent yet.");
        tab.page().click("#unsent [value=stay]");
        tab.page().await("!document.querySelector('#unsent').open");
        assertThat(tab.page().isTrue("document.querySelector('#app').hidden")).isFalse();
        tab.page().click("#sign-out");
        tab.page().click("#unsent [value=lose]");
        tab.page().await("!document.querySelector('#login').hidden");
        tab.page().await(KEPT.strip() + ".then(text => window.kept = text) && window.kept?.length < 100");
        assertThat(tab.page().isTrue("location.hash === ''")).isTrue();

        server.proxy().refuse(false);
        tab.takeName("bob");
        tab.awaitMember("bob");
        assertThat(tab.draft()).isEmpty();
        assertThat(tab.texts()).isEmpty();
        assertThat(tab.page().evaluate(KEPT).getAsString()).doesNotContain("ada", "xxx");
        assertThat(server.server().channels()).containsOnlyKeys("lobby");
        tab.say("bob's");
        tab.awaitLast("bob's");
        assertThat(tab.texts()).hasSize(1);
        tab.assertNoOtherProblems();
    }

    @Test
    void twoTabsOfAPersonAreOne() throws Exception {
        Visitor bob = server.enter("bob");
        Visitor one = server.enter("ada");
        Visitor other = server.another(one);
        other.awaitMember("ada");
        assertThat(other.page().text("#me-name")).isEqualTo("ada");

        one.page().click("#members-list button[title='Write to bob']");
        one.say("sent in one tab");
        other.open(Visitor.Key.person("bob"));
        other.awaitLast("sent in one tab");
        other.say("sent in the other");
        one.awaitLast("sent in one tab", "sent in the other");
        bob.open(Visitor.Key.person("ada"));
        bob.awaitLast("sent in one tab", "sent in the other");
        bob.say("read once");
        one.awaitLast("sent in one tab", "sent in the other", "read once");
        other.awaitLast("read once");

        one.join("design");
        other.open(Visitor.Key.channel("design")); // without a reload
        other.join("music");
        one.page().await("document.querySelector('[data-key=music]')");
        other.page().click("#leave");
        one.page().await("!document.querySelector('[data-key=music]')");
        for (Visitor tab : new Visitor[] {one, other}) {
            tab.page().reload();
            tab.page().await("document.querySelectorAll('.entry[data-key]').length === 3");
            tab.open(Visitor.Key.person("bob"));
            tab.awaitLast("sent in one tab", "sent in the other", "read once");
            tab.open(LOBBY);
        }

        one.join("music");
        other.page().evaluate("document.querySelector('#text').blur()");
        one.open(LOBBY);
        one.draft("begun in one");
        other.page().await("document.querySelector('#text').value === 'begun in one'");
        one.page().press("Enter");
        other.page().await("document.querySelector('#text').value === ''");
        one.open(Visitor.Key.channel("music"));
        other.open(Visitor.Key.channel("design"));
        server.publish("lobby", "bob", "news");
        one.awaitUnread(LOBBY, "1");
        other.awaitUnread(LOBBY, "1");
        one.open(LOBBY);
        one.awaitUnread(LOBBY, "");
        other.awaitUnread(LOBBY, ""); // the server tells of the mark

        one.page().click("#sign-out");
        other.page().await("!document.querySelector('#login').hidden");
        assertThat(other.page().text("#login-error")).isEqualTo("You have signed out in another tab.");
        assertThat(other.page().evaluate(KEPT).getAsString()).doesNotContain("bob", "lobby", "design");
        one.assertNoProblems();
        other.assertNoProblems();
    }

    @Test
    void anOpenTabSendsWhatAClosedOneHasLeft() {
        Visitor one = server.enter("ada");
        Visitor other = server.another(one);
        other.awaitMember("ada");
        server.proxy().refuse(true);
        server.proxy().cut();
        other.page().await("document.querySelector('#banner').textContent.includes('kept')");
        other.say("written here");
        one.say("and left behind");
        one.say("x".repeat(6_000)); // large: in the database
        one.page().await("document.querySelectorAll('.message[data-state=sending]').length === 2");
        assertThat(other.page().isTrue("document.querySelectorAll('.message').length === 1"))
                .isTrue();

        one.page().await(KEPT.strip() + ".then(text => window.kept = text) && window.kept?.includes('xxxxxx')");
        one.page().closeTab();
        other.page().await("document.querySelectorAll('.message[data-state=sending]').length === 3");
        server.proxy().refuse(false);
        other.awaitLast("written here", "and left behind", "x".repeat(6_000));
        assertThat(other.texts()).hasSize(3);
        other.page().reload();
        other.awaitLast("written here", "and left behind", "x".repeat(6_000));
        assertThat(other.texts()).hasSize(3);
        other.assertNoOtherProblems();
    }

    @Test
    void aPersonWhoIsEndedFindsEverythingAgainAndTheNextOneNothing() throws Exception {
        Visitor tab = server.enter("ada");
        tab.join("ada's channel");
        tab.page().click("#direct-open");
        tab.page().type("#direct-name", "nobody");
        tab.page().press("Enter");
        tab.awaitTitle("nobody");
        tab.say("fails");
        assertThat(tab.page().text(".problem")).contains("Nobody called nobody");
        tab.draft("begun");
        server.server().disconnect("ada");
        tab.page().await("!document.querySelector('#login').hidden");

        tab.page().evaluate("document.querySelector('#login-name').value = ''");
        tab.takeName("bob");
        tab.awaitMember("bob");
        assertThat(tab.page().text("#me-name")).isEqualTo("bob");
        assertThat(
                        tab.page()
                                .isTrue(
                                        "document.querySelectorAll('.entry[data-key]').length === 1"
                                                + " && !document.body.innerText.includes('ada') && !document.body.innerText.includes('fails')"))
                .isTrue();
        assertThat(tab.draft()).isEmpty();
        tab.page().evaluate("history.back()"); // to where ada was
        tab.page().await("location.hash === ''");
        tab.awaitTitle("lobby");
        assertThat(tab.page().isTrue("document.querySelectorAll('.entry[data-key]').length === 1"))
                .isTrue();
        server.server().disconnect("bob");
        tab.page().await("!document.querySelector('#login').hidden");
        tab.page().evaluate("document.querySelector('#login-name').value = ''");
        tab.takeName("ada");
        tab.awaitTitle("nobody");
        assertThat(tab.page().text(".problem")).contains("Nobody called nobody");
        assertThat(tab.draft()).isEqualTo("begun");
        tab.page().await("document.querySelector(\".entry[data-key=\\\"ada's channel\\\"]\")");
        tab.assertNoProblems();
    }

    /** It is told of nothing, as if it had been frozen, and finds out before it writes. */
    @Test
    void aTabThatSleptThroughSigningOutWritesNothing() {
        Visitor one = server.enter("ada");
        Visitor other = add(
                one,
                "window.addEventListener('storage', event => event.stopImmediatePropagation(), true);"
                        + " delete window.BroadcastChannel;");
        other.awaitMember("ada");
        signOut(one);
        assertThat(other.page().isTrue("document.querySelector('#app').hidden")).isFalse();

        other.draft("written by a sleeper");
        other.page().await("!document.querySelector('#login').hidden");
        assertThat(other.page().text("#login-error")).isEqualTo("You have signed out in another tab.");
        assertThat(other.page().evaluate(KEPT).getAsString()).doesNotContain("sleeper", "lobby");
        other.assertNoProblems();
    }

    private Visitor add(Visitor first, String script) {
        Visitor visitor = server.another(first);
        visitor.page().beforeEachDocument(script);
        visitor.page().reload();
        return visitor;
    }

    /** An earlier version of the page kept direct messages, under names without an owner. */
    @Test
    void removesWhatEarlierVersionsHaveLeft() {
        Visitor ada = server.open();
        ada.page().evaluate("localStorage.setItem('seleucia.directs ada', '{}'); localStorage.setItem('other', '1')");
        ada.page().reload();
        ada.page().await("!document.querySelector('#login').hidden");
        assertThat(ada.page().evaluate("JSON.stringify({ ...localStorage })").getAsString())
                .isEqualTo("{\"other\":\"1\"}");
    }

    @Test
    void aFullStorageIsSaid() {
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        page.evaluate("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }");
        ada.draft("goes to the database");
        page.await(KEPT.strip() + ".then(text => window.kept = text) && window.kept?.includes('goes to the database')");
        assertThat(page.text("#banner")).isEmpty();
        page.evaluate("IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }");
        ada.draft(", and this nowhere");

        page.await("document.querySelector('#banner').textContent.includes('no room left')");
        // The browser asks before the page goes.
        assertThat(page.isTrue("!dispatchEvent(new Event('beforeunload', { cancelable: true }))"))
                .isTrue();
        page.evaluate("document.querySelector('#text').select()");
        page.press("Backspace");
        page.await("document.querySelector('#banner').textContent === ''");
        assertThat(page.isTrue("dispatchEvent(new Event('beforeunload', { cancelable: true }))"))
                .isTrue();
        ada.assertNoProblems();
    }

    @Test
    void worksWithoutAnyStorage() {
        Visitor ada = server.open();
        ada.page()
                .beforeEachDocument("for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])"
                        + " Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });"
                        + " delete window.BroadcastChannel;");
        ada.page().reload();
        ada.takeName("__proto__");
        ada.awaitMember("__proto__");
        ada.say("hello");
        ada.awaitLast("hello");
        server.proxy().refuse(true);
        server.proxy().cut();
        ada.page().await("document.querySelector('#banner').textContent.includes('keep this page open')");
        ada.draft("not yet");
        assertThat(ada.page().isTrue("!dispatchEvent(new Event('beforeunload', { cancelable: true }))"))
                .isTrue();
        ada.assertNoOtherProblems();
    }

    @Test
    void namesOfTheLanguageAreOrdinary() {
        Visitor proto = server.enter("__proto__");
        Visitor ada = server.enter("constructor");
        ada.join("__proto__");
        ada.say("in a channel");
        ada.awaitLast("in a channel");
        ada.open(LOBBY);
        ada.page().click("#members-list button[title='Write to __proto__']");
        ada.say("to a person");
        ada.awaitLast("to a person");
        ada.draft("begun");
        proto.awaitUnread(Visitor.Key.person("constructor"), "1");

        ada.page().reload();
        ada.awaitLast("to a person");
        assertThat(ada.draft()).isEqualTo("begun");
        ada.open(Visitor.Key.channel("__proto__"));
        ada.awaitLast("in a channel");
        proto.page().reload();
        proto.awaitUnread(Visitor.Key.person("constructor"), "1");
        ada.assertNoProblems();
    }

    /** More than a page of the inbox, from several people. */
    @Test
    void readsTheWholeInboxAfterALongAbsence() throws Exception {
        Visitor ada = server.enter("ada");
        Visitor bob = server.enter("bob");
        bob.page().click("#members-list button[title='Write to ada']");
        bob.say("direct 0");
        ada.awaitUnread(Visitor.Key.person("bob"), "1");
        Page page = ada.page();
        page.go("about:blank");
        bob.page().evaluate("""
                (async () => {
                    const { ChatClient } = await import("./chat-client.js");
                    for (const client of ["cyd", "bob"]) {
                        const chat = new ChatClient({ client });
                        const count = client === "cyd" ? 3 : 259;
                        await Promise.all(Array.from({ length: count }, (_, i) => chat.direct("ada", `direct ${i + 1}`)));
                        await chat.close();
                    }
                })()""");

        page.go(server.url());
        ada.awaitUnread(Visitor.Key.person("cyd"), "3");
        page.await("document.title.startsWith('(263)')");
        ada.open(Visitor.Key.person("bob"));
        page.await("document.querySelector('.new')?.nextElementSibling.textContent.includes('direct 0')");
        assertThat(page.text("#latest-text")).endsWith("new messages");
        while (!page.isTrue("document.querySelector('#latest').hidden")) {
            page.evaluate("document.querySelector('#timeline').scrollTop = 1e9,"
                    + " new Promise(resolve => setTimeout(resolve, 10))");
        }
        assertThat(ada.texts().indexOf("direct 259") - ada.texts().indexOf("direct 1"))
                .isEqualTo(258);
        ada.awaitUnread(Visitor.Key.person("bob"), "");
        ada.assertNoProblems();
    }

    @Test
    void showsWhereALongAbsenceBegan() throws Exception {
        Visitor ada = server.enter("ada");
        server.publish("lobby", "bob", "read");
        ada.awaitLast("read");
        ada.join("design");
        for (int i = 1; i <= 120; i++) {
            server.publish("lobby", "bob", "unread " + i);
        }
        ada.awaitUnread(LOBBY, "99+");
        ada.page().reload();
        ada.awaitUnread(LOBBY, "99+");

        ada.open(LOBBY);
        String line = "document.querySelector('.new')";
        ada.page().await(line + "?.nextElementSibling.textContent.includes('unread 1')");
        ada.page().await(line + ".previousElementSibling.textContent.includes('read')");
        ada.page().await("document.querySelector('#latest-text').textContent.match(/^(9|10|11)\\d new messages/)");
        ada.page().reload(); // what was not in sight is still unread
        ada.page().await("document.title.match(/^\\((9|10|11)\\d\\)/)");
        ada.page().await(line);
        ada.page().await("!document.querySelector('#latest').hidden");
        ada.page().click("#latest");
        ada.awaitLast("unread 120");
        ada.awaitUnread(LOBBY, "");
        ada.page().reload();
        ada.awaitLast("unread 120");
        assertThat(ada.page().isTrue(line)).isFalse();
        ada.assertNoProblems();
    }

    /** Any page can have a link to a channel, where the person would be seen. */
    @Test
    void asksBeforeALinkJoinsAChannel() {
        Visitor ada = server.enter("ada");
        Page page = ada.page();
        String entry = "document.querySelector('.entry[data-key=secret]')";
        page.evaluate("location.hash = '#/secret'");
        page.await("document.querySelector('#invited').open");
        assertThat(page.text("#invited-title")).isEqualTo("Join #secret?");
        assertThat(page.isTrue(entry)).isFalse();
        page.press("Escape");
        page.await("!document.querySelector('#invited').open && location.hash === '#/lobby'");
        ada.awaitTitle("lobby");
        assertThat(page.isTrue(entry)).isFalse();

        page.evaluate("location.hash = '#/secret'");
        page.await("document.querySelector('#invited').open");
        page.reload(); // as a link from elsewhere
        page.await("document.querySelector('#invited').open");
        ada.awaitTitle("lobby");
        assertThat(page.isTrue(entry)).isFalse();
        page.click("#invited [value=join]");
        ada.awaitTitle("secret");
        ada.awaitMember("ada");
        page.reload();
        ada.awaitTitle("secret");
        assertThat(page.isTrue("document.querySelector('#invited').open")).isFalse();

        page.evaluate("history.replaceState({ session: 'of another person' }, '', '#/theirs')");
        page.reload();
        ada.awaitTitle("secret");
        page.await("location.hash === '#/secret' && history.state.session !== 'of another person'");
        assertThat(page.isTrue("document.querySelector('#invited').open")).isFalse();
        ada.assertNoProblems();
    }

    /** Each guest may take ever new names, and write under each. */
    @Test
    void listsABoundedNumberOfConversations() {
        Visitor ada = server.enter("ada");
        assertThat(ada.page().evaluate("""
                        Promise.all([import("/inbox.js"), import("/conversation.js")]).then(([{ Inbox }, { Conversations }]) => {
                            const kept = new Map([["read @friend", { epoch: "e", offset: 1 }]]);
                            const store = { get: (name, otherwise) => kept.get(name) ?? otherwise,
                                put: (name, value) => kept.set(name, value), drop: (name) => kept.delete(name) };
                            const conversations = new Conversations();
                            const inbox = new Inbox({}, conversations, store, { restore() {}, closed() {} },
                                { opened() {}, current: () => conversations.get("@current") });
                            for (const key of ["@friend", "@current", "@draft", "@pending"]) {
                                inbox.open(key);
                            }
                            conversations.get("@draft").draft = "x";
                            conversations.get("@pending").pending.push({});
                            for (let i = 0; i < 2_000; i++) {
                                inbox.open("@" + i);
                            }
                            const stay = ["@friend", "@current", "@draft", "@pending", "@1999"];
                            return [conversations.size, kept.size, stay.every((key) => conversations.has(key))].join();
                        })""").getAsString()).isEqualTo("500,501,true");
    }
}

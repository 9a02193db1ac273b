package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The JavaScript client where no WebSocket gets through, in a real browser. */
class JavaScriptFallbackTest extends JavaScriptClients {
    private static final String NONE = "delete window.WebSocket";

    /** WebSockets that open and then are silent, until a page lets them through. */
    private static final String SILENT = """
            (() => {
                const Original = window.WebSocket;
                window.blocked = true;
                window.sockets = 0;
                window.WebSocket = class extends Original {
                    constructor(...all) { super(...all); window.sockets++; }
                    send(text) { if (window.blocked) { this.close(); } else { super.send(text); } }
                };
            })()""";

    private Page pageWith(String script) {
        Page page = Browser.shared().open("about:blank");
        pages.add(page);
        page.beforeEachDocument(script);
        page.go(proxy.url());
        return page;
    }

    private Page clientWith(String script, String name) {
        Page page = pageWith(script);
        page.evaluate(BEGIN.formatted("{ client: '" + name + "' }"));
        return member(page);
    }

    @Test
    void talksWhereThereAreNoWebSockets() {
        Page ada = clientWith(NONE, "ada");
        Page bob = member(client("bob"));
        ada.evaluate("chat.publish('lobby', 'from ada')");
        bob.evaluate("chat.publish('lobby', 'from bob')");

        for (Page page : List.of(ada, bob)) {
            page.await("data('message').length === 2");
            assertNoProblems(page);
        }
        assertThat(ada.evaluate("chat.direct('bob', 'just you').then(receipt => receipt.offset)")
                        .getAsInt())
                .isEqualTo(1);
        bob.await("data('direct').length === 1");
    }

    @Test
    void fallsBackWhereAWebSocketDiesBeforeItsFirstMessageAndComesBack() {
        Page ada = clientWith(SILENT, "ada");
        ada.await("states().at(-1) === 'connected'");
        assertThat(ada.isTrue("sockets === 1")).isTrue();
        ada.evaluate("chat.publish('lobby', 'over HTTP')");
        ada.await("data('message').length === 1");

        ada.evaluate("window.blocked = false");
        ada.await("sockets === 3"); // one that has tried, and one that stays
        ada.await("states().at(-1) === 'connected'");
        ada.evaluate("chat.publish('lobby', 'over a WebSocket')");
        ada.await("data('message').length === 2");
        assertThat(ada.isTrue("seen.every(event => event.type !== 'lost')")).isTrue();
        assertNoProblems(ada);
    }

    @Test
    void usesHttpAtOnceForAWhileAfterItHasFallenBack() {
        Page ada = clientWith(SILENT, "ada");
        ada.await("states().at(-1) === 'connected'");
        proxy.cut();
        ada.await("states().filter(state => state === 'connected').length === 2");
        assertThat(ada.isTrue("sockets === 1")).isTrue();
    }

    @Test
    void deliversOnceAndInOrderOverHttpWhateverIsCut() {
        int each = 60;
        Page ada = clientWith(NONE, "ada");
        Page bob = clientWith(NONE, "bob");
        for (Page page : List.of(ada, bob)) {
            page.evaluate("void (window.published = Promise.all(Array.from({ length: " + each + " }, (_, i) =>"
                    + " chat.publish('lobby', chat.name + i))).then(receipts => window.receipts = receipts))");
        }
        String all = "data('message').length >= " + 2 * each;
        while (!(ada.isTrue(all) && bob.isTrue(all))) {
            LockSupport.parkNanos(2 * CUT_EVERY_NANOS);
            proxy.cut();
        }
        ada.await("window.receipts");
        bob.await("window.receipts");

        assertThat(ada.evaluate("data('message')")).isEqualTo(bob.evaluate("data('message')"));
        assertThat(ada.isTrue("new Set(data('message')).size === " + 2 * each)).isTrue();
        assertThat(ada.isTrue("data('message').length === " + 2 * each)).isTrue();
        for (String name : List.of("ada", "bob")) {
            assertThat(ada.evaluate("data('message').filter(text => text.startsWith('" + name + "'))"))
                    .as("the order of %s", name)
                    .isEqualTo(ada.evaluate("Array.from({ length: " + each + " }, (_, i) => '" + name + "' + i)"));
        }
    }

    @Test
    void comesBackAfterARestartWhicheverWayItWent() throws Exception {
        Page ada = clientWith(NONE, "ada");
        Page bob = member(client("bob"));
        int port = server.port();
        server.close();
        server = serve(port);
        ada.evaluate("chat.publish('lobby', 1)");
        bob.evaluate("chat.publish('lobby', 2)");
        for (Page page : List.of(ada, bob)) {
            page.await("data('message').length === 2");
            assertThat(page.isTrue("seen.every(event => event.type !== 'lost')"))
                    .isTrue();
        }
    }
}

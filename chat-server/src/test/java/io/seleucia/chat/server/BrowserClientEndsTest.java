package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How the page begins and ends, and what it says when the server refuses something. */
class BrowserClientEndsTest {
    private static final Authenticator ADA = new Authenticator() {
        @Override
        public Optional<User> authenticate(Credentials credentials, String address) {
            return credentials.equals(new Credentials.Password("ada", "right"))
                    ? Optional.of(new User("ada"))
                    : Optional.empty();
        }

        @Override
        public Optional<Boolean> hasAccount(String name) {
            return Optional.of(name.equals("ada"));
        }
    };

    private static void awaitEnd(Visitor visitor, String words) {
        visitor.page().await("!document.querySelector('#login').hidden");
        assertThat(visitor.page().text("#login-error")).isEqualTo(words);
    }

    private static void logIn(Visitor ada) {
        ada.page().type("#login-password", "right");
        ada.page().press("Enter");
        ada.awaitMember("ada");
    }

    @Test
    void eachEndHasItsWords() throws Exception {
        try (BrowserServer server =
                new BrowserServer(builder -> builder.guests(true).authenticator(ADA))) {
            Visitor ada = server.open();
            Visitor eve = server.enter("eve");
            ada.takeName("ada");
            ada.page().await("!document.querySelector('#login-secret').hidden");
            logIn(ada);
            assertThat(ada.page().isTrue("document.activeElement.id === 'text'"))
                    .as("one can write at once")
                    .isTrue();

            server.server().disconnect("ada");
            server.server().disconnect("eve");
            awaitEnd(ada, "An operator has ended your session.");
            awaitEnd(eve, "An operator has ended your session.");
            assertThat(eve.page().isTrue("document.querySelector('#login-secret').hidden"))
                    .isTrue();
            logIn(ada);
            server.server().revoke("ada");
            awaitEnd(ada, "Your login has expired or was revoked. Log in again.");
            logIn(ada);
            ada.say("back");
            ada.page().reload(); // an account is asked for its password, and is not taken for a guest
            ada.page().await("document.activeElement.id === 'login-password'");
            assertThat(ada.page().text("#login-error")).isEmpty();
            assertThat(ada.page().isTrue("document.querySelector('#login-name').value === 'ada'"))
                    .isTrue();

            ada.page().click("#login-guest");
            assertThat(ada.page().isTrue("document.querySelector('#login-secret').hidden"))
                    .isTrue();
            ada.takeName("gast");
            ada.awaitMember("gast");
            ada.awaitLast("back");
            ada.assertNoProblems();
            eve.assertNoProblems();
        }
    }

    /** Close codes and reasons, as the server sends them, against all that a person may be told. */
    @Test
    void eachCodeHasWordsOfItsOwn() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            Page page = server.open().page();
            page.evaluate("import('./words.js').then(module => window.words = module)");
            assertThat(
                            page.isTrue(
                                    "(() => { const said = [1001, 1006, 1011, 1013, 4000, 4001, 4400].map(code =>"
                                            + " words.wordsForOutage({ isOnline: true, code, reason: '' }));"
                                            + " said.push(words.wordsForOutage({ isOnline: false, code: 1006 }),"
                                            + " words.wordsForOutage({ isOnline: true, code: 1006, reach: 'page' }));"
                                            + " return new Set(said).size === 9 && said.every(text => /^[A-Z].*\\.$/.test(text)); })()"))
                    .isTrue();
            assertThat(page.evaluate("words.wordsForOutage({ isOnline: true, code: 1013, reason: 'no room for you' })")
                            .getAsString())
                    .isEqualTo("No room for you.");
            assertThat(page.isTrue("(() => { const said = []; for (const person of [{ kind: 'guest' },"
                            + " { kind: 'account' }, { kind: 'account', token: 't' }]) for (const error of ["
                            + " { code: 'unauthorized', closeCode: 4401 }, { code: 'forbidden', closeCode: 4403 },"
                            + " { code: 'unauthorized' }, { code: 'name_taken' }, { code: 'forbidden' }])"
                            + " said.push(words.wordsForEnd(person, { message: 'the reason', ...error }));"
                            + " return new Set(said).size === 8; })()"))
                    .as("4401 and a refused login differ by person, the rest does not")
                    .isTrue();
        }
    }

    @Test
    void saysWhyItTakesSoLongToBegin() throws Exception {
        try (BrowserServer server = new BrowserServer(builder -> builder.httpFallback(false))) {
            Visitor ada = server.open();
            Page page = ada.page();
            page.await("!document.querySelector('#login').hidden"); // all of the page is there
            server.proxy().refuse(true);
            server.proxy().cut();
            ada.takeName("ada");
            page.await("document.querySelector('#login-error').textContent"
                    + " === \"The server can't be reached just now. Trying again…\"");
            page.click("#login-cancel");
            page.await("document.querySelector('#login-go').textContent === 'Join'");
            assertThat(page.text("#login-error")).isEmpty();
            page.press("Enter");
            page.await("document.querySelector('#login-error').textContent.endsWith('Trying again…')");
            server.proxy().refuse(false);
            ada.awaitMember("ada");

            // A proxy that lets pages through, but no WebSocket.
            page.beforeEachDocument("window.WebSocket = class { static OPEN = 1; readyState = 0;"
                    + " constructor() { setTimeout(() => this.onclose?.({ code: 1006, reason: '' })); } close() {} }");
            page.reload();
            page.await("document.querySelector('#banner').textContent"
                    + ".startsWith('The server is there, but refuses the connection')");
            ada.assertNoOtherProblems();
        }
    }

    @Test
    void aChannelWithoutHistoryShowsWhatIsSaidNow() throws Exception {
        try (BrowserServer server = new BrowserServer(builder ->
                builder.authorizer((user, action, channel, content) -> action != Authorizer.Action.HISTORY))) {
            server.publish("lobby", "bob", "before");
            Visitor ada = server.enter("ada");
            ada.page().await("document.querySelector('.notice')");
            assertThat(ada.page().text(".notice")).isEqualTo("Earlier messages can't be read here");
            server.publish("lobby", "bob", "now");
            ada.awaitLast("now");
            ada.say("me too");
            ada.awaitLast("now", "me too");
            assertThat(ada.texts()).hasSize(2);
            ada.assertNoProblems();
        }
    }

    @Test
    void blankMessagesDrawNothing() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            Visitor ada = server.enter("ada");
            ada.join("design");
            for (String blank : new String[] {"", "  \n ", "\u200b\u2060", "\u3164\u2800"}) {
                server.publish("lobby", "bob", blank);
            }
            server.publish("lobby", "bob", "something");
            ada.awaitUnread(Visitor.Key.channel("lobby"), "1");
            ada.open(Visitor.Key.channel("lobby"));
            ada.awaitLast("something");
            assertThat(ada.texts()).hasSize(1);
            ada.say("\u200b");
            ada.page().evaluate("document.querySelector('#text').select()");
            ada.page().type("seen");
            ada.page().press("Enter");
            ada.awaitLast("something", "seen");
            assertThat(ada.texts()).hasSize(2);
            ada.awaitUnread(Visitor.Key.channel("lobby"), "");
            ada.assertNoProblems();
        }
    }

    @Test
    void saysThatOneWritesTooFast() throws Exception {
        Limits slow = Limits.DEFAULT.withRateMessages(1).withRateBurst(20).withQuotas(Quotas.NONE);
        try (BrowserServer server = new BrowserServer(builder -> builder.limits(slow))) {
            Visitor ada = server.enter("ada");
            for (int i = 0; i < 12; i++) {
                ada.say("message " + i);
            }
            ada.page()
                    .await("document.querySelector('#banner').textContent"
                            + " === 'You are writing faster than this server allows. Your messages follow shortly.'");
            ada.awaitLast("message 11");
            assertThat(ada.texts()).hasSize(12);
            ada.page().await("document.querySelector('#banner').textContent === ''");
        }
    }

    @Test
    void aTextThatOnlyTheServerFindsTooLongIsPutBack() throws Exception {
        try (BrowserServer server = new BrowserServer()) {
            Visitor ada = server.enter("ada");
            ada.page().evaluate("""
                    (() => {
                        const real = WebSocket.prototype.send;
                        WebSocket.prototype.send = function (text) {
                            const many = JSON.stringify({ a: "x".repeat(2000) });
                            real.call(this, text.includes("so long") ? text.replace('"type"', `"headers":${many},"type"`) : text);
                        };
                    })()""");
            ada.say("so long");
            ada.page().await("document.querySelector('#text').value === 'so long'");
            ada.page().await("document.querySelectorAll('.message').length === 0");
            server.broker().publish("lobby", "bob", new Content.Text("fits"), "");
            ada.awaitLast("fits");
            ada.assertNoProblems();
        }
    }
}

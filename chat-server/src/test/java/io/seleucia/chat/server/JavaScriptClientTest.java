package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonPrimitive;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What chat-client.js promises, in a browser, against a server whose connections break. */
class JavaScriptClientTest extends JavaScriptClients {
    /** A program for Node, in which a handler fails and a server sends what can't be read. */
    private static final String NODE = """
            import { ChatClient } from "./chat-client.js";
            let say;
            globalThis.WebSocket = class {
                static OPEN = 1;
                readyState = 1;
                constructor() { setTimeout(() => this.onopen?.()); }
                send(text) {
                    const { id, type } = JSON.parse(text);
                    const inbox = { epoch: "e", offset: 0, recovered: false };
                    const reply = type === "connect"
                        ? { id, type: "connected", client: "ada", pingSeconds: 25, maxMessageBytes: 65536, inbox }
                        : { id, type: "subscribed", channel: "lobby", epoch: "e", offset: 0 };
                    say = (data) => this.onmessage?.({ data });
                    setTimeout(() => say(JSON.stringify(reply)));
                }
                close() {}
            };
            const chat = new ChatClient({ client: "ada", url: "ws://localhost/" });
            chat.on("lost", ({ offset }) => console.log(`lost ${offset}`));
            chat.on("message", ({ offset }) => console.log(`message ${offset}`));
            chat.on("message", () => { throw new Error("a fault of the program"); });
            await chat.join("lobby");
            say('{"type":"message","channel":"lobby","offset":1,"sender":"bob","time":1,"data":{no JSON}}');
            say('{"type":"message","channel":"lobby","offset":2,"sender":"bob","time":1,"data":"there"}');
            say("null");
            say?.("hello");
            setTimeout(() => { console.log("survived"); process.exit(0); }, 10);
            """;

    @Test
    void logsInWithATokenThatItAsksForEachTime() throws Exception {
        ChatServerBuilder builder = ChatServer.builder()
                .port(0)
                .authenticator((credentials, address) -> credentials instanceof Credentials.Token token
                                && token.token().startsWith("for ada")
                        ? Optional.of(new User("ada"))
                        : Optional.empty());
        BrowserClient.addTo(builder);
        try (ChatServer guarded = builder.start();
                CuttingProxy way = new CuttingProxy(guarded.port())) {
            Page page = Browser.shared().open(way.url());
            pages.add(page);
            page.evaluate("window.asked = 0");
            page.evaluate(BEGIN.formatted("{ token: () => `for ada ${++asked}` }"));
            member(page).evaluate("chat.publish('lobby', 'hi')");
            page.await("data('message').length === 1 && seen.some(one => one.sender === 'ada')");
            way.cut();
            page.await("asked === 2 && states().at(-1) === 'connected'");

            page.evaluate(BEGIN.formatted("{ token: 'for nobody' }"));
            page.await("seen.some(one => one.type === 'state' && one.error?.code === 'unauthorized')");
            assertNoProblems(page);
        }
    }

    @Test
    void asksForAnotherTokenWhenOneIsRefusedOrRevoked() throws Exception {
        Set<String> taken = ConcurrentHashMap.newKeySet();
        ChatServerBuilder builder = ChatServer.builder()
                .port(0)
                .authenticator((credentials, address) ->
                        credentials instanceof Credentials.Token token && taken.contains(token.token())
                                ? Optional.of(new User("ada"))
                                : Optional.empty());
        BrowserClient.addTo(builder);
        try (ChatServer guarded = builder.start()) {
            Page page = Browser.shared().open("http://localhost:" + guarded.port() + "/");
            pages.add(page);
            String begin = BEGIN.formatted("{ token: () => `token ${++asked}` }");
            taken.add("token 2");
            page.evaluate("window.asked = 0");
            page.evaluate(begin);
            page.await("asked === 2 && chat.state === 'connected'");
            page.evaluate("chat.close()");

            taken.addAll(Set.of("token 3", "token 4"));
            page.evaluate(begin);
            page.await("asked === 3 && chat.state === 'connected'");
            guarded.revoke("ada");
            page.await("asked === 4 && chat.state === 'connected'");
            page.evaluate("chat.close()");

            taken.clear();
            page.evaluate(begin);
            page.await("chat.state === 'closed'");
            assertThat(page.isTrue("asked === 6 && chat.error.code === 'unauthorized'"))
                    .as("it does not ask for ever")
                    .isTrue();
            assertNoProblems(page);
        }
    }

    @Test
    void refusesEventsAndOptionsThatDoNotExist() {
        Page ada = member(client("ada"));
        for (String misspelt : List.of(
                "chat.on('mesage', () => {})",
                "new chat.constructor({ clinet: 'ada' })",
                "await chat.join('hall', { presense: true })",
                "await chat.publish('lobby', 1, { kye: 'k' })",
                "await chat.direct('ada', 1, { header: {} })",
                "await chat.react('lobby', 1, '+1', { keys: 1 })",
                "await chat.history('lobby', { befor: 1 })",
                "await chat.search('lobby', 'x', { from: 1 })",
                "await chat.presencePage('lobby', { before: 1 })",
                "await chat.list({ after_: 1 })",
                "await chat.close({ time: 1 })")) {
            assertThat(ada.evaluate("(async () => { try { " + misspelt + "; } catch (error) { return error.name"
                                    + " + error.message; } })()")
                            .getAsString())
                    .as(misspelt)
                    .startsWith("TypeErrorthere is no ");
        }
        assertThat(ada.evaluate("chat.state").getAsString()).isEqualTo("connected");
    }

    /** The time of day may be set, by hours; a connection lives and dies by a clock that is not. */
    @Test
    void doesNotCareWhatTimeOfDayItIs() {
        Page ada = page();
        ada.evaluate("(() => { const real = WebSocket.prototype.send; window.pings = 0;"
                + " WebSocket.prototype.send = function (text) { pings += text.includes('\"ping\"') ? 1 : 0;"
                + " real.call(this, text); }; })()");
        ada.evaluate(BEGIN.formatted("{ client: 'ada', silence: 60, patience: 20000 }"));
        member(ada);
        ada.evaluate("window.day = Date.now; Date.now = () => day() + 86400000 * (pings % 2 ? -1 : 1)");
        ada.await("pings >= 4");
        ada.evaluate("chat.publish('lobby', 'there')");
        assertThat(ada.isTrue("states().includes('waiting')")).isFalse();
        assertNoProblems(ada);
    }

    @Test
    void knowsWhetherAMessageFits() {
        Page ada = member(client("ada"));
        ada.evaluate("window.longest = 'x'.repeat(chat.bytesLeft('lobby', ''))");
        assertThat(ada.isTrue("chat.bytesLeft('lobby', longest) === 0")).isTrue();
        assertThat(ada.isTrue("chat.bytesLeft('lobby', longest + 'é') === -2")).isTrue();
        assertThat(code(ada, "chat.publish('lobby', longest)")).isEqualTo("done");
        assertThat(code(ada, "chat.direct('ada', 'x'.repeat(chat.bytesLeft('@ada', '')))"))
                .isEqualTo("done");
        assertThat(code(ada, "chat.publish('lobby', longest + 'x'.repeat(99))")).isEqualTo("too_large");
    }

    @Test
    void staysOutOfAChannelThatItMayFollowNoLonger() throws Exception {
        AtomicBoolean allowed = new AtomicBoolean(true);
        ChatServerBuilder builder =
                ChatServer.builder().port(0).authorizer((user, action, channel, content) -> allowed.get());
        BrowserClient.addTo(builder);
        try (ChatServer guarded = builder.start();
                CuttingProxy way = new CuttingProxy(guarded.port())) {
            Page page = Browser.shared().open(way.url());
            pages.add(page);
            page.evaluate(BEGIN.formatted("{ client: 'ada' }"));
            member(page);
            allowed.set(false);
            guarded.reviewRights();

            page.await("seen.some(event => event.type === 'removed')");
            page.evaluate("window.gone = seen.find(event => event.type === 'removed')");
            assertThat(page.isTrue("gone.channel === 'lobby' && gone.error.code === 'forbidden'"
                            + " && gone.error.message === 'no longer allowed in lobby'"))
                    .isTrue();
            assertThat(page.isTrue("chat.channels().length === 0")).isTrue();
            page.evaluate("chat.publish('lobby', 1).catch(error => window.why = error.code)");
            assertThat(page.isTrue("why === 'not_subscribed'")).isTrue();
            assertThat(guarded.channels()).isEmpty();

            allowed.set(true);
            page.evaluate("chat.join('lobby')");
            allowed.set(false);
            way.cut();
            page.await("seen.filter(event => event.type === 'removed').length === 2");
            assertNoProblems(page);
        }
    }

    @Test
    void deliversOnceAndInOrderWhateverIsCut() {
        int each = 150;
        Page ada = member(client("ada"));
        Page bob = member(client("bob"));
        for (Page page : List.of(ada, bob)) {
            page.evaluate("void (window.published = Promise.all(Array.from({ length: " + each + " }, (_, i) =>"
                    + " chat.publish('lobby', chat.name + i))).then(receipts => window.receipts = receipts))");
        }
        String all = "data('message').length >= " + 2 * each;
        while (!(ada.isTrue(all) && bob.isTrue(all))) {
            LockSupport.parkNanos(CUT_EVERY_NANOS);
            proxy.cut();
            assertThat(ada.isTrue("data('message').length <= " + 2 * each)).isTrue();
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
        assertThat(ada.isTrue("states().filter(state => state === 'waiting').length >= 2"))
                .as("it was cut")
                .isTrue();
        assertThat(ada.evaluate("data('lost').length").getAsInt()).isZero();
        ada.evaluate("chat.publish('lobby', 'end')");
        bob.await("data('message').at(-1) === 'end'");
        assertNoProblems(ada);
        assertNoProblems(bob);
    }

    @Test
    void deliversDirectMessagesThatCameWhileItWasAway() {
        Page ada = client("ada");
        Page bob = client("bob");
        bob.await("chat.state === 'connected'");
        ada.evaluate("chat.direct('bob', 1)");
        bob.await("data('direct').length === 1");
        ada.await("chat.state === 'connected'");
        proxy.refuse(true);
        proxy.cut();
        bob.await("chat.state === 'waiting'");
        ada.evaluate("void (window.sent = Promise.all([2, 3].map(n => chat.direct('bob', n))))");
        proxy.refuse(false);
        ada.evaluate("sent");

        bob.await("data('direct').length >= 3");
        assertThat(bob.evaluate("data('direct')").toString()).isEqualTo("[1,2,3]");
        assertThat(bob.evaluate("chat.history('@bob').then(page => page.messages.map(m => m.data))")
                        .toString())
                .isEqualTo("[1,2,3]");
    }

    @Test
    void tellsWhatIsLostWithAServerThatForgets() throws IOException {
        Page ada = member(client("ada"));
        ada.evaluate("chat.publish('lobby', 'before')");
        int port = server.port();
        server.close();
        broker.close();
        broker = new InMemoryBroker(Retention.DEFAULT);
        server = serve(port);

        ada.await("seen.some(event => event.type === 'lost' && event.channel === 'lobby')");
        ada.evaluate("chat.publish('lobby', 'after')");
        ada.await("data('message').length === 2");
        assertThat(ada.evaluate("data('message')").toString()).isEqualTo("[\"before\",\"after\"]");
        assertNoProblems(ada);
    }

    @Test
    void resumesFromAPositionThatAPageKept() {
        Page ada = member(client("ada"));
        Page bob = member(client("bob"));
        ada.evaluate("chat.publish('lobby', 1)");
        bob.await("data('message').length === 1");
        String position = bob.evaluate("chat.position('lobby')").toString();
        bob.reload();
        ada.evaluate("Promise.all([2, 3].map(n => chat.publish('lobby', n)))");

        bob.evaluate(BEGIN.formatted("{ client: 'bob' }"));
        bob.evaluate("chat.join('lobby', { since: " + position + " })");
        bob.await("data('message').length >= 2");
        assertThat(bob.evaluate("data('message')").toString()).isEqualTo("[2,3]");
    }

    @Test
    void noticesThatAConnectionIsDeadThoughNobodySaysSo() {
        Page ada = member(client("ada", "{ silence: 200, patience: 300 }"));
        proxy.hold(true);
        ada.await("states().includes('waiting')");
        proxy.hold(false);

        ada.await("chat.state === 'connected'");
        ada.evaluate("chat.publish('lobby', 'hi')");
        ada.await("data('message').length === 1");
    }

    @Test
    void doesNotWaitWhenTheNetworkIsBack() {
        Page ada = client("ada", "{ backoff: 100000000, maxBackoff: 100000000 }"); // by chance more than a minute
        ada.await("chat.state === 'connected'");
        proxy.cut();
        ada.await("chat.state === 'waiting'");

        ada.evaluate("dispatchEvent(new Event('online'))");

        ada.await("chat.state === 'connected'");
        proxy.cut();
        ada.await("chat.state === 'waiting'");
        ada.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
        ada.await("chat.state === 'connected'");
    }

    @Test
    void keepsOnlySoMuchWhileItIsAway() {
        Page ada = member(client("ada", "{ bufferMessages: 3 }"));
        proxy.refuse(true);
        proxy.cut();
        ada.await("chat.state === 'waiting'");
        ada.evaluate("void (window.outcomes = Promise.all([1, 2, 3, 4].map(n =>"
                + " chat.publish('lobby', n).then(() => 'published', error => error.code))))");
        proxy.refuse(false);

        assertThat(ada.evaluate("outcomes").toString())
                .isEqualTo("[\"published\",\"published\",\"published\",\"buffer_full\"]");
        ada.await("data('message').length === 3");
    }

    @Test
    void givesUpAfterTheDeadlineAndTriesAgainWithTheSameKey() {
        Page ada = member(client("ada", "{ deadline: 500 }"));
        ada.evaluate("chat.publish('lobby', 'first', { key: 'k1' })");
        proxy.refuse(true);
        proxy.cut();

        assertThat(code(ada, "chat.publish('lobby', 'first', { key: 'k1' })")).isEqualTo("timeout");
        assertThat(code(ada, "chat.history('lobby')")).isEqualTo("timeout");

        proxy.refuse(false);
        ada.await("chat.state === 'connected'");
        assertThat(ada.evaluate("chat.publish('lobby', 'first', { key: 'k1' })").toString())
                .contains("\"duplicate\":true", "\"offset\":1");
        assertThat(ada.evaluate("data('message').length").getAsInt()).isEqualTo(1);
    }

    @Test
    void saysWhatItCantDo() {
        Page ada = member(client("ada"));

        assertThat(code(ada, "chat.publish('hall', 1)")).isEqualTo("not_subscribed");
        assertThat(code(ada, "chat.publish('lobby', 'x'.repeat(70000))")).isEqualTo("too_large");
        assertThat(code(ada, "chat.direct('nobody', 1)")).isEqualTo("no_such_user");
        assertThat(code(ada, "chat.join('@ada')")).isEqualTo("bad_request");
        assertThat(code(ada, "chat.history('hall')")).isEqualTo("not_subscribed");
        assertThat(ada.evaluate("chat.channels()").toString()).isEqualTo("[\"lobby\"]");
        ada.evaluate("chat.close()");
        assertThat(code(ada, "chat.publish('lobby', 1)")).isEqualTo("closed");
        assertThat(code(ada, "chat.join('hall')")).isEqualTo("closed");
    }

    @Test
    void isNotLetInWithANameThatIsNone() {
        Page nobody = client("a\nb");

        nobody.await("chat.state === 'closed'");
        assertThat(nobody.evaluate("chat.error.code").getAsString()).isEqualTo("bad_request");
    }

    @Test
    void closesWhenWhatWaitsIsAcknowledged() {
        Page ada = member(client("ada"));
        proxy.refuse(true);
        proxy.cut();
        ada.await("chat.state === 'waiting'");
        ada.evaluate("void chat.publish('lobby', 'last').then(() => window.acknowledged = true)");
        ada.evaluate("void (window.closing = chat.close({ timeout: 30000 }))");
        proxy.refuse(false);
        ada.evaluate("closing");

        assertThat(ada.isTrue("acknowledged && chat.state === 'closed' && chat.error === null"))
                .isTrue();
        assertThat(code(ada, "chat.presence('lobby')")).isEqualTo("closed");
    }

    @Test
    void leavesWhenWhatWaitsIsAcknowledged() {
        Page ada = member(client("ada"));
        Page bob = member(client("bob"));
        bob.evaluate("void (window.published = Promise.all([1, 2, 3].map(n => chat.publish('lobby', n))),"
                + " chat.leave('lobby'))");
        bob.evaluate("published");

        ada.await("data('message').length === 3");
        ada.evaluate("new Promise(resolve => { (async function look() { const clients = await chat.presence('lobby');"
                + " clients.length === 1 ? resolve() : setTimeout(look, 20); })(); })");
        assertThat(bob.evaluate("[...chat.channels(), ...data('message')]").toString())
                .isEqualTo("[]");
        bob.evaluate("chat.join('lobby')");
        ada.evaluate("chat.publish('lobby', 4)");
        bob.await("data('message').length === 1");
    }

    @Test
    void tellsWhoIsThereAndWhatTheySignal() {
        Page ada = client("ada");
        ada.evaluate("chat.join('lobby', { presence: true })");
        Page bob = member(client("bob"));
        ada.await("seen.some(event => event.type === 'joined' && event.client === 'bob')");
        bob.evaluate("chat.signal('lobby', { typing: true })");
        ada.await("seen.some(event => event.type === 'signal' && event.sender === 'bob' && event.data.typing)");
        assertThat(ada.evaluate("chat.presence('lobby')").toString())
                .isEqualTo("[{\"client\":\"ada\",\"sessions\":1},{\"client\":\"bob\",\"sessions\":1}]");
        bob.evaluate("chat.close()");
        ada.await("seen.some(event => event.type === 'left' && event.client === 'bob')");
    }

    @Test
    void aHandlerThatFailsHarmsNobody() {
        Page ada = client("ada");
        ada.evaluate("void seen.splice(0), chat.on('message', () => { throw new Error('a fault of the page'); })");
        member(ada);
        ada.evaluate("Promise.all([1, 2].map(n => chat.publish('lobby', n)))");

        ada.await("data('message').length === 2");
        assertThat(ada.problems())
                .hasSize(2)
                .allSatisfy(problem -> assertThat(problem.text()).contains("a fault of the page"));
    }

    @ParameterizedTest
    @CsvSource({
        "1000, waiting,",
        "4401, closed, unauthorized",
        "4403, closed, forbidden",
        "1001, waiting,",
        "1006, waiting,",
        "1011, waiting,",
        "1012, waiting,",
        "1013, waiting,",
        "4000, waiting,",
        "4001, waiting,",
        "4400, waiting,",
        "1009, waiting,"
    })
    void comesBackUnlessTheCodeForbids(int close, String state, String code) {
        Page page = page();
        page.evaluate(SCRIPTED);
        page.evaluate(BEGIN.formatted("{ client: 'ada', backoff: 1e8, maxBackoff: 1e8 }"));
        page.evaluate("chat.join('lobby')");
        page.evaluate("void (window.outcome = chat.publish('lobby', 1).then(() => 'done', error => error.code))");
        page.evaluate("drop(" + close + ")");

        assertThat(page.evaluate("chat.state").getAsString()).isEqualTo(state);
        boolean waits = state.equals("waiting") && close != 1009; // what that code was for is not sent again
        assertThat(page.evaluate("Promise.race([outcome, new Promise(r => setTimeout(r, 50, 'waits'))])")
                        .getAsString())
                .isEqualTo(waits ? "waits" : code == null ? "refused" : code);
        assertThat(page.isTrue("chat.error?.code == " + (code == null ? "null" : new JsonPrimitive(code))))
                .isTrue();
        assertThat(page.isTrue("chat.channels().includes('lobby')")).isTrue();
        assertNoProblems(page);
    }

    /** On another connection it would come again, for ever; and in Node an error that is not caught ends the process. */
    @Test
    void skipsWhatItCantReadAndSaysSo() {
        Page page = page();
        page.evaluate(SCRIPTED);
        page.evaluate(BEGIN.formatted("{ client: 'ada', backoff: 1e8, maxBackoff: 1e8 }"));
        page.evaluate("chat.join('lobby')");
        page.evaluate(
                "sayText('{\"type\":\"message\",\"channel\":\"lobby\",\"offset\":1,\"sender\":\"b\",\"data\":{x}}')");
        page.evaluate("sayText('{\"type\":\"direct\",\"offset\":1,\"sender\":\"b\",\"time\":1,\"data\":')");
        page.evaluate("sayText('{\"type\":\"signal\",\"channel\":\"lobby\",\"sender\":\"b\",\"data\":{x}}')");
        page.evaluate("say({ type: 'message', channel: 'lobby', offset: 2, sender: 'b', time: 1, data: 'there' })");
        page.evaluate("say({ type: 'direct', offset: 2, sender: 'b', time: 1, data: 'psst' })");

        assertThat(page.evaluate(
                                "seen.filter(one => one.type !== 'state').map(one => [one.type, one.channel, one.offset])")
                        .toString())
                .isEqualTo("[[\"lost\",\"lobby\",1],[\"lost\",\"@ada\",1],"
                        + "[\"message\",\"lobby\",2],[\"direct\",\"@ada\",2]]");
        assertThat(page.evaluate("chat.state").getAsString()).isEqualTo("connected");
        assertNoProblems(page);
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "null", "[]x", "{\"id\":2", "5", "[]", "{}", "\"text\"", "{\"type\":7}"})
    void leavesAServerThatDoesNotSpeakTheProtocol(String text) {
        Page page = page();
        page.evaluate(SCRIPTED);
        page.evaluate(BEGIN.formatted("{ client: 'ada', backoff: 1e8, maxBackoff: 1e8 }"));
        page.evaluate("chat.join('lobby')");
        page.evaluate("sayText(" + new JsonPrimitive(text) + ")");
        assertThat(page.evaluate("chat.state").getAsString()).isEqualTo("waiting");
        assertThat(page.isTrue("seen.at(-1).code === 1006 && seen.at(-1).reason.includes('does not speak')"))
                .isTrue();
        assertNoProblems(page);
    }

    /** As an earlier server answered what it could not read. */
    @Test
    void anErrorWithoutAnIdFailsTheOldestRequest() {
        Page page = page();
        page.evaluate(SCRIPTED);
        page.evaluate(BEGIN.formatted("{ client: 'ada', backoff: 1e8, maxBackoff: 1e8 }"));
        page.evaluate("chat.join('lobby')");
        page.evaluate("void (window.one = chat.publish('lobby', 1).catch(error => error.code))");
        page.evaluate("void (window.two = chat.publish('lobby', 2))");
        page.evaluate("say({ type: 'error', code: 'bad_request', message: 'no JSON' })");
        assertThat(page.evaluate("one").getAsString()).isEqualTo("bad_request");
        page.evaluate("say({ id: 4, type: 'published', channel: 'lobby', epoch: 'e', offset: 1 })");
        assertThat(page.evaluate("two.then(receipt => receipt.offset)").getAsInt())
                .isEqualTo(1);
    }

    /** They would be refused again and again, also by a page that is loaded anew. */
    @Test
    void refusesAtOnceWhatAServerWouldNotTake() {
        Page ada = member(client("ada"));
        String nested = "JSON.parse('['.repeat(%1$d) + ']'.repeat(%1$d))";
        String half = "'\\\\\\\"' + String.fromCharCode(0xd83d)";
        for (String data : List.of(nested.formatted(64), half, "{ [" + half + "]: 1 }")) {
            assertThat(ada.evaluate("chat.publish('lobby', " + data + ").catch(error => error.code)")
                            .getAsString())
                    .isEqualTo("bad_request");
            assertThat(ada.evaluate("chat.direct('ada', " + data + ").catch(error => error.code)")
                            .getAsString())
                    .isEqualTo("bad_request");
        }
        String taken = "[" + nested.formatted(63) + ", '\\\\ud83d[[{', '\\u{1f600}', '[{'.repeat(99) + '\"[[[\\\\\"']";
        assertThat(ada.evaluate("Promise.all(" + taken + ".map(data => chat.publish('lobby', data)))"
                                + ".then(receipts => receipts.length)")
                        .getAsInt())
                .isEqualTo(4);
        ada.await("data('message').length === 4");
        assertNoProblems(ada);
    }

    /** Where there is no page, nothing that a server or the program does ends the process. */
    @Test
    void aNodeProcessSurvives(@TempDir Path directory) throws Exception {
        assumeThat(isThere("node")).isTrue();
        for (String file : List.of("chat-client.js", "chat-socket.js")) {
            try (InputStream module = BrowserClient.class.getResourceAsStream("browser/" + file)) {
                Files.write(directory.resolve(file), module.readAllBytes());
            }
        }
        Files.writeString(directory.resolve("package.json"), "{\"type\":\"module\"}");
        Files.writeString(directory.resolve("test.mjs"), NODE);
        Process node = new ProcessBuilder("node", "test.mjs")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String printed = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(node.waitFor()).as(printed).isZero();
        assertThat(printed).contains("a fault of the program", "lost 1", "message 2", "survived");
    }

    private static boolean isThere(String program) {
        try {
            return new ProcessBuilder(program, "--version").start().waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    @Test
    void leavesAServerThatAnswersTwice() {
        Page page = page();
        page.evaluate(SCRIPTED);
        page.evaluate(BEGIN.formatted("{ client: 'ada', backoff: 1e8, maxBackoff: 1e8 }"));
        page.evaluate("chat.join('lobby')");
        assertThat(page.evaluate("chat.state").getAsString()).isEqualTo("connected");

        page.evaluate("say({ id: 2, type: 'error', code: 'unavailable', message: 'again' })");

        assertThat(page.evaluate("chat.state").getAsString()).isEqualTo("waiting");
        assertNoProblems(page);
    }

    @Test
    void aCallOfAMethodThatTheProgramDoesNotHaveIsRejected() {
        Page ada = client("ada");
        assertThat(ada.evaluate("chat.call('missing', { n: 1 }).catch(({ code, message }) => code + ': ' + message)")
                        .getAsString())
                .isEqualTo("unknown_type: there is no method missing");
    }

    @Test
    void theExampleOfTheDocumentationWorks() throws IOException {
        Matcher example = Pattern.compile("```js\\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("..", "docs", "javascript.md")));
        assertThat(example.find()).isTrue();
        String script = example.group(1)
                .replace(
                        "import { ChatClient } from \"./chat-client.js\";",
                        "const { ChatClient } = await import(\"/chat-client.js\");");
        Page page = page();
        page.evaluate("(async () => { const lines = window.lines = [];"
                + " const console = { log: (...words) => lines.push(words.join(' ')) };\n" + script + "\n})()");

        page.await("lines.length >= 2");
        assertThat(page.evaluate("lines").toString()).contains("ada: Hello, lobby!", "published as 1");
        assertNoProblems(page);
    }
}

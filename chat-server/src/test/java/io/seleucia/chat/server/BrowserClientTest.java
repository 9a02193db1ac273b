package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.auth.Authenticator;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The browser client as people use it: typing, clicking and looking. */
class BrowserClientTest {
    private static final Visitor.Key LOBBY = Visitor.Key.channel("lobby");

    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final List<Visitor> visitors = new ArrayList<>();
    private ChatServer server;
    private CuttingProxy proxy;

    @BeforeEach
    void start() throws IOException {
        ChatServerBuilder builder = ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT
                        .withRateMessages(10_000)
                        .withRateBurst(10_000)
                        .withQuotas(Quotas.NONE));
        BrowserClient.addTo(builder);
        server = builder.start();
        proxy = new CuttingProxy(server.port());
    }

    @AfterEach
    void stop() throws IOException {
        visitors.forEach(Visitor::close);
        proxy.close();
        server.close();
        broker.close();
    }

    private Visitor enter(String name) {
        return add(Visitor.enter(proxy.url(), name));
    }

    private Visitor add(Visitor visitor) {
        visitors.add(visitor);
        return visitor;
    }

    /** Says something as somebody who needs no page for it. */
    private void publish(String channel, String sender, String text) throws Exception {
        broker.publish(channel, sender, new Content.Text(text), "");
    }

    @Test
    void twoPeopleTalk() {
        Visitor ada = enter("ada");
        Visitor bob = enter("bob");
        ada.awaitMember("bob");

        ada.say("Hello, Bob");
        bob.awaitLast("Hello, Bob");
        bob.say("Hello, Ada");
        bob.say("How are you?");
        ada.awaitLast("Hello, Bob", "Hello, Ada", "How are you?");

        assertThat(bob.texts()).containsExactly("Hello, Bob", "Hello, Ada", "How are you?");
        assertThat(bob.strings("[...document.querySelectorAll('.head:not(.unseen) .sender')].map(e => e.textContent)"))
                .containsExactly("ada", "bob");
        assertThat(bob.page().text("#subtitle")).isEqualTo("2 members");
        assertThat(bob.page().isTrue("document.title.startsWith('lobby')")).isTrue();
        bob.page().click("#leave");
        ada.awaitNoMember("bob");
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void showsWhoIsTyping() {
        Visitor ada = enter("ada");
        Visitor bob = enter("bob");

        bob.draft("I would say");
        ada.page().await("document.querySelector('#typing').textContent === 'bob is typing…'");
        bob.say(" that it works");

        ada.awaitLast("I would say that it works");
        ada.page().await("document.querySelector('#typing').textContent === ''");
        assertThat(bob.page().text("#typing")).isEmpty();
    }

    @Test
    void countsWhatWasNotReadAndShowsWhereItBegins() throws Exception {
        Visitor ada = enter("ada");
        publish("lobby", "bob", "read");
        ada.awaitLast("read");
        ada.join("design");
        for (int i = 1; i <= 3; i++) {
            publish("lobby", "bob", "unread " + i);
        }

        ada.awaitUnread(LOBBY, "3");
        ada.awaitUnread(Visitor.Key.channel("design"), "");
        ada.page().await("document.title.startsWith('(3) design')");
        ada.page().reload();
        ada.awaitUnread(LOBBY, "3");
        ada.awaitTitle("design");
        ada.open(LOBBY);
        ada.awaitLast("read", "unread 1", "unread 2", "unread 3");
        ada.awaitUnread(LOBBY, "");
        assertThat(ada.page()
                        .isTrue("document.querySelector('.new').nextElementSibling.textContent.includes('unread 1')"))
                .isTrue();
        ada.page().reload();
        ada.awaitLast("unread 3");
        ada.awaitUnread(LOBBY, "");
        ada.assertNoProblems();
    }

    @Test
    void carriesDirectMessages() {
        Visitor ada = enter("ada");
        Visitor bob = enter("bob");
        ada.awaitMember("bob");
        ada.page().click("#members-list button[title='Write to bob']");
        ada.awaitTitle("bob");
        ada.say("just between us");
        ada.awaitLast("just between us");

        Visitor.Key toAda = Visitor.Key.person("ada");
        bob.awaitUnread(toAda, "1");
        bob.open(toAda);
        bob.awaitLast("just between us");
        bob.awaitUnread(toAda, "");
        bob.say("of course");
        ada.awaitLast("just between us", "of course");
        ada.page().reload();
        ada.awaitLast("just between us", "of course");
        assertThat(ada.page().isTrue("getComputedStyle(document.querySelector('#members')).display === 'none'"))
                .isTrue();
        ada.open(LOBBY);
        assertThat(ada.texts()).isEmpty();
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void keepsDirectMessagesForWhoIsAway() {
        Visitor bob = enter("bob");
        Visitor ada = enter("ada");
        ada.page().click("#direct-open");
        ada.page().type("#direct-name", "bob");
        ada.page().press("Enter");
        ada.awaitTitle("bob");
        ada.say("now"); // from here on he has an inbox, also while he is away
        bob.awaitUnread(Visitor.Key.person("ada"), "1");
        bob.page().go("about:blank");
        ada.say("for later");
        ada.awaitLast("now", "for later");

        bob.page().go(proxy.url());
        bob.open(Visitor.Key.person("ada"));
        bob.awaitLast("now", "for later");
    }

    @Test
    void goesBackThroughTheHistoryWithABoundedPage() throws Exception {
        int all = 700;
        for (int i = 1; i <= all; i++) {
            publish("lobby", "bob", "message " + i);
        }
        Visitor ada = enter("ada");
        ada.awaitLast("message 699", "message 700");
        assertThat(ada.texts()).hasSize(50);

        String oldest = "document.querySelector('.message .words').textContent";
        ada.page().evaluate("document.querySelector('#timeline').scrollTop = 100");
        ada.page().await(oldest + ".slice('message '.length) <= 601"); // a page more, or two
        assertThat(ada.page().isTrue("document.querySelector('#timeline').scrollTop > 1000"))
                .as("what was looked at stays where it is")
                .isTrue();
        while (!ada.page().isTrue(oldest + " === 'message 1'")) {
            ada.page()
                    .evaluate("document.querySelector('#timeline').scrollTop = 0,"
                            + " new Promise(resolve => setTimeout(resolve, 10))");
            assertThat(ada.texts()).hasSizeLessThanOrEqualTo(300);
        }
        assertConsecutive(ada.texts());
        assertThat(ada.page().isTrue("document.querySelector('#latest').hidden"))
                .isFalse();
        publish("lobby", "bob", "message 701");
        ada.page().await("document.querySelector('#latest-text').textContent === '1 new message'");

        while (!ada.texts().getLast().equals("message 701")) {
            ada.page()
                    .evaluate("document.querySelector('#timeline').scrollTop = 1e9,"
                            + " new Promise(resolve => setTimeout(resolve, 10))");
            assertThat(ada.texts()).hasSizeLessThanOrEqualTo(300);
        }
        assertConsecutive(ada.texts());
        publish("lobby", "bob", "message 702");
        ada.awaitLast("message 701", "message 702");
        ada.assertNoProblems();
    }

    @Test
    void returnsToTheLatestWithOneClick() throws Exception {
        for (int i = 1; i <= 500; i++) {
            publish("lobby", "bob", "message " + i);
        }
        Visitor ada = enter("ada");
        ada.awaitLast("message 500");
        while (!ada.page().isTrue("document.querySelector('.message .words').textContent === 'message 1'")) {
            ada.page()
                    .evaluate("document.querySelector('#timeline').scrollTop = 0,"
                            + " new Promise(resolve => setTimeout(resolve, 10))");
        }
        for (int i = 501; i <= 520; i++) {
            publish("lobby", "bob", "message " + i);
        }

        ada.page().click("#latest");

        ada.awaitLast("message 519", "message 520");
        assertConsecutive(ada.texts());
        ada.page().await("document.querySelector('#latest').hidden");
        ada.awaitUnread(LOBBY, "");
    }

    private static void assertConsecutive(List<String> texts) {
        int first = Integer.parseInt(texts.getFirst().substring("message ".length()));
        assertThat(texts)
                .isEqualTo(IntStream.range(first, first + texts.size())
                        .mapToObj(i -> "message " + i)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<script>window.hacked = 1</script>",
                "<img src=x onerror='window.hacked=1'>",
                "\"><svg onload=window.hacked=1>",
                "javascript:window.hacked=1",
                "{{constructor.constructor('window.hacked=1')()}}",
                "__proto__",
                "' onmouseover='window.hacked=1"
            })
    void showsScriptsAsText(String attack) throws Exception {
        Visitor ada = enter("ada");
        Visitor mallory = enter(attack);
        mallory.join(attack);
        mallory.say(attack);
        mallory.awaitLast(attack);
        mallory.open(LOBBY);
        mallory.say(attack);
        mallory.draft("x");

        ada.awaitLast(attack);
        ada.page().await("document.querySelector('#typing').textContent.endsWith('is typing…')");
        ada.awaitMember(attack);
        ada.join(attack);
        ada.awaitLast(attack);
        assertThat(ada.page().text(".message .sender")).isEqualTo(attack);
        mallory.page().click("#members-list button[title='Write to ada']");
        mallory.awaitTitle("ada");
        mallory.say(attack);
        ada.open(Visitor.Key.person(attack));
        ada.awaitLast(attack);
        for (Visitor visitor : List.of(ada, mallory)) {
            assertThat(visitor.page().isTrue("window.hacked")).isFalse();
            assertThat(visitor.page()
                            .isTrue("document.querySelector('.message .words a, .message img, .message script,"
                                    + " #title *, .entry svg, .entry img')"))
                    .isFalse();
            visitor.assertNoProblems();
        }
    }

    @Test
    void makesOnlySafeAddressesLinks() throws Exception {
        Visitor ada = enter("ada");
        publish("lobby", "bob", "see https://example.org/a_(b)?c=d#e, (http://example.com) or HTTPS://EXAMPLE.NET/.");
        publish(
                "lobby",
                "bob",
                "https://bank.example@evil.example/ https://bаnk.example/ javascript:alert(1) //x.example");
        publish("lobby", "bob", "data:text/html,x ftp://x.example http:// https://");

        ada.page().await("document.querySelectorAll('.message').length === 3");
        assertThat(ada.strings("[...document.querySelectorAll('.message .words a')].map(a => a.textContent)"))
                .containsExactly("https://example.org/a_(b)?c=d#e", "http://example.com", "HTTPS://EXAMPLE.NET/");
        assertThat(ada.page()
                        .isTrue("[...document.querySelectorAll('.message .words a')].every(a => a.target === '_blank'"
                                + " && a.rel.includes('noopener') && a.rel.includes('noreferrer'))"))
                .isTrue();
    }

    @Test
    void showsWhatTextsThereAre() throws Exception {
        Visitor ada = enter("ada");
        String smile = "👩‍👩‍👧 🇩🇪 e\u0301 שלום";
        ada.say(smile);
        ada.awaitLast(smile);
        String longText = "a line\n".repeat(200).strip();
        publish("lobby", "bob", longText);
        publish("lobby", "bob", "x".repeat(5_000));
        ada.awaitLast(longText, "x".repeat(5_000));
        broker.publish("lobby", "bob", new Content.Json("{\"a\":[1,2]}"), "");
        ada.awaitLast("{\n  \"a\": [\n    1,\n    2\n  ]\n}");

        assertThat(ada.page()
                        .isTrue("document.querySelector('#timeline').scrollWidth"
                                + " <= document.querySelector('#timeline').clientWidth"))
                .as("nothing is wider than the page")
                .isTrue();
        String height = "document.querySelectorAll('.message')[1].offsetHeight";
        assertThat(ada.page().evaluate(height).getAsInt()).isLessThan(400);
        ada.page().evaluate("document.querySelectorAll('.more')[0].click()");
        ada.page().await(height + " > 2000");
    }

    @Test
    void sendsWhatWasWrittenWhileTheServerWasAway() {
        Visitor ada = enter("ada");
        proxy.refuse(true);
        proxy.cut();
        ada.say("does it come through?");
        ada.say("and this?");
        ada.draft("not yet");
        ada.page().await("document.querySelectorAll('.message[data-state=sending]').length === 2");
        ada.page().await("document.querySelector('#banner').textContent.includes(\"can't be reached\")");

        Page again = ada.page().another("about:blank"); // the tab is closed, and another one is opened
        ada.page().closeTab();
        proxy.refuse(false);
        again.go(proxy.url());
        Visitor later = add(Visitor.of(again));
        later.awaitLast("does it come through?", "and this?");
        assertThat(later.draft()).isEqualTo("not yet");
        later.page().reload();
        later.awaitLast("does it come through?", "and this?");
        assertThat(later.texts()).hasSize(2);
    }

    @Test
    void asksBeforeItSendsAgainWhatMayHaveBeenSentLongAgo() {
        Visitor ada = enter("ada");
        proxy.hold(true);
        ada.say("did it come through?");
        ada.page().await("document.querySelector('.message[data-state=sending]')");
        Page again = ada.page().another("about:blank");
        ada.page().closeTab();
        proxy.cut();
        proxy.hold(false);
        again.beforeEachDocument("const real = Date.now; Date.now = () => real() + 300000;");
        again.go(proxy.url());
        Visitor later = add(Visitor.of(again));

        assertThat(again.text(".problem")).contains("It may not have been sent.");
        again.click(".retry");
        later.awaitLast("did it come through?");
        assertThat(later.texts()).hasSize(1);
        later.assertNoOtherProblems();
    }

    @Test
    void saysWhyAMessageCantBeSent() {
        Visitor ada = enter("ada");
        ada.say("x".repeat(70_000));

        assertThat(ada.page().text("#text-hint")).startsWith("Too long to be sent, by 4,");
        assertThat(ada.page().isTrue("document.querySelector('#send').disabled"))
                .isTrue();
        assertThat(ada.draft()).hasSize(70_000);
        assertThat(ada.texts()).isEmpty();
        ada.page().evaluate("document.querySelector('#text').select()");
        ada.page().type("x".repeat(65_300));
        assertThat(ada.page().text("#text-hint")).endsWith("bytes left");
        ada.page().evaluate("document.querySelector('#text').select()");
        ada.page().type("short");
        ada.page().press("Enter");
        ada.awaitLast("short");
        ada.page().click("#direct-open");
        ada.page().type("#direct-name", "nobody");
        ada.page().press("Enter");
        ada.awaitTitle("nobody");
        ada.say("are you there?");
        assertThat(ada.page().text(".problem")).contains("Nobody called nobody has been here.");
        assertThat(ada.page().text(Visitor.Key.person("nobody").selector())).contains("not sent");
        ada.page().click(".discard");
        ada.page().await("document.querySelectorAll('.message').length === 0");
        ada.assertNoProblems();
    }

    @Test
    void keepsWhatIsTypedThroughAReload() {
        Visitor ada = enter("ada");
        ada.draft("in the lobby");
        ada.join("design");
        ada.draft("about\ndesign");
        ada.page().reload();

        ada.awaitTitle("design");
        ada.page().await("document.querySelector('#text').value");
        assertThat(ada.draft()).isEqualTo("about\ndesign");
        ada.open(LOBBY);
        assertThat(ada.draft()).isEqualTo("in the lobby");
        ada.awaitMember("ada");
    }

    @Test
    void asksForAPasswordWhereTheServerDoes() throws Exception {
        ChatServerBuilder builder = ChatServer.builder().port(0).authenticator((credentials, address) -> {
            boolean right = credentials.equals(new Credentials.Password("ada", "right"));
            return right ? Optional.of(new User("ada")) : Optional.empty();
        });
        BrowserClient.addTo(builder);
        try (ChatServer guarded = builder.start();
                Visitor ada = Visitor.open("http://localhost:" + guarded.port() + "/")) {
            ada.takeName("ada");
            ada.page().await("document.activeElement.id === 'login-password'");
            assertThat(ada.page().text("#login-error")).isEqualTo("This server asks for a password.");
            ada.page().type("wrong");
            ada.page().press("Enter");
            ada.page()
                    .await("document.querySelector('#login-error').textContent === 'Name and password do not match.'");
            logIn(ada);

            ada.say("hello");
            ada.awaitLast("hello");
            assertThat(ada.page()
                            .isTrue("document.querySelector('#login-password').value === ''"
                                    + " && !JSON.stringify([localStorage, sessionStorage]).includes('right')"))
                    .isTrue();
            guarded.disconnect("ada");
            ada.page().await("!document.querySelector('#login').hidden");
            assertThat(ada.page().text("#login-error")).isEqualTo("An operator has ended your session.");
            logIn(ada);
            guarded.revoke("ada");
            ada.page().await("!document.querySelector('#login').hidden");
            ada.assertNoProblems();
        }
    }

    @Test
    void tellsGuestsFromAccounts() throws Exception {
        ChatServerBuilder builder = ChatServer.builder().port(0).guests(true).authenticator(new Authenticator() {
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
        });
        BrowserClient.addTo(builder);
        try (ChatServer guarded = builder.start();
                Visitor ada = Visitor.open("http://localhost:" + guarded.port() + "/");
                Visitor eve = Visitor.open("http://localhost:" + guarded.port() + "/")) {
            ada.takeName("ada");
            ada.page()
                    .await("document.querySelector('#login-error').textContent"
                            + " === 'This name is taken: enter its password, or choose another name.'");
            logIn(ada);
            eve.takeName("ada");
            eve.page().await("!document.querySelector('#login-secret').hidden");
            eve.page().evaluate("document.querySelector('#login-name').value = ''");
            eve.takeName("eve");
            eve.awaitMember("eve");

            ada.say("from an account");
            eve.awaitLast("from an account");
            eve.say("from a guest");
            ada.awaitLast("from an account", "from a guest");

            String marked =
                    "[...document.querySelectorAll('.message')].map(m => m.querySelector('.guest')?.textContent ?? '')";
            assertThat(ada.strings(marked)).containsExactly("", "guest");
            eve.page().await("JSON.stringify(" + marked + ") === '[\"\",\"guest\"]'"); // once its message is back
            ada.awaitMember("eve");
            assertThat(
                            ada.strings(
                                    "[...document.querySelectorAll('#members-list .entry')].map(e => e.querySelector('.guest')?.textContent ?? '')"))
                    .containsExactly("", "guest");
            ada.assertNoProblems();
        }
    }

    private static void logIn(Visitor ada) {
        ada.page().evaluate("document.querySelector('#login-password').value = ''");
        ada.page().type("#login-password", "right");
        ada.page().press("Enter");
        ada.awaitMember("ada");
    }

    @Test
    void signsOutAndForgets() {
        Visitor ada = enter("ada");
        ada.draft("a secret");
        ada.page().click("#sign-out");

        ada.takeName("bob");
        ada.awaitMember("bob");
        assertThat(ada.draft()).isEmpty();
        assertThat(ada.page().text("#me-name")).isEqualTo("bob");
        ada.page().click("#sign-out");
        ada.page().await("!document.querySelector('#login').hidden");
        ada.page().reload();
        ada.page().await("!document.querySelector('#login').hidden");
        ada.assertNoProblems();
    }

    @Test
    void worksWithTheKeyboardAlone() {
        Visitor ada = enter("ada");
        Visitor bob = enter("bob");
        Page page = ada.page();
        for (int i = 0; i < 30 && !page.isTrue("document.activeElement.id === 'join-open'"); i++) {
            page.press("Tab");
        }
        assertThat(page.isTrue("getComputedStyle(document.activeElement).outlineStyle === 'solid'"))
                .as("where one is can be seen")
                .isTrue();
        page.press("Enter");
        page.type("design");
        page.press("Escape");
        assertThat(page.isTrue("document.activeElement.id === 'join-open'")).isTrue();
        page.press("Enter");
        page.press("Enter");
        ada.awaitTitle("design");
        page.type("typed at once");
        page.press("Enter");
        ada.awaitLast("typed at once");

        bob.join("design");
        bob.say("heard");
        page.await("document.querySelector('#announcer').textContent.includes('bob: heard')");
    }

    @Test
    void fitsOnAPhone() {
        Visitor ada = add(Visitor.open(proxy.url()));
        ada.page().viewport(360, 640);
        ada.takeName("ada");
        Page page = ada.page();
        page.await("document.querySelector('.entry') && !document.querySelector('#app').hidden");
        assertThat(page.isTrue("document.querySelector('#conversation').offsetWidth === 0"))
                .isTrue();
        ada.open(LOBBY);
        ada.say("from a phone");
        ada.awaitLast("from a phone");
        assertThat(page.isTrue("document.querySelector('#sidebar').offsetWidth === 0"))
                .isTrue();
        assertThat(page.isTrue("document.documentElement.scrollWidth <= 360")).isTrue();
        page.click("#members-open");
        page.await("document.querySelector('#members').getBoundingClientRect().right <= 360");
        page.press("Escape");
        page.await("document.activeElement.id === 'members-open'");
        page.click("#back");
        page.await("document.activeElement.dataset.key === 'lobby'");
        ada.assertNoProblems();
    }
}

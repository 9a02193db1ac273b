package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.browser.Page;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What finds channels, people and messages. */
class BrowserFindingTest {
    private BrowserServer server;

    @BeforeEach
    void start() throws Exception {
        server = new BrowserServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private static void setTopic(Visitor visitor, String topic) {
        visitor.page().click("#topic-open");
        visitor.page().evaluate("document.querySelector('#topic-field').value = ''");
        visitor.page().type("#topic-field", topic);
        visitor.page().press("Enter");
        visitor.page().await("!document.querySelector('#topic').open");
    }

    private static void awaitSwitcher(Page page, String options) {
        page.await("[...document.querySelectorAll('#switcher-list .name')].map(e => e.textContent).join() === '"
                + options + "'");
    }

    @Test
    void aDirectoryListsChannelsWithTheirTopicsToJoin() throws Exception {
        Visitor ada = server.enter("ada");
        ada.join("garden");
        setTopic(ada, "Roses & <b>weeds</b>");
        ada.page().await("document.querySelector('#topic-text').textContent === 'Roses & <b>weeds</b>'");
        for (int i = 0; i < 60; i++) {
            server.publish("team-%02d".formatted(i), "cyd", "hello");
        }
        Visitor bob = server.enter("bob");
        Page page = bob.page();

        page.click("#directory-open");
        page.await("document.querySelectorAll('#directory-list li').length === 50");
        assertThat(page.text("#directory-list li"))
                .contains("garden", "1 person here now", "Roses & <b>weeds</b>", "Join");
        page.click("#directory-more");
        page.await("document.querySelectorAll('#directory-list li').length === 62"
                + " && document.querySelector('#directory-more').hidden");
        assertThat(page.isTrue("document.activeElement.closest('#directory-list')"))
                .isTrue();
        page.type("#directory-filter", "gard");
        page.await("document.querySelectorAll('#directory-list li').length === 1");
        page.click("#directory-list button");
        bob.awaitTitle("garden");
        bob.awaitMember("bob");
        page.await("document.querySelector('#topic-text').textContent.startsWith('Roses')");
        setTopic(bob, "Tulips");
        ada.page().await("document.querySelector('#topic-text').textContent === 'Tulips'");
        ada.assertNoProblems();
        bob.assertNoProblems();
    }

    @Test
    void saysThatATopicMayNotBeChanged() throws Exception {
        try (BrowserServer strict = new BrowserServer(builder ->
                builder.authorizer((user, action, channel, content) -> action != Authorizer.Action.DESCRIBE))) {
            Visitor ada = strict.enter("ada");
            ada.page().click("#topic-open");
            ada.page().type("#topic-field", "mine");
            ada.page().press("Enter");
            ada.page().await("document.querySelector('#topic-error').textContent.startsWith('You may not')");
        }
    }

    @Test
    void aSwitcherGoesToConversationsByTheKeyboardAlone() throws Exception {
        Visitor ada = server.enter("ada");
        server.enter("bob");
        ada.awaitMember("bob");
        ada.join("garden");
        server.publish("garden-tools", "cyd", "spades");
        server.publish("lobby", "cyd", "unread");
        ada.awaitUnread(Visitor.Key.channel("lobby"), "1");
        Page page = ada.page();

        page.control('k');
        page.await("document.activeElement.id === 'switcher-field'");
        page.await("document.querySelector('#switcher-list .name').textContent === 'lobby'"); // unread ones come first
        page.type("gar");
        awaitSwitcher(page, "garden,garden-tools,gar");
        assertThat(page.isTrue("document.querySelector('#switcher-field').getAttribute('aria-activedescendant') ==="
                        + " document.querySelector('#switcher-list [aria-selected=true]').id"))
                .isTrue();
        page.press("ArrowDown");
        page.press("Enter");
        ada.awaitTitle("garden-tools");
        ada.awaitLast("spades");
        assertThat(page.isTrue("document.activeElement.id === 'text'")).isTrue();

        page.control('k');
        page.type("@bo");
        awaitSwitcher(page, "bob");
        page.press("Enter");
        ada.awaitTitle("bob");
        page.control('k');
        page.type("@nobody-known");
        page.await("document.querySelector('#switcher-none').textContent !== ''");
        page.press("Enter");
        page.press("Escape");
        page.await("!document.querySelector('#switcher').open");
        assertThat(page.text("#title")).isEqualTo("bob");
        ada.assertNoProblems();
    }

    @Test
    void aResultOfASearchLeadsToItsMessage() throws Exception {
        Visitor ada = server.enter("ada");
        server.publish("lobby", "bob", "where is the <i>Needle</i>?");
        for (int i = 1; i <= 150; i++) {
            server.publish("lobby", "bob", "hay " + i);
        }
        ada.awaitLast("hay 150");
        Page page = ada.page();

        page.click("#search-open");
        page.type("#search-field", "needle");
        page.press("Enter");
        page.await("document.querySelector('#search-status').textContent === '1 message'");
        assertThat(page.text("#search-list mark")).isEqualTo("Needle");
        page.click("#search-list button");
        page.await("document.querySelector('.message.target .words')?.textContent === 'where is the <i>Needle</i>?'");
        assertThat(page.isTrue("location.hash.includes('?at=')")).isTrue();

        page.click("#search-open");
        page.evaluate("document.querySelector('#search-field').value = ''");
        page.type("#search-field", "hay");
        page.press("Enter");
        page.await("document.querySelectorAll('#search-list li').length === 20");
        page.click("#search-more");
        page.await("document.querySelectorAll('#search-list li').length === 40");
        page.evaluate("document.querySelector('#search-field').value = ''");
        page.type("#search-field", "nowhere");
        page.press("Enter");
        page.await("document.querySelector('#search-status').textContent === 'No message contains that text.'");
        ada.assertNoProblems();
    }

    @Test
    void aSearchOfDirectMessagesFindsThoseOfOnePersonAlone() {
        Visitor ada = server.enter("ada");
        Visitor bob = server.enter("bob");
        Visitor cyd = server.enter("cyd");
        ada.awaitMember("cyd");
        for (Visitor from : List.of(bob, cyd)) {
            from.page().click("#members-list button[title='Write to ada']");
            from.awaitTitle("ada");
            from.say("the same words");
            from.awaitLast("the same words");
        }
        ada.awaitUnread(Visitor.Key.person("cyd"), "1");
        ada.open(Visitor.Key.person("bob"));
        ada.awaitLast("the same words");

        ada.page().click("#search-open");
        ada.page().type("#search-field", "same");
        ada.page().press("Enter");
        ada.page().await("document.querySelector('#search-status').textContent === '1 message'");
        assertThat(ada.page().text("#search-list .name")).isEqualTo("bob");
        ada.assertNoProblems();
    }
}

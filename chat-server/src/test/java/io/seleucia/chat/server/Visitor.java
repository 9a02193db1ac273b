package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.browser.Problem;
import java.util.List;
import java.util.stream.StreamSupport;

/** Somebody who uses the browser client, by what can be seen and touched of it. */
final class Visitor implements AutoCloseable {
    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create(); // as JavaScript writes it

    private final Page page;

    private Visitor(Page page) {
        this.page = page;
    }

    /** Opens the page. */
    static Visitor open(String url) {
        return new Visitor(Browser.shared().open(url));
    }

    /** The visitor of a page that is open. */
    static Visitor of(Page page) {
        return new Visitor(page);
    }

    /** Opens another tab of the same browser. */
    Visitor another(String url) {
        return new Visitor(page.another(url));
    }

    /** Opens the page and takes a name there; is in the lobby then. */
    static Visitor enter(String url, String name) {
        Visitor visitor = open(url);
        visitor.takeName(name);
        visitor.awaitMember(name);
        return visitor;
    }

    Page page() {
        return page;
    }

    void takeName(String name) {
        page.await("!document.querySelector('#login').hidden");
        page.type("#login-name", name);
        page.press("Enter");
    }

    void join(String channel) {
        page.click("#join-open");
        page.type("#join-name", channel);
        page.press("Enter");
        awaitTitle(channel);
    }

    void open(Key key) {
        page.click(key.selector());
        awaitTitle(key.name());
    }

    /** An entry in the list of conversations. */
    record Key(String key, String name) {
        static Key channel(String name) {
            return new Key(name, name);
        }

        static Key person(String name) {
            return new Key("@" + name, name);
        }

        String selector() {
            return ".entry[data-key=" + new JsonPrimitive(key) + "]";
        }
    }

    void awaitTitle(String title) {
        page.await("document.querySelector('#title').textContent === " + new JsonPrimitive(title));
    }

    void awaitMember(String name) {
        page.await(members() + ".includes(" + new JsonPrimitive(name) + ")");
    }

    void awaitNoMember(String name) {
        page.await("!" + members() + ".includes(" + new JsonPrimitive(name) + ")");
    }

    private static String members() {
        return "[...document.querySelectorAll('#members-list .name')].map(e => e.textContent)";
    }

    /** Types into the composer what is not sent yet. */
    void draft(String text) {
        page.type("#text", text);
    }

    String draft() {
        return page.evaluate("document.querySelector('#text').value").getAsString();
    }

    /** Writes and sends. */
    void say(String text) {
        page.type("#text", text);
        page.press("Enter");
    }

    /** Waits until the conversation that is open ends with these messages, sent or received. */
    void awaitLast(String... texts) {
        page.await("JSON.stringify(" + sent() + ".slice(-" + texts.length + ")) === "
                + new JsonPrimitive(JSON.toJson(texts)));
    }

    /** The texts of the conversation that is open, from the oldest that is there to the newest. */
    List<String> texts() {
        return strings("[...document.querySelectorAll('.message .words')].map(e => e.textContent)");
    }

    private static String sent() {
        return "[...document.querySelectorAll('.message[data-state=sent] .words')].map(e => e.textContent)";
    }

    /** What stands beside a conversation in the list; empty if nothing does. */
    void awaitUnread(Key key, String count) {
        String badge = "document.querySelector(" + new JsonPrimitive(key.selector() + " .badge") + ")";
        page.await("(" + badge + ".hidden ? '' : " + badge + ".firstElementChild.textContent) === '" + count + "'");
    }

    List<String> strings(String expression) {
        return StreamSupport.stream(page.evaluate(expression).getAsJsonArray().spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }

    void assertNoProblems() {
        assertThat(page.problems()).isEmpty();
    }

    /** But those of a server that was away. */
    void assertNoOtherProblems() {
        assertThat(page.problemsBut(Problem.Kind.NETWORK)).isEmpty();
    }

    @Override
    public void close() {
        page.close();
    }
}

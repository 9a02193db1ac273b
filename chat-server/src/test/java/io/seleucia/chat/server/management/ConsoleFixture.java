package io.seleucia.chat.server.management;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.logging.SimpleFormatter;

/** The console of a server in a real browser. */
public final class ConsoleFixture implements AutoCloseable {
    public final ChatServer server;
    public final RecentLines log = new RecentLines(new SimpleFormatter());
    public final Management management;
    public final Page page;

    /** Serves the console of a server, and opens one of its views. */
    public ConsoleFixture(ChatServer server, Access access, Optional<Users> users, String view) throws IOException {
        this.server = server;
        management = new Management(access, 0);
        management.serve(server, log, List::of, users);
        page = Browser.shared().open(management.url() + "#" + view);
    }

    static ConsoleFixture open(String view) throws IOException {
        return new ConsoleFixture(ChatServer.builder().port(0).start(), Access.local(), Optional.empty(), view);
    }

    public Http http() {
        return new Http(URI.create(management.url()).getPort());
    }

    /** Opens a view, as a click on its link does. */
    public void view(String name) {
        page.await("document.querySelector('#views a[href=\"#" + name + "\"]').checkVisibility()");
        page.evaluate("location.hash = '" + name + "'");
        page.await("document.querySelector('#views [aria-current]').hash === '#" + name + "'");
    }

    /** Moves the pointer over the middle of an element. */
    void pointAt(String selector) {
        page.await("document.querySelector('" + selector + "')?.checkVisibility()");
        JsonObject at = page.evaluate("(() => { const r = document.querySelector('" + selector
                        + "').getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()")
                .getAsJsonObject();
        at.addProperty("type", "mouseMoved");
        page.call("Input.dispatchMouseEvent", at);
    }

    /** Moves the pointer to where nothing is, and takes the focus from what has it. */
    void pointAway() {
        pointAtCorner();
        page.evaluate("document.activeElement.blur()");
    }

    /** Moves the pointer to where nothing is. */
    void pointAtCorner() {
        JsonObject at = new JsonObject();
        at.addProperty("type", "mouseMoved");
        at.addProperty("x", 1);
        at.addProperty("y", 1);
        page.call("Input.dispatchMouseEvent", at);
    }

    /** Presses a key where the focus is. */
    void press(String key, int code) {
        JsonObject event = new JsonObject();
        event.addProperty("key", key);
        event.addProperty("code", key);
        event.addProperty("windowsVirtualKeyCode", code);
        for (String type : List.of("keyDown", "keyUp")) {
            event.addProperty("type", type);
            page.call("Input.dispatchKeyEvent", event);
        }
    }

    /** Waits until an element can be seen. */
    public void awaitVisible(String selector) {
        page.await("document.querySelector('" + selector + "')?.checkVisibility()");
    }

    /** Chooses an option of a select element, as its user does. */
    void choose(String selector, String value) {
        page.evaluate("(() => { const e = document.querySelector('" + selector + "'); e.value = '" + value
                + "'; e.dispatchEvent(new Event('input', {bubbles: true})); })()");
    }

    /** Waits until the console has said something, in the dialog on top or on the page. */
    public void awaitSaid(String text) {
        page.await("[...document.querySelectorAll('.said')].some(e => e.checkVisibility() && e.innerText.includes("
                + new JsonPrimitive(text) + "))");
    }

    @Override
    public void close() {
        page.close();
        management.close();
        server.close();
    }
}

package io.seleucia.chat.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonPrimitive;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.browser.Browser;
import io.seleucia.chat.browser.Page;
import io.seleucia.chat.browser.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Pages with clients of chat-client.js, and a server whose connections a proxy breaks. */
abstract class JavaScriptClients {
    static final long CUT_EVERY_NANOS = 150_000_000;

    /** A client in the variable {@code chat}, which notes what it is told; quick to come back. */
    static final String BEGIN = """
            (async () => {
                const { ChatClient } = await import("/chat-client.js");
                window.seen = [];
                window.chat = new ChatClient({ backoff: 100, maxBackoff: 400, ...%s });
                for (const type of ["message", "direct", "sent", "edited", "deleted", "reaction", "signal", "joined",
                        "left", "lost", "removed", "read", "receipt", "info", "state"]) {
                    chat.on(type, (event) => seen.push({ type, ...event }));
                }
                window.data = (type) => seen.filter((one) => one.type === type).map((one) => one.data);
                window.states = () => seen.filter((one) => one.type === "state").map((one) => one.state);
            })()""";

    /** A WebSocket of the browser's own, with a server that answers but to what is published. */
    static final String SCRIPTED = """
            void (window.WebSocket = class {
                static OPEN = 1;
                readyState = 1;
                constructor() { setTimeout(() => this.onopen?.()); }
                send(text) {
                    const { id, type } = JSON.parse(text);
                    const inbox = { epoch: "e", offset: 0, recovered: false };
                    const reply = type === "connect"
                        ? { id, type: "connected", client: "ada", pingSeconds: 25, maxMessageBytes: 65536, inbox }
                        : { id, type: "subscribed", channel: "lobby", epoch: "e", offset: 0 };
                    window.say = (frame) => window.sayText(JSON.stringify(frame));
                    window.sayText = (text) => this.onmessage?.({ data: text });
                    window.drop = (code) => this.onclose?.({ code, reason: "" });
                    if (type !== "publish") setTimeout(() => window.say(reply));
                }
                close() {}
            })""";

    final List<Page> pages = new ArrayList<>();
    InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    ChatServer server;
    CuttingProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = serve(0);
        proxy = new CuttingProxy(server.port());
    }

    final ChatServer serve(int port) throws IOException {
        ChatServerBuilder builder = ChatServer.builder()
                .port(port)
                .broker(broker)
                .limits(Limits.DEFAULT
                        .withRateMessages(10_000)
                        .withRateBurst(10_000)
                        .withQuotas(Quotas.NONE));
        BrowserClient.addTo(builder);
        return builder.start();
    }

    @AfterEach
    void stop() throws IOException {
        pages.forEach(Page::close);
        proxy.close();
        server.close();
        broker.close();
    }

    /** A page with a client. */
    final Page client(String name) {
        return client(name, "{}");
    }

    final Page client(String name, String options) {
        Page page = page();
        page.evaluate(BEGIN.formatted("{ client: " + new JsonPrimitive(name) + ", ..." + options + " }"));
        return page;
    }

    final Page page() {
        Page page = Browser.shared().open(proxy.url());
        pages.add(page);
        return page;
    }

    static Page member(Page page) {
        page.evaluate("chat.join('lobby')");
        return page;
    }

    static void assertNoProblems(Page page) {
        assertThat(page.problemsBut(Problem.Kind.NETWORK)).isEmpty();
    }

    static String code(Page page, String promise) {
        return page.evaluate(promise + ".then(() => 'done', error => error.code)")
                .getAsString();
    }
}

package io.seleucia.chat.server;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.ChatServerBuilder;
import io.seleucia.chat.Limits;
import io.seleucia.chat.Quotas;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.broker.memory.InMemoryBroker;
import io.seleucia.chat.message.Content;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A server with the browser client, a network that breaks before it, and its visitors. For one thread. */
final class BrowserServer implements AutoCloseable {
    private final InMemoryBroker broker = new InMemoryBroker(Retention.DEFAULT);
    private final List<Visitor> visitors = new ArrayList<>();
    private final ChatServer server;
    private final CuttingProxy proxy;

    /** Starts one that takes guests, without reserved names and quotas. */
    BrowserServer() throws IOException {
        this(builder -> {});
    }

    BrowserServer(Consumer<ChatServerBuilder> settings) throws IOException {
        ChatServerBuilder builder = ChatServer.builder()
                .port(0)
                .broker(broker)
                .limits(Limits.DEFAULT
                        .withRateMessages(10_000)
                        .withRateBurst(10_000)
                        .withQuotas(Quotas.NONE));
        settings.accept(builder);
        BrowserClient.addTo(builder);
        server = builder.start();
        proxy = new CuttingProxy(server.port());
    }

    ChatServer server() {
        return server;
    }

    InMemoryBroker broker() {
        return broker;
    }

    CuttingProxy proxy() {
        return proxy;
    }

    String url() {
        return proxy.url();
    }

    /** Opens the page in a browser of its own. */
    Visitor open() {
        return add(Visitor.open(url()));
    }

    /** Opens the page in a browser of its own, and takes a name there. */
    Visitor enter(String name) {
        return add(Visitor.enter(url(), name));
    }

    /** Opens the page in another tab of a visitor's browser. */
    Visitor another(Visitor visitor) {
        Visitor other = visitor.another(url());
        visitors.addFirst(other); // closed before the first tab
        return other;
    }

    private Visitor add(Visitor visitor) {
        visitors.addLast(visitor);
        return visitor;
    }

    /** Publishes as a person who needs no page for it. */
    void publish(String channel, String sender, String text) throws Exception {
        broker.publish(channel, sender, new Content.Text(text), "");
    }

    @Override
    public void close() throws IOException {
        visitors.forEach(Visitor::close);
        proxy.close();
        server.close();
        broker.close();
    }
}

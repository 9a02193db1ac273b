/**
 * Seleucia: a chat and realtime-messaging server as a library.
 *
 * <p>Programs begin with {@link io.seleucia.chat.ChatServer}. They can plug in a {@link io.seleucia.chat.protocol.Protocol}, a
 * {@link io.seleucia.chat.broker.Broker}, and the interfaces of {@code auth}. The Redis broker alone needs Jedis, on the class
 * path or as the module {@code redis.clients.jedis}.
 */
@SuppressWarnings("requires-automatic") // Jedis has no module descriptor of its own
module io.seleucia.chat {
    requires com.google.gson;
    requires transitive java.net.http;
    requires jdk.jfr;
    requires static redis.clients.jedis;

    exports io.seleucia.chat;
    exports io.seleucia.chat.auth;
    exports io.seleucia.chat.broker;
    exports io.seleucia.chat.broker.memory;
    exports io.seleucia.chat.broker.redis;
    exports io.seleucia.chat.client;
    exports io.seleucia.chat.memory;
    exports io.seleucia.chat.message;
    exports io.seleucia.chat.options;
    exports io.seleucia.chat.protocol;
    exports io.seleucia.chat.protocol.xsockets;
}

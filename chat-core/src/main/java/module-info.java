/**
 * Seleucia: a chat and realtime-messaging server as a library.
 *
 * <p>{@link io.seleucia.chat.ChatServer} is the way in. {@link io.seleucia.chat.protocol.Protocol} and {@link
 * io.seleucia.chat.broker.Broker} can be plugged in, and what is in {@code auth}. Whoever uses the Redis broker puts Jedis on the
 * class path, or requires the module {@code redis.clients.jedis}; nobody else needs it.
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
    exports io.seleucia.chat.client;
    exports io.seleucia.chat.message;
    exports io.seleucia.chat.protocol;
}

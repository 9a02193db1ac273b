package io.seleucia.chat.client;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A client of the chat that heals itself. It keeps what its program desires, that is its channels with their positions,
 * its inbox, and what it has published without an acknowledgement, and returns there whatever happens to its connection,
 * on whichever server of its list it finds.
 *
 * <pre>{@code
 * try (ChatClient client = ChatClient.builder(URI.create("ws://localhost:8600/"))
 *         .name("ada")
 *         .listener(new ChatListener() {
 *             @Override
 *             public void message(Message message) {
 *                 System.out.println(message.sender() + ": " + message.content().asText());
 *             }
 *         })
 *         .start()) {
 *     client.subscribe("lobby");
 *     client.publish("lobby", "hi").join(); // its position
 * }
 * }</pre>
 *
 * <p>All methods may be called by any thread, also by the listener's, and none but {@link #close} blocks. What concerns
 * one channel, or one inbox that is written to, is done in the order of the calls, each when the one before it is
 * answered. Futures fail with a {@link ChatException}, and each is completed by a virtual thread of its own; cancelling
 * one gives up waiting for what is asked, which may be done all the same.
 */
public final class ChatClient implements AutoCloseable {
    private static final String NO_CHANNEL = "";

    private final ClientLoop loop;
    private final String keys = UUID.randomUUID() + "-"; // how its idempotency keys begin
    private final AtomicLong lastKey = new AtomicLong();

    private ChatClient(ClientLoop loop) {
        this.loop = loop;
    }

    /**
     * A client that is to be set up.
     *
     * @param servers {@code ws} or {@code wss}, of one chat; the first is tried first, and after each failure the next
     */
    public static Builder builder(URI... servers) {
        Objects.requireNonNull(servers, "servers");
        for (URI server : servers) {
            Objects.requireNonNull(server, "servers has null in it");
        }
        return new Builder(List.of(servers));
    }

    /**
     * Follows a channel from now on, until {@link #unsubscribe}, over all reconnects.
     *
     * @return where that begins, once it has: messages after this position follow. There is no deadline; it fails if
     *     the server refuses
     */
    public CompletableFuture<Position> subscribe(String channel) {
        Objects.requireNonNull(channel, "channel");
        return subscribe(channel, Optional.empty(), false);
    }

    /**
     * Follows a channel from a position on.
     *
     * @param since the position of the last message that the program has dealt with; those after it come first, or the
     *     listener is told that they are lost
     * @param presence whether the listener is told which clients come and go
     * @return the channel's newest position when the subscription began
     */
    public CompletableFuture<Position> subscribe(String channel, Optional<Position> since, boolean presence) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(since, "since");
        return submit(Task.join(
                channel(channel),
                new Following(since, presence),
                (reply, at) -> ((Event.Subscribed) reply).recovery().position()));
    }

    /**
     * Follows a channel no longer, once what was published there before is acknowledged.
     *
     * @return the position up to which the listener is shown the channel: one can go on from there later
     */
    public CompletableFuture<Position> unsubscribe(String channel) {
        Objects.requireNonNull(channel, "channel");
        return submit(Task.of(
                Task.Kind.LEAVE, channel(channel), ClientCodec.unsubscribe(channel), (reply, reached) -> reached));
    }

    /** Publishes text; see {@link #publish(String, Content)}. */
    public CompletableFuture<Position> publish(String channel, String text) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(text, "text");
        return publish(channel, new Content.Text(text));
    }

    /**
     * Publishes in a channel that the client is subscribed to. What was not acknowledged is sent again, with the same
     * idempotency key, until it is, or until the time for it has passed.
     *
     * @return its place, once the server has acknowledged it
     * @throws IllegalArgumentException if the name is none, or the content is no valid JSON or no valid Unicode
     */
    public CompletableFuture<Position> publish(String channel, Content content) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(content, "content");
        String request = ClientCodec.publish(channel, content, key());
        return submit(Task.of(Task.Kind.PUBLISH, channel(channel), request, ChatClient::published));
    }

    /** Says text to one client; see {@link #direct(String, Content)}. */
    public CompletableFuture<Position> direct(String to, String text) {
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(text, "text");
        return direct(to, new Content.Text(text));
    }

    /**
     * Says something to one client, on all its sessions, or its next one if it is away. Otherwise as {@link
     * #publish(String, Content)}.
     *
     * @return the place in that client's inbox
     */
    public CompletableFuture<Position> direct(String to, Content content) {
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(content, "content");
        String inbox = inbox(to);
        String request = ClientCodec.direct(to, content, key());
        return submit(Task.of(Task.Kind.DIRECT, inbox, request, ChatClient::published));
    }

    /**
     * Says something to the other members that is not kept: that one is typing, and the like. It is never sent again,
     * and fails at once where there is no connection.
     */
    public CompletableFuture<Void> signal(String channel, Content content) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(content, "content");
        String request = ClientCodec.signal(channel, content);
        return submit(Task.of(Task.Kind.SIGNAL, channel(channel), request, ChatClient::nothing));
    }

    /**
     * The newest messages of a channel that the client is subscribed to, or of its own inbox {@code @name}, oldest first.
     *
     * @param limit the most messages to give, at most 1,000; there may be less, for a page is bounded in size too
     */
    public CompletableFuture<Event.Page> history(String channel, int limit) {
        Objects.requireNonNull(channel, "channel");
        return history(channel, OptionalLong.empty(), OptionalLong.empty(), limit);
    }

    /** The newest messages before an offset, oldest first. Otherwise as {@link #history(String, int)}. */
    public CompletableFuture<Event.Page> historyBefore(String channel, long offset, int limit) {
        Objects.requireNonNull(channel, "channel");
        return history(channel, OptionalLong.of(offset), OptionalLong.empty(), limit);
    }

    /** The oldest messages after an offset, oldest first. Otherwise as {@link #history(String, int)}. */
    public CompletableFuture<Event.Page> historyAfter(String channel, long offset, int limit) {
        Objects.requireNonNull(channel, "channel");
        return history(channel, OptionalLong.empty(), OptionalLong.of(offset), limit);
    }

    private CompletableFuture<Event.Page> history(String channel, OptionalLong before, OptionalLong after, int limit) {
        boolean inbox = Names.isInbox(channel);
        String lane = inbox ? inbox(channel.substring(1)) : channel(channel);
        String request = ClientCodec.history(channel, before, after, limit);
        return submit(Task.of(
                inbox ? Task.Kind.ASK : Task.Kind.ASK_MEMBER, lane, request, (reply, at) -> (Event.Page) reply));
    }

    /** The clients in a channel that this client is subscribed to, sorted, each with the number of its sessions. */
    public CompletableFuture<Map<String, Integer>> presence(String channel) {
        Objects.requireNonNull(channel, "channel");
        return submit(Task.of(
                Task.Kind.ASK_MEMBER,
                channel(channel),
                ClientCodec.presence(channel),
                (reply, at) -> ((Event.Members) reply).clients()));
    }

    /** The channels in which the server has this client, sorted. */
    public CompletableFuture<List<String>> channels() {
        return submit(Task.of(
                Task.Kind.ASK, NO_CHANNEL, ClientCodec.channels(), (reply, at) -> ((Event.Channels) reply).channels()));
    }

    /**
     * Waits until all that was published is acknowledged, or until the time for that has passed, and closes the
     * connection. The listener is called for what has been received, and then no more. All futures are done when this
     * returns, or very soon after. Calling it again, or from the listener, is fine: a listener does not wait for itself.
     *
     * <p>If the calling thread is interrupted, this returns at once, the thread stays interrupted, and the client closes
     * all the same.
     */
    @Override
    public void close() {
        try {
            loop.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // it closes all the same, and nobody waits for it
        }
    }

    private <T> CompletableFuture<T> submit(Task<T> task) {
        loop.submit(task);
        return task.future();
    }

    private String key() {
        return keys + lastKey.incrementAndGet();
    }

    private static String channel(String name) {
        return checked(name, Names.flawOfChannel(name));
    }

    private static String inbox(String client) {
        return checked(Names.inboxOf(client), Names.flawOfClient(client));
    }

    private static String checked(String name, Optional<String> flaw) {
        flaw.ifPresent(text -> {
            throw new IllegalArgumentException(text);
        });
        return name;
    }

    private static Position published(Event.Reply reply, Position at) {
        return ((Event.Published) reply).position();
    }

    private static Void nothing(Event.Reply reply, Position at) {
        return null;
    }

    /** What a client is to be. Every setting has a default, but for the name, or what stands in for it. */
    public static final class Builder {
        private final List<URI> servers;
        private Optional<String> name = Optional.empty();
        private Optional<String> password = Optional.empty();
        private Optional<Supplier<String>> token = Optional.empty();
        private Optional<Position> inbox = Optional.empty();
        private Optional<HttpClient> http = Optional.empty();
        private ChatListener listener = new ChatListener() {};
        private ClientSettings settings = ClientSettings.DEFAULT;

        private Builder(List<URI> servers) {
            if (servers.isEmpty()) {
                throw new IllegalArgumentException("a client needs a server");
            }
            for (URI server : servers) {
                if (!("ws".equals(server.getScheme()) || "wss".equals(server.getScheme()))) {
                    throw new IllegalArgumentException(server + " does not begin with ws: or wss:");
                }
            }
            this.servers = servers;
        }

        /** What the client is called; with a password, its account. */
        public Builder name(String name) {
            Objects.requireNonNull(name, "name");
            Names.flawOfClient(name).ifPresent(flaw -> {
                throw new IllegalArgumentException(flaw);
            });
            this.name = Optional.of(name);
            return this;
        }

        /** The password of the account that {@link #name} says. */
        public Builder password(String password) {
            Objects.requireNonNull(password, "password");
            this.password = Optional.of(password);
            return this;
        }

        /**
         * Logs in with tokens, which also say the name.
         *
         * @param token is asked before each connect, by a virtual thread of its own, and may block for as long as {@link
         *     #connectTimeout}; what it throws counts as a failed attempt. If the server refuses two in a row, the client
         *     ends
         */
        public Builder token(Supplier<String> token) {
            Objects.requireNonNull(token, "token");
            this.token = Optional.of(token);
            return this;
        }

        /** What is told what happens. */
        public Builder listener(ChatListener listener) {
            Objects.requireNonNull(listener, "listener");
            this.listener = listener;
            return this;
        }

        /**
         * Where the own inbox is gone on with: the position of the last direct message that the program has dealt with.
         * Without one, it begins when the client has connected for the first time.
         */
        public Builder inbox(Position inbox) {
            Objects.requireNonNull(inbox, "inbox");
            this.inbox = Optional.of(inbox);
            return this;
        }

        /** The time from a call to its acknowledgement, 4 minutes at the most. Default: 60 s. */
        public Builder publishTimeout(Duration publishTimeout) {
            Objects.requireNonNull(publishTimeout, "publishTimeout");
            settings = settings.withPublishTimeout(publishTimeout);
            return this;
        }

        /** The time from the beginning of an attempt to being logged in. Default: 15 s. */
        public Builder connectTimeout(Duration connectTimeout) {
            Objects.requireNonNull(connectTimeout, "connectTimeout");
            settings = settings.withConnectTimeout(connectTimeout);
            return this;
        }

        /** The time that {@link ChatClient#close} gives to what is not acknowledged yet. Default: 10 s. */
        public Builder closeTimeout(Duration closeTimeout) {
            Objects.requireNonNull(closeTimeout, "closeTimeout");
            settings = settings.withCloseTimeout(closeTimeout);
            return this;
        }

        /**
         * Before an attempt the client waits for a random time between nothing and a bound, which doubles each time.
         *
         * @param base the bound at first. Default: 500 ms
         * @param cap the largest bound. Default: 20 s
         */
        public Builder backoff(Duration base, Duration cap) {
            Objects.requireNonNull(base, "base");
            Objects.requireNonNull(cap, "cap");
            settings = settings.withBackoff(base, cap);
            return this;
        }

        /** How much may wait to be acknowledged; what is more is refused. Default: 1 MiB. */
        public Builder outboundBytes(int outboundBytes) {
            settings = settings.withOutboundBytes(outboundBytes);
            return this;
        }

        /** How much may wait for the listener before the client reads no further. Default: 1 MiB. */
        public Builder inboundBytes(int inboundBytes) {
            settings = settings.withInboundBytes(inboundBytes);
            return this;
        }

        /** Connects in its way, such as with certificates of its own, or through a proxy. It remains the program's. */
        public Builder http(HttpClient http) {
            Objects.requireNonNull(http, "http");
            this.http = Optional.of(http);
            return this;
        }

        /**
         * Starts the client. It connects in the background, for as long as it takes.
         *
         * @throws IllegalStateException if it has neither a name nor tokens
         */
        public ChatClient start() {
            Identity identity = new Identity(name, password, token);
            ClientLoop loop = new ClientLoop(
                    name.orElse(Dialer.shown(servers.getFirst())), servers, identity, inbox, listener, settings, http);
            loop.start();
            return new ChatClient(loop);
        }
    }
}

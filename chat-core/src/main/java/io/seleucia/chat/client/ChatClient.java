package io.seleucia.chat.client;

import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * A client of the chat that reconnects by itself. It keeps its channels with their positions, its inbox, and the messages that
 * are not acknowledged yet. After a lost connection it returns to them, on any server of its list.
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
 * <p>All methods may be called by any thread, also by the listener's, and only {@link #close} blocks. Requests for one
 * channel, or for one recipient, are sent in the order of the calls, each after the reply to the one before. Futures fail
 * with a {@link ChatException}, and each is completed by a virtual thread of its own. Cancelling one does not cancel the
 * request if it has been sent.
 */
public final class ChatClient implements AutoCloseable {
    private static final int PRESENCE_PAGE = 1_000;

    private final ClientLoop loop;
    private final String keys = UUID.randomUUID() + "-"; // how its idempotency keys begin
    private final AtomicLong lastKey = new AtomicLong();

    private ChatClient(ClientLoop loop) {
        this.loop = loop;
    }

    /**
     * Returns a builder.
     *
     * @param servers addresses with {@code ws} or {@code wss}, of one chat; after each failure the next one is tried
     * @return a new builder
     */
    public static Builder builder(URI... servers) {
        Objects.requireNonNull(servers, "servers");
        for (URI server : servers) {
            Objects.requireNonNull(server, "servers has null in it");
        }
        return new Builder(List.of(servers));
    }

    /**
     * Subscribes to a channel from now on, until {@link #unsubscribe}, over all reconnects.
     *
     * @param channel the channel's name
     * @return the position at which the subscription begins: messages after it follow. It has no deadline, and fails if the
     *     server refuses
     */
    public CompletableFuture<Position> subscribe(String channel) {
        Objects.requireNonNull(channel, "channel");
        return subscribe(channel, Optional.empty(), false);
    }

    /**
     * Subscribes to a channel from a position on.
     *
     * @param channel the channel's name
     * @param since the position of the last message that the program has handled; those after it come first, or the
     *     listener is told that they are lost
     * @param presence whether the listener is told which clients come and go
     * @return the channel's newest position when the subscription began
     */
    public CompletableFuture<Position> subscribe(String channel, Optional<Position> since, boolean presence) {
        return subscribe(channel, since, new Command.Interest(presence, false, false));
    }

    /**
     * Subscribes to a channel from a position on, and to more than its messages. Otherwise like {@link #subscribe(String,
     * Optional, boolean)}.
     *
     * @param channel the channel's name
     * @param since the position of the last message that the program has handled
     * @param interest what else the listener is told
     * @return the channel's newest position when the subscription began
     */
    public CompletableFuture<Position> subscribe(String channel, Optional<Position> since, Command.Interest interest) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(since, "since");
        Objects.requireNonNull(interest, "interest");
        return submit(PendingRequest.join(
                channel(channel),
                since,
                interest,
                (reply, at) -> ((Event.Subscribed) reply).recovery().position()));
    }

    /**
     * Unsubscribes from a channel, after the acknowledgement of messages that were published there before.
     *
     * @param channel the channel's name
     * @return the position up to which the listener is shown the channel, from which a later subscription can go on
     */
    public CompletableFuture<Position> unsubscribe(String channel) {
        Objects.requireNonNull(channel, "channel");
        String request = ClientCodec.unsubscribe(channel);
        return submit(PendingRequest.Kind.LEAVE, channel(channel), request, (reply, reached) -> reached);
    }

    /**
     * Publishes text; see {@link #publish(String, Content)}.
     *
     * @param channel the channel's name
     * @param text the text
     * @return the message's position, once the server has acknowledged it
     */
    public CompletableFuture<Position> publish(String channel, String text) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(text, "text");
        return publish(channel, new Content.Text(text));
    }

    /**
     * Publishes in a channel that the client is subscribed to. The message is sent again, with the same idempotency key,
     * until it is acknowledged or expires.
     *
     * @param channel the channel's name
     * @param content the content
     * @return the message's position, once the server has acknowledged it
     * @throws IllegalArgumentException if the name, or the content's JSON or Unicode is invalid
     */
    public CompletableFuture<Position> publish(String channel, Content content) {
        Objects.requireNonNull(channel, "channel");
        return publish(channel, content, Map.of());
    }

    /**
     * Publishes with headers, which members receive as {@link Attributes#headers}. Otherwise like {@link #publish(String,
     * Content)}.
     *
     * @param channel the channel's name
     * @param content the content
     * @param headers names of the characters {@code a-z}, {@code 0-9} and {@code -}, and texts: at most {@value
     *     Attributes#MAX_HEADERS}, and {@value Attributes#MAX_HEADER_BYTES} bytes together
     * @return the message's position, once the server has acknowledged it
     * @throws IllegalArgumentException if a name, or the content's JSON or Unicode is invalid
     */
    public CompletableFuture<Position> publish(String channel, Content content, Map<String, String> headers) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(content, "content");
        Objects.requireNonNull(headers, "headers");
        String request = ClientCodec.publish(channel, content, with(headers, content), key());
        return submit(PendingRequest.Kind.PUBLISH, channel(channel), request, ChatClient::published);
    }

    /**
     * Sends text to one client; see {@link #direct(String, Content)}.
     *
     * @param to the recipient's name
     * @param text the text
     * @return the position in the recipient's inbox
     */
    public CompletableFuture<Position> direct(String to, String text) {
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(text, "text");
        return direct(to, new Content.Text(text));
    }

    /**
     * Sends a message to all sessions of one client, or to its next one if it is away. Otherwise like {@link
     * #publish(String, Content)}.
     *
     * @param to the recipient's name
     * @param content the content
     * @return the position in the recipient's inbox
     */
    public CompletableFuture<Position> direct(String to, Content content) {
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(content, "content");
        return direct(to, content, Attributes.NONE, ChatClient::published);
    }

    /**
     * Sends a message with headers to one client. Otherwise like {@link #direct(String, Content)}.
     *
     * @param to the recipient's name
     * @param content the content
     * @param headers as in {@link #publish(String, Content, Map)}
     * @return its positions in both inboxes: the own one is for references, such as {@link #edit}
     */
    public CompletableFuture<DirectReceipt> direct(String to, Content content, Map<String, String> headers) {
        Objects.requireNonNull(to, "to");
        Objects.requireNonNull(content, "content");
        Objects.requireNonNull(headers, "headers");
        return direct(to, content, with(headers, content), (reply, at) -> DirectReceipt.of((Event.Published) reply));
    }

    private <T> CompletableFuture<T> direct(
            String to, Content content, Attributes attributes, BiFunction<Event.Reply, Position, T> result) {
        String inbox = inbox(to);
        String request = ClientCodec.direct(to, content, attributes, key());
        return submit(PendingRequest.Kind.DIRECT, inbox, request, result);
    }

    /**
     * Publishes a message that answers an earlier one. Like {@link #publish(String, Content)}, it is sent again until it is
     * acknowledged. It fails with {@code bad_request} if there is no such message, and with {@code too_old} if the message
     * is deleted, or no longer in the history; {@link ChatException#code} tells.
     *
     * @param channel the channel's name; or {@code @bob} for the direct messages with {@code bob}
     * @param offset the offset of the earlier message; among direct messages, that in the own inbox
     * @param content the content
     * @return the reply's position, once the server has acknowledged it; that in the own inbox for a direct message
     */
    public CompletableFuture<Position> reply(String channel, long offset, Content content) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(content, "content");
        return refer(channel, content, new Reference(offset, Reference.Kind.REPLY));
    }

    /**
     * Replaces the content of an own message, or of any where this client may moderate; else it fails with {@code
     * forbidden}. Otherwise like {@link #reply}.
     *
     * @param channel the channel's name, or {@code @bob}
     * @param offset the offset of the message
     * @param content the new content
     * @return the edit's position, once the server has acknowledged it
     */
    public CompletableFuture<Position> edit(String channel, long offset, Content content) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(content, "content");
        return refer(channel, content, new Reference(offset, Reference.Kind.EDIT));
    }

    /**
     * Deletes the content of an own message, or of any where this client may moderate; else it fails with {@code forbidden}.
     * Otherwise like {@link #reply}.
     *
     * @param channel the channel's name, or {@code @bob}
     * @param offset the offset of the message
     * @return the deletion's position, once the server has acknowledged it
     */
    public CompletableFuture<Position> delete(String channel, long offset) {
        Objects.requireNonNull(channel, "channel");
        return refer(channel, Content.NONE, new Reference(offset, Reference.Kind.DELETE));
    }

    /**
     * Reacts to a message. Repeating a reaction has no effect. Otherwise like {@link #reply}.
     *
     * @param channel the channel's name, or {@code @bob}
     * @param offset the offset of the message
     * @param text 1 to {@value Reference#MAX_REACTION_LENGTH} code points, such as an emoji; else it fails with {@code
     *     bad_request}
     * @return the reaction's position, once the server has acknowledged it
     */
    public CompletableFuture<Position> react(String channel, long offset, String text) {
        return react(channel, offset, text, false);
    }

    /**
     * Takes a reaction back. Otherwise like {@link #react}.
     *
     * @param channel the channel's name, or {@code @bob}
     * @param offset the offset of the message
     * @param text the reaction's text
     * @return the position at which it is taken back, once the server has acknowledged it
     */
    public CompletableFuture<Position> unreact(String channel, long offset, String text) {
        return react(channel, offset, text, true);
    }

    private CompletableFuture<Position> react(String channel, long offset, String text, boolean remove) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(text, "text");
        return refer(channel, new Content.Text(text), new Reference(offset, Reference.Kind.REACTION, remove));
    }

    private CompletableFuture<Position> refer(String channel, Content content, Reference ref) {
        Attributes attributes = Attributes.NONE.withRef(ref);
        if (Names.isInbox(channel)) {
            return direct(
                    channel.substring(1),
                    content,
                    attributes,
                    (reply, at) -> DirectReceipt.of((Event.Published) reply).shown());
        }
        String request = ClientCodec.publish(channel, content, attributes, key());
        return submit(PendingRequest.Kind.PUBLISH, channel(channel), request, ChatClient::published);
    }

    /**
     * Sends a signal to the other members, which is not kept, for example while the user is typing. It is never repeated,
     * and fails at once without a connection.
     *
     * @param channel the channel's name
     * @param content the content
     * @return a future that completes when the server has passed the signal on
     */
    public CompletableFuture<Void> signal(String channel, Content content) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(content, "content");
        String request = ClientCodec.signal(channel, content);
        return submit(PendingRequest.Kind.SIGNAL, channel(channel), request, (reply, at) -> null);
    }

    /**
     * {@return the newest messages of a channel that the client is subscribed to, or of its own inbox {@code @name}, oldest first}
     *
     * @param limit the most messages to give, at most 1,000; there may be less, for a page is bounded in size too
     * @param channel the channel's name
     */
    public CompletableFuture<Event.Page> history(String channel, int limit) {
        return history(channel, HistoryRange.newest(limit));
    }

    /**
     * {@return the newest messages before an offset, oldest first} Otherwise as {@link #history(String, int)}.
     *
     * @param channel the channel's name
     * @param offset the offset
     * @param limit the most messages to return
     */
    public CompletableFuture<Event.Page> historyBefore(String channel, long offset, int limit) {
        return history(channel, HistoryRange.before(offset, limit));
    }

    /**
     * {@return the oldest messages after an offset, oldest first} Otherwise as {@link #history(String, int)}.
     *
     * @param channel the channel's name
     * @param offset the offset
     * @param limit the most messages to return
     */
    public CompletableFuture<Event.Page> historyAfter(String channel, long offset, int limit) {
        return history(channel, HistoryRange.after(offset, limit));
    }

    /**
     * {@return the messages of a range as they were published, oldest first: with edits, deletions and reactions, and without
     * the content of deleted messages} Otherwise as {@link #history(String, int)}.
     *
     * @param channel the channel's name
     * @param range the range
     */
    public CompletableFuture<Event.Page> history(String channel, HistoryRange range) {
        return read(channel, range, false, ChatClient::page);
    }

    /**
     * {@return the messages of a range as they are now, oldest first: with their newest content, their reactions and the number
     * of their replies} Edits, deletions and reactions are left out, so that offsets have gaps. Otherwise as {@link
     * #history(String, int)}.
     *
     * @param channel the channel's name
     * @param range the range
     */
    public CompletableFuture<Event.FoldedPage> folded(String channel, HistoryRange range) {
        return read(channel, range, true, (reply, at) -> (Event.FoldedPage) reply);
    }

    private <T> CompletableFuture<T> read(
            String channel, HistoryRange range, boolean folded, BiFunction<Event.Reply, Position, T> result) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(range, "range");
        return ask(channel, ClientCodec.history(channel, range, folded), result);
    }

    /**
     * Searches the messages of a channel that the client is subscribed to, or of its own inbox {@code @name}, as they are now.
     * A message is found by its text: its content if that is a text, or the field {@code text} of an object.
     *
     * @param channel the channel's name
     * @param text the text to find, letter by letter but in any case
     * @param limit the most messages to give, at most 1,000
     * @return the newest messages with that text, newest first; and the offset before which to {@linkplain #searchBefore search
     *     on}, empty at the end of the history. There may be further ones even if none was found
     */
    public CompletableFuture<Event.Found> search(String channel, String text, int limit) {
        return search(channel, text, OptionalLong.empty(), limit);
    }

    /**
     * {@return what a search finds before an offset, newest first} Otherwise as {@link #search(String, String, int)}.
     *
     * @param channel the channel's name
     * @param text the text to find
     * @param offset the offset
     * @param limit the most messages to give
     */
    public CompletableFuture<Event.Found> searchBefore(String channel, String text, long offset, int limit) {
        return search(channel, text, OptionalLong.of(offset), limit);
    }

    private CompletableFuture<Event.Found> search(String channel, String text, OptionalLong before, int limit) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(text, "text");
        return ask(channel, ClientCodec.search(channel, text, before, limit), (reply, at) -> (Event.Found) reply);
    }

    /**
     * Tells the server how far this client has read a channel that it is subscribed to. The mark never moves back.
     *
     * @param channel the channel's name
     * @param offset the offset of the last message that was read
     * @return where the mark is now, and the number of unread messages
     */
    public CompletableFuture<ReadMark> read(String channel, long offset) {
        Objects.requireNonNull(channel, "channel");
        String request = ClientCodec.read(channel, offset);
        return submit(
                PendingRequest.Kind.ASK_MEMBER, channel(channel), request, (reply, at) -> ((Event.Read) reply).mark());
    }

    /**
     * {@return the description of a channel; empty if it has none}
     *
     * @param channel the channel's name
     */
    public CompletableFuture<Optional<ChannelInfo>> info(String channel) {
        Objects.requireNonNull(channel, "channel");
        return info(channel, ClientCodec.info(channel));
    }

    /**
     * Changes the description of a channel, if the rules allow it.
     *
     * @param channel the channel's name
     * @param description a JSON object of at most {@value ChannelInfo#MAX_BYTES} bytes; empty to remove the description
     * @return the new description
     */
    public CompletableFuture<Optional<ChannelInfo>> describe(String channel, Optional<Content.Json> description) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(description, "description");
        return info(channel, ClientCodec.describe(channel, description));
    }

    private CompletableFuture<Optional<ChannelInfo>> info(String channel, String request) {
        return submit(
                PendingRequest.Kind.ASK, channel(channel), request, (reply, at) -> ((Event.Description) reply).info());
    }

    /**
     * {@return a page of the server's channels that this client may subscribe to, sorted} Their descriptions do not say who has
     * changed them. A page may have fewer channels than the limit, or none, although {@linkplain #listAfter others follow}.
     *
     * @param prefix the beginning of their names; {@code ""} for all
     * @param after the name after which the page begins; {@code ""} for the first page
     * @param limit the most channels on the page, at most 1,000
     */
    public CompletableFuture<Event.Directory> list(String prefix, String after, int limit) {
        Objects.requireNonNull(prefix, "prefix");
        Objects.requireNonNull(after, "after");
        return list(ClientCodec.list(prefix, after, limit));
    }

    /**
     * {@return the page of the server's channels that follows another one} Fails with the code {@code bad_request} if the
     * connection was lost in between, and the server had stopped looking behind the last channel: then list from that on.
     *
     * @param prefix the beginning of their names, as for that page
     * @param page a page that others may follow
     * @param limit the most channels on the page, at most 1,000
     * @throws IllegalArgumentException if no others follow
     */
    public CompletableFuture<Event.Directory> listAfter(String prefix, Event.Directory page, int limit) {
        Objects.requireNonNull(prefix, "prefix");
        Objects.requireNonNull(page, "page");
        if (!page.more()) {
            throw new IllegalArgumentException("no other page follows");
        }
        if (page.next().isPresent()) {
            return list(ClientCodec.listNext(prefix, page.next().get(), limit));
        }
        String last = page.channels().isEmpty() ? "" : page.channels().getLast().channel();
        return list(prefix, last, limit);
    }

    private CompletableFuture<Event.Directory> list(String request) {
        return submit(PendingRequest.Kind.ASK, "", request, (reply, at) -> (Event.Directory) reply);
    }

    /** Asks about a channel that the client is subscribed to, or about its inbox. */
    private <T> CompletableFuture<T> ask(String channel, String request, BiFunction<Event.Reply, Position, T> result) {
        boolean inbox = Names.isInbox(channel);
        PendingRequest.Kind kind = inbox ? PendingRequest.Kind.ASK : PendingRequest.Kind.ASK_MEMBER;
        return submit(kind, inbox ? inbox(channel.substring(1)) : channel(channel), request, result);
    }

    private static Event.Page page(Event.Reply reply, Position at) {
        Event.FoldedPage page = (Event.FoldedPage) reply;
        return new Event.Page(
                page.channel(),
                page.position(),
                page.messages().stream().map(FoldedMessage::message).toList(),
                page.next());
    }

    /**
     * {@return the clients in a channel that this client is subscribed to, sorted, each with the number of its sessions:
     * all of them, which is page after page} Where there may be very many, ask for {@link #presence(String, String, int)
     * pages}.
     *
     * @param channel the channel's name
     */
    public CompletableFuture<Map<String, Integer>> presence(String channel) {
        return presence(channel, "", new TreeMap<>());
    }

    private CompletableFuture<Map<String, Integer>> presence(String channel, String after, Map<String, Integer> known) {
        return presence(channel, after, PRESENCE_PAGE).thenCompose(page -> {
            page.clients().forEach(member -> known.put(member.client(), member.sessions()));
            return page.more() && !page.clients().isEmpty()
                    ? presence(channel, page.clients().getLast().client(), known)
                    : CompletableFuture.completedFuture(known);
        });
    }

    /**
     * {@return a page of the clients in a channel that this client is subscribed to, sorted, with the number of all}
     *
     * @param after the client id after which the page begins; {@code ""} for the first page
     * @param limit the most clients on the page, at most 1,000; there may be fewer, for a page is bounded in size too
     * @param channel the channel's name
     */
    public CompletableFuture<Event.Members> presence(String channel, String after, int limit) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(after, "after");
        String request = ClientCodec.presence(channel, after, limit);
        return submit(PendingRequest.Kind.ASK_MEMBER, channel(channel), request, (reply, at) -> (Event.Members) reply);
    }

    /**
     * Calls a method of the program that runs the server. A call that was sent is not repeated after a lost connection: then the
     * future fails with {@link ChatException.Reason#OFFLINE}, and {@link ChatException#isUncertain()} says that it may have been
     * carried out.
     *
     * @param method the method's name
     * @param data what the method is given; {@link Content#NONE} for nothing
     * @return the result; {@link Content#NONE} if there is none. A method that the server does not have fails with {@code
     *     unknown_type}
     */
    public CompletableFuture<Content> call(String method, Content data) {
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(data, "data");
        String request = ClientCodec.call(checked(method, Names.flawOfMethod(method)), data);
        return submit(PendingRequest.Kind.CALL, "", request, (reply, at) -> ((Event.Result) reply).content());
    }

    /** {@return the channels in which the server has this client, sorted} */
    public CompletableFuture<List<String>> channels() {
        String request = ClientCodec.channels();
        return submit(PendingRequest.Kind.ASK, "", request, (reply, at) -> ((Event.Channels) reply).channels());
    }

    /**
     * Waits until all published messages are acknowledged, or for the close timeout, and closes the connection. The listener
     * is called for the received messages, and then no more. All futures are done when this returns, or very soon after. It
     * may be called again, and by the listener, which does not wait for itself.
     *
     * <p>If the calling thread is interrupted, this returns at once, the thread stays interrupted, and the client closes in
     * the background.
     */
    @Override
    public void close() {
        try {
            loop.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the client closes in the background
        }
    }

    private <T> CompletableFuture<T> submit(
            PendingRequest.Kind kind, String channel, String json, BiFunction<Event.Reply, Position, T> result) {
        return submit(PendingRequest.of(kind, channel, json, result));
    }

    private <T> CompletableFuture<T> submit(PendingRequest<T> request) {
        loop.submit(request);
        return request.future();
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
        return Names.normal(name);
    }

    private static Attributes with(Map<String, String> headers, Content content) {
        Attributes attributes = Attributes.NONE.withHeaders(headers);
        attributes.flawWith(content).ifPresent(flaw -> {
            throw new IllegalArgumentException(flaw);
        });
        return attributes;
    }

    private static Position published(Event.Reply reply, Position at) {
        return ((Event.Published) reply).position();
    }

    /** Builds a client. A name or a token is required; all other settings have defaults. */
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

        /**
         * Sets the client's name; with a password, the name of its account.
         *
         * @param name the name
         * @return this builder
         */
        public Builder name(String name) {
            Objects.requireNonNull(name, "name");
            this.name = Optional.of(checked(name, Names.flawOfClient(name)));
            return this;
        }

        /**
         * Sets the password of the account {@link #name}.
         *
         * @param password the password
         * @return this builder
         */
        public Builder password(String password) {
            Objects.requireNonNull(password, "password");
            this.password = Optional.of(password);
            return this;
        }

        /**
         * Logs in with tokens, which have the name in them.
         *
         * @param token called before each attempt to connect, by a virtual thread of its own; may block for {@link
         *     #connectTimeout}. An exception fails the attempt. If the server refuses two tokens in a row, the client ends
         * @return this builder
         */
        public Builder token(Supplier<String> token) {
            Objects.requireNonNull(token, "token");
            this.token = Optional.of(token);
            return this;
        }

        /**
         * Sets the listener for messages and events.
         *
         * @param listener the listener
         * @return this builder
         */
        public Builder listener(ChatListener listener) {
            Objects.requireNonNull(listener, "listener");
            this.listener = listener;
            return this;
        }

        /**
         * Sets the position of the last direct message that the program has handled. Without one, the inbox begins at the
         * first connection.
         *
         * @param inbox the position in the inbox
         * @return this builder
         */
        public Builder inbox(Position inbox) {
            Objects.requireNonNull(inbox, "inbox");
            this.inbox = Optional.of(inbox);
            return this;
        }

        /**
         * Sets the time from a call to its acknowledgement, at most 4 minutes. Default: 60 s.
         *
         * @param publishTimeout the time
         * @return this builder
         */
        public Builder publishTimeout(Duration publishTimeout) {
            Objects.requireNonNull(publishTimeout, "publishTimeout");
            settings = settings.withPublishTimeout(publishTimeout);
            return this;
        }

        /**
         * Sets the time from the beginning of an attempt to the login. Default: 15 s.
         *
         * @param connectTimeout the time
         * @return this builder
         */
        public Builder connectTimeout(Duration connectTimeout) {
            Objects.requireNonNull(connectTimeout, "connectTimeout");
            settings = settings.withConnectTimeout(connectTimeout);
            return this;
        }

        /**
         * Sets the time that {@link ChatClient#close} waits for acknowledgements. Default: 10 s.
         *
         * @param closeTimeout the time
         * @return this builder
         */
        public Builder closeTimeout(Duration closeTimeout) {
            Objects.requireNonNull(closeTimeout, "closeTimeout");
            settings = settings.withCloseTimeout(closeTimeout);
            return this;
        }

        /**
         * Sets the bounds of the random wait before an attempt. The bound doubles with each attempt.
         *
         * @param base the first bound. Default: 500 ms
         * @param cap the largest bound. Default: 20 s
         * @return this builder
         */
        public Builder backoff(Duration base, Duration cap) {
            Objects.requireNonNull(base, "base");
            Objects.requireNonNull(cap, "cap");
            settings = settings.withBackoff(base, cap);
            return this;
        }

        /**
         * Limits the requests that wait for acknowledgements; further ones fail. Default: 1 MiB.
         *
         * @param outboundBytes the bound in bytes
         * @return this builder
         */
        public Builder outboundBytes(int outboundBytes) {
            settings = settings.withOutboundBytes(outboundBytes);
            return this;
        }

        /**
         * Limits the messages that wait for the listener; the client reads no further then. Default: 1 MiB.
         *
         * @param inboundBytes the bound in bytes
         * @return this builder
         */
        public Builder inboundBytes(int inboundBytes) {
            settings = settings.withInboundBytes(inboundBytes);
            return this;
        }

        /**
         * Sets the HTTP client for connections, for example with a proxy or other certificates.
         *
         * @param http the HTTP client, which the program must close
         * @return this builder
         */
        public Builder http(HttpClient http) {
            Objects.requireNonNull(http, "http");
            this.http = Optional.of(http);
            return this;
        }

        /**
         * Starts the client, which connects in the background.
         *
         * @return the running client
         * @throws IllegalStateException if the client has neither a name nor a token
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

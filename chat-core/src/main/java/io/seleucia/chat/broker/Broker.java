package io.seleucia.chat.broker;

import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * The carrier of channels between all servers that share it. {@code BrokerContract} among this library's tests is the
 * contract as a test, for every implementation.
 *
 * <p>Every channel has an epoch, and in it the offsets 1, 2, 3 … without gaps, except for messages deleted later. A channel
 * begins when it is first named. Any thread may call any method. Methods that throw {@link UnavailableException} may block,
 * for two seconds at most unless they say otherwise. When thousands of callers subscribe, join, leave or read at the same
 * time, a broker may make each wait for its turn, for up to eight more seconds; publishers never wait for them.
 *
 * <p>A thread that calls a broker may be interrupted at any time, as by {@code Future.cancel(true)}. Its call then either
 * completes or throws {@link UnavailableException}, and the thread stays interrupted. After any such exception a publish may
 * still be delivered. An interrupt affects no other caller.
 *
 * <p>After {@link #close} every method throws {@link ClosedBrokerException}, except for {@link #health} and for those that
 * undo what closing has undone: {@link #leave(String, Sender)}, {@link #release}, {@link Subscription#close} and {@link
 * #close} then do nothing. A call in progress while the broker is closed completes, or throws that exception or {@link
 * UnavailableException}. A program closes its broker after the servers that use it.
 */
public interface Broker extends AutoCloseable {
    /** The maximum number of bans that a broker keeps at a time. */
    int MAX_BANS = 10_000;

    /** The time for which a revocation is kept: tokens older than that are not accepted anyway. */
    Duration REVOCATION_AGE = Duration.ofDays(367);

    /**
     * A receiver of a channel's messages. Called by one thread at a time; must return at once and not call the broker. An
     * exception is logged, and affects neither other listeners nor publishers.
     */
    interface Listener {
        /**
         * Receives the next message, in the order of offsets, each once. A message with {@link Position#NONE} has no place
         * in that order.
         *
         * @param message the message
         */
        void message(Message message);

        /**
         * Learns that messages after the last one received are no longer available.
         *
         * @param position where the channel goes on: the next message is the one after it, in that epoch
         */
        void lost(Position position);

        /**
         * Learns that messages were removed without a deletion of each: edits and reactions of a sender whose messages an
         * operator has deleted. Copies of what was read or received before may have their contents.
         */
        default void erased() {}

        /**
         * Receives a signal, which has no place in the order and may be lost.
         *
         * @param signal the signal
         */
        default void signal(Signal signal) {}

        /**
         * Learns that a client has joined the channel with its first session, on any server.
         *
         * @param client the client
         */
        default void joined(Sender client) {}

        /**
         * Learns that a client has left the channel with its last session.
         *
         * @param client the client
         */
        default void left(Sender client) {}

        /**
         * Learns the channel's description: before the subscription returns, if there is one, and when it has changed. A
         * change that is on its way meanwhile follows. Has no place in the order of messages. Of several changes, the listener
         * may learn the last one only.
         *
         * @param info the description, later than those before
         */
        default void described(ChannelInfo info) {}

        /**
         * Learns that a client has read further, by a session on any server. It never learns of less in an epoch than it has
         * before. May be lost, like a signal.
         *
         * @param reader the session that has read
         * @param mark how far its client has read
         */
        default void read(Reader reader, ReadMark mark) {}
    }

    /**
     * A session that has read messages of a channel.
     *
     * @param session the id of the session, which need not be told
     * @param client the client
     * @param receipts whether other members may be told how far it has read
     */
    record Reader(String session, Sender client, boolean receipts) {
        /** Refuses null. */
        public Reader {
            Objects.requireNonNull(session, "session");
            Objects.requireNonNull(client, "client");
        }
    }

    /**
     * A message to the present members of a channel, which is not stored.
     *
     * @param origin the session that it comes from, which need not receive it
     * @param sender the client that it comes from
     * @param content the content
     */
    record Signal(String origin, Sender sender, Content content) {
        /**
         * Creates a signal of an account, or of a client of a server without accounts.
         *
         * @param origin the session that it comes from
         * @param sender the client's name
         * @param content the content
         */
        public Signal(String origin, String sender, Content content) {
            this(origin, Sender.of(sender), content);
        }
    }

    /** The result of {@link #hold}. */
    enum Hold {
        /** The owner now has the name, which was free. */
        BEGUN,
        /** The owner still has the name. */
        EXTENDED,
        /** Another owner has the name, and nothing has changed. */
        REFUSED
    }

    /** A listener's subscription to a channel, until it is closed. */
    interface Subscription extends AutoCloseable {
        /**
         * {@return a subscription that calls {@code end} at its first close and never again}
         *
         * @param start see {@link #start}
         * @param end ends the subscription; must not block
         */
        static Subscription of(Position start, Runnable end) {
            Objects.requireNonNull(start, "start");
            Objects.requireNonNull(end, "end");
            AtomicBoolean closed = new AtomicBoolean();
            return new Subscription() {
                @Override
                public Position start() {
                    return start;
                }

                @Override
                public void close() {
                    if (closed.compareAndSet(false, true)) {
                        end.run();
                    }
                }
            };
        }

        /** {@return the position where the subscription began: the first message is the one after it} */
        Position start();

        /** Ends the subscription; a second call has no effect. Does not block; a message on its way may still arrive. */
        @Override
        void close();
    }

    /**
     * The result of a publish.
     *
     * @param position the message's position
     * @param duplicate whether an earlier message with the same key has that position, and nothing was published
     */
    record Receipt(Position position, boolean duplicate) {}

    /** The future result of a publish. Used by the thread that has submitted the message. */
    interface PendingReceipt {
        /** {@return whether {@link #await} would not block} */
        boolean isDone();

        /**
         * Blocks until the message is stored, until two seconds after it was submitted at the latest.
         *
         * @return the message's position
         * @throws UnavailableException if that could not be confirmed in time
         * @throws ReferenceException if the message that it refers to does not allow it
         */
        Receipt await() throws UnavailableException, ReferenceException;
    }

    /**
     * A page of a channel's history.
     *
     * @param position the channel's newest position when it was read
     * @param messages the messages, oldest first
     */
    record Page(Position position, List<Message> messages) {}

    /**
     * A page of a channel's history as it is now.
     *
     * @param position the channel's newest position when it was read: the messages are as all up to it have left them
     * @param messages the messages that are no annotations, oldest first
     */
    record FoldedPage(Position position, List<FoldedMessage> messages) {}

    /**
     * Some of the clients in a channel.
     *
     * @param total how many clients are in the channel
     * @param page the clients on the page, in order
     */
    record Members(int total, List<Member> page) {
        private static final int PAGE = 1_000;

        /**
         * {@return a page of all clients of a channel}
         *
         * @param sessions the number of sessions of each client, by {@link Sender#key}
         * @param after the name after which the page begins; empty for the first page
         * @param limit the maximum number of clients on the page
         */
        public static Members of(NavigableMap<String, Integer> sessions, String after, int limit) {
            Objects.requireNonNull(sessions, "sessions");
            Objects.requireNonNull(after, "after");
            List<Member> page = sessions.tailMap(new Sender(after, true).key(), false).entrySet().stream()
                    .limit(Math.max(0, limit))
                    .map(entry -> {
                        Sender client = Sender.ofKey(entry.getKey());
                        return new Member(client.name(), entry.getValue(), client.guest());
                    })
                    .toList();
            return new Members(sessions.size(), page);
        }
    }

    /**
     * A page of the directory of channels.
     *
     * @param page the channels, in order
     * @param next the name after which to go on, which may be another than the last one on the page, and that of a channel
     *     that was not wanted; empty if no others follow
     */
    record Listing(List<ChannelEntry> page, Optional<String> next) {
        /** The number of characters from which on a page takes no further channel. */
        public static final int MAX_CHARS = 128 * 1024;

        /** The maximum number of names that are looked at for a page. */
        public static final int MAX_NAMES = 5_000;

        /** The time after which no further names are looked at for a page. */
        public static final Duration MAX_TIME = Duration.ofMillis(200);

        /** Refuses null, and copies the list. */
        public Listing {
            Objects.requireNonNull(next, "next");
            page = List.copyOf(page);
        }

        /** {@return whether others may follow the last one on the page} */
        public boolean more() {
            return next.isPresent();
        }
    }

    /**
     * The health of a broker.
     *
     * @param flaw the reason why it can't accept and deliver messages, for an operator; empty if it can
     * @param proven the time since delivery was last proven: zero if it can't fail, empty if it has not been proven yet
     * @param reconnects how often a lost connection was replaced
     */
    record Health(Optional<String> flaw, Optional<Duration> proven, long reconnects) {}

    /** {@return the number of channels, including inboxes; empty if the broker can't tell} Does not block. */
    default OptionalLong channels() {
        return OptionalLong.empty();
    }

    /** {@return the broker's health} Does not block. A broker that needs to prove delivery does so by itself, regularly. */
    Health health();

    /**
     * Appends a message to a channel's history and sends it to all listeners, as one step.
     *
     * <p>A message that refers to an earlier one is checked in the same step. That must be in the history, be no annotation,
     * and not be deleted; a deletion may also concern a message in the archive, if there is one. An edit or a deletion must be
     * of the same client (name, guest and author), unless it moderates. The content of a deleted message, and of its edits, is
     * then gone from everything that this broker and others read later. Annotations have an offset as any message, but change
     * nothing if they are without effect, such as a reaction that the client has already.
     *
     * @param channel the channel's name
     * @param sender the client that publishes
     * @param draft the message. If the same sender has used its key in the same channel within the retention of keys, nothing
     *     is published and the first message's position is returned. A guest is another sender than an account of that name
     * @return the message's position
     * @throws UnavailableException if that could not be confirmed in time
     * @throws ReferenceException if the message that it refers to does not allow it; nothing was published
     */
    Receipt publish(String channel, Sender sender, Draft draft) throws UnavailableException, ReferenceException;

    /**
     * Begins to publish a message, so that its publisher can submit others before it awaits the first. Messages that a thread
     * submits or publishes in one channel are appended in that order. If one fails, it alone does. This method publishes at
     * once, and blocks as {@link #publish(String, Sender, Draft)} does, unless a broker can do better.
     *
     * @param channel the channel's name
     * @param sender the client that publishes
     * @param draft the message
     * @return the future position, which must be awaited
     * @throws UnavailableException if it is certain by now that the message can't be confirmed
     * @throws ReferenceException if it is certain by now that the message that it refers to does not allow it
     */
    default PendingReceipt submit(String channel, Sender sender, Draft draft)
            throws UnavailableException, ReferenceException {
        Receipt receipt = publish(channel, sender, draft);
        return new PendingReceipt() {
            @Override
            public boolean isDone() {
                return true;
            }

            @Override
            public Receipt await() {
                return receipt;
            }
        };
    }

    /**
     * Publishes a message that refers to none.
     *
     * @param channel the channel's name
     * @param sender the client that publishes
     * @param content the content
     * @param key an idempotency key, or {@code ""} for none
     * @return the message's position
     * @throws UnavailableException if that could not be confirmed in time
     */
    default Receipt publish(String channel, Sender sender, Content content, String key) throws UnavailableException {
        try {
            return publish(channel, sender, new Draft(content, key));
        } catch (ReferenceException e) {
            throw new IllegalStateException("a message without a reference was refused for it", e);
        }
    }

    /**
     * Begins to publish a message that refers to none.
     *
     * @param channel the channel's name
     * @param sender the client that publishes
     * @param content the content
     * @param key an idempotency key, or {@code ""} for none
     * @return the future position, which must be awaited
     * @throws UnavailableException if it is certain by now that the message can't be confirmed
     */
    default PendingReceipt submit(String channel, Sender sender, Content content, String key)
            throws UnavailableException {
        try {
            return submit(channel, sender, new Draft(content, key));
        } catch (ReferenceException e) {
            throw new IllegalStateException("a message without a reference was refused for it", e);
        }
    }

    /**
     * Publishes as an account, or as a client of a server without accounts.
     *
     * @param channel the channel's name
     * @param sender the client's name
     * @param content the content
     * @param key an idempotency key, or {@code ""} for none
     * @return the message's position
     * @throws UnavailableException if that could not be confirmed in time
     */
    default Receipt publish(String channel, String sender, Content content, String key) throws UnavailableException {
        return publish(channel, Sender.of(sender), content, key);
    }

    /**
     * Sends a signal to all listeners of a channel.
     *
     * @param channel the channel's name
     * @param signal the signal
     * @throws UnavailableException if the broker is unavailable
     */
    void signal(String channel, Signal signal) throws UnavailableException;

    /**
     * Subscribes to a channel. Messages may arrive before this method returns. After the broker was unavailable, missed
     * messages are delivered from the history, or reported as lost.
     *
     * @param channel the channel's name
     * @param listener receives the channel's messages
     * @return the subscription
     * @throws UnavailableException if the broker is unavailable
     */
    Subscription subscribe(String channel, Listener listener) throws UnavailableException;

    /**
     * {@return the oldest messages after an offset}
     *
     * @param channel the channel's name
     * @param offset the offset; a negative one is before the beginning
     * @param limit the maximum number of messages; none are returned if it is not positive
     * @throws UnavailableException if the history can't be read
     */
    Page historyAfter(String channel, long offset, int limit) throws UnavailableException;

    /**
     * {@return the newest messages before an offset}
     *
     * @param channel the channel's name
     * @param offset the offset; {@link Long#MAX_VALUE} is beyond the end
     * @param limit the maximum number of messages; none are returned if it is not positive
     * @throws UnavailableException if the history can't be read
     */
    Page historyBefore(String channel, long offset, int limit) throws UnavailableException;

    /**
     * {@return messages as they are now, without annotations, in one step} A page may be shorter than the limit although more
     * messages follow, but is empty only if none does.
     *
     * @param channel the channel's name
     * @param forward whether to read the oldest messages after the offset, and not the newest before it
     * @param offset the offset, exclusive
     * @param limit the maximum number of messages; none are returned if it is not positive
     * @throws UnavailableException if the history can't be read
     */
    FoldedPage folded(String channel, boolean forward, long offset, int limit) throws UnavailableException;

    /**
     * Moves the mark up to which a client has read a channel, unless it is there already or further, and tells all listeners.
     * The mark is never set back within an epoch, and at most at the channel's end. It is kept for as long as the channel's
     * position ({@link Retention#positions}). In another epoch it stays where it is if the epoch continues the offsets of the
     * one before, at most where the new one began; else it is 0. At least the marks of the 100,000 clients that moved theirs
     * last are kept for each channel; with a memory budget, fewer if memory is short.
     *
     * @param channel the channel's name
     * @param reader the session that has read
     * @param offset the offset of the last message that it has read
     * @return the client's mark, which may be beyond that offset, and is stored as a published message is
     * @throws UnavailableException if that could not be confirmed in time; the mark may have moved
     */
    ReadMark markRead(String channel, Reader reader, long offset) throws UnavailableException;

    /**
     * {@return how far a client has read a channel}
     *
     * @param channel the channel's name
     * @param client the client
     * @param end the offset of the last message that may count as unread; {@link Long#MAX_VALUE} is beyond the end
     * @throws UnavailableException if the broker is unavailable
     */
    ReadMark readMark(String channel, Sender client, long end) throws UnavailableException;

    /**
     * {@return how far a client has read a channel, with all messages after that}
     *
     * @param channel the channel's name
     * @param client the client
     * @throws UnavailableException if the broker is unavailable
     */
    default ReadMark readMark(String channel, Sender client) throws UnavailableException {
        return readMark(channel, client, Long.MAX_VALUE);
    }

    /**
     * Deletes all messages in a channel's history. No offset is assigned again. A client that recovers from an earlier position
     * finds the messages lost; listeners keep what they have received. Idempotency keys of deleted messages still return
     * their positions, until they expire.
     *
     * <p>A history read that begins after this has returned, in any process, contains no deleted message, and its position
     * is behind all of them. A reader that continues from a page's position, and takes only later messages from elsewhere,
     * therefore never shows one. An earlier page may contain one, and a message on its way to listeners is still delivered.
     *
     * <p>Blocks until the messages are removed from the broker's storage, which may take minutes if there are many. Messages
     * published meanwhile may be deleted too.
     *
     * @param channel the channel's name
     * @throws UnavailableException if that could not be confirmed; messages may have been deleted, or be deleted later
     */
    void delete(String channel) throws UnavailableException;

    /**
     * Deletes all messages of a sender from the histories of all channels, inboxes too. Otherwise like {@link #delete}.
     *
     * @param sender the client's name
     * @throws UnavailableException if that could not be confirmed, or listeners could not be told of all deletions yet: then
     *     edits by others of these messages are still there, and calling it again completes the deletion
     */
    void deleteFrom(String sender) throws UnavailableException;

    /**
     * Stores a revocation for {@link #REVOCATION_AGE}, for all servers that share the broker, including those that start
     * later. Of several revocations of a user the newest is kept. Neither deletions nor the retention of messages affect it.
     *
     * @param user the user's name
     * @param time when the user was revoked, in milliseconds since 1970-01-01T00:00Z
     * @throws UnavailableException if that could not be confirmed, or the broker can keep no more
     */
    void revoke(String user, long time) throws UnavailableException;

    /**
     * {@return the newest revocation of each user, in milliseconds since 1970-01-01T00:00Z}
     *
     * @throws UnavailableException if the broker is unavailable
     */
    Map<String, Long> revocations() throws UnavailableException;

    /**
     * Stores a ban until it ends, for all servers that share the broker, including those that start later. It replaces
     * another ban with the same {@link Ban#key}. Neither deletions nor the retention of messages affect it. Running servers
     * learn of it when they read {@link #bans} again; {@code ChatServer.ban} tells them at once.
     *
     * @param ban the ban
     * @throws IllegalArgumentException if the ban has ended, or lasts longer than {@link Ban#MAX_DURATION}
     * @throws UnavailableException if that could not be confirmed, or the broker can keep no more: it must be able to
     *     keep at least 10,000
     */
    void ban(Ban ban) throws UnavailableException;

    /**
     * Lifts the ban of a subject, if there is one.
     *
     * @param kind the kind of the subject
     * @param subject a name or an address
     * @throws IllegalArgumentException if the subject is not a name or an address
     * @throws UnavailableException if that could not be confirmed
     */
    void unban(Ban.Kind kind, String subject) throws UnavailableException;

    /**
     * {@return the bans that have not ended, in no order}
     *
     * @throws UnavailableException if the broker is unavailable
     */
    List<Ban> bans() throws UnavailableException;

    /**
     * Holds a name for an owner, or extends the hold, for all servers that share the broker. A hold is not in the journal, and
     * is lost when the process or the Redis that keeps it ends.
     *
     * @param name the name
     * @param owner identifies the owner; not a secret, for it is stored as it is
     * @param lifetime how long from now the name is held
     * @return whether the owner has the name now
     * @throws UnavailableException if the result is unknown, so that the name may be held, or if no more names can be held
     */
    Hold hold(String name, String owner, Duration lifetime) throws UnavailableException;

    /**
     * Ends the hold of a name, if it is this owner's. Does not throw if the broker is unavailable: the hold then expires.
     * Blocks as {@link #hold} does.
     *
     * @param name the name
     * @param owner the owner
     */
    void release(String name, String owner);

    /**
     * Adds a session of a client to a channel, and tells listeners if it is the first. If the broker is unavailable, presence
     * is updated as soon as it is back.
     *
     * @param channel the channel's name
     * @param client the client
     */
    void join(String channel, Sender client);

    /**
     * Adds a session of an account, or of a client of a server without accounts.
     *
     * @param channel the channel's name
     * @param client the client's name
     */
    default void join(String channel, String client) {
        join(channel, Sender.of(client));
    }

    /**
     * Undoes one {@link #join(String, Sender)}, and tells listeners if it was the last.
     *
     * @param channel the channel's name
     * @param client the client
     */
    void leave(String channel, Sender client);

    /**
     * Undoes one {@link #join(String, String)}.
     *
     * @param channel the channel's name
     * @param client the client's name
     */
    default void leave(String channel, String client) {
        leave(channel, Sender.of(client));
    }

    /**
     * {@return a page of the clients in a channel, on all servers, in the order of {@link String#compareTo}} A client that
     * joins or leaves meanwhile may be on a later page; every other client is on exactly one page.
     *
     * @param channel the channel's name
     * @param after the client id after which the page begins; {@code ""} for the first page
     * @param limit the maximum number of clients on the page; none if it is not positive
     * @throws UnavailableException if the broker is unavailable
     */
    Members members(String channel, String after, int limit) throws UnavailableException;

    /**
     * {@return all clients in a channel, each with the number of its sessions, sorted} Reads page by page and keeps them all
     * in memory: for channels with few clients, such as inboxes, and for tests.
     *
     * @param channel the channel's name
     * @throws UnavailableException if the broker is unavailable
     */
    default Map<String, Integer> members(String channel) throws UnavailableException {
        Map<String, Integer> all = new TreeMap<>();
        String last = "";
        while (true) {
            List<Member> page = members(channel, last, Members.PAGE).page();
            page.forEach(member -> all.merge(member.client(), member.sessions(), Integer::sum));
            if (page.size() < Members.PAGE) {
                return all;
            }
            last = page.getLast().client();
        }
    }

    /**
     * {@return the description of a channel; empty if it has none}
     *
     * @param channel the channel's name
     * @throws UnavailableException if the broker is unavailable
     */
    Optional<ChannelInfo> info(String channel) throws UnavailableException;

    /**
     * Changes the description of a channel, and tells all listeners, as one step. It stays as long as the channel's position:
     * deletions of messages do not affect it. Removing a description that does not exist changes nothing.
     *
     * @param channel the channel's name
     * @param by the client that describes it
     * @param json a JSON object; empty to remove the description
     * @return the new description
     * @throws IllegalArgumentException if it is no JSON object, or larger than {@link ChannelInfo#MAX_BYTES}
     * @throws UnavailableException if that could not be confirmed, or the broker can keep no more
     */
    ChannelInfo describe(String channel, Sender by, Optional<Content.Json> json) throws UnavailableException;

    /**
     * {@return a page of the channels that have clients, or messages in their history, on all servers, in the order of {@link
     * ChannelEntry#ORDER}} Inboxes and the channel of the servers are left out. A channel that has
     * begun or ended within the last minutes may be missing or be listed; every other channel is on exactly one page. The work
     * for a page has a bound, in names and in time: a page may have fewer channels than it could, or none, although others follow.
     *
     * @param prefix the beginning of the channels' names; {@code ""} for all
     * @param after the name after which the page begins; {@code ""} for the first page
     * @param limit the maximum number of channels on the page, which has fewer if it would pass {@link Listing#MAX_CHARS};
     *     none if it is not positive
     * @param wanted returns whether the page may have a channel; may be asked about others than those on the page, and may
     *     block
     * @throws UnavailableException if the broker is unavailable
     */
    Listing list(String prefix, String after, int limit, Predicate<String> wanted) throws UnavailableException;

    /**
     * {@return the memory budget of this broker, which its servers charge as well} A server of a broker without a budget uses
     * one of its own, of half of the heap.
     */
    default Optional<MemoryBudget> memory() {
        return Optional.empty();
    }

    /** Ends all subscriptions and joins of this process, and releases all resources. May block for two seconds. */
    @Override
    void close();
}

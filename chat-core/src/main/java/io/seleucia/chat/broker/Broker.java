package io.seleucia.chat.broker;

import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What carries channels between all servers that share it. {@code BrokerContract} among this library's tests is the
 * contract as a test: an implementation passes when it does.
 *
 * <p>Every channel has an epoch and in it the offsets 1, 2, 3 … without gaps, but for what is deleted later. A channel
 * needs no creation; it begins with whoever names it first. All methods may be called by any thread. Those that throw
 * {@link UnavailableException} may block, for two seconds at the most where they do not say otherwise. When thousands
 * subscribe, join, leave or read at the same time, a broker may let each wait for its turn besides, eight seconds at the
 * most; publishers never wait for them.
 *
 * <p>A thread that calls a broker may be interrupted at any time, as by {@code Future.cancel(true)}. Its call then either
 * does what it should or throws {@link UnavailableException}, and the thread stays interrupted; an interrupted publish
 * that threw may still be delivered, as after every such exception. It costs no other caller anything.
 *
 * <p>After {@link #close} every method throws {@link ClosedBrokerException}, but for {@link #health} and for those that
 * take back what closing has ended: {@link #leave}, {@link Subscription#close} and {@link #close} do nothing then. A call
 * that is under way while the broker is closed does what it should, or throws that or {@link UnavailableException}. A
 * program closes its broker after the servers that use it.
 */
public interface Broker extends AutoCloseable {
    /** How long a revocation is kept: no token that was issued before that is taken any more. */
    Duration REVOCATION_AGE = Duration.ofDays(367);

    /**
     * Receives a channel's messages. Called by one thread at a time; must return at once and not call the broker. What it
     * throws is logged, and neither other listeners nor publishers notice.
     */
    interface Listener {
        /**
         * The next message: offset for offset in order, each once. A message with {@link Position#NONE} stands outside
         * of that order.
         */
        void message(Message message);

        /**
         * Messages after the last one received can't be had any more.
         *
         * @param position where the channel goes on: the next message is the one after it, in that epoch
         */
        void lost(Position position);

        /** A signal: it has no place in the order, and may be lost. */
        void signal(Signal signal);

        /** A client is in the channel with its first session, on whatever server. */
        void joined(String client);

        /** A client has left the channel with its last session. */
        void left(String client);
    }

    /**
     * Something said to those who are there, and not kept.
     *
     * @param origin the session that it comes from, which need not be told
     */
    record Signal(String origin, String sender, Content content) {}

    /** A listener's place in a channel, until it is closed. */
    interface Subscription extends AutoCloseable {
        /** Where it began: the first message is the one after it. */
        Position start();

        /** Ends it; a second call has no effect. Does not wait; a message on its way may still come. */
        @Override
        void close();
    }

    /**
     * What became of a publish.
     *
     * @param position the message's place
     * @param duplicate whether an earlier message with the same key has that place, and nothing was published
     */
    record Receipt(Position position, boolean duplicate) {}

    /**
     * A stretch of history.
     *
     * @param position the channel's newest position when it was read
     * @param messages oldest first
     */
    record Page(Position position, List<Message> messages) {}

    /**
     * How a broker is at a moment.
     *
     * @param flaw what keeps it from taking and delivering messages, for an operator; empty if nothing does
     * @param proven how long ago it was last seen that messages arrive: zero where that can't fail, empty if never yet
     * @param reconnects how often a lost connection was made anew
     */
    record Health(Optional<String> flaw, Optional<Duration> proven, long reconnects) {}

    /** How it is. Does not block: where delivery needs proof, the broker itself sees to it that one comes every so often. */
    Health health();

    /**
     * Appends a message to the channel's history and sends it to all listeners, as one step.
     *
     * @param key repeated within the retention of keys by the same sender in the same channel, it gives the first
     *     message's position and publishes nothing; {@code ""} is no key
     * @throws UnavailableException if that could not be confirmed in time
     */
    Receipt publish(String channel, String sender, Content content, String key) throws UnavailableException;

    /** Sends a signal to all listeners of a channel. */
    void signal(String channel, Signal signal) throws UnavailableException;

    /**
     * Follows a channel. Messages may come before this method returns. When the broker was out of reach meanwhile, what
     * was missed comes from the history, or is reported lost.
     */
    Subscription subscribe(String channel, Listener listener) throws UnavailableException;

    /**
     * The oldest messages after an offset; one below 0 is before the beginning.
     *
     * @param limit the most that are given; none if it is not positive
     */
    Page historyAfter(String channel, long offset, int limit) throws UnavailableException;

    /**
     * The newest messages before an offset; {@link Long#MAX_VALUE} is beyond the end, and before 1 there is none.
     *
     * @param limit the most that are given; none if it is not positive
     */
    Page historyBefore(String channel, long offset, int limit) throws UnavailableException;

    /**
     * Deletes all messages that are in a channel's history. Positions go on: no offset is given to another message. Who
     * recovers from before finds them lost; what listeners have been given stays theirs. Keys of deleted messages still
     * give their positions, for as long as the broker remembers them.
     *
     * <p>Once this has returned, no reading of the history that begins then, in whatever process, holds a deleted message,
     * and its position is behind all of them. So a reader who goes on from a page's position, and takes from elsewhere only
     * what is behind it, never shows one. What began earlier may: a page that was read before, or a message on its way to
     * listeners, which is delivered like any other.
     *
     * <p>Blocks until nothing is left where the broker keeps it, which may take minutes where that is much. What is
     * published meanwhile may go as well.
     *
     * @throws UnavailableException if that could not be confirmed; some of it may be deleted then, or be deleted later
     */
    void delete(String channel) throws UnavailableException;

    /**
     * Deletes all messages of a sender from the histories of all channels, inboxes too. Otherwise like {@link #delete}.
     */
    void deleteFrom(String sender) throws UnavailableException;

    /**
     * Keeps a revocation for {@link #REVOCATION_AGE}, for all servers that share the broker, also those that start later.
     * Of several for a user the newest is kept. No deletion and no retention of messages concerns it.
     *
     * @param time when the user was revoked, in milliseconds since 1970-01-01T00:00Z
     * @throws UnavailableException if that could not be confirmed, or the broker can keep no more
     */
    void revoke(String user, long time) throws UnavailableException;

    /** Returns the newest revocation of each user, in milliseconds since 1970-01-01T00:00Z. */
    Map<String, Long> revocations() throws UnavailableException;

    /**
     * Notes that one more session of a client is in a channel, and tells listeners if it is the first. Where the broker is out of reach the note is brought up
     * to date as soon as it is back.
     */
    void join(String channel, String client);

    /** Takes back one {@link #join}, and tells listeners if it was the last. */
    void leave(String channel, String client);

    /** The clients in a channel on all servers, each with the number of its sessions, sorted. */
    Map<String, Integer> members(String channel) throws UnavailableException;

    /** Ends all subscriptions and notes of this process and gives back what was opened. May block for two seconds. */
    @Override
    void close();
}

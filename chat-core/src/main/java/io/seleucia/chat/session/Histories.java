package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.HistoryReading;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The histories that one session reads: pages, those of the own inbox that one partner has, and searches. Runs in the inbound
 * loop, and blocks as the broker and the rules do.
 *
 * <p>A reply has no content of a message that was deleted before the reply was queued: it is checked as the last step, and the
 * messages are read again if one of them has gone.
 */
final class Histories {
    private static final long SCAN_NANOS = TimeUnit.MILLISECONDS.toNanos(200); // for looking through a history
    private static final int ATTEMPTS = 5; // while messages are being deleted

    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final Subscriptions subscriptions;
    private final SessionContext context;
    private final Channels channels;

    Histories(
            LocalSession session,
            ClientIdentity identity,
            Permissions permissions,
            Subscriptions subscriptions,
            SessionContext context) {
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.identity = identity;
        this.permissions = permissions;
        this.subscriptions = subscriptions;
        this.context = context;
        this.channels = context.channels();
    }

    /** Stored messages, and the reply that is made of them. */
    private record Stored(List<FoldedMessage> messages, Function<List<FoldedMessage>, Event.Reply> reply) {}

    /** Reads stored messages. */
    private interface Reading {
        Stored read() throws UnavailableException;
    }

    /** Sends a page of a history. */
    void send(Request request, Command.History history) throws UnavailableException {
        long deadline = System.nanoTime() + SCAN_NANOS; // of all attempts together
        answer(
                request,
                history.channel(),
                history.with().isEmpty() ? () -> page(history) : () -> messagesWith(history, deadline));
    }

    /** Sends what a search finds. It ends, with the offset to go on from, when it has taken long enough. */
    void send(Request request, Command.Search search) throws UnavailableException {
        long deadline = System.nanoTime() + SCAN_NANOS;
        answer(request, search.channel(), () -> found(search, deadline));
    }

    /** Reads when it is the turn of the client's source, if the client may, and answers the request. */
    private void answer(Request request, String channel, Reading reading) throws UnavailableException {
        int reviewed = subscriptions.reviews();
        if (!mayRead(request, channel)) {
            return;
        }
        allowance.whileReading(() -> {
            if (!context.memory().hasRoom()) {
                throw new UnavailableException("memory is short", null);
            }
            try (HistoryReading current = channels.read(channelOf(channel))) {
                answer(request, channel, reading, current, reviewed);
            }
        });
    }

    /** @param reviewed how many reviews had begun before the rules were asked: after another one, they are asked again */
    private void answer(Request request, String channel, Reading reading, HistoryReading current, int reviewed)
            throws UnavailableException {
        int asked = reviewed;
        for (int i = 0; i < ATTEMPTS; i++) {
            if (!isReader(channel)) {
                replies.failNotSubscribed(request, channel); // it was ended meanwhile
                return;
            }
            int reviews = subscriptions.reviews();
            if (reviews != asked && !mayRead(request, channel)) {
                return;
            }
            asked = reviews;
            current.begin();
            if (send(request, channel, reading.read(), current, asked)) {
                return;
            }
        }
        throw new UnavailableException("messages of " + channel + " are being deleted, try again", null);
    }

    /**
     * Sends a reply, unless since the messages were read some have been deleted, or the subscription or a right may have ended.
     */
    private boolean send(Request request, String channel, Stored stored, HistoryReading current, int asked) {
        try (PageMemory held = PageMemory.ofFolded(context.memory(), stored.messages)) {
            return allowance.inTurn(
                    held.characters(),
                    () -> replies.reply(
                            request,
                            reply(stored),
                            step -> current.unlessDeleted(
                                    stored.messages,
                                    () -> isReader(channel)
                                            && subscriptions.reviews() == asked
                                            && Gate.OPEN.pass(step))));
        }
    }

    private Event.Reply reply(Stored stored) {
        return stored.reply.apply(
                stored.messages.stream().map(channels.sizes()::presentable).toList());
    }

    /** Returns whether the client may read a history; if not, the request fails. */
    private boolean mayRead(Request request, String channel) {
        if (Names.isInbox(channel)) {
            boolean own = isReader(channel);
            if (!own) {
                replies.fail(request, ErrorCode.FORBIDDEN, "another client's inbox cannot be read");
            }
            return own;
        }
        if (!isReader(channel)) {
            replies.failNotSubscribed(request, channel);
            return false;
        }
        return permissions.mayDo(request, Action.HISTORY, channel, Optional.empty());
    }

    /** Returns whether a channel is one that the session is subscribed to, or its own inbox. */
    private boolean isReader(String channel) {
        return Names.isInbox(channel)
                ? channel.equals(Names.inboxOf(identity.name()))
                : subscriptions.contains(channel);
    }

    /** Returns the broker's channel. */
    private String channelOf(String shown) {
        return Names.isInbox(shown) ? identity.inboxChannel() : shown;
    }

    private Stored page(Command.History history) throws UnavailableException {
        Broker.FoldedPage page = read(history, history.offset(), history.limit());
        List<FoldedMessage> inOrder =
                history.forward() ? page.messages() : page.messages().reversed();
        int fitting = PageMemory.fitting(inOrder, HistoryScan::characters);
        return stored(history, page, inOrder.subList(0, fitting), OptionalLong.empty());
    }

    /** Finds what came from or went to one client. Reading on is up to the client if it was too far to look. */
    private Stored messagesWith(Command.History history, long deadline) throws UnavailableException {
        HistoryScan scan = scan((offset, limit) -> read(history, offset, limit), history.forward(), history.limit());
        scan.run(
                history.offset(),
                deadline,
                message -> DirectMessages.partner(message.message()).equals(history.with()));
        return stored(history, scan.newest(), scan.found(), scan.isFull() ? OptionalLong.empty() : scan.next());
    }

    private Stored found(Command.Search search, long deadline) throws UnavailableException {
        SearchText text = new SearchText(search.text());
        String channel = channelOf(search.channel());
        HistoryScan scan =
                scan((offset, limit) -> channels.broker().folded(channel, false, offset, limit), false, search.limit());
        scan.run(
                search.before(),
                deadline,
                message -> text.isIn(message.message().content()));
        return new Stored(scan.found(), messages -> new Event.Found(search.channel(), messages, scan.next()));
    }

    private HistoryScan scan(HistoryScan.Pages pages, boolean forward, int limit) {
        return new HistoryScan(pages, forward, limit, allowance, context.memory());
    }

    /** @param messages in the order in which they were read */
    private static Stored stored(
            Command.History history, Broker.FoldedPage page, List<FoldedMessage> messages, OptionalLong next) {
        String channel = history.channel();
        return new Stored(
                history.forward() ? messages : messages.reversed(),
                shown -> history.folded()
                        ? new Event.FoldedPage(channel, page.position(), shown, next)
                        : new Event.Page(
                                channel,
                                page.position(),
                                shown.stream().map(FoldedMessage::message).toList(),
                                next));
    }

    /** Reads a page. In one that is not folded, the messages are as they were published. */
    private Broker.FoldedPage read(Command.History history, long offset, int limit) throws UnavailableException {
        Broker broker = channels.broker();
        String channel = channelOf(history.channel());
        if (history.folded()) {
            return broker.folded(channel, history.forward(), offset, limit);
        }
        Broker.Page page = history.forward()
                ? broker.historyAfter(channel, offset, limit)
                : broker.historyBefore(channel, offset, limit);
        return new Broker.FoldedPage(
                page.position(),
                page.messages().stream().map(FoldedMessage::new).toList());
    }
}

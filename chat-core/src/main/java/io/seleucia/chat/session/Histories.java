package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The histories that one session reads: pages, those of the own inbox that one partner has, and searches. Runs in the inbound
 * loop, and blocks as the broker and the rules do.
 */
final class Histories {
    private static final int PAGE = 100; // of a history that is looked through
    private static final int MAX_LOOKED_AT = 5_000; // messages, for one request
    private static final long SEARCH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

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

    /** Sends a page of a history. */
    void send(Request request, Command.History history) throws UnavailableException {
        if (mayRead(request, history.channel())) {
            reading(() -> {
                if (history.with().isEmpty()) {
                    sendPage(request, history);
                } else {
                    sendThoseWith(request, history);
                }
            });
        }
    }

    /** Sends what a search finds. It ends, with the offset to go on from, when it has taken long enough. */
    void send(Request request, Command.Search search) throws UnavailableException {
        if (mayRead(request, search.channel())) {
            reading(() -> {
                SearchText text = new SearchText(search.text());
                Scan scan = new Scan(channelOf(search.channel()), false, true, search.limit());
                scan.run(
                        search.before(),
                        System.nanoTime() + SEARCH_NANOS,
                        message -> text.isIn(message.message().content()));
                reply(request, scan.found, messages -> new Event.Found(search.channel(), messages, scan.next()));
            });
        }
    }

    /** Reads when it is the turn of the client's source. */
    private void reading(Allowance.Step reading) throws UnavailableException {
        allowance.whileReading(() -> {
            if (!context.memory().hasRoom()) {
                throw new UnavailableException("memory is short", null);
            }
            reading.run();
        });
    }

    /** Returns whether the client may read a history; if not, the request fails. */
    private boolean mayRead(Request request, String channel) {
        if (Names.isInbox(channel)) {
            boolean own = channel.equals(Names.inboxOf(identity.name()));
            if (!own) {
                replies.fail(request, ErrorCode.FORBIDDEN, "another client's inbox cannot be read");
            }
            return own;
        }
        if (!subscriptions.contains(channel)) {
            replies.failNotSubscribed(request, channel);
            return false;
        }
        return permissions.mayDo(request, Action.HISTORY, channel, Optional.empty());
    }

    /** Returns the broker's channel. */
    private String channelOf(String shown) {
        return Names.isInbox(shown) ? identity.inboxChannel() : shown;
    }

    private void sendPage(Request request, Command.History history) throws UnavailableException {
        Broker.FoldedPage page = read(
                channelOf(history.channel()), history.folded(), history.forward(), history.offset(), history.limit());
        List<FoldedMessage> inOrder =
                history.forward() ? page.messages() : page.messages().reversed();
        List<FoldedMessage> fitting = inOrder.subList(0, PageMemory.fitting(inOrder, Histories::characters));
        sendPage(request, history, page, fitting, OptionalLong.empty());
    }

    /** Sends what came from or went to one client. Reading on is up to the client if it was too far to look. */
    private void sendThoseWith(Request request, Command.History history) throws UnavailableException {
        Scan scan = new Scan(channelOf(history.channel()), history.forward(), history.folded(), history.limit());
        scan.run(
                history.offset(),
                System.nanoTime() + TimeUnit.DAYS.toNanos(1), // the number of messages is the bound
                message -> DirectMessages.partner(message.message()).equals(history.with()));
        sendPage(request, history, scan.newest, scan.found, scan.isFull() ? OptionalLong.empty() : scan.next());
    }

    /** @param messages in the order in which they were read */
    private void sendPage(
            Request request,
            Command.History history,
            Broker.FoldedPage page,
            List<FoldedMessage> messages,
            OptionalLong next) {
        String channel = history.channel();
        reply(
                request,
                history.forward() ? messages : messages.reversed(),
                shown -> history.folded()
                        ? new Event.FoldedPage(channel, page.position(), shown, next)
                        : new Event.Page(
                                channel,
                                page.position(),
                                shown.stream().map(FoldedMessage::message).toList(),
                                next));
    }

    private interface Answer {
        Event.Reply of(List<FoldedMessage> messages);
    }

    private void reply(Request request, List<FoldedMessage> messages, Answer answer) {
        try (PageMemory held = PageMemory.ofFolded(context.memory(), messages)) {
            allowance.inTurn(held.characters(), () -> {
                List<FoldedMessage> shown =
                        messages.stream().map(channels.sizes()::presentable).toList();
                replies.reply(request, answer.of(shown));
                return shown;
            });
        }
    }

    private static int characters(FoldedMessage message) {
        return PageMemory.MESSAGE_CHARS + message.length();
    }

    /** Reads a page. In one that is not folded, the messages are as they were published. */
    private Broker.FoldedPage read(String channel, boolean folded, boolean forward, long offset, int limit)
            throws UnavailableException {
        Broker broker = channels.broker();
        if (folded) {
            return broker.folded(channel, forward, offset, limit);
        }
        Broker.Page page =
                forward ? broker.historyAfter(channel, offset, limit) : broker.historyBefore(channel, offset, limit);
        return new Broker.FoldedPage(
                page.position(),
                page.messages().stream().map(FoldedMessage::new).toList());
    }

    /** A look through a history, page by page, for certain messages. Its bounds are those of one request. */
    private final class Scan {
        private final String channel;
        private final boolean forward;
        private final boolean folded;
        private final int limit;
        private final List<FoldedMessage> found = new ArrayList<>(); // in the order in which they are read
        private Broker.FoldedPage newest; // the page that was read last
        private long foundChars;
        private int looked;
        private long last; // the offset of the message that was looked at last
        private boolean ended; // there are no more messages

        private Scan(String channel, boolean forward, boolean folded, int limit) {
            this.channel = channel;
            this.forward = forward;
            this.folded = folded;
            this.limit = limit;
        }

        /**
         * Looks until enough is found, or there is nothing more, or the bounds are reached; at a page at least.
         *
         * @param deadline as {@link System#nanoTime}
         */
        private void run(long from, long deadline, Predicate<FoldedMessage> wanted) throws UnavailableException {
            last = from;
            boolean more = true;
            while (more) {
                newest = read(channel, folded, forward, last, PAGE);
                List<FoldedMessage> page = newest.messages();
                ended = page.isEmpty();
                try (PageMemory held = PageMemory.ofFolded(context.memory(), page)) {
                    more = !ended
                            && allowance.inTurn(
                                    held.characters(), () -> look(forward ? page : page.reversed(), deadline, wanted))
                            && System.nanoTime() - deadline < 0;
                }
            }
        }

        /** Looks at a page; returns whether it was all of it. */
        private boolean look(List<FoldedMessage> page, long deadline, Predicate<FoldedMessage> wanted) {
            for (FoldedMessage message : page) {
                boolean late = looked > PAGE && System.nanoTime() - deadline > 0;
                if (isFull() || looked >= MAX_LOOKED_AT || late) {
                    return false;
                }
                if (wanted.test(message)) {
                    if (!found.isEmpty() && foundChars + characters(message) > PageMemory.MAX_CHARS) {
                        foundChars = PageMemory.MAX_CHARS; // full: this one is for the next request
                        return false;
                    }
                    found.add(message);
                    foundChars += characters(message);
                }
                looked++;
                last = message.message().position().offset();
            }
            return true;
        }

        /** Returns whether as much is found as the reply can have. */
        private boolean isFull() {
            return found.size() >= limit || foundChars >= PageMemory.MAX_CHARS;
        }

        /** Returns the offset from which to look on; empty if there is nothing more. */
        private OptionalLong next() {
            return ended || !forward && last == 1 ? OptionalLong.empty() : OptionalLong.of(last);
        }
    }
}

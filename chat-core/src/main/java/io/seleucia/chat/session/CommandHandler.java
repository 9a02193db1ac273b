package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Optional;

/** Carries out the requests of one session. Runs in the inbound loop, and blocks as the broker and the rules do. */
final class CommandHandler {
    private static final int MEMBER_CHARS = 32; // besides the name

    private final LocalSession session;
    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final Subscriptions subscriptions;
    private final SessionContext context;
    private final Channels channels;
    private final Optional<EchoFilter> echoes;
    private final boolean pipelined; // a client that can't be told of a failure waits for each of its publishes

    CommandHandler(
            LocalSession session,
            ClientIdentity identity,
            Permissions permissions,
            Subscriptions subscriptions,
            SessionContext context,
            Optional<EchoFilter> echoes) {
        this.session = session;
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.identity = identity;
        this.permissions = permissions;
        this.subscriptions = subscriptions;
        this.context = context;
        this.channels = context.channels();
        this.echoes = echoes;
        this.pipelined = echoes.isEmpty() && replies.areExpected();
    }

    /** Carries out a request, or answers why it can't be carried out. */
    void apply(Request request) throws UnavailableException {
        if (!permissions.mayAsk(request)) {
            return;
        }
        Optional<String> flaw = request.flaw();
        if (flaw.isPresent()) {
            fail(request, ErrorCode.BAD_REQUEST, flaw.get());
            return;
        }
        if (!identity.identify(request)) {
            return;
        }
        switch (request.command()) {
            case Command.Connect connect -> identity.connect(request, connect);
            case Command.Refresh refresh -> identity.refresh(request, refresh);
            case Command.Subscribe subscribe -> subscribe(request, subscribe);
            case Command.Unsubscribe unsubscribe -> unsubscribe(request, unsubscribe.channel());
            case Command.UnsubscribeAll all -> reply(request, new Event.Unsubscribed(subscriptions.removeAll()));
            case Command.Publish publish -> publish(request, publish);
            case Command.Direct direct -> direct(request, direct);
            case Command.Signal signal -> signal(request, signal);
            case Command.ListChannels list -> reply(request, new Event.Channels(subscriptions.names()));
            case Command.History history -> history(request, history);
            case Command.Presence presence -> presence(request, presence);
            case Command.Nickname nickname -> identity.nickname(request, nickname.name(), subscriptions::rename);
            case Command.Custom own -> {
                long size = allowance.receivedBytes(); // the protocol knows what it sends, and to whom
                if (allowance.take(request, now -> allowance.source().send(size, now))) {
                    own.action().get().ifPresent(failed -> fail(request, failed.code(), failed.message()));
                }
            }
            case Command.Ignored skip -> {}
            case Command.Ping ping -> reply(request, new Event.Pong());
            case Command.Malformed malformed -> fail(request, malformed.code(), malformed.why());
        }
    }

    private void subscribe(Request request, Command.Subscribe subscribe) throws UnavailableException {
        String channel = subscribe.channel();
        int reviewed = subscriptions.reviews();
        if (subscriptions.contains(channel)) {
            fail(request, ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel);
        } else if (subscriptions.size() == context.limits().channels()) {
            fail(
                    request,
                    ErrorCode.TOO_MANY_CHANNELS,
                    "at most " + context.limits().channels() + " channels");
        } else if (permissions.mayDo(request, Authorizer.Action.SUBSCRIBE, channel, Optional.empty())
                && (!subscribe.presence()
                        || permissions.mayDo(request, Authorizer.Action.PRESENCE, channel, Optional.empty()))) {
            addCounted(
                    request,
                    channel,
                    subscribe.since().filter(since -> permissions.allows(Authorizer.Action.HISTORY, channel)),
                    subscribe.presence(),
                    reviewed);
        }
    }

    /** Subscribes to a channel if the source of the client has room for it; else answers the request. */
    private void addCounted(Request request, String channel, Optional<Position> since, boolean presence, int reviewed)
            throws UnavailableException {
        boolean begins = !channels.has(channel);
        if (begins && !mayBegin(request, channel)) {
            return;
        }
        if (!allowance.takeSubscription()) {
            allowance.refuse(request, Quota.CHANNELS);
            return;
        }
        Position newest = subscriptions.add(
                channel,
                since,
                presence,
                reviewed,
                recovery -> reply(request, new Event.Subscribed(channel, recovery)));
        if (begins && newest.offset() == 0) {
            allowance.source().take(Quota.NEW_CHANNELS, System.nanoTime());
        }
    }

    /** Returns whether a channel without sessions here may be used; if not, the request is answered. */
    private boolean mayBegin(Request request, String channel) throws UnavailableException {
        boolean full = channels.areFull();
        if (!full && allowance.source().has(Quota.NEW_CHANNELS, System.nanoTime()) || hasMessages(channel)) {
            return true;
        }
        allowance.refuse(request, full ? Quota.ALL_CHANNELS : Quota.NEW_CHANNELS);
        return false;
    }

    private void unsubscribe(Request request, String channel) {
        if (subscriptions.remove(channel)) {
            reply(request, new Event.Unsubscribed(List.of(channel)));
        } else {
            fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel);
        }
    }

    private void publish(Request request, Command.Publish publish) throws UnavailableException {
        if (isMember(request, publish.channel())
                && permissions.mayDo(
                        request, Authorizer.Action.PUBLISH, publish.channel(), Optional.of(publish.content()))) {
            publish(request, publish.channel(), publish.content(), publish.key());
        }
    }

    private void direct(Request request, Command.Direct direct) throws UnavailableException {
        String to = Names.inboxOf(direct.to());
        if (!permissions.mayDo(request, Authorizer.Action.DIRECT, to, Optional.of(direct.content()))) {
            return; // before the name is looked up, so that a refusal does not tell which names exist
        }
        String inbox = context.logins().inboxOf(direct.to());
        Optional<Boolean> account = permissions.isAccount(direct.to());
        boolean known = account.orElse(channels.has(inbox));
        if (account.isEmpty() && !known) {
            Source source = allowance.source();
            if (!allowance.take(
                    request,
                    now -> source.has(Quota.UNKNOWN_NAMES, now)
                            ? Optional.empty()
                            : Optional.of(Quota.UNKNOWN_NAMES))) {
                return;
            }
            known = hasBeenUsed(inbox);
            if (!known) {
                source.take(Quota.UNKNOWN_NAMES, System.nanoTime());
            }
        }
        if (known) {
            publish(request, inbox, direct.content(), direct.key());
        } else {
            fail(request, ErrorCode.NO_SUCH_USER, "there is nobody called " + direct.to());
        }
    }

    /** Returns whether a client, on any server, has or had the name of an inbox. */
    private boolean hasBeenUsed(String inbox) throws UnavailableException {
        return channels.broker().members(inbox, "", 1).total() > 0 || hasMessages(inbox);
    }

    /** Returns whether anything was ever published in a channel, as far as the broker knows. */
    private boolean hasMessages(String channel) throws UnavailableException {
        return channels.broker()
                        .historyBefore(channel, Long.MAX_VALUE, 0)
                        .position()
                        .offset()
                > 0;
    }

    /** @param channel the broker's */
    private void publish(Request request, String channel, Content said, String key) throws UnavailableException {
        String shown = Names.shown(channel);
        try {
            Content content = context.observer().publishing(session, shown, said);
            long bytes = MessageSizes.bytes(content);
            Optional<String> flaw = channels.sizes().flaw(shown, content, bytes);
            if (flaw.isPresent() && content != said) {
                throw new IllegalArgumentException(
                        "what a listener's publishing returned can't be published: " + flaw.get());
            }
            if (flaw.isPresent()) {
                fail(request, ErrorCode.TOO_LARGE, flaw.get());
                return;
            }
            requireMemory(context.memory().hasRoomForMessage());
            Source source = allowance.source();
            boolean inbox = Names.isInbox(channel);
            if (inbox && channels.areFull() && !mayBegin(request, channel)) {
                return; // other channels were counted at the subscription
            }
            long size = MessageSizes.sentBytes(channel, identity.client(), bytes);
            if (!allowance.take(request, now -> source.publish(channel, inbox, size, now))) {
                return;
            }
            Publishing publishing = new Publishing(channel, shown, source, inbox, size);
            if (mayOweReply(bytes)) {
                Broker.PendingReceipt receipt =
                        publishing.attempt(() -> channels.broker().submit(channel, identity.sender(), content, key));
                if (replies.areOwed() || !receipt.isDone()) {
                    replies.owe(request, () -> publishing.reply(receipt::await));
                } else {
                    reply(request, publishing.reply(receipt::await));
                }
                return;
            }
            EchoFilter.Publication publication =
                    () -> channels.broker().publish(channel, identity.sender(), content, key);
            reply(
                    request,
                    publishing.reply(
                            echoes.isPresent() && comesBack(channel)
                                    ? () -> echoes.get().publish(shown, identity.client(), publication)
                                    : publication));
        } catch (RefusedException e) {
            fail(request, ErrorCode.FORBIDDEN, e.getMessage());
        }
    }

    /**
     * Returns whether the loop may go on to the next request before this message is stored. It does if more has come: else the
     * next one would wait for a whole round trip to the broker.
     */
    private boolean mayOweReply(long bytes) {
        return pipelined
                && bytes <= Allowance.LARGE
                && (replies.areOwed() || session.served().connection().hasUnread());
    }

    /** A publish that has passed all checks, and has taken from the quotas of its source. */
    private final class Publishing {
        private final String channel;
        private final String shown;
        private final String client = identity.client();
        private final Source source;
        private final boolean inbox;
        private final long size;
        private final PublishEvent event = new PublishEvent();
        private final long began = System.nanoTime();

        private Publishing(String channel, String shown, Source source, boolean inbox, long size) {
            this.channel = channel;
            this.shown = shown;
            this.source = source;
            this.inbox = inbox;
            this.size = size;
            event.begin();
        }

        private <T> T attempt(Step<T> step) throws UnavailableException {
            try {
                return step.run();
            } catch (UnavailableException e) {
                source.unpublish(channel, inbox, size);
                throw e;
            }
        }

        /** Returns the reply, once the message is stored. */
        private Event.Reply reply(EchoFilter.Publication publication) throws UnavailableException {
            Broker.Receipt receipt = attempt(publication::execute);
            context.connections().counters().published(System.nanoTime() - began);
            event.commit(session.served().connection().name(), client, shown, receipt);
            return new Event.Published(shown, receipt.position(), receipt.duplicate());
        }
    }

    private interface Step<T> {
        T run() throws UnavailableException;
    }

    /** Returns whether messages of a channel are sent to this session. */
    private boolean comesBack(String channel) {
        return subscriptions.contains(channel) || identity.hasInbox(channel);
    }

    private void signal(Request request, Command.Signal signal) throws UnavailableException {
        if (isMember(request, signal.channel())
                && permissions.mayDo(
                        request, Authorizer.Action.SIGNAL, signal.channel(), Optional.of(signal.content()))) {
            long bytes = MessageSizes.bytes(signal.content());
            Optional<String> flaw = channels.sizes().flaw(signal.channel(), signal.content(), bytes);
            if (flaw.isPresent()) {
                fail(request, ErrorCode.TOO_LARGE, flaw.get());
                return;
            }
            long size = MessageSizes.sentBytes(signal.channel(), identity.client(), bytes);
            if (!allowance.take(request, now -> allowance.source().send(size, now))) {
                return;
            }
            if (!context.memory().isTight()) { // else signals are dropped
                channels.broker()
                        .signal(
                                signal.channel(),
                                new Broker.Signal(identity.id(), identity.sender(), signal.content()));
            }
            reply(request, new Event.Signalled());
        }
    }

    private static void requireMemory(boolean room) throws UnavailableException {
        if (!room) {
            throw new UnavailableException("memory is short", null);
        }
    }

    private void history(Request request, Command.History history) throws UnavailableException {
        String channel = history.channel();
        if (Names.isInbox(channel) && !channel.equals(Names.inboxOf(identity.name()))) {
            fail(request, ErrorCode.FORBIDDEN, "another client's inbox cannot be read");
        } else if (Names.isInbox(channel)
                || isMember(request, channel)
                        && permissions.mayDo(request, Authorizer.Action.HISTORY, channel, Optional.empty())) {
            allowance.enterPages();
            try {
                requireMemory(context.memory().hasRoom());
                sendPage(request, history, Names.isInbox(channel) ? identity.inboxChannel() : channel);
            } finally {
                allowance.leavePages();
            }
        }
    }

    /** @param channel the broker's */
    private void sendPage(Request request, Command.History history, String channel) throws UnavailableException {
        Broker.Page page = history.forward()
                ? channels.broker().historyAfter(channel, history.offset(), history.limit())
                : channels.broker().historyBefore(channel, history.offset(), history.limit());
        List<Message> fitting = fitting(page.messages(), history.forward());
        PageMemory held = new PageMemory(context.memory(), fitting);
        try {
            allowance.inTurn(held.characters(), () -> {
                List<Message> messages =
                        fitting.stream().map(channels.sizes()::presentable).toList();
                reply(request, new Event.Page(history.channel(), page.position(), messages));
                return messages;
            });
        } finally {
            held.close();
        }
    }

    /** Returns the messages that fit into a reply, at least one: the oldest or the newest. */
    private static List<Message> fitting(List<Message> messages, boolean forward) {
        return forward
                ? List.copyOf(messages.subList(0, PageMemory.fitting(messages)))
                : List.copyOf(
                        messages.subList(messages.size() - PageMemory.fitting(messages.reversed()), messages.size()));
    }

    private void presence(Request request, Command.Presence presence) throws UnavailableException {
        String channel = presence.channel();
        if (isMember(request, channel)
                && permissions.mayDo(request, Authorizer.Action.PRESENCE, channel, Optional.empty())) {
            Broker.Members members = channels.broker().members(channel, presence.after(), presence.limit() + 1);
            int fitting = PageMemory.fitting(
                    members.page(), member -> MEMBER_CHARS + member.client().length());
            List<Member> page = members.page().subList(0, Math.min(fitting, presence.limit()));
            boolean more = page.size() < members.page().size();
            reply(request, new Event.Members(channel, members.total(), page, more));
        }
    }

    /** Returns whether the session is subscribed; if not, the request fails. */
    private boolean isMember(Request request, String channel) {
        boolean member = subscriptions.contains(channel);
        if (!member) {
            fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel);
        }
        return member;
    }

    private void fail(Request request, ErrorCode code, String message) {
        replies.fail(request, code, message);
    }

    private void reply(Request request, Event.Reply reply) {
        replies.reply(request, reply);
    }
}

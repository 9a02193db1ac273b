package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channel;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Optional;

/** Carries out the requests of one session. Runs in the inbound loop, and blocks as the broker and the rules do. */
final class CommandHandler {
    private static final int MEMBER_CHARS = 32; // besides the name

    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final Subscriptions subscriptions;
    private final SessionContext context;
    private final Channels channels;
    private final NewChannels newChannels;
    private final Publisher publisher;
    private final DirectMessages directs;
    private final Histories histories;
    private final Descriptions descriptions;
    private final Calls calls;

    CommandHandler(
            LocalSession session,
            ClientIdentity identity,
            Permissions permissions,
            Subscriptions subscriptions,
            SessionContext context,
            Optional<EchoFilter> echoes) {
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.identity = identity;
        this.permissions = permissions;
        this.subscriptions = subscriptions;
        this.context = context;
        this.channels = context.channels();
        this.newChannels = new NewChannels(channels, allowance);
        this.publisher = new Publisher(session, identity, subscriptions, context, echoes);
        this.directs = new DirectMessages(session, identity, permissions, context, newChannels, publisher);
        this.histories = new Histories(session, identity, permissions, subscriptions, context);
        this.descriptions = new Descriptions(session, identity, permissions, subscriptions, context, newChannels);
        this.calls = new Calls(session, permissions, context);
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
            case Command.Read read -> read(request, read);
            case Command.Unsubscribe unsubscribe -> unsubscribe(request, unsubscribe.channel());
            case Command.UnsubscribeAll all -> reply(request, new Event.Unsubscribed(subscriptions.removeAll()));
            case Command.Publish publish -> publish(request, publish);
            case Command.Direct direct -> directs.send(request, direct);
            case Command.Signal signal -> signal(request, signal);
            case Command.ListChannels list -> reply(request, new Event.Channels(subscriptions.names()));
            case Command.Directory directory -> descriptions.list(request, directory);
            case Command.Description info -> descriptions.send(request, info.channel());
            case Command.Describe describe -> descriptions.change(request, describe);
            case Command.History history -> histories.send(request, history);
            case Command.Search search -> histories.send(request, search);
            case Command.Presence presence -> presence(request, presence);
            case Command.Nickname nickname -> identity.nickname(request, nickname.name(), subscriptions::rename);
            case Command.Call call -> calls.apply(request, call);
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
                && (!subscribe.interest().presence()
                        || permissions.mayDo(request, Authorizer.Action.PRESENCE, channel, Optional.empty()))) {
            addCounted(request, subscribe, reviewed);
        }
    }

    /** Subscribes to a channel if the source of the client has room for it; else answers the request. */
    private void addCounted(Request request, Command.Subscribe subscribe, int reviewed) throws UnavailableException {
        String channel = subscribe.channel();
        boolean begins = !channels.has(channel);
        if (begins && !newChannels.mayBegin(request, channel)) {
            return;
        }
        Optional<Position> since =
                subscribe.since().filter(position -> permissions.allows(Authorizer.Action.HISTORY, channel));
        Optional<Position> cached = subscribe.since().isEmpty() ? beforeCached(channel) : Optional.empty();
        if (!allowance.takeSubscription()) {
            allowance.refuse(request, Quota.CHANNELS);
            return;
        }
        Position newest = subscriptions.add(
                channel,
                since.or(() -> cached),
                subscribe.interest(),
                reviewed,
                new Beginning(request, channel, cached));
        if (begins && newest.offset() == 0) {
            allowance.source().take(Quota.NEW_CHANNELS, System.nanoTime());
        }
    }

    /** Returns where the newest messages begin that the channel's options grant a new subscriber; empty if there are none. */
    private Optional<Position> beforeCached(String channel) throws UnavailableException {
        int count = channels.options(channel).cache();
        return count > 0 && permissions.allows(Authorizer.Action.HISTORY, channel)
                ? allowance.reading(() -> channels.beforeNewest(channel, count))
                : Optional.empty();
    }

    /** The answer to a subscription. */
    private final class Beginning implements Channels.Beginning {
        private final Request request;
        private final String channel;
        private final Optional<Position> cached; // before the newest messages, which follow if they are still there

        private Beginning(Request request, String channel, Optional<Position> cached) {
            this.request = request;
            this.channel = channel;
            this.cached = cached;
        }

        @Override
        public void begin(Event.Recovery recovery, Optional<ChannelInfo> info, Optional<ReadMark> read) {
            Event.Recovery told = cached.isEmpty()
                    ? recovery
                    : new Event.Recovery(
                            recovery.recovered().orElse(false) ? cached.get() : recovery.position(), Optional.empty());
            reply(request, new Event.Subscribed(channel, told, info, read));
        }

        @Override
        public ReadMark readMark(long end) throws UnavailableException {
            return countUnread(
                    channel, Math.min(end, cached.map(Position::offset).orElse(end)));
        }

        @Override
        public boolean isRecovery() {
            return cached.isEmpty();
        }
    }

    /** Waits for its turn as for a page of the history, for counting what is unread may take as long. */
    private ReadMark countUnread(String channel, long end) throws UnavailableException {
        return allowance.reading(() -> channels.broker().readMark(channel, identity.sender(), end));
    }

    /** Notes how far the client has read. That is stored, and counts for the bytes of a day. */
    private void read(Request request, Command.Read read) throws UnavailableException {
        String channel = read.channel();
        Optional<Channel.Membership> member = subscriptions.find(channel);
        long size = MessageSizes.sentBytes(channel, identity.client(), 0);
        if (member.isEmpty()) {
            replies.failNotSubscribed(request, channel);
        } else if (allowance.take(request, now -> allowance.source().store(size, now))) {
            boolean receipts = member.get().interest().receipts();
            Broker.Reader reader = new Broker.Reader(identity.id(), identity.sender(), receipts);
            allowance.whileReading(() -> reply(
                    request, new Event.Read(channel, channels.broker().markRead(channel, reader, read.offset()))));
        }
    }

    private void unsubscribe(Request request, String channel) {
        if (subscriptions.remove(channel)) {
            reply(request, new Event.Unsubscribed(List.of(channel)));
        } else {
            replies.failNotSubscribed(request, channel);
        }
    }

    private void publish(Request request, Command.Publish publish) throws UnavailableException {
        String channel = publish.channel();
        if (!isMember(request, channel)) {
            return;
        }
        Authorizer.Action action = Permissions.action(publish.attributes());
        Optional<Content> content =
                action == Authorizer.Action.DELETE ? Optional.empty() : Optional.of(publish.content());
        boolean moderates = action != Authorizer.Action.PUBLISH && permissions.mayModerate(channel, content);
        if (!moderates && !mayDo(request, action, channel, content)) {
            return;
        }
        Attributes attributes = identity.attributes(publish.attributes());
        Draft draft = new Draft(publish.content(), attributes, publish.key(), moderates);
        publisher.publish(request, channel, draft);
    }

    /** Returns whether the client has a right; an edit says something, and needs the right for that too. */
    private boolean mayDo(Request request, Authorizer.Action action, String channel, Optional<Content> content) {
        return permissions.mayDo(request, action, channel, content)
                && (action != Authorizer.Action.EDIT
                        || permissions.mayDo(request, Authorizer.Action.PUBLISH, channel, content));
    }

    private void signal(Request request, Command.Signal signal) throws UnavailableException {
        if (isMember(request, signal.channel())
                && permissions.mayDo(
                        request, Authorizer.Action.SIGNAL, signal.channel(), Optional.of(signal.content()))) {
            long bytes = MessageSizes.bytes(signal.content());
            Optional<String> flaw = channels.sizes()
                    .within(channels.options(signal.channel()).maxMessageBytes())
                    .flaw(signal.channel(), signal.content(), bytes);
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
            replies.failNotSubscribed(request, channel);
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

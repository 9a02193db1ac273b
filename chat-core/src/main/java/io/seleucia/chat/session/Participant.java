package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.RefusedException;
import io.seleucia.chat.message.Request;
import java.lang.System.Logger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * One client in the chat, for as long as its connection lives: what it is called, what it is subscribed to, and what
 * becomes of its commands. All of it runs in the inbound loop, but for what says that any thread may ask it.
 */
final class Participant {
    private static final Logger LOG = System.getLogger(Participant.class.getName());
    private static final int MAX_PAGE_CHARS = 128 * 1024;
    private static final int MESSAGE_OVERHEAD = 64;

    private final Session session;
    private final Standing standing;
    private final Channels channels;
    private final Bounds bounds;
    private volatile List<Channel.Member> subscriptions =
            List.of(); // copied to be changed: few, and much smaller than a map
    private volatile String client = ""; // written by the inbound loop
    private boolean connected; // whether it bears a name, under which it can be found
    private volatile String id = ""; // comes with the client id
    private Optional<Channel.Member> inbox = Optional.empty();

    Participant(Session session, Channels channels, Bounds bounds) {
        this.session = session;
        this.standing = new Standing(session);
        this.channels = channels;
        this.bounds = bounds;
    }

    /** Carries a request out, or answers why it can't be. */
    void execute(Request request) throws UnavailableException {
        if (!standing.mayAsk(request)) {
            return;
        }
        Optional<String> flaw = request.flaw();
        if (flaw.isPresent()) {
            fail(request, ErrorCode.BAD_REQUEST, flaw.get());
            return;
        }
        if (!identify(request)) {
            return;
        }
        switch (request.command()) {
            case Command.Connect connect -> connect(request, connect);
            case Command.Refresh refresh -> refresh(request, refresh);
            case Command.Subscribe subscribe -> subscribe(request, subscribe);
            case Command.Unsubscribe unsubscribe -> unsubscribe(request, unsubscribe.channel());
            case Command.UnsubscribeAll all -> reply(request, new Event.Unsubscribed(leaveAll()));
            case Command.Publish publish -> publish(request, publish);
            case Command.Direct direct -> direct(request, direct);
            case Command.Signal signal -> signal(request, signal);
            case Command.ListChannels list -> reply(request, new Event.Channels(subscribed()));
            case Command.History history -> history(request, history);
            case Command.Presence presence -> presence(request, presence.channel());
            case Command.Nickname nickname -> nickname(request, nickname.name());
            case Command.Own own ->
                own.action().get().ifPresent(failed -> fail(request, failed.code(), failed.message()));
            case Command.Skip skip -> {}
            case Command.Ping ping -> reply(request, new Event.Pong());
            case Command.Malformed malformed -> fail(request, malformed.code(), malformed.why());
        }
    }

    /** Leaves all channels, the inbox and the name. A step that fails is reported, and the others are taken. */
    void leave() {
        leaveAll();
        inbox.ifPresent(this::leave);
        if (connected) {
            Loop.attempt(LOG, "leaving an inbox", () -> channels.broker().leave(Names.inboxOf(client), client));
            channels.observer().named(session, client, "");
        }
    }

    /** Takes a member out. If the broker fails to note that, the session has left all the same. */
    private void leave(Channel.Member member) {
        Loop.attempt(LOG, "leaving a channel", () -> channels.leave(session, member));
    }

    /** The first client id that a request claims becomes the session's; if this claim does not agree, it fails. */
    private boolean identify(Request request) {
        if (request.client().isEmpty()) {
            return true;
        }
        String claim = request.client().get();
        if (client.isEmpty()) {
            if (!standing.mayBear(request, claim)) {
                return false;
            }
            become(claim);
        }
        if (!client.equals(claim)) {
            fail(request, ErrorCode.WRONG_CLIENT, "this connection has another client id");
            return false;
        }
        return true;
    }

    /** Is known by a name from now on. */
    void become(String name) {
        id = UUID.randomUUID().toString();
        client = name;
        try {
            session.name(name);
            channels.broker().join(Names.inboxOf(name), name);
            connected = true; // from here on the inbox is left again
        } finally {
            client = connected ? name : "";
        }
        channels.observer().named(session, "", name);
    }

    private void connect(Request request, Command.Connect connect) throws UnavailableException {
        boolean named = !client.isEmpty() && session.login().isEmpty();
        if (inbox.isPresent() || named) {
            fail(request, ErrorCode.BAD_REQUEST, "connect must come once, and before anything that needs a name");
        } else if (connect.credentials().isEmpty()
                || logIn(request, connect.credentials().get())) {
            connectAs(request, connect);
        }
    }

    private boolean logIn(Request request, Credentials credentials) {
        try {
            User user = session.logIn(credentials);
            if (client.isEmpty()) {
                become(user.name());
            }
            return true;
        } catch (LoginException e) {
            fail(request, e.code(), e.getMessage());
            return false;
        }
    }

    private void connectAs(Request request, Command.Connect connect) throws UnavailableException {
        if (!session.isIn()) {
            fail(request, ErrorCode.UNAUTHORIZED, "connect with user and password, or with a token");
        } else if (session.login().isPresent()) {
            if (!connect.client().orElse(client).equals(client)) {
                fail(request, ErrorCode.WRONG_CLIENT, "this connection has another client id");
            } else {
                openInbox(request, connect);
            }
        } else if (connect.client().isEmpty()) {
            fail(request, ErrorCode.BAD_REQUEST, "client is missing");
        } else if (standing.mayBear(request, connect.client().get())) {
            try {
                become(connect.client().get());
                openInbox(request, connect);
            } finally {
                if (inbox.isEmpty() && connected) {
                    channels.broker().leave(Names.inboxOf(client), client);
                    channels.observer().named(session, client, "");
                    connected = false;
                    client = "";
                }
            }
        }
    }

    private void openInbox(Request request, Command.Connect connect) throws UnavailableException {
        Channel.Member member = channels.join(
                session,
                Names.inboxOf(client),
                connect.inbox(),
                false,
                recovery -> reply(
                        request,
                        connected(recovery.recovered().isPresent() ? Optional.of(recovery) : Optional.empty())));
        boolean noted = false;
        try {
            inbox = Optional.of(member);
            noted = true;
        } finally {
            if (!noted) {
                leave(member);
            }
        }
    }

    private void refresh(Request request, Command.Refresh refresh) {
        if (session.login().flatMap(login -> login.user().expires()).isEmpty()) {
            fail(request, ErrorCode.UNAUTHORIZED, "this session was not logged in with a token");
        } else if (logIn(request, refresh.token())) {
            Instant expires = session.login().orElseThrow().user().expires().orElse(Instant.MAX);
            reply(request, new Event.Refreshed(Math.max(0, Instant.now().until(expires, ChronoUnit.SECONDS))));
        }
    }

    private Event.Connected connected(Optional<Event.Recovery> recovery) {
        return new Event.Connected(
                id,
                client,
                bounds.server(),
                Math.toIntExact(Math.max(1, bounds.ping().toSeconds())),
                bounds.messageBytes(),
                recovery);
    }

    private void nickname(Request request, String name) throws UnavailableException {
        if (!isCalled(name)) {
            if (!standing.mayBecome(name) || !channels.claim(name)) {
                fail(request, ErrorCode.FORBIDDEN, "Nickname already taken.");
                return;
            }
            rename(name);
        }
        reply(request, connected(Optional.empty()));
    }

    /** Takes a name that is noted for this session already, wherever the former one stood. */
    private void rename(String name) {
        Broker broker = channels.broker();
        String former = client();
        for (String channel : subscribed()) {
            broker.leave(channel, former);
            broker.join(channel, name);
        }
        if (connected) {
            broker.leave(Names.inboxOf(former), former);
        }
        channels.observer().named(session, connected ? former : "", name);
        connected = true;
        client = name;
        session.name(name);
    }

    private void subscribe(Request request, Command.Subscribe subscribe) throws UnavailableException {
        String channel = subscribe.channel();
        if (subscription(channel).isPresent()) {
            fail(request, ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel);
        } else if (subscriptions.size() == bounds.channels()) {
            fail(request, ErrorCode.TOO_MANY_CHANNELS, "at most " + bounds.channels() + " channels");
        } else if (standing.mayDo(request, Authorizer.Action.SUBSCRIBE, channel, Optional.empty())) {
            Channel.Member member = channels.join(
                    session,
                    channel,
                    subscribe.since(),
                    subscribe.presence(),
                    recovery -> reply(request, new Event.Subscribed(channel, recovery)));
            boolean noted = false;
            try {
                List<Channel.Member> more = new ArrayList<>(subscriptions);
                more.add(member);
                subscriptions = List.copyOf(more);
                noted = true;
            } finally {
                if (!noted) {
                    leave(member); // for lack of memory; it would never be found again
                }
            }
        }
    }

    private void unsubscribe(Request request, String channel) {
        Optional<Channel.Member> member = subscription(channel);
        if (member.isEmpty()) {
            fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel);
        } else {
            List<Channel.Member> rest = new ArrayList<>(subscriptions);
            rest.remove(member.get());
            subscriptions = List.copyOf(rest);
            leave(member.get());
            reply(request, new Event.Unsubscribed(List.of(channel)));
        }
    }

    private List<String> leaveAll() {
        List<String> left = subscribed();
        List<Channel.Member> former = subscriptions;
        subscriptions = List.of();
        former.forEach(this::leave);
        return left;
    }

    /** The channels, sorted. Asked by any thread. */
    List<String> subscribed() {
        return subscriptions.stream()
                .map(member -> member.channel().name())
                .sorted()
                .toList();
    }

    private Optional<Channel.Member> subscription(String channel) {
        for (Channel.Member member : subscriptions) {
            if (member.channel().name().equals(channel)) {
                return Optional.of(member);
            }
        }
        return Optional.empty();
    }

    /** Returns whether what is published in a channel is sent to this session. */
    private boolean reads(String channel) {
        return subscription(channel)
                .or(() -> inbox.filter(own -> own.channel().name().equals(channel)))
                .isPresent();
    }

    private void publish(Request request, Command.Publish publish) throws UnavailableException {
        if (isMember(request, publish.channel())
                && standing.mayDo(
                        request, Authorizer.Action.PUBLISH, publish.channel(), Optional.of(publish.content()))) {
            publish(request, publish.channel(), publish.content(), publish.key());
        }
    }

    private void direct(Request request, Command.Direct direct) throws UnavailableException {
        String to = Names.inboxOf(direct.to());
        if (!standing.knows(direct.to(), channels.broker())) {
            fail(request, ErrorCode.NO_SUCH_USER, "there is nobody called " + direct.to());
        } else if (standing.mayDo(request, Authorizer.Action.DIRECT, to, Optional.of(direct.content()))) {
            publish(request, to, direct.content(), direct.key());
        }
    }

    private void publish(Request request, String channel, Content said, String key) throws UnavailableException {
        try {
            Content content = channels.observer().publishing(session, channel, said);
            Optional<String> flaw = channels.sizes().flaw(channel, content);
            if (flaw.isPresent() && content != said) {
                throw new IllegalArgumentException(
                        "what a listener's publishing returned can't be published: " + flaw.get());
            }
            if (flaw.isPresent()) {
                fail(request, ErrorCode.TOO_LARGE, flaw.get());
                return;
            }
            PublishEvent event = new PublishEvent();
            event.begin();
            long began = System.nanoTime();
            Broker.Receipt receipt = session.publish(
                    channel,
                    client(),
                    reads(channel),
                    () -> channels.broker().publish(channel, client(), content, key));
            session.counters().published(System.nanoTime() - began);
            event.commit(session.name(), client(), channel, receipt);
            reply(request, new Event.Published(channel, receipt.position(), receipt.duplicate()));
        } catch (RefusedException e) {
            fail(request, ErrorCode.FORBIDDEN, e.getMessage());
        }
    }

    private void signal(Request request, Command.Signal signal) throws UnavailableException {
        if (isMember(request, signal.channel())
                && standing.mayDo(request, Authorizer.Action.SIGNAL, signal.channel(), Optional.of(signal.content()))) {
            Optional<String> flaw = channels.sizes().flaw(signal.channel(), signal.content());
            if (flaw.isPresent()) {
                fail(request, ErrorCode.TOO_LARGE, flaw.get());
                return;
            }
            channels.broker().signal(signal.channel(), new Broker.Signal(id, client(), signal.content()));
            reply(request, new Event.Signalled());
        }
    }

    private void history(Request request, Command.History history) throws UnavailableException {
        String channel = history.channel();
        if (Names.isInbox(channel) && !channel.equals(Names.inboxOf(client))) {
            fail(request, ErrorCode.FORBIDDEN, "another's inbox is nobody's business");
        } else if (Names.isInbox(channel)
                || isMember(request, channel)
                        && standing.mayDo(request, Authorizer.Action.HISTORY, channel, Optional.empty())) {
            Broker.Page page = history.forward()
                    ? channels.broker().historyAfter(channel, history.offset(), history.limit())
                    : channels.broker().historyBefore(channel, history.offset(), history.limit());
            List<Message> messages =
                    page.messages().stream().map(channels.sizes()::presentable).toList();
            reply(request, new Event.Page(channel, page.position(), fitting(messages, history.forward())));
        }
    }

    /** As many messages as fit into a reply, and one at least: the oldest or the newest. */
    private static List<Message> fitting(List<Message> messages, boolean forward) {
        List<Message> wanted = forward ? messages : messages.reversed();
        int count = 0;
        for (int chars = 0; count < wanted.size(); count++) {
            chars += MESSAGE_OVERHEAD + wanted.get(count).content().asText().length();
            if (chars > MAX_PAGE_CHARS && count > 0) {
                break;
            }
        }
        List<Message> fitting = wanted.subList(0, count);
        return forward ? fitting : fitting.reversed();
    }

    private void presence(Request request, String channel) throws UnavailableException {
        if (isMember(request, channel)
                && standing.mayDo(request, Authorizer.Action.PRESENCE, channel, Optional.empty())) {
            reply(request, new Event.Members(channel, channels.broker().members(channel)));
        }
    }

    /** Whether the session is subscribed; if not, the request fails. */
    private boolean isMember(Request request, String channel) {
        boolean member = subscription(channel).isPresent();
        if (!member) {
            fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel);
        }
        return member;
    }

    private void fail(Request request, ErrorCode code, String message) {
        session.fail(request, code, message);
    }

    private void reply(Request request, Event.Reply reply) {
        session.reply(request, reply);
    }

    /** What it is called; empty while it has no name. Asked by any thread. */
    String name() {
        return client;
    }

    /** Its random name, unlike any other member's. */
    String id() {
        return id;
    }

    /** Whether this is its client id. Asked by any thread. */
    boolean isCalled(String name) {
        return client.equals(name);
    }

    /** Its client id; for a client that never gave any, the session's own name. Asked by the inbound loop. */
    String client() {
        if (client.isEmpty()) {
            id = "guest-" + UUID.randomUUID();
            client = id;
        }
        return client;
    }
}

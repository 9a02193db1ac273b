package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Broadcast;
import io.seleucia.chat.concurrent.Gate;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.connection.ConnectionHandler;
import io.seleucia.chat.connection.ServedConnection;
import io.seleucia.chat.message.AdminCommand;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.Sender;
import io.seleucia.chat.protocol.Peer;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The server's side of one client: carries out its requests one after the other, and sends it pushes. While more has come
 * from the client, publishes need not wait for the broker's answer to those before them. The inbound loop runs all of it,
 * except for methods that any thread may call.
 */
public final class Session implements ConnectionHandler, LocalSession, Peer {
    private static final Logger LOG = System.getLogger(Session.class.getName());

    private final long since = System.currentTimeMillis();
    private final ServedConnection served;
    private final Protocol protocol;
    private final Replies replies;
    private final Allowance allowance;
    private final SessionContext context;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final Subscriptions subscriptions;
    private final CommandHandler commands;
    private final Optional<EchoFilter> echoes; // present if the client is not sent its own messages

    /**
     * Creates a session, to be served by {@link ServedConnection#run}.
     *
     * @param parameters from the query of the handshake
     * @param login from the handshake, if it came with one
     */
    public Session(
            ServedConnection served,
            Protocol protocol,
            Map<String, String> parameters,
            Optional<Login> login,
            SessionContext context) {
        this.served = served;
        this.context = context;
        this.protocol = protocol.open(this, parameters);
        this.replies = new Replies(served, this.protocol, this::unavailable);
        this.allowance = new Allowance(served, replies, context.sources(), context.limits());
        this.identity = new ClientIdentity(this, context, login);
        this.permissions = new Permissions(identity, context.rights(), replies);
        this.subscriptions = new Subscriptions(this, permissions, context.channels());
        this.echoes = this.protocol.echoes()
                ? Optional.empty()
                : Optional.of(new EchoFilter(
                        served::offer,
                        () -> served.end(CloseCode.SLOW_CONSUMER, true),
                        context.connections().limits().queueBytes(),
                        context.memory(),
                        EchoFilter.PATIENCE));
        this.commands = new CommandHandler(this, identity, permissions, subscriptions, context, echoes);
    }

    @Override
    public void began() {
        allowance.enter(identity.login());
        context.observer().connected(this);
        identity.begin();
        for (Request opening : protocol.initialRequests(served.connection().peer())) {
            replies.begin();
            perform(opening.normal());
        }
    }

    @Override
    public void received(Payload message) {
        allowance.received(message);
        if (message.bytes().length > Allowance.LARGE) {
            replies.settle(); // it may have to wait for its turn
        }
        if (protocol.accepts(message)) {
            serve(allowance.inTurn(
                    message.bytes().length, () -> protocol.decode(message).normal()));
        } else {
            replies.settle(); // after the end, no reply is sent
            served.end(CloseCode.UNSUPPORTED_DATA, false);
        }
        allowance.received(null);
    }

    @Override
    public void caughtUp() {
        replies.settle();
    }

    private void serve(Request request) {
        replies.begin();
        if (allowance.takeRequest(request)) {
            perform(request);
        }
    }

    private void perform(Request request) {
        try {
            if (!(request.command() instanceof Command.Publish)) {
                replies.settle(); // all else acts after the publishes before it
            }
            long began = System.nanoTime();
            while (!apply(request, System.nanoTime() - began > Allowance.PATIENCE_NANOS)) {
                Allowance.pause();
            }
        } catch (Throwable e) {
            Loop.report(LOG, this + ": a request", e);
            replies.fail(request, ErrorCode.INTERNAL, "internal error");
        }
        echoes.ifPresent(EchoFilter::settle);
    }

    /**
     * Carries out a request, or answers that this failed. Returns false if it is to be retried, because the broker is
     * unavailable, the client can't be told, and it is not the last try.
     */
    private boolean apply(Request request, boolean last) {
        try {
            commands.apply(request);
        } catch (UnavailableException e) {
            Event.Failed failed = unavailable(e);
            if (!last && replies.mayRetry(request, failed)) {
                return false;
            }
            replies.reply(request, failed);
        } catch (ClosedBrokerException e) {
            LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage()); // the server is shutting down
            replies.fail(request, ErrorCode.UNAVAILABLE, "unavailable: the server is shutting down");
        }
        return true;
    }

    private Event.Failed unavailable(UnavailableException why) {
        // The broker itself logs that it is unavailable, once and not for every request.
        LOG.log(Level.DEBUG, () -> this + ": " + why.getMessage());
        return new Event.Failed(
                ErrorCode.UNAVAILABLE,
                context.memory().isTight()
                        ? "unavailable: the server is short of memory, try again later"
                        : "unavailable: the broker can't be reached, try again later");
    }

    @Override
    public void check() {
        Optional<Login> login = identity.login();
        boolean over = login.isPresent()
                ? context.logins().isOver(login.get())
                : context.logins().isOverdue(since) || identity.bearsNameOfAccount();
        if (over) {
            served.end(CloseCode.UNAUTHORIZED, true);
        }
        endIfBanned(); // it connected while the ban became known
        allowance.checkQueue();
    }

    @Override
    public void apply(AdminCommand command) {
        switch (command) {
            case AdminCommand.Disconnect disconnect -> {
                if (disconnect.name().equals(client()) && identity.namedAt() <= disconnect.until()) {
                    served.end(CloseCode.DISCONNECTED, true);
                }
            }
            case AdminCommand.Revoke revoke -> {
                if (identity.login()
                        .filter(held -> Revocations.covers(revoke, held))
                        .isPresent()) {
                    served.end(CloseCode.UNAUTHORIZED, true);
                }
            }
            case AdminCommand.BansChanged changed -> endIfBanned();
        }
    }

    private void endIfBanned() {
        Optional<Login> held = identity.login();
        Bans bans = context.logins().bans();
        if (bans.isEmpty()) {
            return; // the usual case, checked for each session in each round of the watchdog
        }
        if (bans.ofPeer(address()).isPresent()
                || held.flatMap(user -> bans.ofAccount(user.user().name())).isPresent()
                || held.isEmpty() && identity.isBannedGuest()) {
            served.end(CloseCode.DISCONNECTED, true);
        }
    }

    @Override
    public void ended() {
        Loop.attempt(LOG, "the last replies of a session", replies::settle);
        try {
            protocol.ended();
        } finally {
            subscriptions.removeAll();
            identity.leave();
            allowance.leave();
            context.observer().disconnected(this, served.closeCode());
        }
    }

    @Override
    public Optional<Frame> farewell(CloseCode code) {
        return protocol.encode(new Event.Goodbye(code)).map(served.connection().framing()::frame);
    }

    @Override
    public void left(String channel) {
        if (!Names.isInbox(channel)) {
            allowance.giveSubscriptionBack();
        }
        String shown = Names.shown(channel);
        echoes.ifPresent(own -> own.left(shown));
    }

    @Override
    public Replies replies() {
        return replies;
    }

    @Override
    public Allowance allowance() {
        return allowance;
    }

    @Override
    public ServedConnection served() {
        return served;
    }

    @Override
    public long since() {
        return since;
    }

    @Override
    public String protocol() {
        return Broadcast.name(protocol);
    }

    @Override
    public String client() {
        return identity.name();
    }

    @Override
    public List<String> subscribed() {
        return subscriptions.names();
    }

    @Override
    public boolean isSubscribed(String channel) {
        return subscriptions.contains(channel);
    }

    /** {@inheritDoc} Any thread, also while the inbound loop is busy. */
    @Override
    public void review() {
        if (!served.hasEnded()) {
            subscriptions.review();
            protocol.rightsChanged();
        }
    }

    @Override
    public boolean replay(int length, Supplier<Event.Push> push, Gate gate) {
        Optional<Frame> frame = allowance.inTurn(
                length,
                () -> protocol.encode(push.get()).map(served.connection().framing()::frame));
        return frame.isEmpty() || served.put(frame.get(), gate);
    }

    @Override
    public boolean mayReceive(String channel) {
        return permissions.allows(Authorizer.Action.SUBSCRIBE, channel);
    }

    @Override
    public boolean maySend(String channel, Content content) {
        return permissions.allows(Authorizer.Action.PUBLISH, channel, Optional.of(content))
                && permissions.allows(Authorizer.Action.SIGNAL, channel, Optional.of(content));
    }

    @Override
    public String address() {
        return served.connection().peer();
    }

    @Override
    public void send(Event.Push push) {
        send(new Broadcast(push));
    }

    @Override
    public void send(Event.Push push, Collection<? extends Peer> peers) {
        Broadcast broadcast = new Broadcast(push);
        for (Peer peer : peers) {
            ((Session) peer).send(broadcast); // a server has no other peers
        }
    }

    /**
     * {@inheritDoc} Never throws: a session that can't be sent a push ends, so that it misses nothing in silence, and the next
     * members are sent the push.
     */
    @Override
    public void send(Broadcast broadcast) {
        try {
            offer(broadcast);
        } catch (Throwable e) {
            served.end(CloseCode.INTERNAL_ERROR, true);
            Loop.report(LOG, "sending a push to a session", e);
        }
    }

    private void offer(Broadcast broadcast) {
        Broadcast.Variant variant =
                broadcast.variantFor(protocol, served.connection().framing());
        if (variant.failed()) {
            served.end(CloseCode.INTERNAL_ERROR, true);
        }
        Optional<Frame> frame = variant.frame();
        if (echoes.isPresent()) {
            echoes.get().offer(broadcast.push(), frame);
        } else if (frame.isPresent()) {
            served.offer(frame.get());
        }
    }

    @Override
    public Sender sender() {
        return identity.sender();
    }

    @Override
    public String id() {
        return identity.id();
    }

    @Override
    public boolean countsAsMember() {
        return protocol.countsAsMember();
    }

    @Override
    public boolean isCalled(String name) {
        return identity.isCalled(name);
    }

    @Override
    public void end(CloseCode code) {
        served.end(code, true);
    }

    @Override
    public void sendIfIdle(Broadcast broadcast) {
        if (!served.isBusy()) {
            send(broadcast);
        }
    }

    @Override
    public String toString() {
        return served.toString();
    }
}

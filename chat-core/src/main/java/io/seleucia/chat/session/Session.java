package io.seleucia.chat.session;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.ClosedBrokerException;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Peer;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The server's side of one client's connection: takes requests no faster than allowed, has its {@link Participant} carry
 * them out one after the other, and sends replies and pushes. Everything here runs in the inbound loop, but for the
 * sending of pushes.
 */
public final class Session implements Loops.Receiver, Peer {
    private static final Logger LOG = System.getLogger(Session.class.getName());
    private static final long PATIENCE_NANOS = 10_000_000_000L; // with a broker, where failures have no words
    private static final long PAUSE_NANOS = 200_000_000L;

    private final long since;
    private volatile long named; // when it got the name that it bears, like since
    private final Loops loops;
    private final Logins logins;
    private volatile Optional<Login> login; // written by the inbound loop
    private final Protocol protocol;
    private final Observer observer;
    private final RateLimiter rate;
    private final Participant participant;
    private final Optional<Echoes> echoes; // present if the client is not sent its own messages
    private boolean replied; // to the request that came last; the inbound loop's own

    /**
     * A session that is to be served: {@link Loops#run}.
     *
     * @param parameters what stood in the query of the handshake
     * @param login what the handshake came with
     */
    public Session(
            Loops loops,
            Protocol protocol,
            Map<String, String> parameters,
            Optional<Login> login,
            Logins logins,
            Channels channels,
            Bounds bounds) {
        this.since = System.currentTimeMillis();
        this.named = since;
        this.loops = loops;
        this.login = login;
        this.logins = logins;
        this.protocol = protocol.open(this, parameters);
        this.observer = channels.observer();
        this.rate = new RateLimiter(bounds.messagesPerSecond(), bounds.burst(), System.nanoTime());
        this.participant = new Participant(this, channels, bounds);
        this.echoes = this.protocol.echoes()
                ? Optional.empty()
                : Optional.of(
                        new Echoes(loops::offer, () -> loops.end(CloseCode.SLOW_CONSUMER, true), bounds.queueBytes()));
    }

    @Override
    public void began() {
        observer.connected(this);
        login.ifPresent(come -> participant.become(come.user().name()));
        for (Request opening : protocol.opening(loops.connection().peer())) {
            replied = false;
            perform(opening);
        }
    }

    @Override
    public void received(Payload message) {
        if (protocol.takes(message)) {
            serve(protocol.decode(message));
        } else {
            loops.end(CloseCode.UNSUPPORTED_DATA, false);
        }
    }

    @Override
    public void check() {
        Optional<Login> now = login;
        if (now.isPresent() ? logins.isOver(now.get()) : logins.isOverdue(since)) {
            loops.end(CloseCode.UNAUTHORIZED, true);
        }
    }

    @Override
    public void heed(Order order) {
        switch (order) {
            case Order.Disconnect disconnect -> {
                if (order.name().equals(client()) && named <= order.until()) {
                    loops.end(CloseCode.DISCONNECTED, true);
                }
            }
            case Order.Revoke revoke -> {
                if (login.filter(held -> Revocations.covers(revoke, held)).isPresent()) {
                    loops.end(CloseCode.UNAUTHORIZED, true);
                }
            }
        }
    }

    @Override
    public void ended() {
        try {
            protocol.ended();
        } finally {
            participant.leave();
            observer.disconnected(this, loops.closeCode());
        }
    }

    @Override
    public Optional<Frame> farewell(CloseCode code) {
        return protocol.encode(new Event.Goodbye(code)).map(loops.connection().framing()::frame);
    }

    private void serve(Request request) {
        replied = false;
        boolean allowed = rate.allows(System.nanoTime());
        while (!allowed && !protocol.answersAll()) {
            LockSupport.parkNanos(rate.nanosUntilNext());
            allowed = rate.allows(System.nanoTime());
        }
        if (allowed) {
            perform(request);
            return;
        }
        loops.counters().add(Counters.Count.RATE_LIMITED);
        fail(request, ErrorCode.RATE_LIMITED, "too many requests, slow down");
        if (rate.exhausted()) {
            loops.end(CloseCode.RATE_LIMITED, false);
        }
    }

    private void perform(Request request) {
        try {
            long began = System.nanoTime();
            while (!carryOut(request, System.nanoTime() - began > PATIENCE_NANOS)) {
                pause();
            }
        } catch (Throwable e) {
            Loop.report(LOG, this + ": a request", e);
            fail(request, ErrorCode.INTERNAL, "internal error");
        }
        echoes.ifPresent(Echoes::settle);
    }

    private static void pause() {
        Thread.interrupted(); // it ended the attempt before, and would end the pause
        try {
            TimeUnit.NANOSECONDS.sleep(PAUSE_NANOS);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "interrupted before a request was tried again");
        }
    }

    /**
     * Has a request carried out, or answers that it could not be.
     *
     * @param last whether it is not tried again
     * @return false, if it should be, because the broker is out of reach and the client could not be told
     */
    private boolean carryOut(Request request, boolean last) {
        try {
            participant.execute(request);
        } catch (UnavailableException e) {
            // The broker itself logs that it is out of reach, once and not for every request.
            LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage());
            Event.Failed failed = new Event.Failed(
                    ErrorCode.UNAVAILABLE, "unavailable: the broker can't be reached, try again later");
            if (!last && !replied && !loops.hasEnded() && isUntold(request, failed)) {
                return false;
            }
            reply(request, failed);
        } catch (ClosedBrokerException e) {
            LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage()); // a request at the very end of the server
            fail(request, ErrorCode.UNAVAILABLE, "unavailable: the server is shutting down");
        }
        return true;
    }

    void fail(Request request, ErrorCode code, String message) {
        reply(request, new Event.Failed(code, message));
    }

    /**
     * Replies stand in line with messages: what a client reads tells it in which order things happened, and a protocol
     * without request ids can tell which reply is whose. There is one to a request: when it fails after that, as a
     * subscription may whose history can't be read to its end, the client holds for done what is not, and only the end of
     * the connection tells it.
     */
    void reply(Request request, Event.Reply reply) {
        if (reply instanceof Event.Failed failed && (replied || isUntold(request, failed))) {
            loops.end(failed.code().closeCode(), false, failed.message());
            return;
        }
        replied = true;
        protocol.encode(request, reply)
                .ifPresent(payload -> loops.offer(loops.connection().framing().frame(payload)));
    }

    /** Whether the protocol has no words for a failure, and should have. */
    private boolean isUntold(Request request, Event.Failed failed) {
        return !protocol.answersAll() && protocol.encode(request, failed).isEmpty();
    }

    /** Whether it may ask for anything but a login. */
    boolean isIn() {
        return login.isPresent() || logins.guests();
    }

    Optional<Login> login() {
        return login;
    }

    Logins logins() {
        return logins;
    }

    /**
     * Logs in, or stays logged in with other credentials. Blocks.
     *
     * @return the user
     * @throws LoginException if it does not come about; then it is as before
     */
    User logIn(Credentials credentials) throws LoginException {
        Login found = logins.login(credentials, address());
        String name = found.user().name();
        if (login.isPresent() && !login.get().user().name().equals(name)) {
            throw new LoginException(ErrorCode.WRONG_CLIENT, "this connection has another client id");
        }
        login = Optional.of(found); // what was revoked meanwhile is found by the next check
        return found.user();
    }

    /**
     * Has something published; a client that is not sent its own messages can tell by this which ones they are.
     *
     * @param member whether this session is a member of the channel, so that its message comes back to it
     */
    Broker.Receipt publish(String channel, String sender, boolean member, Echoes.Publication publication)
            throws UnavailableException {
        return echoes.isPresent() && member
                ? echoes.get().publish(channel, sender, publication)
                : publication.execute();
    }

    /** Notes that nothing of a channel comes any more. */
    void left(String channel) {
        echoes.ifPresent(own -> own.left(channel));
    }

    /** What it is called in logs. */
    String name() {
        return loops.connection().name();
    }

    /** Names its threads, for whoever reads a thread dump. */
    void name(String client) {
        named = System.currentTimeMillis();
        loops.name(client);
    }

    /** What is told what happens. */
    Counters counters() {
        return loops.counters();
    }

    /** Who it is in the chat. */
    Participant participant() {
        return participant;
    }

    /** What it runs on. */
    public Loops loops() {
        return loops;
    }

    /** When it began, in milliseconds since 1970-01-01T00:00Z. */
    public long since() {
        return since;
    }

    /** The name of the protocol that it speaks. */
    public String protocol() {
        return Broadcast.name(protocol);
    }

    /** What its client is called; empty while it has no name. Asked by any thread. */
    public String client() {
        return participant.name();
    }

    /** The channels that it is subscribed to, sorted. Asked by any thread. */
    public List<String> subscribed() {
        return participant.subscribed();
    }

    /** Sends a push to this client alone, waiting for room. Called by the inbound loop. */
    void replay(Event.Push push) {
        protocol.encode(push).map(loops.connection().framing()::frame).ifPresent(loops::put);
    }

    @Override
    public String address() {
        return loops.connection().peer();
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
     * Queues a push for this client. Called by any thread; does not block, and never throws: a session that can't be sent
     * a push ends, for it must not miss one in silence, and those who are sent the same after it must not miss it at all.
     */
    void send(Broadcast broadcast) {
        try {
            offer(broadcast);
        } catch (Throwable e) {
            loops.end(CloseCode.INTERNAL_ERROR, true);
            Loop.report(LOG, "sending a push to a session", e);
        }
    }

    private void offer(Broadcast broadcast) {
        Optional<Frame> frame = frameOf(broadcast);
        if (echoes.isPresent()) {
            echoes.get().offer(broadcast.push(), frame);
        } else if (frame.isPresent()) {
            loops.offer(frame.get());
        }
    }

    /** Queues a push that can be done without, unless much waits already. Called by any thread; does not block. */
    void sendIfIdle(Broadcast broadcast) {
        if (!loops.isBusy()) {
            send(broadcast);
        }
    }

    private Optional<Frame> frameOf(Broadcast broadcast) {
        Broadcast.Variant variant =
                broadcast.variantFor(protocol, loops.connection().framing());
        if (variant.failed()) {
            loops.end(CloseCode.INTERNAL_ERROR, true);
        }
        return variant.frame();
    }

    @Override
    public String toString() {
        return loops.toString();
    }
}

package io.seleucia.chat.session;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Connection;
import io.seleucia.chat.transport.ConnectionClosedException;
import io.seleucia.chat.transport.Frame;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The server's side of one client: an inbound loop that reads, decodes and executes one request after the other, and an
 * outbound loop that writes what waits in the queue. Each has a virtual thread, and nothing else touches the
 * connection, but for {@link Connection#abort}, by which the watchdog or the outbound loop ends a read or write that
 * will never end by itself.
 *
 * <p>A session ends once, for the reason that comes first, through {@link #end}: the queue closes, the outbound loop
 * writes the last frame, the inbound loop sees the peer's answer, or its silence, and gives everything back.
 */
public final class Session implements Runnable, Watchdog.Watched {
    private static final Logger LOG = System.getLogger(Session.class.getName());

    /** How long a peer may take to close after it has been sent the last frame; less where pings expect less. */
    private static final Duration LONGEST_LINGER = Duration.ofSeconds(5);

    private final Connection connection;
    private final Protocol protocol;
    private final Channels channels;
    private final Bounds bounds;
    private final OutboundQueue outbound;

    // The inbound loop's own.
    private final RateLimiter rate;
    private final TreeMap<String, Channel.Member> subscriptions = new TreeMap<>();
    private String client = "";

    // Written once, read by the loops and the watchdog.
    private final AtomicReference<CloseCode> ended = new AtomicReference<>();
    private volatile long closedAt; // when the last frame was written, as System.nanoTime, or 0
    private Thread outboundThread;

    private long pingedAt; // the watchdog's own; not after heardAt unless an answer is awaited

    /** A session on a connection whose handshake is done, to be run by the thread that will be its inbound loop. */
    public Session(Connection connection, Protocol protocol, Channels channels, Bounds bounds) {
        this.connection = connection;
        this.protocol = protocol.open();
        this.channels = channels;
        this.bounds = bounds;
        this.outbound = new OutboundQueue(bounds.queueBytes());
        this.pingedAt = connection.heardAt();
        this.rate = new RateLimiter(bounds.messagesPerSecond(), bounds.burst(), System.nanoTime());
    }

    /** Serves the client until the session has ended and nothing of it is left. */
    @Override
    public void run() {
        outboundThread =
                Thread.ofVirtual().name(connection.name() + "-outbound").unstarted(this::outboundLoop);
        Thread.currentThread().setName(connection.name() + "-inbound");
        outboundThread.start();
        try {
            inboundLoop();
            leaveAll();
            outboundThread.join(); // it ends: the queue is closed, and the watchdog aborts a write that stalls
            connection.finish();
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, () -> this + " was interrupted");
        } finally {
            connection.abort();
        }
        LOG.log(Level.DEBUG, () -> this + " ended: " + ended.get());
    }

    private void inboundLoop() {
        try {
            while (true) {
                Payload message = connection.read(this::offer);
                if (ended.get() != null) {
                    continue; // nothing is processed after a close; the peer's own is what we wait for
                }
                if (protocol.takes(message)) {
                    serve(protocol.decode(message));
                } else {
                    end(CloseCode.UNSUPPORTED_DATA, false);
                }
            }
        } catch (ConnectionClosedException e) {
            LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage());
            end(e.code(), false);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> this + " is gone: " + e.getMessage());
            end(CloseCode.NORMAL, true);
            connection.abort();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, this + " failed", e);
            end(CloseCode.INTERNAL_ERROR, true);
        }
    }

    private void outboundLoop() {
        try {
            while (!outbound.finished()) {
                connection.write(outbound.take(), outbound); // one flush for all that was waiting
            }
            closedAt = System.nanoTime() | 1;
        } catch (IOException | InterruptedException e) {
            LOG.log(Level.DEBUG, () -> this + " can't be written to: " + e.getMessage());
            end(CloseCode.NORMAL, true);
            connection.abort(); // releases the inbound loop
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, this + " failed", e);
            end(CloseCode.INTERNAL_ERROR, true);
            connection.abort();
        }
    }

    private void serve(Request request) {
        if (rate.allows(System.nanoTime())) {
            try {
                execute(request);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, this + ": a request failed", e);
                fail(request, ErrorCode.INTERNAL, "internal error");
            }
            return;
        }
        fail(request, ErrorCode.RATE_LIMITED, "too many requests, slow down");
        if (rate.exhausted()) {
            end(CloseCode.RATE_LIMITED, false);
        }
    }

    private void execute(Request request) {
        Optional<String> flaw = flaw(request);
        if (flaw.isPresent()) {
            fail(request, ErrorCode.BAD_REQUEST, flaw.get());
            return;
        }
        if (!identify(request.client())) {
            fail(request, ErrorCode.WRONG_CLIENT, "this connection has another client id");
            return;
        }
        switch (request.command()) {
            case Command.Subscribe subscribe -> subscribe(request, subscribe.channel());
            case Command.Unsubscribe unsubscribe -> unsubscribe(request, unsubscribe.channel());
            case Command.UnsubscribeAll all -> reply(request, new Event.Unsubscribed(leaveAll()));
            case Command.Publish publish -> publish(request, publish);
            case Command.ListChannels list -> reply(request, new Event.Channels(List.copyOf(subscriptions.keySet())));
            case Command.Malformed malformed -> fail(request, ErrorCode.BAD_REQUEST, malformed.why());
        }
    }

    /** What is wrong with the names in a request, if anything. */
    private static Optional<String> flaw(Request request) {
        Optional<String> flaw = request.client().flatMap(Names::flawOfClient);
        return flaw.isPresent()
                ? flaw
                : switch (request.command()) {
                    case Command.Subscribe subscribe -> Names.flawOfChannel(subscribe.channel());
                    case Command.Unsubscribe unsubscribe -> Names.flawOfChannel(unsubscribe.channel());
                    case Command.Publish publish -> Names.flawOfChannel(publish.channel());
                    case Command.UnsubscribeAll all -> Optional.empty();
                    case Command.ListChannels list -> Optional.empty();
                    case Command.Malformed malformed -> Optional.empty();
                };
    }

    /** The first client id that a request claims becomes the session's; whether this claim agrees with it. */
    private boolean identify(Optional<String> claim) {
        if (claim.isEmpty()) {
            return true;
        }
        if (client.isEmpty()) {
            client = claim.get();
            Thread.currentThread().setName(connection.name() + "-inbound user=" + client);
            outboundThread.setName(connection.name() + "-outbound user=" + client);
        }
        return client.equals(claim.get());
    }

    private void subscribe(Request request, String channel) {
        if (subscriptions.containsKey(channel)) {
            fail(request, ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel);
        } else if (subscriptions.size() == bounds.channels()) {
            fail(request, ErrorCode.TOO_MANY_CHANNELS, "at most " + bounds.channels() + " channels");
        } else {
            try {
                subscriptions.put(
                        channel,
                        channels.join(
                                this, channel, position -> reply(request, new Event.Subscribed(channel, position))));
            } catch (UnavailableException e) {
                unavailable(request, e);
            }
        }
    }

    private void unsubscribe(Request request, String channel) {
        Channel.Member member = subscriptions.remove(channel);
        if (member == null) {
            fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + channel);
        } else {
            channels.leave(this, member);
            reply(request, new Event.Unsubscribed(List.of(channel)));
        }
    }

    private List<String> leaveAll() {
        List<String> left = List.copyOf(subscriptions.keySet());
        for (Channel.Member member : subscriptions.values()) {
            channels.leave(this, member);
        }
        subscriptions.clear();
        return left;
    }

    private void publish(Request request, Command.Publish publish) {
        if (!subscriptions.containsKey(publish.channel())) {
            fail(request, ErrorCode.NOT_SUBSCRIBED, "not subscribed to " + publish.channel());
            return;
        }
        try {
            var receipt = channels.publish(publish.channel(), client(), publish.content());
            reply(request, new Event.Published(publish.channel(), receipt.position(), receipt.duplicate()));
        } catch (UnavailableException e) {
            unavailable(request, e);
        }
    }

    /** The broker itself logs that it is out of reach, once and not for every request. */
    private void unavailable(Request request, UnavailableException e) {
        LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage());
        fail(request, ErrorCode.UNAVAILABLE, "unavailable: the broker can't be reached, try again later");
    }

    private void fail(Request request, ErrorCode code, String message) {
        reply(request, new Event.Failed(code, message));
    }

    /**
     * Replies stand in line with messages: what a client reads tells it in which order things happened, and a protocol
     * without request ids can tell which reply is whose.
     */
    private void reply(Request request, Event.Reply reply) {
        protocol.encode(request, reply)
                .ifPresent(payload -> offer(connection.framing().frame(payload)));
    }

    /** Queues a push for this client. Called by any thread; does not block. */
    void send(Broadcast broadcast) {
        Broadcast.Variant variant = broadcast.variantFor(protocol, connection.framing());
        if (variant.failed()) {
            end(CloseCode.INTERNAL_ERROR, true);
        } else if (variant.frame().isPresent()) {
            offer(variant.frame().get());
        }
    }

    private void offer(Frame frame) {
        if (!outbound.offer(frame)) {
            end(CloseCode.SLOW_CONSUMER, true); // without effect if the queue refused because the session has ended
        }
    }

    /**
     * Ends the session; only the first call has an effect. Called by any thread; does not block.
     *
     * @param discard whether the close goes ahead of what waits in the queue
     */
    public void end(CloseCode code, boolean discard) {
        if (ended.compareAndSet(null, code)) {
            if (code.code() >= 4000) {
                LOG.log(Level.INFO, () -> this + " is closed: " + code.code() + " " + code.reason());
            }
            outbound.close(connection.closeFrame(code), discard);
        }
    }

    /** Ends the session without a word, when waiting for an orderly end has taken too long. */
    public void abort() {
        end(CloseCode.NORMAL, true);
        connection.abort();
    }

    @Override
    public void check(long now) {
        if (past(now, connection.writingSince(), bounds.write())) {
            end(CloseCode.TIMED_OUT, true);
            connection.abort();
        } else if (ended.get() != null) {
            Duration linger = bounds.pong().compareTo(LONGEST_LINGER) < 0 ? bounds.pong() : LONGEST_LINGER;
            if (past(now, closedAt, linger)) {
                connection.abort();
            }
        } else if (past(now, connection.readingSince(), bounds.frame())) {
            end(CloseCode.TIMED_OUT, true);
        } else {
            long heardAt = connection.heardAt();
            if (pingedAt - heardAt > 0) {
                if (past(now, pingedAt, bounds.pong())) {
                    end(CloseCode.TIMED_OUT, true);
                }
            } else if (past(now, heardAt, bounds.ping())) {
                pingedAt = now;
                offer(connection.ping());
            }
        }
    }

    private static boolean past(long now, long since, Duration limit) {
        return since != 0 && now - since > limit.toNanos();
    }

    /** Its client id; a random one for a client that never gave any. Asked by the inbound loop. */
    String client() {
        if (client.isEmpty()) {
            client = "guest-" + UUID.randomUUID();
        }
        return client;
    }

    @Override
    public String toString() {
        return connection.name() + " " + connection.peer();
    }
}

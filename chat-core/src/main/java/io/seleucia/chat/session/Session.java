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
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The server's side of one client: what it is called, what it is subscribed to, and what becomes of its requests, which
 * the inbound loop executes one after the other. Everything here runs in that loop, but for {@link #send}.
 */
public final class Session implements Loops.Receiver {
    private static final Logger LOG = System.getLogger(Session.class.getName());

    private final Loops loops;
    private final Protocol protocol;
    private final Channels channels;
    private final int maxChannels;
    private final RateLimiter rate;
    private final TreeMap<String, Channel.Member> subscriptions = new TreeMap<>();
    private String client = "";

    private Session(Loops loops, Protocol protocol, Channels channels, Bounds bounds) {
        this.loops = loops;
        this.protocol = protocol.open();
        this.channels = channels;
        this.maxChannels = bounds.channels();
        this.rate = new RateLimiter(bounds.messagesPerSecond(), bounds.burst(), System.nanoTime());
    }

    /** Serves a client, in the calling thread, until its connection has ended. */
    public static void serve(Loops loops, Protocol protocol, Channels channels, Bounds bounds) {
        loops.run(new Session(loops, protocol, channels, bounds));
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
    public void ended() {
        leaveAll();
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
            loops.end(CloseCode.RATE_LIMITED, false);
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
            loops.name(client);
        }
        return client.equals(claim.get());
    }

    private void subscribe(Request request, String channel) {
        if (subscriptions.containsKey(channel)) {
            fail(request, ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel);
        } else if (subscriptions.size() == maxChannels) {
            fail(request, ErrorCode.TOO_MANY_CHANNELS, "at most " + maxChannels + " channels");
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
                .ifPresent(payload -> loops.offer(loops.connection().framing().frame(payload)));
    }

    /** Queues a push for this client. Called by any thread; does not block. */
    void send(Broadcast broadcast) {
        Broadcast.Variant variant =
                broadcast.variantFor(protocol, loops.connection().framing());
        if (variant.failed()) {
            loops.end(CloseCode.INTERNAL_ERROR, true);
        } else if (variant.frame().isPresent()) {
            loops.offer(variant.frame().get());
        }
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
        return loops.toString();
    }
}

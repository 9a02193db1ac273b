package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Peer;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.transport.Frame;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * The server's side of one client: what it is called, what it is subscribed to, and what becomes of its requests, which
 * the inbound loop executes one after the other. Everything here runs in that loop, but for the sending of pushes.
 */
public final class Session implements Loops.Receiver, Peer {
    private static final Logger LOG = System.getLogger(Session.class.getName());
    private static final int MAX_PAGE_CHARS = 128 * 1024;
    private static final int MESSAGE_OVERHEAD = 64;
    private static final long PATIENCE_NANOS = 10_000_000_000L; // with a broker, where failures have no words
    private static final long PAUSE_NANOS = 200_000_000L;

    private final Loops loops;
    private final Protocol protocol;
    private final Channels channels;
    private final Bounds bounds;
    private final RateLimiter rate;
    private final Optional<Echoes> echoes; // present if the client is not sent its own messages
    private List<Channel.Member> subscriptions = List.of(); // copied to be changed: few, and much smaller than a map
    private volatile String client = ""; // written by the inbound loop
    private boolean connected; // whether it bears a name, under which it can be found
    private volatile String id = ""; // comes with the client id
    private Optional<Channel.Member> inbox = Optional.empty();

    /**
     * A session that is to be served: {@link Loops#run}.
     *
     * @param parameters what stood in the query of the handshake
     */
    public Session(Loops loops, Protocol protocol, Map<String, String> parameters, Channels channels, Bounds bounds) {
        this.loops = loops;
        this.protocol = protocol.open(this, parameters);
        this.channels = channels;
        this.bounds = bounds;
        this.rate = new RateLimiter(bounds.messagesPerSecond(), bounds.burst(), System.nanoTime());
        this.echoes = this.protocol.echoes()
                ? Optional.empty()
                : Optional.of(
                        new Echoes(loops::offer, () -> loops.end(CloseCode.SLOW_CONSUMER, true), bounds.queueBytes()));
    }

    @Override
    public void began() {
        protocol.opening(loops.connection().peer()).forEach(this::perform);
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
        try {
            protocol.ended();
        } finally {
            leaveAll();
            inbox.ifPresent(member -> channels.leave(this, member));
            if (connected) {
                channels.broker().leave(Names.inboxOf(client), client);
            }
        }
    }

    @Override
    public Optional<Frame> farewell(CloseCode code) {
        return protocol.encode(new Event.Goodbye(code)).map(loops.connection().framing()::frame);
    }

    private void serve(Request request) {
        boolean allowed = rate.allows(System.nanoTime());
        while (!allowed && !protocol.answersAll()) {
            LockSupport.parkNanos(rate.nanosUntilNext());
            allowed = rate.allows(System.nanoTime());
        }
        if (allowed) {
            perform(request);
            return;
        }
        fail(request, ErrorCode.RATE_LIMITED, "too many requests, slow down");
        if (rate.exhausted()) {
            loops.end(CloseCode.RATE_LIMITED, false);
        }
    }

    private void perform(Request request) {
        try {
            long began = System.nanoTime();
            while (!execute(request, System.nanoTime() - began > PATIENCE_NANOS)) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, this + ": a request failed", e);
            fail(request, ErrorCode.INTERNAL, "internal error");
        }
        echoes.ifPresent(Echoes::settle);
    }

    /**
     * Carries a request out, or answers that it could not be.
     *
     * @param last whether it is not tried again
     * @return false, if it should be, because the broker is out of reach and the client could not be told
     */
    private boolean execute(Request request, boolean last) {
        Optional<String> flaw = flaw(request);
        if (flaw.isPresent()) {
            fail(request, ErrorCode.BAD_REQUEST, flaw.get());
            return true;
        }
        if (!identify(request.client())) {
            fail(request, ErrorCode.WRONG_CLIENT, "this connection has another client id");
            return true;
        }
        try {
            switch (request.command()) {
                case Command.Connect connect -> connect(request, connect);
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
        } catch (UnavailableException e) {
            // The broker itself logs that it is out of reach, once and not for every request.
            LOG.log(Level.DEBUG, () -> this + ": " + e.getMessage());
            Event.Failed failed = new Event.Failed(
                    ErrorCode.UNAVAILABLE, "unavailable: the broker can't be reached, try again later");
            if (!last && !loops.hasEnded() && isUntold(request, failed)) {
                return false;
            }
            reply(request, failed);
        }
        return true;
    }

    /** What is wrong with the names in a request, if anything. */
    private static Optional<String> flaw(Request request) {
        Optional<String> flaw = request.client().flatMap(Names::flawOfClient);
        return flaw.isPresent()
                ? flaw
                : switch (request.command()) {
                    case Command.Connect connect -> Names.flawOfClient(connect.client());
                    case Command.Subscribe subscribe -> Names.flawOfChannel(subscribe.channel());
                    case Command.Unsubscribe unsubscribe -> Names.flawOfChannel(unsubscribe.channel());
                    case Command.Publish publish ->
                        Names.flawOfChannel(publish.channel()).or(() -> Names.flawOfKey(publish.key()));
                    case Command.Direct direct ->
                        Names.flawOfClient(direct.to()).or(() -> Names.flawOfKey(direct.key()));
                    case Command.Signal signal -> Names.flawOfChannel(signal.channel());
                    case Command.History history ->
                        Names.isInbox(history.channel())
                                ? Names.flawOfClient(history.channel().substring(1))
                                : Names.flawOfChannel(history.channel());
                    case Command.Presence presence -> Names.flawOfChannel(presence.channel());
                    case Command.Nickname nickname -> Names.flawOfClient(nickname.name());
                    case Command.Own own -> Optional.empty();
                    case Command.Skip skip -> Optional.empty();
                    case Command.UnsubscribeAll all -> Optional.empty();
                    case Command.ListChannels list -> Optional.empty();
                    case Command.Ping ping -> Optional.empty();
                    case Command.Malformed malformed -> Optional.empty();
                };
    }

    /** The first client id that a request claims becomes the session's; whether this claim agrees with it. */
    private boolean identify(Optional<String> claim) {
        if (claim.isEmpty()) {
            return true;
        }
        if (client.isEmpty()) {
            become(claim.get());
        }
        return client.equals(claim.get());
    }

    private void become(String name) {
        id = UUID.randomUUID().toString();
        client = name;
        connected = true;
        loops.name(name);
        channels.broker().join(Names.inboxOf(name), name);
    }

    private void connect(Request request, Command.Connect connect) throws UnavailableException {
        if (!client.isEmpty()) {
            fail(request, ErrorCode.BAD_REQUEST, "connect must come once, and before anything that needs a name");
            return;
        }
        become(connect.client());
        try {
            inbox = Optional.of(channels.join(
                    this,
                    Names.inboxOf(client),
                    connect.inbox(),
                    false,
                    recovery -> reply(
                            request,
                            connected(recovery.recovered().isPresent() ? Optional.of(recovery) : Optional.empty()))));
        } finally {
            if (inbox.isEmpty()) {
                channels.broker().leave(Names.inboxOf(client), client);
                connected = false;
                client = "";
            }
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
            if (!channels.claim(name)) {
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
        connected = true;
        client = name;
        loops.name(name);
    }

    private void subscribe(Request request, Command.Subscribe subscribe) throws UnavailableException {
        String channel = subscribe.channel();
        if (subscription(channel).isPresent()) {
            fail(request, ErrorCode.ALREADY_SUBSCRIBED, "already subscribed to " + channel);
        } else if (subscriptions.size() == bounds.channels()) {
            fail(request, ErrorCode.TOO_MANY_CHANNELS, "at most " + bounds.channels() + " channels");
        } else {
            Channel.Member member = channels.join(
                    this,
                    channel,
                    subscribe.since(),
                    subscribe.presence(),
                    recovery -> reply(request, new Event.Subscribed(channel, recovery)));
            List<Channel.Member> more = new ArrayList<>(subscriptions);
            more.add(member);
            subscriptions = List.copyOf(more);
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
            channels.leave(this, member.get());
            reply(request, new Event.Unsubscribed(List.of(channel)));
        }
    }

    private List<String> leaveAll() {
        List<String> left = subscribed();
        for (Channel.Member member : subscriptions) {
            channels.leave(this, member);
        }
        subscriptions = List.of();
        return left;
    }

    /** The channels, sorted. */
    private List<String> subscribed() {
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

    private void publish(Request request, Command.Publish publish) throws UnavailableException {
        if (!isMember(request, publish.channel())) {
            return;
        }
        Optional<String> flaw = channels.flawOfText(publish.channel(), publish.content());
        if (flaw.isPresent()) {
            fail(request, ErrorCode.TOO_LARGE, flaw.get());
        } else {
            publish(request, publish.channel(), publish.content(), publish.key());
        }
    }

    private void direct(Request request, Command.Direct direct) throws UnavailableException {
        String to = Names.inboxOf(direct.to());
        Broker broker = channels.broker();
        if (broker.members(to).isEmpty()
                && broker.historyBefore(to, Long.MAX_VALUE, 0).position().offset() == 0) {
            fail(request, ErrorCode.NO_SUCH_USER, "there is nobody called " + direct.to());
        } else {
            publish(request, to, direct.content(), direct.key());
        }
    }

    private void publish(Request request, String channel, Content content, String key) throws UnavailableException {
        Echoes.Publication publication = () -> channels.broker().publish(channel, client(), content, key);
        Broker.Receipt receipt =
                echoes.isPresent() ? echoes.get().publish(channel, client(), publication) : publication.execute();
        reply(request, new Event.Published(channel, receipt.position(), receipt.duplicate()));
    }

    private void signal(Request request, Command.Signal signal) throws UnavailableException {
        if (isMember(request, signal.channel())) {
            channels.broker().signal(signal.channel(), new Broker.Signal(id, client(), signal.content()));
            reply(request, new Event.Signalled());
        }
    }

    private void history(Request request, Command.History history) throws UnavailableException {
        String channel = history.channel();
        if (Names.isInbox(channel) && !channel.equals(Names.inboxOf(client))) {
            fail(request, ErrorCode.FORBIDDEN, "another's inbox is nobody's business");
        } else if (Names.isInbox(channel) || isMember(request, channel)) {
            Broker.Page page = history.forward()
                    ? channels.broker().historyAfter(channel, history.offset(), history.limit())
                    : channels.broker().historyBefore(channel, history.offset(), history.limit());
            reply(request, new Event.Page(channel, page.position(), fitting(page.messages(), history.forward())));
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
        if (isMember(request, channel)) {
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
        reply(request, new Event.Failed(code, message));
    }

    /**
     * Replies stand in line with messages: what a client reads tells it in which order things happened, and a protocol
     * without request ids can tell which reply is whose.
     */
    private void reply(Request request, Event.Reply reply) {
        if (reply instanceof Event.Failed failed && isUntold(request, failed)) {
            loops.end(failed.code().closeCode(), false, failed.message());
            return;
        }
        protocol.encode(request, reply)
                .ifPresent(payload -> loops.offer(loops.connection().framing().frame(payload)));
    }

    /** Whether the protocol has no words for a failure, and should have. */
    private boolean isUntold(Request request, Event.Failed failed) {
        return !protocol.answersAll() && protocol.encode(request, failed).isEmpty();
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

    /** Queues a push for this client. Called by any thread; does not block. */
    void send(Broadcast broadcast) {
        Optional<Frame> frame = frameOf(broadcast);
        if (frame.isEmpty()) {
            return;
        }
        if (echoes.isPresent()) {
            echoes.get().offer(broadcast.push(), frame.get());
        } else {
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

    @Override
    public String toString() {
        return loops.toString();
    }
}

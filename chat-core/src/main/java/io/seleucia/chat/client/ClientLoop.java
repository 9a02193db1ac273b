package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The client's thread: it alone owns the desired state and the connection, is told by all others what happens, one thing
 * after the other, and after each brings what is the case closer to what is desired.
 *
 * <pre>
 *     start ──→ WAITING ──its time has come──→ CONNECTING ──opened──→ LOGGING_IN ──"connected", inbox──→ CONNECTED
 *                  ↑                               │                       │                                │
 *                  └───── failed, refused ─────────┴───────────────────────┴──── closed, silent, a gap ─────┘
 *
 *     any ──turned away for good──→ ENDED          any ──close(), and all is acknowledged──→ LEAVING ──→ ENDED
 * </pre>
 */
final class ClientLoop {
    private static final Logger LOG = System.getLogger(ClientLoop.class.getName());
    private static final long STABLE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long TRUSTED_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long LEAVING_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long FORGIVEN_NANOS = TimeUnit.MILLISECONDS.toNanos(1_100); // after being too fast
    private static final int MOST_REFUSALS = 2;
    private static final int OPERATOR = 4403;
    private static final int NOT_LOGGED_IN = 4401;
    private static final int TOO_FAST = 4400;
    private static final int TRY_LATER = 1013;
    private static final String NO_CHAT_V1 = "the server does not speak chat.v1";
    private static final String UNASKED = "the server has answered what was not asked";
    private static final Event NOTHING = new Event.Goodbye(CloseCode.NORMAL);

    private enum Phase {
        WAITING,
        CONNECTING,
        LOGGING_IN,
        CONNECTED,
        LEAVING,
        ENDED
    }

    /** How long to wait before the next attempt. */
    private enum Wait {
        NONE,
        ORDINARY,
        PATIENT
    }

    private final BlockingQueue<Happening> happenings = new LinkedBlockingQueue<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final String name;
    private final ClientSettings settings;
    private final Window window;
    private final Dialer dialer;
    private final DesiredState desired;
    private final Delivery delivery;
    private final Reception reception;

    private Phase phase = Phase.WAITING;
    private Optional<Line> line = Optional.empty(); // from LOGGING_IN to LEAVING
    private int refusals; // of the login, one after the other
    private long connectAt = System.nanoTime();
    private long deadline; // of CONNECTING, LOGGING_IN and LEAVING
    private long connectedAt;
    private long forgivenAt = System.nanoTime(); // before which nothing is asked
    private boolean closing;
    private long closeBy;

    /**
     * A client that is to be started.
     *
     * @param name what its threads are called
     */
    ClientLoop(
            String name,
            List<URI> servers,
            Identity identity,
            Optional<Position> inbox,
            ChatListener listener,
            ClientSettings settings,
            Optional<HttpClient> http) {
        this.name = name;
        this.settings = settings;
        this.window = new Window(settings.inboundBytes(), () -> tell(new Happening.Drained()));
        this.dialer = new Dialer(servers, identity, http, settings, random, window, this::tell);
        this.desired = new DesiredState(settings.outboundBytes(), settings.publishTimeout(), inbox, random);
        this.delivery = new Delivery(name, listener, window);
        this.reception = new Reception(desired, delivery);
    }

    void start() {
        Thread.ofVirtual().name("chat-client " + name).start(this::run);
    }

    /** Takes a task, or fails it at once if too much waits or the client has ended. Called by any thread. */
    void submit(Task<?> task) {
        if (!desired.reserve(task)) {
            task.fail(ChatException.of(ChatException.Reason.FULL, "too much waits to be acknowledged already"));
            return;
        }
        tell(new Happening.Asked(task));
    }

    /** What happens after the end is settled by who tells it, for nobody else may do it any more. */
    private void tell(Happening happening) {
        happenings.add(happening);
        if (ended.getCount() == 0) {
            settleAfterEnd();
        }
    }

    /** Publishes what waits, ends, and waits for that. Called by any thread. */
    void close() throws InterruptedException {
        if (delivery.isCurrentThread()) {
            window.lift();
        }
        tell(new Happening.Closing());
        Duration patience = settings.closeTimeout().plusNanos(2 * LEAVING_NANOS);
        if (!ended.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            LOG.log(Level.WARNING, "the client does not end");
        }
        delivery.awaitEnd(settings.closeTimeout());
    }

    private static ChatException hasEnded() {
        return ChatException.of(ChatException.Reason.ENDED, "the client has ended");
    }

    private void run() {
        Loop.run(LOG, "the client", () -> phase != Phase.ENDED, () -> {
            try {
                next();
            } catch (RuntimeException | Error e) { // what it has half done it can't go on with
                Loop.report(LOG, "the client", e);
                end(Optional.of(
                        ChatException.of(ChatException.Reason.ENDED, "a fault of the client, which is logged")));
            }
        });
    }

    private void next() throws InterruptedException {
        Alarm alarm = new Alarm();
        step(alarm);
        Happening happening = happenings.poll(Math.max(0, alarm.nanosUntilNext()), TimeUnit.NANOSECONDS);
        if (happening != null) {
            take(happening);
        }
    }

    private void take(Happening happening) {
        switch (happening) {
            case Happening.Asked asked -> take(asked.task());
            case Happening.Closing begins -> {
                if (!closing) {
                    closing = true;
                    closeBy = System.nanoTime() + settings.closeTimeout().toNanos();
                }
            }
            case Happening.Drained drained -> line.filter(Line::isPaused).ifPresent(this::resume);
            case Happening.Opened opened -> opened(opened);
            case Happening.NotOpened failed -> notOpened(failed);
            case Happening.Received received -> {
                here(received.socket()).ifPresent(here -> received(here, received));
                window.give(received.bytes());
            }
            case Happening.Heard heard -> here(heard.socket()).ifPresent(here -> here.heard(heard.chars()));
            case Happening.Sent sent -> here(sent.socket()).ifPresent(Line::sent);
            case Happening.Ended gone -> here(gone.socket()).ifPresent(here -> closed(gone.code(), gone.reason()));
        }
    }

    /** The connection that stands, if it is this one: what others still say does not count. */
    private Optional<Line> here(ClientSocket socket) {
        return line.filter(current -> current.socket() == socket);
    }

    private void take(Task<?> task) {
        desired.add(task);
        if (closing) {
            task.fail(hasEnded());
        } else if (task.kind() == Task.Kind.SIGNAL && phase != Phase.CONNECTED) {
            task.fail(ChatException.of(ChatException.Reason.OFFLINE, "there is no connection"));
        }
    }

    private void step(Alarm alarm) {
        Phase before = phase;
        desired.tidy(alarm);
        if (closing && phase != Phase.LEAVING && phase != Phase.ENDED) {
            if (!desired.publishes() || alarm.isDue(closeBy)) {
                leave();
            }
        }
        switch (phase) {
            case WAITING -> {
                if (alarm.isDue(connectAt)) {
                    connect();
                }
            }
            case CONNECTING -> {
                if (alarm.isDue(deadline)) {
                    disconnected(Wait.ORDINARY, "no connection in time");
                }
            }
            case LOGGING_IN -> {
                if (alarm.isDue(deadline)) {
                    disconnected(Wait.ORDINARY, "no login in time");
                }
            }
            case CONNECTED -> talk(alarm);
            case LEAVING -> {
                if (alarm.isDue(deadline)) {
                    end(Optional.empty());
                }
            }
            case ENDED -> {}
        }
        if (phase != before) {
            alarm.lookAgain(); // other clocks count now
        }
    }

    private void connect() {
        phase = Phase.CONNECTING;
        deadline = System.nanoTime() + settings.connectTimeout().toNanos();
        dialer.dial();
    }

    private void notOpened(Happening.NotOpened failed) {
        if (phase != Phase.CONNECTING || !dialer.isCurrent(failed.attempt())) {
            return;
        }
        if (failed.unauthorized()) {
            unauthorized("the server refuses the login");
        } else {
            disconnected(Wait.ORDINARY, failed.reason());
        }
    }

    private void opened(Happening.Opened opened) {
        if (phase != Phase.CONNECTING || !dialer.isCurrent(opened.attempt())) {
            opened.socket().abort(); // it took too long, or the client is closing
            return;
        }
        phase = Phase.LOGGING_IN;
        Line here = new Line(opened.socket());
        line = Optional.of(here);
        opened.socket().request();
        here.ask(ClientCodec.connect(opened.login(), desired.inbox()), reply -> loggedIn(here, reply));
    }

    private void loggedIn(Line here, Event.Reply reply) {
        if (reply instanceof Event.Failed failed) {
            notLoggedIn(failed);
            return;
        }
        Event.Connected connected = (Event.Connected) reply;
        if (!desired.isCalled(connected.client())) {
            String message = "the login is now that of " + connected.client() + ", not of " + desired.name();
            end(Optional.of(ChatException.of(ChatException.Reason.REFUSED, message)));
            return;
        }
        here.agreed(connected.pingSeconds(), connected.maxMessageBytes());
        String inbox = Names.inboxOf(desired.name());
        if (desired.inbox().isEmpty()) {
            String newest = ClientCodec.history(inbox, OptionalLong.empty(), OptionalLong.empty(), 1);
            here.ask(newest, this::inboxRead);
        } else if (connected.inbox().isEmpty()) {
            disconnected(Wait.ORDINARY, NO_CHAT_V1);
        } else {
            restoreInbox(inbox, desired.inbox().get(), connected.inbox().get());
        }
    }

    private void notLoggedIn(Event.Failed failed) {
        switch (failed.code()) {
            case UNAUTHORIZED -> unauthorized(failed.message());
            case UNAVAILABLE, RATE_LIMITED, INTERNAL -> disconnected(Wait.ORDINARY, failed.message());
            default -> end(Optional.of(ChatException.refused(failed.code(), failed.message())));
        }
    }

    private void restoreInbox(String inbox, Position before, Event.Recovery recovery) {
        ready();
        if (!recovery.recovered().orElse(false)) {
            desired.moveInboxTo(recovery.position());
            reception.lost(inbox, before, recovery.position());
        }
    }

    /** The inbox begins where it stands after the login: what came until then is for those who ask for its history. */
    private void inboxRead(Event.Reply reply) {
        if (reply instanceof Event.Failed failed) {
            disconnected(Wait.ORDINARY, failed.message());
            return;
        }
        Position newest = ((Event.Page) reply).position();
        ready();
        reception.inboxBegins(newest).ifPresent(gap -> disconnected(Wait.ORDINARY, gap));
    }

    private void ready() {
        phase = Phase.CONNECTED;
        connectedAt = System.nanoTime();
        URI at = dialer.server();
        delivery.put(0, listener -> listener.connected(at));
    }

    private void talk(Alarm alarm) {
        Line here = line.orElseThrow();
        Optional<String> dead = here.check(alarm);
        if (dead.isPresent()) {
            disconnected(Wait.ORDINARY, dead.get());
            return;
        }
        if (!alarm.isDue(forgivenAt)) {
            return;
        }
        for (Lane lane : desired.lanes()) {
            Optional<String> request = lane.next(alarm);
            if (request.isPresent() && !here.ask(request.get(), reply -> answered(lane, reply))) {
                answered(lane, new Event.Failed(ErrorCode.TOO_LARGE, "the server takes no message of that size"));
                alarm.lookAgain();
            }
        }
    }

    private void answered(Lane lane, Event.Reply reply) {
        if (reply instanceof Event.Failed failed && failed.code() == ErrorCode.RATE_LIMITED) {
            forgivenAt = System.nanoTime() + FORGIVEN_NANOS + random.nextLong(FORGIVEN_NANOS / 2);
        }
        lane.answered(reply, (after, until) -> reception.lost(lane.channel(), after, until))
                .ifPresent(reason -> delivery.put(0, listener -> listener.removed(lane.channel(), reason)));
    }

    private void resume(Line here) {
        if (window.hasRoom()) {
            here.resume();
        }
    }

    private void received(Line here, Happening.Received received) {
        here.heard(received.text().length());
        if (!received.more()) {
            here.pause();
            tell(new Happening.Drained()); // there may be room already
        }
        try {
            Optional<ClientCodec.Incoming> incoming = ClientCodec.decode(received.text());
            switch (incoming.map(ClientCodec.Incoming::event).orElse(NOTHING)) {
                case Event.Reply reply -> {
                    long id = incoming.get().id();
                    boolean known = id == 0 && reply instanceof Event.Failed failed
                            ? here.refused(failed)
                            : here.answered(id, reply);
                    if (!known) {
                        disconnected(Wait.ORDINARY, UNASKED); // what it says has come about is unknown
                    }
                }
                case Event.Push push ->
                    reception.take(push, received.bytes()).ifPresent(gap -> disconnected(Wait.ORDINARY, gap));
            }
        } catch (ClassCastException e) { // an answer to something else
            disconnected(Wait.ORDINARY, NO_CHAT_V1);
        } catch (ClientCodec.MalformedException e) {
            unreadable(here, received, e);
        }
    }

    /**
     * Skips what can't be read, if it can be told what it is: on another connection the server would send it again. A
     * message is lost; a question fails.
     */
    private void unreadable(Line here, Happening.Received received, ClientCodec.MalformedException why) {
        LOG.log(Level.DEBUG, "a frame can't be read", why);
        ClientCodec.Fragment frame = ClientCodec.fragment(received.text());
        switch (frame.type()) {
            case "message", "direct" -> {
                String channel = frame.type().equals("direct") ? Names.inboxOf("") : frame.channel();
                reception.skip(channel, frame.offset()).ifPresent(gap -> disconnected(Wait.ORDINARY, gap));
            }
            case "signal", "joined", "left" ->
                LOG.log(
                        Level.WARNING,
                        "a " + frame.type() + " in " + frame.channel() + " can't be read, and is skipped");
            case "history", "presence", "channels" -> {
                if (!here.answered(
                        frame.id(), new Event.Failed(ErrorCode.INTERNAL, "the server's answer can't be read"))) {
                    disconnected(Wait.ORDINARY, UNASKED);
                }
            }
            default -> disconnected(Wait.ORDINARY, NO_CHAT_V1);
        }
    }

    /** The server has closed the connection, or it broke: see the table of close codes in the protocol. */
    private void closed(int code, String reason) {
        String why = reason.isEmpty() ? "closed with " + code : reason;
        if (phase == Phase.LEAVING) {
            end(Optional.empty());
            return;
        }
        switch (code) {
            case OPERATOR ->
                end(Optional.of(ChatException.of(ChatException.Reason.REFUSED, "closed for good: " + why)));
            case NOT_LOGGED_IN -> unauthorized(why);
            case 1002, 1003, 1007, 1009, 1010 -> {
                desired.reject(ChatException.of(
                        ChatException.Reason.REJECTED, "the server closed the connection with " + code + ", " + why));
                disconnected(Wait.ORDINARY, why);
            }
            case TRY_LATER, TOO_FAST -> disconnected(Wait.PATIENT, why);
            default -> disconnected(Wait.ORDINARY, why);
        }
    }

    /** A token may have been too old: another one is asked for once. */
    private void unauthorized(String reason) {
        countAnew();
        refusals++;
        if (dialer.renewable() && refusals < MOST_REFUSALS) {
            disconnected(Wait.NONE, reason);
        } else {
            end(Optional.of(ChatException.refused(ErrorCode.UNAUTHORIZED, reason)));
        }
    }

    /** A connection that has stood for a while makes up for what was before it. */
    private void countAnew() {
        long stood = phase == Phase.CONNECTED ? System.nanoTime() - connectedAt : 0;
        if (stood > STABLE_NANOS) {
            dialer.backoff().reset();
        }
        if (stood > TRUSTED_NANOS) {
            refusals = 0;
        }
    }

    private void disconnected(Wait wait, String reason) {
        countAnew();
        abandon();
        Duration retry = switch (wait) {
            case NONE -> Duration.ZERO;
            case ORDINARY -> dialer.backoff().next();
            case PATIENT -> dialer.backoff().nextPatient();
        };
        LOG.log(Level.DEBUG, () -> "disconnected: " + reason);
        phase = Phase.WAITING;
        connectAt = System.nanoTime() + retry.toNanos();
        dialer.turn();
        delivery.put(0, listener -> listener.disconnected(reason, retry));
    }

    private void abandon() {
        line.ifPresent(last -> last.socket().abort());
        line = Optional.empty();
        desired.disconnected();
        reception.disconnected();
    }

    private void leave() {
        if (phase == Phase.CONNECTED) {
            line.orElseThrow().socket().close();
            phase = Phase.LEAVING;
            deadline = System.nanoTime()
                    + Math.min(LEAVING_NANOS, settings.closeTimeout().toNanos());
        } else {
            end(Optional.empty());
        }
    }

    private void end(Optional<ChatException> reason) {
        phase = Phase.ENDED;
        ChatException why = reason.map(ChatException::getMessage)
                .map(text -> ChatException.of(ChatException.Reason.ENDED, "the client has ended: " + text))
                .orElse(hasEnded());
        Loop.attempt(LOG, "failing what is asked for", () -> desired.fail(why)); // it may be a fault that ends it
        Loop.attempt(LOG, "ending the connection", this::abandon);
        reason.ifPresent(told -> delivery.put(0, listener -> listener.ended(told)));
        delivery.end();
        ended.countDown();
        settleAfterEnd();
        dialer.close();
    }

    private void settleAfterEnd() {
        for (Happening left = happenings.poll(); left != null; left = happenings.poll()) {
            switch (left) {
                case Happening.Asked asked -> asked.task().fail(hasEnded());
                case Happening.Opened opened -> opened.socket().abort();
                default -> {} // of no consequence any more
            }
        }
    }
}

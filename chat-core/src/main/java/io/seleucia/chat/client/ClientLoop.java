package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * The client's thread. It alone owns the desired state and the connection. It takes the events of all other threads, and
 * after each brings the actual state closer to the desired one.
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
    private static final long FORGIVEN_NANOS = TimeUnit.MILLISECONDS.toNanos(1_100); // after exceeding the rate
    private static final int MOST_REFUSALS = 2;
    private static final int OPERATOR = 4403;
    private static final int NOT_LOGGED_IN = 4401;
    private static final int TOO_FAST = 4400;
    private static final int TRY_LATER = 1013;

    private enum Phase {
        WAITING,
        CONNECTING,
        LOGGING_IN,
        CONNECTED,
        LEAVING,
        ENDED
    }

    private final BlockingQueue<LoopEvent> events = new LinkedBlockingQueue<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final String name;
    private final ClientSettings settings;
    private final Window window;
    private final Dialer dialer;
    private final DesiredState desired;
    private final ListenerDispatcher dispatcher;
    private final PushHandler pushes;
    private final FrameHandler frames;
    private final Login login;

    private Phase phase = Phase.WAITING;
    private Optional<ClientConnection> connection = Optional.empty(); // from LOGGING_IN to LEAVING
    private int refusals; // of the login, one after the other
    private long dueAt = System.nanoTime(); // the end of the phase, except CONNECTED and ENDED
    private long connectedAt;
    private long probeAt; // when a WebSocket is tried again, if this connection is none
    private boolean probing;
    private long forgivenAt = System.nanoTime(); // before which no requests are sent
    private boolean closing;
    private long closeBy;

    /** @param name the name of the client's threads */
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
        this.window = new Window(settings.inboundBytes(), () -> tell(new LoopEvent.Drained()));
        this.dialer = new Dialer(servers, identity, http, settings, random, window, this::tell);
        this.desired = new DesiredState(settings.outboundBytes(), settings.publishTimeout(), inbox, random);
        this.dispatcher = new ListenerDispatcher(name, listener, window);
        this.pushes = new PushHandler(desired, dispatcher);
        this.frames = new FrameHandler(pushes);
        this.login = new Login(desired, pushes, this::loggedIn);
    }

    void start() {
        Thread.ofVirtual().name("chat-client " + name).start(this::run);
    }

    /** Takes a request, or fails it at once if too much waits or the client has ended. Called by any thread. */
    void submit(PendingRequest<?> request) {
        if (!desired.reserve(request)) {
            request.fail(ChatException.of(ChatException.Reason.FULL, "too much waits to be acknowledged already"));
            return;
        }
        tell(new LoopEvent.Asked(request));
    }

    /** Adds an event. After the end, the calling thread settles it, since the client's thread is gone. */
    private void tell(LoopEvent event) {
        events.add(event);
        if (ended.getCount() == 0) {
            settleAfterEnd();
        }
    }

    /** Publishes all that waits, ends the client, and waits for that. Called by any thread. */
    void close() throws InterruptedException {
        if (dispatcher.isCurrentThread()) {
            window.lift();
        }
        tell(new LoopEvent.Closing());
        Duration patience = settings.closeTimeout().plusNanos(2 * LEAVING_NANOS);
        if (!ended.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            LOG.log(Level.WARNING, "the client does not end");
        }
        dispatcher.awaitEnd(settings.closeTimeout());
    }

    private static ChatException hasEnded() {
        return ChatException.of(ChatException.Reason.ENDED, "the client has ended");
    }

    private void run() {
        Loop.run(LOG, "the client", () -> phase != Phase.ENDED, () -> {
            try {
                next();
            } catch (RuntimeException | Error e) { // the state may be inconsistent
                Loop.report(LOG, "the client", e);
                end(Optional.of(
                        ChatException.of(ChatException.Reason.ENDED, "a fault of the client, which is logged")));
            }
        });
    }

    private void next() throws InterruptedException {
        Alarm alarm = new Alarm(System.nanoTime());
        step(alarm);
        LoopEvent event = events.poll(Math.max(0, alarm.nanosUntilNext()), TimeUnit.NANOSECONDS);
        if (event != null) {
            take(event);
        }
    }

    private void take(LoopEvent event) {
        switch (event) {
            case LoopEvent.Asked asked -> take(asked.request());
            case LoopEvent.Closing begins -> {
                if (!closing) {
                    closing = true;
                    closeBy = System.nanoTime() + settings.closeTimeout().toNanos();
                }
            }
            case LoopEvent.Drained drained ->
                connection.filter(here -> here.isPaused() && window.hasRoom()).ifPresent(ClientConnection::resume);
            case LoopEvent.Opened opened -> opened(opened);
            case LoopEvent.NotOpened failed -> notOpened(failed);
            case LoopEvent.Probed probed -> probed(probed.through());
            case LoopEvent.FromSocket from -> {
                connection // an earlier one does not count
                        .filter(here -> here.socket() == from.socket())
                        .ifPresent(here -> take(here, from.report()));
                if (from.report() instanceof ClientSocket.Received received) {
                    window.give(received.bytes());
                }
            }
        }
    }

    private void take(ClientConnection here, ClientSocket.Report report) {
        switch (report) {
            case ClientSocket.Received received -> received(here, received);
            case ClientSocket.Heard heard -> here.heard(heard.chars());
            case ClientSocket.Sent sent -> here.sent();
            case ClientSocket.Ended ended -> closed(ended.code(), ended.reason());
        }
    }

    private void take(PendingRequest<?> request) {
        desired.add(request);
        if (closing) {
            request.fail(hasEnded());
        } else if (request.kind() == PendingRequest.Kind.SIGNAL && phase != Phase.CONNECTED) {
            request.fail(ChatException.of(ChatException.Reason.OFFLINE, "there is no connection"));
        }
    }

    private void step(Alarm alarm) {
        Phase before = phase;
        desired.tidy(alarm);
        boolean left = phase == Phase.LEAVING || phase == Phase.ENDED;
        if (closing && !left && (!desired.publishes() || alarm.isDue(closeBy))) {
            leave();
        }
        if (phase == Phase.CONNECTED) {
            talk(alarm);
        } else if (phase != Phase.ENDED && alarm.isDue(dueAt)) {
            switch (phase) {
                case WAITING -> connect();
                case CONNECTING -> disconnected("no connection in time");
                case LOGGING_IN -> disconnected("no login in time");
                case LEAVING -> end(Optional.empty());
                case CONNECTED, ENDED -> {}
            }
        }
        if (phase != before) {
            alarm.lookAgain(); // other clocks count now
        }
    }

    private void connect() {
        phase = Phase.CONNECTING;
        dueAt = System.nanoTime() + settings.connectTimeout().toNanos();
        dialer.dial();
    }

    private void notOpened(LoopEvent.NotOpened failed) {
        if (phase != Phase.CONNECTING || !dialer.isCurrent(failed.attempt())) {
            return;
        }
        if (failed.unauthorized()) {
            unauthorized("the server refuses the login");
        } else {
            disconnected(failed.reason());
        }
    }

    private void opened(LoopEvent.Opened opened) {
        if (phase != Phase.CONNECTING || !dialer.isCurrent(opened.attempt())) {
            opened.socket().abort(); // too late
            return;
        }
        phase = Phase.LOGGING_IN;
        ClientConnection here = new ClientConnection(opened.socket());
        connection = Optional.of(here);
        opened.socket().request();
        login.begin(here, opened.credentials());
    }

    private void loggedIn(Login.Outcome outcome) {
        switch (outcome) {
            case Login.Accepted accepted -> ready();
            case Login.Failed failed -> disconnected(failed.reason());
            case Login.Unauthorized refused -> unauthorized(refused.reason());
            case Login.Refused refused -> end(Optional.of(refused.reason()));
        }
    }

    private void ready() {
        phase = Phase.CONNECTED;
        connectedAt = System.nanoTime();
        probeAt = dialer.nextProbe();
        URI at = dialer.server();
        dispatcher.put(0, listener -> listener.connected(at));
    }

    /** Returns to a WebSocket, if one gets through: the desired state comes along. */
    private void probed(boolean through) {
        probing = false;
        probeAt = dialer.nextProbe();
        if (through
                && phase == Phase.CONNECTED
                && !connection.orElseThrow().socket().isWebSocket()) {
            disconnected(() -> Duration.ZERO, "a WebSocket gets through again");
        }
    }

    private void talk(Alarm alarm) {
        ClientConnection here = connection.orElseThrow();
        Optional<String> dead = here.check(alarm);
        if (dead.isPresent()) {
            disconnected(dead.get());
            return;
        }
        if (!here.socket().isWebSocket() && !probing && alarm.isDue(probeAt)) {
            probing = true;
            dialer.probe();
        }
        if (!alarm.isDue(forgivenAt)) {
            return;
        }
        for (ChannelQueue queue : desired.queues()) {
            Optional<String> next = queue.next(alarm);
            if (next.isPresent() && !here.ask(next.get(), reply -> answered(queue, reply))) {
                answered(queue, new Event.Failed(ErrorCode.TOO_LARGE, "the server takes no message of that size"));
                alarm.lookAgain();
            }
        }
    }

    private void answered(ChannelQueue queue, Event.Reply reply) {
        if (reply instanceof Event.Subscribed subscribed) {
            pushes.subscribed(subscribed);
        }
        if (reply instanceof Event.Failed failed && failed.code() == ErrorCode.RATE_LIMITED) {
            forgivenAt = System.nanoTime() + FORGIVEN_NANOS + random.nextLong(FORGIVEN_NANOS / 2);
        }
        queue.answered(reply, (after, until) -> pushes.lost(queue.channel(), after, until))
                .ifPresent(reason -> dispatcher.put(0, listener -> listener.removed(queue.channel(), reason)));
    }

    private void received(ClientConnection here, ClientSocket.Received received) {
        here.heard(received.text().length());
        if (!received.more()) {
            here.pause();
            tell(new LoopEvent.Drained()); // there may be room already
        }
        frames.take(here, received.text(), received.bytes()).ifPresent(why -> disconnected(why));
    }

    /** Handles the end of a connection: see the table of close codes in docs/protocols.md. */
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
                disconnected(why);
            }
            case TRY_LATER, TOO_FAST -> disconnected(dialer.backoff()::nextPatient, why);
            default -> disconnected(why);
        }
    }

    /** Handles a refused login. A token may have been too old: the program is asked for another one once. */
    private void unauthorized(String reason) {
        countAnew();
        refusals++;
        if (dialer.renewable() && refusals < MOST_REFUSALS) {
            disconnected(() -> Duration.ZERO, reason);
        } else {
            end(Optional.of(ChatException.refused(ErrorCode.UNAUTHORIZED, reason)));
        }
    }

    /** Forgets earlier failures, if the connection has lasted for a while. */
    private void countAnew() {
        long stood = phase == Phase.CONNECTED ? System.nanoTime() - connectedAt : 0;
        if (stood > STABLE_NANOS) {
            dialer.backoff().reset();
        }
        if (stood > TRUSTED_NANOS) {
            refusals = 0;
        }
    }

    private void disconnected(String reason) {
        disconnected(dialer.backoff()::next, reason);
    }

    private void disconnected(Supplier<Duration> wait, String reason) {
        countAnew();
        abandon();
        Duration retry = wait.get();
        LOG.log(Level.DEBUG, () -> "disconnected: " + reason);
        phase = Phase.WAITING;
        dueAt = System.nanoTime() + retry.toNanos();
        dialer.turn();
        dispatcher.put(0, listener -> listener.disconnected(reason, retry));
    }

    private void abandon() {
        if (phase == Phase.LOGGING_IN
                && connection.filter(ClientConnection::isMuteWebSocket).isPresent()) {
            dialer.avoidWebSocket();
        }
        connection.ifPresent(last -> last.socket().abort());
        connection = Optional.empty();
        desired.disconnected();
        pushes.disconnected();
    }

    private void leave() {
        if (phase == Phase.CONNECTED) {
            connection.orElseThrow().socket().close();
            phase = Phase.LEAVING;
            dueAt = System.nanoTime()
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
        Loop.attempt(LOG, "failing what is asked for", () -> desired.fail(why)); // which may be faulty
        Loop.attempt(LOG, "ending the connection", this::abandon);
        reason.ifPresent(told -> dispatcher.put(0, listener -> listener.ended(told)));
        dispatcher.end();
        ended.countDown();
        settleAfterEnd();
        dialer.close();
    }

    private void settleAfterEnd() {
        for (LoopEvent left = events.poll(); left != null; left = events.poll()) {
            switch (left) {
                case LoopEvent.Asked asked -> asked.request().fail(hasEnded());
                case LoopEvent.Opened opened -> opened.socket().abort();
                default -> {} // the others need nothing
            }
        }
    }
}

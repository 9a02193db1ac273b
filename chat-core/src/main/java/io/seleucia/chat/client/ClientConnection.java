package io.seleucia.chat.client;

import io.seleucia.chat.message.Event;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The state of one connection: the requests without a reply, the frames that wait to be sent, and the time of the server's
 * last sign of life. Used by the client's thread only. Times are {@link System#nanoTime}.
 */
final class ClientConnection {
    private static final long SECOND = 1_000_000_000L;
    private static final long QUIET_NANOS = 10 * SECOND; // at most: the JDK does not report every end of a connection
    private static final long PONG_NANOS = 10 * SECOND;
    private static final long ANSWER_NANOS = 30 * SECOND; // without a reply, and without much else before it
    private static final int MUCH = 64 * 1024; // characters; a server disconnects a client that takes less in that time
    private static final long LONGEST_ANSWER_NANOS = 600 * SECOND; // even if much else comes
    private static final long SEND_NANOS = 10 * SECOND;

    private final ClientSocket socket;
    private final Consumer<String> sending;
    private final LongSupplier clock;
    private final Map<Long, Consumer<Event.Reply>> questions = new LinkedHashMap<>(); // by id
    private final Queue<String> outgoing = new ArrayDeque<>(); // the first of them is being sent
    private long lastId;
    private long heardAt;
    private long askedOrAnsweredAt;
    private long sendingSince;
    private long busyAt; // when much had come, for the last time
    private long arrived; // characters since then
    private long quietNanos = QUIET_NANOS;
    private int maxMessageBytes = Integer.MAX_VALUE;
    private boolean paused; // reading, until the listener has caught up
    private boolean pinged; // without a sign of life since
    private long pingedAt;
    private boolean messaged; // by the server

    ClientConnection(ClientSocket socket) {
        this(socket, socket::send, System::nanoTime);
    }

    /** Creates a connection for a test, which takes the frames and sets the time. */
    ClientConnection(ClientSocket socket, Consumer<String> sending, LongSupplier clock) {
        this.socket = socket;
        this.sending = sending;
        this.clock = clock;
        this.heardAt = clock.getAsLong();
        this.askedOrAnsweredAt = heardAt;
        this.sendingSince = heardAt;
        this.busyAt = heardAt;
    }

    ClientSocket socket() {
        return socket;
    }

    /** Applies the server's settings. */
    void agreed(int pingSeconds, int maxMessageBytes) {
        this.quietNanos = Math.min(QUIET_NANOS, (pingSeconds + 1) * SECOND);
        this.maxMessageBytes = maxMessageBytes;
    }

    /** Sends a request. Returns false, and does not send it, if it is too large for the server. */
    boolean ask(String request, Consumer<Event.Reply> answered) {
        String frame = ClientCodec.withId(lastId + 1, request);
        if (isTooLarge(frame)) {
            return false;
        }
        lastId++;
        if (questions.isEmpty()) {
            askedOrAnsweredAt = clock.getAsLong();
        }
        questions.put(lastId, answered);
        outgoing.add(frame);
        if (outgoing.size() == 1) {
            send();
        }
        return true;
    }

    private boolean isTooLarge(String frame) {
        return frame.length() > maxMessageBytes
                || frame.length() > maxMessageBytes / 3 // of which no character needs more
                        && frame.getBytes(StandardCharsets.UTF_8).length > maxMessageBytes;
    }

    private void send() {
        sendingSince = clock.getAsLong();
        sending.accept(outgoing.element());
    }

    /** Sends the next frame, after the last one has been sent. */
    void sent() {
        outgoing.remove();
        if (!outgoing.isEmpty()) {
            send();
        }
    }

    /** Takes the reply to a request. Returns whether there was such a request. */
    boolean answered(long id, Event.Reply reply) {
        Consumer<Event.Reply> question = questions.remove(id);
        if (question == null) {
            return false;
        }
        askedOrAnsweredAt = clock.getAsLong();
        question.accept(reply);
        return true;
    }

    /**
     * Takes an error without an id, from a server that could not read the request's. Replies come in order, so it is for the
     * oldest request. Returns whether there was one.
     */
    boolean refused(Event.Failed failed) {
        return !questions.isEmpty() && answered(questions.keySet().iterator().next(), failed);
    }

    /**
     * Notes a sign of life.
     *
     * @param chars the received characters of a message, or 0
     */
    void heard(int chars) {
        messaged = messaged || chars > 0;
        heardAt = clock.getAsLong();
        pinged = false;
        arrived += chars;
        if (arrived >= MUCH) {
            arrived = 0;
            busyAt = heardAt;
        }
    }

    /** Returns whether this is a WebSocket on which no message has come: perhaps none gets through. */
    boolean isMuteWebSocket() {
        return socket.isWebSocket() && !messaged;
    }

    /** Notes that reading pauses, so that silence does not count. */
    void pause() {
        paused = true;
    }

    /** Reads on, and sends a ping, because the JDK does not report an end that came meanwhile. */
    void resume() {
        paused = false;
        socket.request();
        heard(0);
        askedOrAnsweredAt = heardAt;
        ping();
    }

    boolean isPaused() {
        return paused;
    }

    /** Sends a ping after a long silence. Returns the reason to disconnect, if there is one. */
    Optional<String> check(Alarm alarm) {
        if (!outgoing.isEmpty() && alarm.isDue(sendingSince + SEND_NANOS)) {
            return Optional.of("the server does not read");
        }
        if (paused) {
            return Optional.empty();
        }
        if (!questions.isEmpty() && isAnswerOverdue(alarm)) {
            return Optional.of("the server does not answer");
        }
        if (pinged) {
            return alarm.isDue(pingedAt + PONG_NANOS) ? Optional.of("the server is silent") : Optional.empty();
        }
        if (alarm.isDue(heardAt + quietNanos)) {
            ping();
            alarm.lookAgain();
        }
        return Optional.empty();
    }

    /** Returns whether a reply is overdue. It may be queued behind much else, such as recovered messages. */
    private boolean isAnswerOverdue(Alarm alarm) {
        long since = busyAt - askedOrAnsweredAt > 0 ? busyAt : askedOrAnsweredAt;
        return alarm.isDue(since + ANSWER_NANOS) || alarm.isDue(askedOrAnsweredAt + LONGEST_ANSWER_NANOS);
    }

    private void ping() {
        pinged = true;
        pingedAt = clock.getAsLong();
        ask(ClientCodec.ping(), pong -> {});
    }
}

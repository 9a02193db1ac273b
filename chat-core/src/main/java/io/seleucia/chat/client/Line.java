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
 * What is the case on one connection: the requests that wait for their answers, what waits to be sent, and when the
 * server last gave a sign of life. Used by the client's thread only. Times are {@link System#nanoTime}.
 */
final class Line {
    private static final long SECOND = 1_000_000_000L;
    private static final long QUIET_NANOS = 10 * SECOND; // at most: the JDK does not tell every end of a connection
    private static final long PONG_NANOS = 10 * SECOND;
    private static final long ANSWER_NANOS = 30 * SECOND; // without one, and without much else that it may stand behind
    private static final int MUCH = 64 * 1024; // characters; a server leaves a client that takes less in such a time
    private static final long LONGEST_ANSWER_NANOS = 600 * SECOND; // whatever else comes
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
    private long busyAt; // when much had come since the time before
    private long arrived; // characters since then
    private long quietNanos = QUIET_NANOS;
    private int maxMessageBytes = Integer.MAX_VALUE;
    private boolean paused; // nothing is read, for the listener has not caught up
    private boolean pinged; // and nothing heard since
    private long pingedAt;

    Line(ClientSocket socket) {
        this(socket, socket::send, System::nanoTime);
    }

    /**
     * A line of a test.
     *
     * @param sending takes what is sent
     * @param clock like {@link System#nanoTime}
     */
    Line(ClientSocket socket, Consumer<String> sending, LongSupplier clock) {
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

    /** The server has said what it does, and what it takes. */
    void agreed(int pingSeconds, int maxMessageBytes) {
        this.quietNanos = Math.min(QUIET_NANOS, (pingSeconds + 1) * SECOND);
        this.maxMessageBytes = maxMessageBytes;
    }

    /** Sends a request, and has its answer taken; false if it is larger than the server takes, and was not sent. */
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

    /** The first that waited is sent. */
    void sent() {
        outgoing.remove();
        if (!outgoing.isEmpty()) {
            send();
        }
    }

    /** The answer to a request has come; whether there was such a request. */
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
     * Takes an error that bears no id: one about a request of which the server could not even read that. It answers one
     * request after the other, so this is the oldest one without an answer. Returns whether there was one.
     */
    boolean refused(Event.Failed failed) {
        return !questions.isEmpty() && answered(questions.keySet().iterator().next(), failed);
    }

    /**
     * The server lives.
     *
     * @param chars how much of a message has come, or 0
     */
    void heard(int chars) {
        heardAt = clock.getAsLong();
        pinged = false;
        arrived += chars;
        if (arrived >= MUCH) {
            arrived = 0;
            busyAt = heardAt;
        }
    }

    /** Nothing is read any more: what is not read can't be heard, and does not count as silence. */
    void pause() {
        paused = true;
    }

    /** Reads on, and asks for a sign of life, for an end that came meanwhile is not told. */
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

    /** Asks for a sign of life when there was none for long; says why the connection is to be given up, if it is. */
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

    /** An answer stands in line behind what waits for this client, such as all that it recovers. */
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

package io.seleucia.chat.client;

import io.seleucia.chat.message.Event;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * What is the case on one connection: the requests that wait for their answers, what waits to be sent, and when the
 * server last gave a sign of life. Used by the client's thread only. Times are {@link System#nanoTime}.
 */
final class Line {
    private static final long SECOND = 1_000_000_000L;
    private static final long QUIET_NANOS = 10 * SECOND; // at most: the JDK does not tell every end of a connection
    private static final long PONG_NANOS = 10 * SECOND;
    private static final long ANSWER_NANOS = 30 * SECOND;
    private static final long SEND_NANOS = 10 * SECOND;

    private final ClientSocket socket;
    private final Map<Long, Consumer<Event.Reply>> questions = new LinkedHashMap<>(); // by id
    private final Queue<String> outgoing = new ArrayDeque<>(); // the first of them is being sent
    private long lastId;
    private long heardAt = System.nanoTime();
    private long askedOrAnsweredAt = heardAt;
    private long sendingSince = heardAt;
    private long quietNanos = QUIET_NANOS;
    private int maxMessageBytes = Integer.MAX_VALUE;
    private boolean paused; // nothing is read, for the listener has not caught up
    private boolean pinged; // and nothing heard since
    private long pingedAt;

    Line(ClientSocket socket) {
        this.socket = socket;
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
            askedOrAnsweredAt = System.nanoTime();
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
        sendingSince = System.nanoTime();
        socket.send(outgoing.element());
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
        askedOrAnsweredAt = System.nanoTime();
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

    /** The server lives. */
    void heard() {
        heardAt = System.nanoTime();
        pinged = false;
    }

    /** Nothing is read any more: what is not read can't be heard, and does not count as silence. */
    void pause() {
        paused = true;
    }

    /** Reads on, and asks for a sign of life, for an end that came meanwhile is not told. */
    void resume() {
        paused = false;
        socket.request();
        heard();
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
        if (!questions.isEmpty() && alarm.isDue(askedOrAnsweredAt + ANSWER_NANOS)) {
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

    private void ping() {
        pinged = true;
        pingedAt = System.nanoTime();
        ask(ClientCodec.ping(), pong -> {});
    }
}

package io.seleucia.chat.accept;

import io.seleucia.chat.session.ServerRelay;
import io.seleucia.chat.session.SessionContext;
import io.seleucia.chat.transport.HandshakeException;
import io.seleucia.chat.transport.HttpRequest;
import io.seleucia.chat.transport.HttpResponse;
import io.seleucia.chat.transport.HttpStream;
import io.seleucia.chat.transport.PostQueue;
import io.seleucia.chat.transport.PostQueue.Outcome;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * The POSTs of sessions over HTTP. One that reaches another server than its session's is handed on to that, because a load
 * balancer knows nothing of sessions. As POSTs have numbers, one that is handed on twice has one effect. Runs in the threads of
 * connections, and in those of questions from other servers.
 */
final class HttpPosts implements AutoCloseable {
    private static final Duration FOR_EARLIER = Duration.ofSeconds(5);
    private static final Duration FOR_ITSELF = Duration.ofSeconds(30);
    private static final Duration ANSWERED = FOR_ITSELF.plusSeconds(10);
    private static final String POST = "post ";
    private static final String OVERSIZED = "oversized ";

    private final SessionContext context;
    private final ServerRelay relay;
    private final HttpSessions sessions;

    HttpPosts(SessionContext context) {
        this.context = context;
        this.relay = new ServerRelay(context, this::answerServer);
        this.sessions = new HttpSessions(relay.id(), new PostQueue.Waits(FOR_EARLIER, FOR_ITSELF));
    }

    /** Gives a stream a key, until it ends, under which all servers take its POSTs. Blocks as the broker does. */
    String open(HttpStream stream) {
        relay.listen();
        return sessions.add(stream);
    }

    /** Answers a POST. Blocks until it has been carried out. */
    void answer(HttpRequest request, String key) throws IOException {
        if (!request.method().equals("POST")) {
            throw new HandshakeException(405, "the method must be POST");
        }
        if (!request.field("content-encoding").orElse("identity").equalsIgnoreCase("identity")) {
            throw new HandshakeException(415, "frames must not be compressed");
        }
        long number = number(request.parameters().getOrDefault("n", ""));
        String server = HttpSessions.serverOf(key).orElseThrow(HttpPosts::unknown);
        request.patience().begin(context.connections().limits().frame());
        Optional<byte[]> frames =
                request.readFrames(context.connections().limits().messageBytes());
        request.patience().begin(ANSWERED.plus(FOR_EARLIER));
        boolean here = server.equals(relay.id());
        if (frames.isEmpty()) {
            boolean ended = here ? sessions.refuseOversized(key) : ask(server, OVERSIZED + key) == Outcome.DONE;
            throw ended
                    ? new HandshakeException(413, "a frame passes the size limit, and has ended the session")
                    : unknown();
        }
        Outcome outcome = here
                ? post(key, number, frames.get())
                : ask(server, POST + number + " " + key + "\n" + new String(frames.get(), StandardCharsets.ISO_8859_1));
        request.answer(answer(outcome, number));
    }

    private static long number(String digits) throws HandshakeException {
        if (!digits.matches("[1-9][0-9]{0,15}")) {
            throw new HandshakeException(400, "n must be the number of the request: 1, 2, 3 and so on");
        }
        return Long.parseLong(digits);
    }

    private static HandshakeException unknown() {
        return new HandshakeException(404, "there is no such session: it ends with its stream");
    }

    private static HttpResponse answer(Outcome outcome, long number) throws HandshakeException {
        return switch (outcome) {
            case DONE -> HttpResponse.empty(204);
            case AHEAD ->
                HttpResponse.text(409, "a request before number " + number + " is missing: send that, then this again");
            case UNDER_WAY -> retry("the frames are still being carried out: send the request again");
            case TOO_MANY -> retry("too many requests of the session wait: send this again when earlier ones are done");
            case ENDED -> throw unknown();
        };
    }

    private static HttpResponse retry(String why) {
        return HttpResponse.text(503, why).with("Retry-After", "1");
    }

    private Outcome post(String key, long number, byte[] frames) throws IOException {
        try {
            return sessions.post(key, number, frames);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while frames were carried out");
        }
    }

    private Outcome ask(String server, String question) throws HandshakeException {
        String name = relay.ask(server, question, ANSWERED)
                .orElseThrow(() -> new HandshakeException(
                        503, "the server of the session can't be reached: send the request again"));
        return Outcome.valueOf(name);
    }

    /** Answers a question of another server by the name of an outcome. */
    private String answerServer(String question) {
        int end = Math.max(0, question.indexOf('\n'));
        try {
            if (question.startsWith(OVERSIZED)) {
                boolean ended = sessions.refuseOversized(question.substring(OVERSIZED.length()));
                return (ended ? Outcome.DONE : Outcome.ENDED).name();
            }
            String[] head = question.substring(0, end).split(" ");
            byte[] frames = question.substring(end + 1).getBytes(StandardCharsets.ISO_8859_1);
            return sessions.post(head[2], Long.parseLong(head[1]), frames).name();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.UNDER_WAY.name();
        }
    }

    /** Takes no more POSTs from other servers. */
    @Override
    public void close() {
        relay.close();
    }
}

package io.seleucia.chat.transport;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * A connection over HTTP, for networks that let no WebSocket through: the answer to one request is the stream of frames to the
 * client, and further requests, on other connections, bring its own.
 *
 * <p>The two loops work as with every connection, but the inbound loop takes its frames from the {@link PostQueue}. As it does
 * not read the stream's wire, a virtual thread of its own does: nothing comes there, but the end.
 */
public final class HttpStream extends WireConnection {
    private static final Logger LOG = System.getLogger(HttpStream.class.getName());
    private static final Duration COMMENT = Duration.ofSeconds(15);
    private static final AtomicLong LAST_NUMBER = new AtomicLong();

    private final StreamFormat format;
    private final boolean chunked;
    private final int maxMessageBytes;
    private final boolean answersPings;
    private final PostQueue posts;
    private final Thread watching;
    private boolean watched; // used by the inbound loop, and by release after it
    private volatile Runnable released = () -> {};
    private volatile long heardAt = System.nanoTime(); // when the last POST came
    private Runnable beforeWaiting = () -> {}; // used by the inbound loop only

    /**
     * Takes over the wire of a request, which {@link #open} answers.
     *
     * @param maxMessageBytes a longer frame closes the connection
     * @param answersPings whether the client answers pings by a POST
     */
    public HttpStream(HttpRequest request, StreamFormat format, int maxMessageBytes, boolean answersPings) {
        super(request.wire(), "http", LAST_NUMBER.incrementAndGet());
        this.format = format;
        this.chunked = request.readsChunks();
        this.maxMessageBytes = maxMessageBytes;
        this.answersPings = answersPings;
        this.posts = new PostQueue(wire.memory());
        this.watching = Thread.ofVirtual().name(name() + "-watching").unstarted(this::watch);
    }

    /**
     * Answers the request. Nothing of it may be buffered on the way, nor kept.
     *
     * @param json what the client must know of the session; empty if it can send nothing
     */
    public void open(HttpRequest request, Optional<String> json) throws IOException {
        HttpResponse head = HttpResponse.empty(200)
                .with("Content-Type", format.mediaType())
                .with("Cache-Control", "no-store, no-transform")
                .with("X-Accel-Buffering", "no")
                .with("X-Content-Type-Options", "nosniff");
        request.answerWithStream(
                chunked ? head.with("Transfer-Encoding", "chunked") : head,
                json.map(text -> format.opening(text, chunked)).orElse(new byte[0]));
    }

    /** Hands in a POST, and blocks until its outcome is known. Any thread. */
    public PostQueue.Outcome post(long number, byte[] frames, PostQueue.Waits waits) throws InterruptedException {
        heardAt = System.nanoTime();
        return posts.post(number, frames, waits);
    }

    /** Ends the session, because a frame that was not read is too large. Returns false if it has ended. Any thread. */
    public boolean refuseOversized() {
        return posts.breakOff(tooLarge());
    }

    /** Sets an action for the end of the connection. Called before it is served. */
    public void whenReleased(Runnable action) {
        released = action;
    }

    private static ConnectionClosedException tooLarge() {
        return new ConnectionClosedException(CloseCode.TOO_LARGE, "a frame passes the size limit");
    }

    private void watch() {
        IOException end;
        try {
            wire.await();
            end = new ConnectionClosedException(CloseCode.PROTOCOL_ERROR, "a request follows one that has not ended");
        } catch (IOException e) {
            end = e;
        } catch (Throwable e) {
            Loop.report(LOG, name(), e);
            end = new IOException("the stream can't be watched", e);
        }
        posts.breakOff(end);
    }

    @Override
    public void beforeWaiting(Runnable action) {
        beforeWaiting = action;
    }

    @Override
    public void await() throws IOException {
        if (!watched) {
            watched = true;
            watching.start();
        }
        if (!posts.hasFrame()) {
            beforeWaiting.run(); // what the frames have begun is completed
            posts.carriedOut();
        }
        posts.await();
    }

    @Override
    public Optional<Payload> read(Consumer<Frame> answers) throws IOException {
        byte[] frame = posts.take();
        if (frame == null) {
            return Optional.empty(); // a POST without frames
        }
        if (frame.length > maxMessageBytes) {
            throw tooLarge();
        }
        Utf8 utf8 = new Utf8();
        if (!utf8.accept(frame, 0, frame.length) || !utf8.complete()) {
            throw new ConnectionClosedException(CloseCode.INVALID_TEXT, "a frame is not UTF-8");
        }
        return Optional.of(new Payload(true, frame));
    }

    @Override
    public boolean hasUnread() {
        return posts.hasFrame();
    }

    @Override
    public Framing framing() {
        return format.framing(chunked);
    }

    @Override
    public Frame ping() {
        return format.ping(chunked);
    }

    @Override
    public Optional<Frame> keepalive(long now) {
        boolean due = writingSince() == 0 && now - wire.wroteAt() >= COMMENT.toNanos();
        return due ? Optional.of(format.comment(chunked)) : Optional.empty();
    }

    /** {@inheritDoc} From now on, no POST has an effect. */
    @Override
    public Frame closeFrame(CloseCode code) {
        posts.end();
        return format.closing(code, chunked);
    }

    @Override
    public void endOutput() throws IOException {
        wire.endOutput();
    }

    @Override
    public void finish() {
        if (watched) {
            join(); // the peer closes, or the watchdog does
        }
    }

    private void join() {
        boolean joined = false;
        while (!joined) {
            try {
                watching.join();
                joined = true;
            } catch (InterruptedException e) {
                LOG.log(Logger.Level.DEBUG, "the end of a stream was interrupted, and goes on");
            }
        }
    }

    @Override
    public void abort() {
        super.abort();
        posts.breakOff(new EOFException("the stream was aborted"));
    }

    @Override
    public void release() {
        if (watched) {
            join(); // it has been aborted
        }
        released.run();
        super.release();
        posts.close();
    }

    /** Returns when the last POST came, or now for a client that need not send anything. */
    @Override
    public long lastReadNanos() {
        return answersPings ? heardAt : System.nanoTime();
    }

    @Override
    public long readingSince() {
        return 0;
    }

    @Override
    public long incomingBytes() {
        return posts.bytes();
    }
}

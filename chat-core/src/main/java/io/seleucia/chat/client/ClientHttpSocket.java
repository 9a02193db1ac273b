package io.seleucia.chat.client;

import io.seleucia.chat.concurrent.Loop;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;

/**
 * A connection over HTTP: a stream of events from the server, and numbered POSTs to it. One virtual thread reads the stream,
 * another one sends POSTs, one at a time, each until it is answered: the server carries it out once.
 */
final class ClientHttpSocket implements ClientSocket {
    private static final Logger LOG = System.getLogger(ClientHttpSocket.class.getName());
    private static final int BROKEN = 1006;
    private static final int NORMAL = 1000;
    private static final int BATCH = 20_000; // characters of frames in a POST, unless the first alone has more
    private static final Duration POST_TIMEOUT = Duration.ofSeconds(60);
    private static final long PAUSE_MILLIS = 500; // before a POST is repeated
    private static final String LAST = ""; // no frame, as the next
    private static final String PONG = "\n"; // a POST without frames

    private final HttpClient http;
    private final URI sendTo;
    private final InputStream stream;
    private final EventReader events;
    private final Window window;
    private final BiConsumer<ClientSocket, Report> reports;
    private final Semaphore requested = new Semaphore(0); // messages that may be read
    private final BlockingQueue<String> waiting =
            new LinkedBlockingQueue<>(); // bounded as what the client awaits answers to
    private final AtomicBoolean ended = new AtomicBoolean();
    private long posts; // used by the sending thread only

    private ClientHttpSocket(
            HttpClient http,
            URI sendTo,
            InputStream stream,
            EventReader events,
            Window window,
            BiConsumer<ClientSocket, Report> reports) {
        this.http = http;
        this.sendTo = sendTo;
        this.stream = stream;
        this.events = events;
        this.window = window;
        this.reports = reports;
    }

    /**
     * Connects. Blocks until the stream has begun, or the timeout. Nothing more is read before {@link #request}.
     *
     * @param server an address with {@code ws} or {@code wss}
     * @throws IOException if the server does not speak chat.v1 over HTTP, or refuses the client
     * @throws ExecutionException if there is no connection
     * @throws TimeoutException if it takes too long
     */
    static ClientHttpSocket open(
            HttpClient http, URI server, Duration timeout, Window window, BiConsumer<ClientSocket, Report> reports)
            throws IOException, ExecutionException, TimeoutException, InterruptedException {
        String path = server.getRawPath().isEmpty() ? "/" : server.getRawPath();
        URI base = URI.create(server.getScheme().replace("ws", "http") + "://" + server.getRawAuthority() + path);
        String query = "?pings=true" + (server.getRawQuery() == null ? "" : "&" + server.getRawQuery());
        HttpRequest request = HttpRequest.newBuilder(base.resolve("http/chat.v1" + query))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(timeout)
                .header("Accept", "text/event-stream")
                .build();
        var opening = http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        HttpResponse<InputStream> response;
        try {
            response = opening.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            opening.cancel(true);
            throw e;
        }
        InputStream stream = response.body();
        try {
            if (response.statusCode() != 200) {
                throw new IOException("the server answers with " + response.statusCode());
            }
            EventReader events = new EventReader(stream);
            String session = events.next()
                    .filter(event -> event.name().equals("open"))
                    .flatMap(event -> ClientCodec.session(event.data()))
                    .orElseThrow(() -> new IOException(ClientCodec.NO_CHAT_V1));
            ClientHttpSocket opened =
                    new ClientHttpSocket(http, base.resolve("http/send/" + session), stream, events, window, reports);
            Thread.ofVirtual().name("chat-stream").start(() -> Loop.attempt(LOG, "reading a stream", opened::read));
            Thread.ofVirtual().name("chat-posts").start(() -> Loop.attempt(LOG, "sending frames", opened::send));
            return opened;
        } catch (Throwable e) {
            stream.close();
            throw e;
        }
    }

    private void read() {
        try {
            requested.acquire();
            for (Optional<EventReader.ServerSent> event = events.next(); event.isPresent(); event = events.next()) {
                take(event.get());
            }
            end(BROKEN, "the stream ended");
        } catch (IOException e) {
            end(BROKEN, "the connection broke: " + e.getMessage());
        } catch (InterruptedException e) {
            end(BROKEN, "interrupted");
        } finally {
            end(BROKEN, "reading has failed");
        }
    }

    private void take(EventReader.ServerSent event) throws InterruptedException {
        if (event.name().equals("close")) {
            ClientCodec.Closing closing = ClientCodec.closing(event.data());
            end(closing.code(), closing.reason());
        } else if (event.name().equals("ping")) {
            waiting.add(PONG);
            reports.accept(this, new Heard(0));
        } else if (event.data().isEmpty()) {
            reports.accept(this, new Heard(0));
        } else if (event.name().isEmpty()) {
            window.take(2 * event.data().length());
            boolean more = window.hasRoom();
            reports.accept(this, new Received(event.data(), more));
            if (!more) {
                requested.acquire();
            }
        }
    }

    private void send() {
        try {
            for (String first = waiting.take(); !first.equals(LAST); first = waiting.take()) {
                StringBuilder frames = new StringBuilder(first.equals(PONG) ? "" : first);
                for (String next = waiting.peek();
                        next != null && !next.equals(LAST) && frames.length() + next.length() < BATCH;
                        next = waiting.peek()) {
                    String frame = waiting.remove();
                    if (!frame.equals(PONG)) {
                        frames.append(frames.isEmpty() ? "" : "\n").append(frame);
                    }
                }
                post(frames.toString());
            }
        } catch (InterruptedException e) {
            end(BROKEN, "interrupted");
        } finally {
            end(BROKEN, "sending has failed");
        }
    }

    /** Sends a POST as often as it takes. */
    private void post(String frames) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(sendTo + "?n=" + ++posts))
                .version(HttpClient.Version.HTTP_1_1)
                .timeout(POST_TIMEOUT)
                .POST(HttpRequest.BodyPublishers.ofString(frames))
                .build();
        while (!ended.get()) {
            int status = statusOf(request);
            if (status == 204) {
                return;
            }
            if (status >= 400 && status < 500 && status != 408 && status != 409 && status != 429) {
                Thread.sleep(PAUSE_MILLIS); // the stream may say why
                end(BROKEN, "a POST was answered with " + status);
                return;
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    /** Returns the status of the answer, 0 if there is none. */
    private int statusOf(HttpRequest request) throws InterruptedException {
        try {
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "a POST is repeated: " + e.getMessage());
            return 0;
        }
    }

    private void end(int code, String reason) {
        if (ended.compareAndSet(false, true)) {
            release();
            reports.accept(this, new Ended(code, reason));
        }
    }

    private void release() {
        waiting.add(LAST);
        requested.release();
        try {
            stream.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, () -> "closing a stream: " + e.getMessage());
        }
    }

    /** {@inheritDoc} A frame is taken at once, and waits for a POST. */
    @Override
    public void send(String text) {
        waiting.add(text);
        reports.accept(this, new Sent());
    }

    @Override
    public void request() {
        requested.release();
    }

    /** {@inheritDoc} All that was sent has been answered by then. */
    @Override
    public void close() {
        end(NORMAL, "");
    }

    @Override
    public void abort() {
        if (ended.compareAndSet(false, true)) {
            release();
        }
    }

    @Override
    public boolean isWebSocket() {
        return false;
    }
}

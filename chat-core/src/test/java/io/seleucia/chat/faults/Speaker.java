package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A chat.v1 client that does one thing after the other, as it is told, and heals nothing. A thread of its own reads, so
 * that pings are answered.
 */
final class Speaker implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 120;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final ChatSocket socket;
    private final LinkedBlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final Queue<JsonObject> pushes = new ArrayDeque<>(); // that came before a reply
    private long lastId;

    /** What came: a message, or that nothing more will come. */
    private sealed interface Frame {
        record Text(JsonObject json) implements Frame {}

        record End(IOException why) implements Frame {}
    }

    private Speaker(ChatSocket socket) {
        this.socket = socket;
        Thread.ofVirtual().name("speaker").start(this::read);
    }

    /**
     * Connects, without a position in its inbox, and asks again while the broker is unavailable. Fails if the server does
     * not take the name.
     */
    static Speaker connect(int port, String name) throws IOException {
        Speaker speaker = new Speaker(ChatSocket.open(port));
        JsonObject request = request("connect");
        request.addProperty("client", name);
        JsonObject reply = speaker.ask(request);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (Listening.isUnavailable(reply) && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(PAUSE_NANOS);
            reply = speaker.ask(request);
        }
        if (!reply.get("type").getAsString().equals("connected")) {
            speaker.close();
            throw new IOException(reply.toString());
        }
        return speaker;
    }

    private void read() {
        try {
            while (true) {
                frames.add(new Frame.Text(socket.read()));
            }
        } catch (IOException e) {
            frames.add(new Frame.End(e));
        }
    }

    private JsonObject take() throws IOException {
        try {
            Frame frame = frames.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return switch (frame) {
                case null -> throw new SocketTimeoutException("nothing came for two minutes");
                case Frame.Text text -> text.json;
                case Frame.End end -> {
                    frames.add(end); // and so it stays
                    throw new IOException("the connection has ended", end.why);
                }
            };
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a speaker", e);
        }
    }

    static JsonObject request(String type) {
        JsonObject request = new JsonObject();
        request.addProperty("type", type);
        return request;
    }

    static JsonObject request(String type, String channel) {
        JsonObject request = request(type);
        request.addProperty("channel", channel);
        return request;
    }

    /** Asks, and waits for the reply, which may be an error. */
    JsonObject ask(JsonObject request) throws IOException {
        request.addProperty("id", ++lastId);
        socket.send(request);
        JsonObject frame = take();
        while (!frame.has("id")) {
            pushes.add(frame);
            frame = take();
        }
        return frame;
    }

    /** The next push, waiting for it. */
    JsonObject push() throws IOException {
        return pushes.isEmpty() ? take() : pushes.remove();
    }

    /** The next push that came before the last reply, if there is one left. */
    Optional<JsonObject> pushed() {
        return Optional.ofNullable(pushes.poll());
    }

    @Override
    public void close() {
        socket.close();
    }
}

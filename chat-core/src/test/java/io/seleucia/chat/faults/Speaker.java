package io.seleucia.chat.faults;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;

/** A chat.v1 client that does one thing after the other, as it is told, and heals nothing. */
final class Speaker implements AutoCloseable {
    private final ChatSocket socket;
    private final Queue<JsonObject> pushes = new ArrayDeque<>(); // that came before a reply
    private long lastId;

    private Speaker(ChatSocket socket) {
        this.socket = socket;
    }

    /** Connects, without a position in its inbox. */
    static Speaker connect(int port, String name) throws IOException {
        Speaker speaker = new Speaker(ChatSocket.open(port));
        JsonObject request = request("connect");
        request.addProperty("client", name);
        speaker.ask(request);
        return speaker;
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
        JsonObject frame = socket.read();
        while (!frame.has("id")) {
            pushes.add(frame);
            frame = socket.read();
        }
        return frame;
    }

    /** The next push, waiting for it. */
    JsonObject push() throws IOException {
        return pushes.isEmpty() ? socket.read() : pushes.remove();
    }

    @Override
    public void close() {
        socket.close();
    }
}

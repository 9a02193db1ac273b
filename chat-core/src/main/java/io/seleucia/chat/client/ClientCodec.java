package io.seleucia.chat.client;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * chat.v1 as a client sees it: writes requests and reads events. A request is written without its id first, so that it
 * can be repeated on another connection. Has no state.
 */
final class ClientCodec {
    private static final Gson GSON =
            new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final int MAX_NESTING = 72; // a message may be nested 64 times

    private ClientCodec() {}

    /** Who a client says that it is, by a name, with a password or not, or a token. Never printed. */
    record Login(Optional<String> name, Optional<String> password, Optional<String> token) {
        @Override
        public String toString() {
            return "a login";
        }
    }

    /** An event, and the id of the request that it answers, 0 for a push. */
    record Incoming(long id, Event event) {}

    /** A frame, as far as it can be read; 0 and "" stand for what can't. */
    record Fragment(long id, String type, String channel, long offset) {}

    /** What came is no frame of chat.v1. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static String connect(Login login, Optional<Position> inbox) {
        JsonObject request = request("connect");
        login.token().ifPresent(token -> request.addProperty("token", token));
        login.password().ifPresent(password -> request.addProperty("password", password));
        String name = login.password().isPresent() ? "user" : "client";
        login.name().ifPresent(who -> request.addProperty(name, who));
        inbox.ifPresent(position -> request.add("inbox", json(position)));
        return text(request);
    }

    static String subscribe(String channel, Optional<Position> since, boolean presence) {
        JsonObject request = request("subscribe", channel);
        since.ifPresent(position -> request.add("since", json(position)));
        if (presence) {
            request.addProperty("presence", true);
        }
        return text(request);
    }

    static String unsubscribe(String channel) {
        return text(request("unsubscribe", channel));
    }

    static String publish(String channel, Content content, String key) {
        JsonObject request = request("publish", channel);
        request.add("data", json(content));
        request.addProperty("key", key);
        return text(request);
    }

    static String direct(String to, Content content, String key) {
        JsonObject request = request("direct");
        request.addProperty("to", to);
        request.add("data", json(content));
        request.addProperty("key", key);
        return text(request);
    }

    static String signal(String channel, Content content) {
        JsonObject request = request("signal", channel);
        request.add("data", json(content));
        return text(request);
    }

    static String history(String channel, OptionalLong before, OptionalLong after, int limit) {
        JsonObject request = request("history", channel);
        before.ifPresent(offset -> request.addProperty("before", offset));
        after.ifPresent(offset -> request.addProperty("after", offset));
        request.addProperty("limit", limit);
        return text(request);
    }

    static String presence(String channel) {
        return text(request("presence", channel));
    }

    static String channels() {
        return text(request("channels"));
    }

    static String ping() {
        return text(request("ping"));
    }

    /** A request as it goes over the wire. */
    static String withId(long id, String request) {
        return "{\"id\":" + id + "," + request.substring(1);
    }

    private static JsonObject request(String type) {
        JsonObject request = new JsonObject();
        request.addProperty("type", type);
        return request;
    }

    private static JsonObject request(String type, String channel) {
        JsonObject request = request(type);
        request.addProperty("channel", channel);
        return request;
    }

    private static String text(JsonObject request) {
        return GSON.toJson(request);
    }

    private static JsonObject json(Position position) {
        JsonObject json = new JsonObject();
        json.addProperty("epoch", position.epoch());
        json.addProperty("offset", position.offset());
        return json;
    }

    private static JsonElement json(Content content) {
        try {
            return switch (content) {
                case Content.Text text -> new JsonPrimitive(text.asText());
                case Content.Json json -> StrictJson.parse(json.asText(), StrictJson.MAX_DATA_NESTING);
            };
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("the content is not valid JSON", e);
        }
    }

    /** Reads a frame; empty if it is of a kind that is not known yet. */
    static Optional<Incoming> decode(String text) throws MalformedException {
        try {
            JsonObject frame = StrictJson.parse(text, MAX_NESTING).getAsJsonObject();
            long id = frame.has("id") ? frame.get("id").getAsLong() : 0;
            return event(frame).map(event -> new Incoming(id, event));
        } catch (IOException | RuntimeException e) { // Gson has many ways to say that something is not as it should be
            throw new MalformedException("the server does not speak chat.v1", e);
        }
    }

    /**
     * Returns what can be made out of a frame that can't be read, or of the beginning of one: it tells which message, or
     * which answer, is to be skipped.
     */
    static Fragment fragment(String text) {
        Map<String, JsonPrimitive> members = StrictJson.legibleMembers(text);
        return new Fragment(
                number(members.get("id")),
                text(members.get("type")),
                text(members.get("channel")),
                number(members.get("offset")));
    }

    private static long number(JsonPrimitive member) {
        return member != null && member.isNumber() ? member.getAsLong() : 0;
    }

    private static String text(JsonPrimitive member) {
        return member != null && member.isString() ? member.getAsString() : "";
    }

    private static Optional<Event> event(JsonObject frame) {
        return Optional.ofNullable(
                switch (string(frame, "type")) {
                    case "connected" ->
                        new Event.Connected(
                                string(frame, "session"),
                                string(frame, "client"),
                                string(frame, "server"),
                                frame.get("pingSeconds").getAsInt(),
                                frame.get("maxMessageBytes").getAsInt(),
                                Optional.ofNullable(frame.getAsJsonObject("inbox"))
                                        .map(ClientCodec::recovery));
                    case "subscribed" -> new Event.Subscribed(string(frame, "channel"), recovery(frame));
                    case "unsubscribed" -> new Event.Unsubscribed(strings(frame, "channels"));
                    case "published" ->
                        new Event.Published(string(frame, "channel"), position(frame), frame.has("duplicate"));
                    case "signalled" -> new Event.Signalled();
                    case "channels" -> new Event.Channels(strings(frame, "channels"));
                    case "history" -> page(frame);
                    case "presence" -> new Event.Members(string(frame, "channel"), clients(frame));
                    case "pong" -> new Event.Pong();
                    case "error" -> new Event.Failed(code(string(frame, "code")), string(frame, "message"));
                    case "message" -> new Event.Received(message(frame, string(frame, "channel"), ""));
                    case "direct" -> new Event.Received(message(frame, "@", ""));
                    case "signal" ->
                        new Event.SignalReceived(
                                string(frame, "channel"), string(frame, "sender"), content(frame.get("data")));
                    case "joined" -> new Event.Joined(string(frame, "channel"), string(frame, "client"));
                    case "left" -> new Event.Left(string(frame, "channel"), string(frame, "client"));
                    case "lost" -> new Event.Lost(string(frame, "channel"), position(frame));
                    case "goodbye" -> new Event.Goodbye(CloseCode.NORMAL); // the Close that follows has the code
                    default -> null;
                });
    }

    private static Event.Page page(JsonObject frame) {
        Position newest = position(frame);
        String channel = string(frame, "channel");
        List<Message> messages = new ArrayList<>();
        for (JsonElement element : frame.getAsJsonArray("messages")) {
            messages.add(message(element.getAsJsonObject(), channel, newest.epoch()));
        }
        return new Event.Page(channel, newest, List.copyOf(messages));
    }

    /** A pushed message does not say its epoch: that is the one in which its channel is. */
    private static Message message(JsonObject frame, String channel, String epoch) {
        Position position =
                frame.has("offset") ? new Position(epoch, frame.get("offset").getAsLong()) : Position.NONE;
        long time = frame.get("time").getAsLong();
        return new Message(channel, position, string(frame, "sender"), time, content(frame.get("data")));
    }

    private static Content content(JsonElement data) {
        Objects.requireNonNull(data, "data");
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(GSON.toJson(data));
    }

    private static Event.Recovery recovery(JsonObject json) {
        JsonElement recovered = json.get("recovered");
        return new Event.Recovery(position(json), Optional.ofNullable(recovered).map(JsonElement::getAsBoolean));
    }

    private static Position position(JsonObject json) {
        return new Position(string(json, "epoch"), json.get("offset").getAsLong());
    }

    private static Map<String, Integer> clients(JsonObject frame) {
        Map<String, Integer> clients = new TreeMap<>();
        for (JsonElement element : frame.getAsJsonArray("clients")) {
            JsonObject client = element.getAsJsonObject();
            clients.put(string(client, "client"), client.get("sessions").getAsInt());
        }
        return clients;
    }

    private static List<String> strings(JsonObject frame, String name) {
        JsonArray array = frame.getAsJsonArray(name);
        return array.asList().stream().map(JsonElement::getAsString).toList();
    }

    private static String string(JsonObject json, String name) {
        return json.get(name).getAsString();
    }

    /** A code of a later version is a fault that is not known: nothing is repeated because of it. */
    private static ErrorCode code(String wireName) {
        for (ErrorCode code : ErrorCode.values()) {
            if (code.wireName().equals(wireName)) {
                return code == ErrorCode.WRONG_CLIENT ? ErrorCode.FORBIDDEN : code;
            }
        }
        return ErrorCode.INTERNAL;
    }
}

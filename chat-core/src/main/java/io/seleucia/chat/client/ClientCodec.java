package io.seleucia.chat.client;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ResumeSecret;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The client's side of chat.v1: writes requests and reads events. Requests are written without their ids, so that they can
 * be repeated on another connection. Has no state.
 */
final class ClientCodec {
    /** The reason for ending a connection to a server of another protocol. */
    static final String NO_CHAT_V1 = "the server does not speak chat.v1";

    private static final int MAX_NESTING = 72; // a message may be nested 64 times

    private ClientCodec() {}

    /** A name, with or without a password or a guest's secret, or else a token. Never printed. */
    record Credentials(
            Optional<String> name, Optional<String> password, Optional<String> token, Optional<ResumeSecret> resume) {
        @Override
        public String toString() {
            return "credentials";
        }
    }

    /** An event, and the id of its request, 0 for a push. */
    record Incoming(long id, Event event) {}

    /** The legible parts of a frame; 0 and "" stand for the others. */
    record Fragment(long id, String type, String channel, long offset) {}

    /** Signals a frame that is not of chat.v1. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static String connect(Credentials credentials, Optional<Position> inbox) {
        JsonObject request = request("connect");
        credentials.token.ifPresent(token -> request.addProperty("token", token));
        credentials.password.ifPresent(password -> request.addProperty("password", password));
        String field = credentials.password.isPresent() ? "user" : "client";
        credentials.name.ifPresent(name -> request.addProperty(field, name));
        credentials.resume.ifPresent(secret -> request.addProperty("resume", secret.value()));
        inbox.ifPresent(position -> request.add("inbox", json(position)));
        return StrictJson.text(request);
    }

    static String subscribe(String channel, Optional<Position> since, boolean presence) {
        JsonObject request = request("subscribe", channel);
        since.ifPresent(position -> request.add("since", json(position)));
        if (presence) {
            request.addProperty("presence", true);
        }
        return StrictJson.text(request);
    }

    static String unsubscribe(String channel) {
        return StrictJson.text(request("unsubscribe", channel));
    }

    static String publish(String channel, Content content, String key) {
        JsonObject request = request("publish", channel);
        request.add("data", json(content));
        request.addProperty("key", key);
        return StrictJson.text(request);
    }

    static String direct(String to, Content content, String key) {
        JsonObject request = request("direct");
        request.addProperty("to", to);
        request.add("data", json(content));
        request.addProperty("key", key);
        return StrictJson.text(request);
    }

    static String signal(String channel, Content content) {
        JsonObject request = request("signal", channel);
        request.add("data", json(content));
        return StrictJson.text(request);
    }

    static String history(String channel, OptionalLong before, OptionalLong after, int limit) {
        JsonObject request = request("history", channel);
        before.ifPresent(offset -> request.addProperty("before", offset));
        after.ifPresent(offset -> request.addProperty("after", offset));
        request.addProperty("limit", limit);
        return StrictJson.text(request);
    }

    static String presence(String channel, String after, int limit) {
        JsonObject request = request("presence", channel);
        if (!after.isEmpty()) {
            request.addProperty("after", after);
        }
        request.addProperty("limit", limit);
        return StrictJson.text(request);
    }

    static String channels() {
        return StrictJson.text(request("channels"));
    }

    static String ping() {
        return StrictJson.text(request("ping"));
    }

    /** Returns a request with its id. */
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

    /** Reads a frame. Returns empty if its type is unknown. */
    static Optional<Incoming> decode(String text) throws MalformedException {
        try {
            JsonObject frame = StrictJson.parse(text, MAX_NESTING).getAsJsonObject();
            long id = frame.has("id") ? frame.get("id").getAsLong() : 0;
            return event(frame).map(event -> new Incoming(id, event));
        } catch (IOException | RuntimeException e) { // Gson throws several
            throw new MalformedException(NO_CHAT_V1, e);
        }
    }

    /** Returns the legible parts of a malformed frame, or of the beginning of one, so that it can be skipped. */
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
                                        .map(ClientCodec::recovery),
                                Optional.empty()); // the client made the secret itself
                    case "subscribed" -> new Event.Subscribed(string(frame, "channel"), recovery(frame));
                    case "unsubscribed" ->
                        frame.has("code")
                                ? new Event.Removed(
                                        string(frame, "channel"), code(string(frame, "code")), string(frame, "message"))
                                : new Event.Unsubscribed(strings(frame, "channels"));
                    case "published" ->
                        new Event.Published(string(frame, "channel"), position(frame), frame.has("duplicate"));
                    case "signalled" -> new Event.Signalled();
                    case "channels" -> new Event.Channels(strings(frame, "channels"));
                    case "history" -> page(frame);
                    case "presence" -> members(frame);
                    case "pong" -> new Event.Pong();
                    case "error" -> new Event.Failed(code(string(frame, "code")), string(frame, "message"));
                    case "message" -> new Event.Received(message(frame, string(frame, "channel"), ""));
                    case "direct" -> new Event.Received(message(frame, "@", ""));
                    case "signal" ->
                        new Event.SignalReceived(
                                string(frame, "channel"),
                                string(frame, "sender"),
                                guest(frame),
                                content(frame.get("data")));
                    case "joined" -> new Event.Joined(string(frame, "channel"), string(frame, "client"), guest(frame));
                    case "left" -> new Event.Left(string(frame, "channel"), string(frame, "client"), guest(frame));
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

    /** Reads a message. A pushed one has no epoch, which is its channel's. */
    private static Message message(JsonObject frame, String channel, String epoch) {
        Position position =
                frame.has("offset") ? new Position(epoch, frame.get("offset").getAsLong()) : Position.NONE;
        long time = frame.get("time").getAsLong();
        return new Message(channel, position, string(frame, "sender"), guest(frame), time, content(frame.get("data")));
    }

    private static Content content(JsonElement data) {
        Objects.requireNonNull(data, "data");
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(StrictJson.text(data));
    }

    private static Event.Recovery recovery(JsonObject json) {
        JsonElement recovered = json.get("recovered");
        return new Event.Recovery(position(json), Optional.ofNullable(recovered).map(JsonElement::getAsBoolean));
    }

    private static Position position(JsonObject json) {
        return new Position(string(json, "epoch"), json.get("offset").getAsLong());
    }

    /** Reads a page of presence. A server of an earlier version sends all clients at once, without a total. */
    private static Event.Members members(JsonObject frame) {
        List<Member> clients = new ArrayList<>();
        for (JsonElement element : frame.getAsJsonArray("clients")) {
            JsonObject client = element.getAsJsonObject();
            clients.add(
                    new Member(string(client, "client"), client.get("sessions").getAsInt(), guest(client)));
        }
        int total = frame.has("total") ? frame.get("total").getAsInt() : clients.size();
        return new Event.Members(string(frame, "channel"), total, List.copyOf(clients), frame.has("more"));
    }

    private static List<String> strings(JsonObject frame, String name) {
        return frame.getAsJsonArray(name).asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    private static boolean guest(JsonObject json) {
        return json.has("guest") && json.get("guest").getAsBoolean();
    }

    private static String string(JsonObject json, String name) {
        return json.get(name).getAsString();
    }

    /** Returns the code, INTERNAL for one of a later version: a request that fails with it is not repeated. */
    private static ErrorCode code(String wireName) {
        for (ErrorCode code : ErrorCode.values()) {
            if (code.wireName().equals(wireName)) {
                return code == ErrorCode.WRONG_CLIENT ? ErrorCode.FORBIDDEN : code;
            }
        }
        return ErrorCode.INTERNAL;
    }
}

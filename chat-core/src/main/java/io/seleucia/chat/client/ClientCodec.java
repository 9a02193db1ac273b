package io.seleucia.chat.client;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.ResumeSecret;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
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

    private static final int ABNORMAL = 1006;
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

    /** Why a stream over HTTP ends. */
    record Closing(int code, String reason) {}

    /** Signals a frame that is not of chat.v1. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Returns the key of a session over HTTP, from the event that opens its stream; empty if it has none. */
    static Optional<String> session(String opening) {
        return StrictJson.stringMember(opening, "session").filter(key -> key.matches("[A-Za-z0-9._-]+"));
    }

    /** Reads the event that ends a stream over HTTP. */
    static Closing closing(String event) {
        try {
            JsonObject closing = StrictJson.parse(event, MAX_NESTING).getAsJsonObject();
            return new Closing(
                    closing.getAsJsonPrimitive("code").getAsInt(),
                    closing.getAsJsonPrimitive("reason").getAsString());
        } catch (IOException | RuntimeException e) {
            return new Closing(ABNORMAL, NO_CHAT_V1);
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

    static String subscribe(String channel, Optional<Position> since, Command.Interest interest) {
        JsonObject request = request("subscribe", channel);
        since.ifPresent(position -> request.add("since", json(position)));
        addFlag(request, "presence", interest.presence());
        addFlag(request, "read", interest.read());
        addFlag(request, "receipts", interest.receipts());
        return StrictJson.text(request);
    }

    private static void addFlag(JsonObject request, String name, boolean set) {
        if (set) {
            request.addProperty(name, true);
        }
    }

    static String unsubscribe(String channel) {
        return StrictJson.text(request("unsubscribe", channel));
    }

    static String publish(String channel, Content content, Attributes attributes, String key) {
        return publication(request("publish", channel), content, attributes, key);
    }

    static String direct(String to, Content content, Attributes attributes, String key) {
        JsonObject request = request("direct");
        request.addProperty("to", to);
        return publication(request, content, attributes, key);
    }

    private static String publication(JsonObject request, Content content, Attributes attributes, String key) {
        if (!attributes.headers().isEmpty()) {
            JsonObject headers = new JsonObject();
            attributes.headers().forEach(headers::addProperty);
            request.add("headers", headers);
        }
        attributes.ref().ifPresent(ref -> request.add("ref", json(ref)));
        boolean deletes = attributes.ref().isPresent() && attributes.ref().get().kind() == Reference.Kind.DELETE;
        if (!deletes) {
            request.add("data", json(content));
        }
        request.addProperty("key", key);
        return StrictJson.text(request);
    }

    private static JsonObject json(Reference ref) {
        JsonObject json = new JsonObject();
        json.addProperty("offset", ref.offset());
        json.addProperty("kind", ref.kind().word());
        if (ref.remove()) {
            json.addProperty("remove", true);
        }
        return json;
    }

    static String signal(String channel, Content content) {
        JsonObject request = request("signal", channel);
        request.add("data", json(content));
        return StrictJson.text(request);
    }

    static String history(String channel, HistoryRange range, boolean folded) {
        JsonObject request = request("history", channel);
        range.before().ifPresent(offset -> request.addProperty("before", offset));
        range.after().ifPresent(offset -> request.addProperty("after", offset));
        request.addProperty("limit", range.limit());
        range.with().ifPresent(client -> request.addProperty("with", client));
        addFlag(request, "folded", folded);
        return StrictJson.text(request);
    }

    static String search(String channel, String text, OptionalLong before, int limit) {
        JsonObject request = request("search", channel);
        request.addProperty("text", text);
        before.ifPresent(offset -> request.addProperty("before", offset));
        request.addProperty("limit", limit);
        return StrictJson.text(request);
    }

    static String call(String method, Content data) {
        JsonObject request = request("call");
        request.addProperty("method", method);
        request.add("data", data instanceof Content.None ? JsonNull.INSTANCE : json(data));
        return StrictJson.text(request);
    }

    static String read(String channel, long offset) {
        JsonObject request = request("read", channel);
        request.addProperty("offset", offset);
        return StrictJson.text(request);
    }

    static String info(String channel) {
        return StrictJson.text(request("info", channel));
    }

    static String describe(String channel, Optional<Content.Json> description) {
        JsonObject request = request("info", channel);
        request.add("set", description.map(ClientCodec::parsed).orElse(JsonNull.INSTANCE));
        return StrictJson.text(request);
    }

    static String list(String prefix, String after, int limit) {
        return list(prefix, "after", after, limit);
    }

    /** @param next what the page before has said */
    static String listNext(String prefix, String next, int limit) {
        return list(prefix, "next", next, limit);
    }

    private static String list(String prefix, String from, String value, int limit) {
        JsonObject request = request("list");
        if (!prefix.isEmpty()) {
            request.addProperty("prefix", prefix);
        }
        if (!value.isEmpty()) {
            request.addProperty(from, value);
        }
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
        return switch (content) {
            case Content.Text text -> new JsonPrimitive(text.asText());
            case Content.Json json -> parsed(json);
            case Content.None none -> throw new IllegalArgumentException("a message must have content");
        };
    }

    private static JsonElement parsed(Content.Json json) {
        try {
            return StrictJson.parse(json.asText(), StrictJson.MAX_DATA_NESTING);
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
                    case "subscribed" ->
                        new Event.Subscribed(
                                string(frame, "channel"),
                                recovery(frame),
                                description(frame).map(ClientCodec::anonymous),
                                Optional.ofNullable(frame.getAsJsonObject("read"))
                                        .map(ClientCodec::mark));
                    case "read" -> new Event.Read(string(frame, "channel"), mark(frame));
                    case "receipt" ->
                        new Event.ReadReceipt(
                                string(frame, "channel"),
                                string(frame, "client"),
                                guest(frame),
                                frame.get("offset").getAsLong());
                    case "info" ->
                        frame.has("id")
                                ? new Event.Description(string(frame, "channel"), info(frame))
                                : new Event.Described(
                                        string(frame, "channel"), info(frame).orElseThrow());
                    case "list" -> directory(frame);
                    case "unsubscribed" ->
                        frame.has("code")
                                ? new Event.Removed(
                                        string(frame, "channel"), code(string(frame, "code")), string(frame, "message"))
                                : new Event.Unsubscribed(strings(frame, "channels"));
                    case "published" ->
                        new Event.Published(
                                string(frame, "channel"),
                                position(frame),
                                frame.has("duplicate"),
                                Optional.ofNullable(frame.getAsJsonObject("own"))
                                        .map(ClientCodec::position));
                    case "signalled" -> new Event.Signalled();
                    case "channels" -> new Event.Channels(strings(frame, "channels"));
                    case "history" -> page(frame);
                    case "search" -> found(frame);
                    case "presence" -> members(frame);
                    case "result" -> new Event.Result(result(frame.get("data")));
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

    /** Reads a page of history. A page that is not folded has no more than its messages. */
    private static Event.FoldedPage page(JsonObject frame) {
        Position newest = position(frame);
        String channel = string(frame, "channel");
        return new Event.FoldedPage(channel, newest, messages(frame, channel, newest.epoch()), next(frame));
    }

    private static ReadMark mark(JsonObject json) {
        return new ReadMark(json.get("offset").getAsLong(), json.get("unread").getAsInt(), flag(json, "more"));
    }

    /** Reads what describes a channel: an object, or null if it was removed. */
    private static Optional<Content.Json> description(JsonObject json) {
        return json.has("info") && json.get("info").isJsonObject()
                ? Optional.of(Content.Json.ofValid(StrictJson.text(json.get("info"))))
                : Optional.empty();
    }

    /** Returns a description of which the server does not say who has changed it. */
    private static ChannelInfo anonymous(Content.Json description) {
        return new ChannelInfo(Optional.of(description), Sender.of(""), 0);
    }

    /** Reads a description, and who has changed it. A channel that never had one has neither. */
    private static Optional<ChannelInfo> info(JsonObject json) {
        return json.has("by")
                ? Optional.of(new ChannelInfo(
                        description(json),
                        new Sender(string(json, "by"), guest(json)),
                        json.get("time").getAsLong()))
                : Optional.empty();
    }

    private static Event.Directory directory(JsonObject frame) {
        List<ChannelEntry> channels = new ArrayList<>();
        for (JsonElement element : frame.getAsJsonArray("channels")) {
            JsonObject entry = element.getAsJsonObject();
            channels.add(new ChannelEntry(
                    string(entry, "channel"),
                    entry.get("clients").getAsInt(),
                    entry.has("time") ? entry.get("time").getAsLong() : 0,
                    description(entry).map(ClientCodec::anonymous)));
        }
        Optional<String> next = frame.has("next") ? Optional.of(string(frame, "next")) : Optional.empty();
        return new Event.Directory(List.copyOf(channels), flag(frame, "more"), next);
    }

    /** Reads the messages that a search has found, which have no epoch. */
    private static Event.Found found(JsonObject frame) {
        String channel = string(frame, "channel");
        return new Event.Found(channel, messages(frame, channel, ""), next(frame));
    }

    private static OptionalLong next(JsonObject frame) {
        return frame.has("next") ? OptionalLong.of(frame.get("next").getAsLong()) : OptionalLong.empty();
    }

    private static List<FoldedMessage> messages(JsonObject frame, String channel, String epoch) {
        List<FoldedMessage> messages = new ArrayList<>();
        for (JsonElement element : frame.getAsJsonArray("messages")) {
            messages.add(folded(element.getAsJsonObject(), channel, epoch));
        }
        return List.copyOf(messages);
    }

    private static FoldedMessage folded(JsonObject json, String channel, String epoch) {
        Optional<FoldedMessage.Edit> edited = Optional.ofNullable(json.getAsJsonObject("edited"))
                .map(edit -> new FoldedMessage.Edit(
                        edit.get("offset").getAsLong(), edit.get("time").getAsLong()));
        List<FoldedMessage.Reaction> reactions = new ArrayList<>();
        if (json.has("reactions")) {
            for (JsonElement element : json.getAsJsonArray("reactions")) {
                JsonObject reaction = element.getAsJsonObject();
                reactions.add(new FoldedMessage.Reaction(
                        string(reaction, "text"), reaction.get("count").getAsInt(), strings(reaction, "clients")));
            }
        }
        int replies = json.has("replies") ? json.get("replies").getAsInt() : 0;
        return new FoldedMessage(message(json, channel, epoch), edited, reactions, replies);
    }

    /** Reads a message. A pushed one has no epoch, which is its channel's. */
    private static Message message(JsonObject frame, String channel, String epoch) {
        Position position =
                frame.has("offset") ? new Position(epoch, frame.get("offset").getAsLong()) : Position.NONE;
        long time = frame.get("time").getAsLong();
        Attributes attributes = attributes(frame);
        boolean blank = attributes.deleted().isPresent()
                || attributes
                        .ref()
                        .filter(ref -> ref.kind() == Reference.Kind.DELETE)
                        .isPresent();
        Content content = blank ? Content.NONE : content(frame.get("data"));
        return new Message(channel, position, string(frame, "sender"), guest(frame), time, content, attributes);
    }

    private static Attributes attributes(JsonObject frame) {
        Attributes attributes = Attributes.NONE;
        if (frame.has("headers")) {
            Map<String, String> headers = new HashMap<>();
            frame.getAsJsonObject("headers")
                    .entrySet()
                    .forEach(header ->
                            headers.put(header.getKey(), header.getValue().getAsString()));
            attributes = attributes.withHeaders(headers);
        }
        Optional<Reference> ref =
                Optional.ofNullable(frame.getAsJsonObject("ref")).flatMap(ClientCodec::reference);
        if (ref.isPresent()) {
            attributes = attributes.withRef(ref.get());
        }
        if (frame.has("to")) {
            attributes = attributes.withTo(string(frame, "to"));
        }
        if (frame.has("deleted")) {
            JsonObject deleted = frame.getAsJsonObject("deleted");
            attributes = attributes.deleted(new Attributes.Deleted(
                    string(deleted, "by"), deleted.get("time").getAsLong()));
        }
        return attributes;
    }

    /** Reads a reference. Returns empty for a kind of a later version. */
    private static Optional<Reference> reference(JsonObject ref) {
        return Reference.Kind.ofWord(string(ref, "kind"))
                .map(kind -> new Reference(ref.get("offset").getAsLong(), kind, flag(ref, "remove")));
    }

    private static Content content(JsonElement data) {
        Objects.requireNonNull(data, "data");
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(StrictJson.text(data));
    }

    private static Content result(JsonElement data) {
        return data instanceof JsonNull ? Content.NONE : content(data);
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
        return flag(json, "guest");
    }

    private static boolean flag(JsonObject json, String name) {
        return json.has(name) && json.get(name).getAsBoolean();
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

package io.seleucia.chat.protocol;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.FoldedMessage;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.ResumeSecret;
import io.seleucia.chat.protocol.json.Json;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The server's own protocol: one JSON object per text frame, {@code {"id":1,"type":"publish",…}}. A reply has the id of its
 * request. Messages have positions, from which a client goes on after a lost connection. Has no state.
 */
public final class ChatV1 implements Protocol {
    private static final int DEFAULT_PAGE = 50;
    private static final int DEFAULT_LIST = 100;
    private static final int LARGEST_PAGE = 1_000;
    private static final int LONGEST_EPOCH = 128;
    private static final String NO_ID = "";

    /** Creates the protocol; one object serves all connections. */
    public ChatV1() {}

    @Override
    public String name() {
        return "chat.v1";
    }

    @Override
    public Request decode(Payload message) {
        Object tag = NO_ID;
        try {
            if (!(Json.parse(message.asString(), "the frame") instanceof JsonObject request)) {
                throw new Json.MalformedException("the frame must be a JSON object");
            }
            tag = Json.optionalNumber(request, "id", 1).orElseThrow(() -> new Json.MalformedException("id is missing"));
            return new Request(tag, Optional.empty(), command(request));
        } catch (Json.MalformedException e) {
            Object known = tag.equals(NO_ID) ? legibleId(message) : tag;
            return new Request(known, Optional.empty(), new Command.Malformed(e.getMessage()));
        }
    }

    /** Returns the id of an invalid frame, if it is legible, so that the client learns which request has failed. */
    private static Object legibleId(Payload message) {
        JsonPrimitive id = StrictJson.legibleMembers(message.asString()).get("id");
        try {
            JsonObject frame = new JsonObject();
            frame.add("id", id);
            return Json.optionalNumber(frame, "id", 1).map(Object.class::cast).orElse(NO_ID);
        } catch (Json.MalformedException e) {
            return NO_ID;
        }
    }

    private static Command command(JsonObject request) throws Json.MalformedException {
        String type = Json.string(request, "type");
        return switch (type) {
            case "connect" ->
                new Command.Connect(
                        Json.optionalString(request, "client"),
                        position(request, "inbox"),
                        credentials(request),
                        Json.optionalString(request, "resume").map(ResumeSecret::new));
            case "subscribe" ->
                new Command.Subscribe(
                        Json.string(request, "channel"),
                        position(request, "since"),
                        new Command.Interest(
                                Json.flag(request, "presence"),
                                Json.flag(request, "read"),
                                Json.flag(request, "receipts")));
            case "read" ->
                new Command.Read(
                        Json.string(request, "channel"),
                        Json.optionalNumber(request, "offset", 0)
                                .orElseThrow(() -> new Json.MalformedException("offset is missing")));
            case "unsubscribe" -> {
                Optional<String> channel = Json.optionalString(request, "channel");
                yield channel.isPresent() ? new Command.Unsubscribe(channel.get()) : new Command.UnsubscribeAll();
            }
            case "publish" -> {
                Attributes attributes = attributes(request);
                yield new Command.Publish(
                        Json.string(request, "channel"), content(request, attributes), attributes, key(request));
            }
            case "direct" -> {
                Attributes attributes = attributes(request);
                yield new Command.Direct(
                        Json.string(request, "to"), content(request, attributes), attributes, key(request));
            }
            case "signal" -> new Command.Signal(Json.string(request, "channel"), data(request));
            case "channels" -> new Command.ListChannels();
            case "list" -> list(request);
            case "info" -> info(request);
            case "history" -> history(request);
            case "search" -> search(request);
            case "presence" ->
                new Command.Presence(
                        Json.string(request, "channel"),
                        Json.optionalString(request, "after").orElse(""),
                        limit(request, LARGEST_PAGE));
            case "call" -> new Command.Call(Json.string(request, "method"), data(request));
            case "refresh" -> new Command.Refresh(new Credentials.Token(Json.string(request, "token")));
            case "ping" -> new Command.Ping();
            default -> new Command.Malformed(ErrorCode.UNKNOWN_TYPE, "there is no request of that type");
        };
    }

    private static Optional<Credentials> credentials(JsonObject request) throws Json.MalformedException {
        Optional<String> user = Json.optionalString(request, "user");
        Optional<String> password = Json.optionalString(request, "password");
        Optional<String> token = Json.optionalString(request, "token");
        if (token.isPresent() && (user.isPresent() || password.isPresent())) {
            throw new Json.MalformedException("a login is either user and password, or a token");
        }
        if (user.isPresent() != password.isPresent()) {
            throw new Json.MalformedException((user.isPresent() ? "password" : "user") + " is missing");
        }
        return user.isPresent()
                ? Optional.of(new Credentials.Password(user.get(), password.get()))
                : token.map(Credentials.Token::new);
    }

    private static Command list(JsonObject request) throws Json.MalformedException {
        Optional<String> after = Json.optionalString(request, "after");
        Optional<String> next = Json.optionalString(request, "next");
        if (after.isPresent() && next.isPresent()) {
            throw new Json.MalformedException("after and next exclude each other");
        }
        return new Command.Directory(
                Json.optionalString(request, "prefix").orElse(""),
                after.orElse(""),
                limit(request, DEFAULT_LIST),
                next.orElse(""));
    }

    private static Command history(JsonObject request) throws Json.MalformedException {
        Optional<Long> before = Json.optionalNumber(request, "before", 0);
        Optional<Long> after = Json.optionalNumber(request, "after", 0);
        if (before.isPresent() && after.isPresent()) {
            throw new Json.MalformedException("before and after exclude each other");
        }
        int limit = limit(request, DEFAULT_PAGE);
        long offset = after.or(() -> before).orElse(Long.MAX_VALUE);
        Optional<String> with = Json.optionalString(request, "with");
        if (with.isPresent() && with.get().isEmpty()) {
            throw new Json.MalformedException("with must not be empty");
        }
        return new Command.History(
                Json.string(request, "channel"),
                offset,
                after.isPresent(),
                limit,
                Json.flag(request, "folded"),
                with.orElse(""));
    }

    private static Command search(JsonObject request) throws Json.MalformedException {
        return new Command.Search(
                Json.string(request, "channel"),
                Json.string(request, "text"),
                Json.optionalNumber(request, "before", 0).orElse(Long.MAX_VALUE),
                limit(request, DEFAULT_PAGE));
    }

    /** Reads a request for a description, or for its change: with {@code "set":null}, it is removed. */
    private static Command info(JsonObject request) throws Json.MalformedException {
        String channel = Json.string(request, "channel");
        if (!request.has("set")) {
            return new Command.Description(channel);
        }
        JsonElement set = Json.field(request, "set");
        if (set != null && !(set instanceof JsonObject)) {
            throw new Json.MalformedException("set must be an object, or null");
        }
        return new Command.Describe(
                channel,
                Optional.ofNullable(set).map(it -> Content.Json.ofValid(Json.write(json -> Json.write(json, it)))));
    }

    private static int limit(JsonObject request, long byDefault) throws Json.MalformedException {
        return (int) Math.min(Json.optionalNumber(request, "limit", 1).orElse(byDefault), LARGEST_PAGE);
    }

    @Override
    public boolean hasLineEnds() {
        return false;
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        return Optional.of(object(json -> {
            if (!request.tag().equals(NO_ID)) {
                json.name("id").value((Long) request.tag());
            }
            write(json, reply);
        }));
    }

    private static void write(JsonWriter json, Event.Reply reply) throws IOException {
        switch (reply) {
            case Event.Connected connected -> {
                json.name("type").value("connected");
                json.name("session").value(connected.session());
                json.name("client").value(connected.client());
                json.name("server").value(connected.server());
                json.name("pingSeconds").value(connected.pingSeconds());
                json.name("maxMessageBytes").value(connected.maxMessageBytes());
                if (connected.inbox().isPresent()) {
                    json.name("inbox").beginObject();
                    write(json, connected.inbox().get());
                    json.endObject();
                }
                if (connected.resume().isPresent()) {
                    json.name("resume").value(connected.resume().get().value());
                }
            }
            case Event.Refreshed refreshed -> {
                json.name("type").value("refreshed");
                json.name("expires").value(refreshed.seconds());
            }
            case Event.Subscribed subscribed -> {
                begin(json, "subscribed", subscribed.channel());
                write(json, subscribed.recovery());
                if (subscribed.read().isPresent()) {
                    json.name("read").beginObject();
                    write(json, subscribed.read().get());
                    json.endObject();
                }
                if (subscribed.info().isPresent()) {
                    writeInfo(json, subscribed.info().get().json());
                }
            }
            case Event.Read read -> write(json, read);
            case Event.Unsubscribed unsubscribed -> {
                json.name("type").value("unsubscribed");
                write(json, unsubscribed.channels());
            }
            case Event.Published published -> {
                begin(json, "published", published.channel());
                Json.write(json, published.position());
                if (published.duplicate()) {
                    json.name("duplicate").value(true);
                }
                if (published.own().isPresent()) {
                    json.name("own").beginObject();
                    Json.write(json, published.own().get());
                    json.endObject();
                }
            }
            case Event.Signalled signalled -> json.name("type").value("signalled");
            case Event.Channels channels -> {
                json.name("type").value("channels");
                write(json, channels.channels());
            }
            case Event.Directory directory -> {
                json.name("type").value("list");
                json.name("channels").beginArray();
                for (ChannelEntry entry : directory.channels()) {
                    json.beginObject();
                    write(json, entry);
                    json.endObject();
                }
                json.endArray();
                if (directory.more()) {
                    json.name("more").value(true);
                }
                if (directory.next().isPresent()) {
                    json.name("next").value(directory.next().get());
                }
            }
            case Event.Description info -> {
                if (info.info().isPresent()) {
                    write(json, info.channel(), info.info().get());
                } else {
                    begin(json, "info", info.channel());
                    writeInfo(json, Optional.empty());
                }
            }
            case Event.Page page -> {
                begin(json, "history", page.channel());
                Json.write(json, page.position());
                json.name("messages").beginArray();
                for (Message message : page.messages()) {
                    json.beginObject();
                    Json.write(json, message);
                    json.endObject();
                }
                json.endArray();
                writeNext(json, page.next());
            }
            case Event.FoldedPage page -> {
                begin(json, "history", page.channel());
                Json.write(json, page.position());
                write(json, page.messages(), page.next());
            }
            case Event.Found found -> {
                begin(json, "search", found.channel());
                write(json, found.messages(), found.next());
            }
            case Event.Members members -> {
                begin(json, "presence", members.channel());
                json.name("clients").beginArray();
                for (Member member : members.clients()) {
                    json.beginObject();
                    json.name("client").value(member.client());
                    json.name("sessions").value(member.sessions());
                    Json.writeGuest(json, member.guest());
                    json.endObject();
                }
                json.endArray();
                json.name("total").value(members.total());
                if (members.more()) {
                    json.name("more").value(true);
                }
            }
            case Event.Result result -> {
                json.name("type").value("result");
                if (result.content() instanceof Content.None) {
                    json.name("data").nullValue();
                } else {
                    Json.write(json, result.content());
                }
            }
            case Event.Pong pong -> json.name("type").value("pong");
            case Event.Failed failed -> {
                json.name("type").value("error");
                json.name("code").value(failed.code().wireName());
                json.name("message").value(failed.message());
            }
        }
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return push instanceof Event.Custom ? Optional.empty() : Optional.of(object(json -> write(json, push)));
    }

    private static void write(JsonWriter json, Event.Push push) throws IOException {
        switch (push) {
            case Event.Received received -> {
                Message message = received.message();
                if (Names.isInbox(message.channel())) {
                    json.name("type").value("direct");
                } else {
                    begin(json, "message", message.channel());
                }
                Json.write(json, message);
            }
            case Event.SignalReceived signal -> {
                begin(json, "signal", signal.channel());
                json.name("sender").value(signal.sender());
                Json.writeGuest(json, signal.guest());
                Json.write(json, signal.content());
            }
            case Event.Joined joined -> write(json, "joined", joined.channel(), joined.client(), joined.guest());
            case Event.Left left -> write(json, "left", left.channel(), left.client(), left.guest());
            case Event.Read read -> write(json, read);
            case Event.ReadReceipt receipt -> {
                write(json, "receipt", receipt.channel(), receipt.client(), receipt.guest());
                json.name("offset").value(receipt.offset());
            }
            case Event.Described described -> write(json, described.channel(), described.info());
            case Event.Lost lost -> {
                begin(json, "lost", lost.channel());
                Json.write(json, lost.position());
            }
            case Event.Removed removed -> {
                begin(json, "unsubscribed", removed.channel());
                json.name("code").value(removed.code().wireName());
                json.name("message").value(removed.message());
            }
            case Event.Custom custom -> {} // left out above
            case Event.Goodbye goodbye -> {
                json.name("type").value("goodbye");
                json.name("code").value(goodbye.code().name().toLowerCase(Locale.ROOT));
                json.name("reconnect").value(goodbye.code().reconnect());
            }
        }
    }

    private static void write(JsonWriter json, Event.Read read) throws IOException {
        begin(json, "read", read.channel());
        write(json, read.mark());
    }

    private static void write(JsonWriter json, ReadMark mark) throws IOException {
        json.name("offset").value(mark.offset());
        json.name("unread").value(mark.unread());
        if (mark.more()) {
            json.name("more").value(true);
        }
    }

    private static void write(JsonWriter json, List<FoldedMessage> messages, OptionalLong next) throws IOException {
        json.name("messages").beginArray();
        for (FoldedMessage message : messages) {
            json.beginObject();
            Json.write(json, message);
            json.endObject();
        }
        json.endArray();
        writeNext(json, next);
    }

    /** Writes the offset from which a client reads on, if the server has stopped before the end. */
    private static void writeNext(JsonWriter json, OptionalLong next) throws IOException {
        if (next.isPresent()) {
            json.name("next").value(next.getAsLong());
        }
    }

    private static void begin(JsonWriter json, String type, String channel) throws IOException {
        json.name("type").value(type);
        json.name("channel").value(channel);
    }

    private static void write(JsonWriter json, String type, String channel, String client, boolean guest)
            throws IOException {
        begin(json, type, channel);
        json.name("client").value(client);
        Json.writeGuest(json, guest);
    }

    private static void write(JsonWriter json, String channel, ChannelInfo info) throws IOException {
        begin(json, "info", channel);
        writeInfo(json, info.json());
        json.name("by").value(info.by().name());
        Json.writeGuest(json, info.by().guest());
        json.name("time").value(info.time());
    }

    private static void writeInfo(JsonWriter json, Optional<Content.Json> info) throws IOException {
        json.name("info");
        if (info.isPresent()) {
            json.jsonValue(info.get().asText());
        } else {
            json.jsonValue("null"); // which the writer would leave out
        }
    }

    private static void write(JsonWriter json, ChannelEntry entry) throws IOException {
        json.name("channel").value(entry.channel());
        json.name("clients").value(entry.clients());
        if (entry.time() > 0) {
            json.name("time").value(entry.time());
        }
        if (entry.info().isPresent()) {
            writeInfo(json, entry.info().get().json());
        }
    }

    private static void write(JsonWriter json, Event.Recovery recovery) throws IOException {
        Json.write(json, recovery.position());
        if (recovery.recovered().isPresent()) {
            json.name("recovered").value(recovery.recovered().get());
        }
    }

    private static void write(JsonWriter json, Iterable<String> channels) throws IOException {
        json.name("channels").beginArray();
        for (String channel : channels) {
            json.value(channel);
        }
        json.endArray();
    }

    private static Payload object(Json.Writing fields) {
        return Payload.of(Json.writeObject(fields));
    }

    private static Attributes attributes(JsonObject request) throws Json.MalformedException {
        JsonElement headers = Json.field(request, "headers");
        JsonElement ref = Json.field(request, "ref");
        if (headers == null && ref == null) {
            return Attributes.NONE;
        }
        Attributes attributes = Attributes.NONE;
        if (headers != null) {
            attributes = attributes.withHeaders(headers(headers));
        }
        return ref == null ? attributes : attributes.withRef(reference(ref));
    }

    private static Map<String, String> headers(JsonElement value) throws Json.MalformedException {
        if (!(value instanceof JsonObject object)) {
            throw new Json.MalformedException("headers must be an object");
        }
        Map<String, String> headers = new HashMap<>();
        for (String name : object.keySet()) {
            headers.put(name, Json.string(object, name));
        }
        return headers;
    }

    private static Reference reference(JsonElement value) throws Json.MalformedException {
        if (!(value instanceof JsonObject ref)) {
            throw new Json.MalformedException("ref must be an object with offset and kind");
        }
        long offset = Json.optionalNumber(ref, "offset", 1)
                .orElseThrow(() -> new Json.MalformedException("offset is missing in ref"));
        Reference.Kind kind = Reference.Kind.ofWord(Json.string(ref, "kind"))
                .orElseThrow(() -> new Json.MalformedException("kind must be reply, edit, delete or reaction"));
        boolean remove = Json.flag(ref, "remove");
        if (remove && kind != Reference.Kind.REACTION) {
            throw new Json.MalformedException("only a reaction can be taken back: remove");
        }
        return new Reference(offset, kind, remove);
    }

    /** Returns the field {@code data}, which a deletion does not have. */
    private static Content content(JsonObject request, Attributes attributes) throws Json.MalformedException {
        boolean deletes = attributes.ref().isPresent() && attributes.ref().get().kind() == Reference.Kind.DELETE;
        if (deletes && request.has("data")) {
            throw new Json.MalformedException("a deletion has no data");
        }
        return deletes ? Content.NONE : data(request);
    }

    private static Content data(JsonObject request) throws Json.MalformedException {
        JsonElement data = request.get("data");
        if (data == null) {
            throw new Json.MalformedException("data is missing");
        }
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(Json.write(json -> Json.write(json, data)));
    }

    private static String key(JsonObject request) throws Json.MalformedException {
        Optional<String> key = Json.optionalString(request, "key");
        if (key.isPresent() && key.get().isEmpty()) {
            throw new Json.MalformedException("key must not be empty");
        }
        return key.orElse("");
    }

    private static Optional<Position> position(JsonObject request, String name) throws Json.MalformedException {
        JsonElement value = Json.field(request, name);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof JsonObject position)) {
            throw new Json.MalformedException(name + " must be an object with epoch and offset");
        }
        String epoch = Json.string(position, "epoch");
        if (epoch.isEmpty() || epoch.length() > LONGEST_EPOCH) {
            throw new Json.MalformedException("epoch must be one that the server gave");
        }
        long offset = Json.optionalNumber(position, "offset", 0)
                .orElseThrow(() -> new Json.MalformedException("offset is missing"));
        return Optional.of(new Position(epoch, offset));
    }
}

package io.seleucia.chat.protocol;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Credentials;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Member;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.message.ResumeSecret;
import io.seleucia.chat.protocol.json.Json;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

/**
 * The server's own protocol: one JSON object per text frame, {@code {"id":1,"type":"publish",…}}. A reply has the id of its
 * request. Messages have positions, from which a client goes on after a lost connection. Has no state.
 */
public final class ChatV1 implements Protocol {
    private static final int MOST_DIGITS = 16;
    private static final int DEFAULT_PAGE = 50;
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
            tag = optionalNumber(request, "id", 1).orElseThrow(() -> new Json.MalformedException("id is missing"));
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
            return optionalNumber(frame, "id", 1).map(Object.class::cast).orElse(NO_ID);
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
                        Json.string(request, "channel"), position(request, "since"), flag(request, "presence"));
            case "unsubscribe" -> {
                Optional<String> channel = Json.optionalString(request, "channel");
                yield channel.isPresent() ? new Command.Unsubscribe(channel.get()) : new Command.UnsubscribeAll();
            }
            case "publish" -> new Command.Publish(Json.string(request, "channel"), data(request), key(request));
            case "direct" -> new Command.Direct(Json.string(request, "to"), data(request), key(request));
            case "signal" -> new Command.Signal(Json.string(request, "channel"), data(request));
            case "channels" -> new Command.ListChannels();
            case "history" -> history(request);
            case "presence" ->
                new Command.Presence(
                        Json.string(request, "channel"),
                        Json.optionalString(request, "after").orElse(""),
                        limit(request, LARGEST_PAGE));
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

    private static Command history(JsonObject request) throws Json.MalformedException {
        Optional<Long> before = optionalNumber(request, "before", 0);
        Optional<Long> after = optionalNumber(request, "after", 0);
        if (before.isPresent() && after.isPresent()) {
            throw new Json.MalformedException("before and after exclude each other");
        }
        int limit = limit(request, DEFAULT_PAGE);
        long offset = after.or(() -> before).orElse(Long.MAX_VALUE);
        return new Command.History(Json.string(request, "channel"), offset, after.isPresent(), limit);
    }

    private static int limit(JsonObject request, long byDefault) throws Json.MalformedException {
        return (int) Math.min(optionalNumber(request, "limit", 1).orElse(byDefault), LARGEST_PAGE);
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
            }
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
            }
            case Event.Signalled signalled -> json.name("type").value("signalled");
            case Event.Channels channels -> {
                json.name("type").value("channels");
                write(json, channels.channels());
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
        long offset = optionalNumber(position, "offset", 0)
                .orElseThrow(() -> new Json.MalformedException("offset is missing"));
        return Optional.of(new Position(epoch, offset));
    }

    private static boolean flag(JsonObject request, String name) throws Json.MalformedException {
        JsonElement value = Json.field(request, name);
        if (value == null) {
            return false;
        }
        if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        throw new Json.MalformedException(name + " must be true or false");
    }

    /** Returns a whole number, of those that JavaScript can represent. */
    private static Optional<Long> optionalNumber(JsonObject request, String name, long least)
            throws Json.MalformedException {
        JsonElement value = Json.field(request, name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof JsonPrimitive primitive
                && primitive.isNumber()
                && isDigits(primitive.getAsString())
                && primitive.getAsLong() >= least) {
            return Optional.of(primitive.getAsLong());
        }
        throw new Json.MalformedException(name + " must be a whole number from " + least + " on");
    }

    private static boolean isDigits(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return text.length() <= MOST_DIGITS; // and has at least one, being a number
    }
}

package io.seleucia.chat.broker.redis;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.json.StrictJson;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The JSON of messages in Redis, the same in the history and in pub/sub: {@code
 * {"epoch":"e","offset":46,"time":1763697600123,"sender":"ada","data":"hi"}}, with {@code "guest":true} after the
 * sender if it is a guest, then the attributes. The script writes the first three fields, and this class the others.
 *
 * <p>Headers and data are the last fields: scripts read those before them, which are short. A message without content has
 * the data {@code null}, because servers of earlier versions expect some.
 */
final class MessageCodec {
    private static final int PLAIN = 5; // fields of a message of a client with a login, and without attributes

    /** The sender of text that a person publishes with redis-cli. */
    private static final String REDIS_CLI = "redis";

    /** A message whose data is not JSON: earlier versions stored any text that their program passed. */
    private static final Pattern WITH_OTHER_DATA = Pattern.compile(
            "(?s)(\\{\"epoch\":.*?,\"sender\":\"(?:[^\"\\\\]|\\\\.)*+\"(?:,\"guest\":true)?),\"data\":(.*)}");

    private MessageCodec() {}

    /** An incoming pub/sub message. */
    sealed interface Live {
        record Published(Message message) implements Live {}

        record Signalled(Broker.Signal signal) implements Live {}

        /** All messages up to this position were deleted. */
        record Emptied(Position position) implements Live {}

        /** Edits and reactions were removed without a deletion of each. */
        record Erased() implements Live {}

        /** A client's first session has joined; the client as {@link Sender#key}. */
        record Joined(String client) implements Live {}

        /** A client has read further. */
        record Read(String epoch, Broker.Reader reader, ReadMark mark) implements Live {}

        /** A client's last session has left; the client as {@link Sender#key}. */
        record Left(String client) implements Live {}

        /** The channel's description has changed. */
        record Described(ChannelInfo info) implements Live {}
    }

    /** Returns the fields after the time, and the closing brace. */
    static String encode(Sender sender, Content content, Attributes attributes) {
        return write("", "", sender, content, attributes).substring(1);
    }

    /** Returns what the script that publishes a message has to know of its reference; {@code ""} if it has none. */
    static String encodeReference(Sender sender, Draft draft) {
        if (draft.attributes().ref().isEmpty()) {
            return "";
        }
        Reference ref = draft.attributes().ref().get();
        JsonObject json = new JsonObject();
        json.addProperty(
                "offset", Long.toString(ref.offset())); // a text, since scripts have no whole numbers of 64 bits
        json.addProperty("kind", ref.kind().word());
        json.addProperty("remove", ref.remove());
        json.addProperty("moderates", draft.moderates());
        json.addProperty("sender", sender.name());
        json.addProperty("guest", sender.guest());
        json.addProperty("author", draft.attributes().author());
        if (ref.kind() == Reference.Kind.REACTION) {
            json.addProperty("client", sender.key());
            json.addProperty("text", draft.content().asText());
        }
        return json.toString();
    }

    /** Decodes a JSON text that a script has written. */
    static String decodeText(String json) {
        try {
            return StrictJson.parse(json, 1).getAsString();
        } catch (IOException e) {
            throw new UncheckedIOException("another program has written this", e);
        }
    }

    static String encode(Broker.Signal signal) {
        return write("signal", signal.origin(), signal.sender(), signal.content(), Attributes.NONE);
    }

    /** Returns the fields that say from which client a message is, as they are in the history. */
    static String encode(Sender sender) {
        String message = write("", "", sender, new Content.Text(""), Attributes.NONE);
        return message.substring(1, message.length() - ",\"data\":\"\"}".length());
    }

    /** Returns the field with the session that has read something. */
    static String encode(Broker.Reader reader) {
        JsonObject session = new JsonObject();
        session.addProperty("id", reader.session());
        session.addProperty("receipts", reader.receipts());
        return "\"session\":" + StrictJson.text(session);
    }

    private static String write(String name, String value, Sender sender, Content content, Attributes attributes) {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(text);
        try {
            json.beginObject();
            if (!name.isEmpty()) {
                json.name(name).value(value);
            }
            json.name("sender").value(sender.name());
            if (sender.guest()) {
                json.name("guest").value(true);
            }
            if (attributes != Attributes.NONE) {
                write(json, attributes);
            }
            switch (content) {
                case Content.Text string -> json.name("data").value(string.asText());
                case Content.Json other -> json.name("data").jsonValue(other.asText());
                case Content.None none -> json.name("data").jsonValue("null");
            }
            json.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString();
    }

    private static void write(JsonWriter json, Attributes attributes) throws IOException {
        writeIfAny(json, "author", attributes.author());
        writeIfAny(json, "to", attributes.to());
        writeIfAny(json, "pair", attributes.pair());
        if (attributes.ref().isPresent()) {
            Reference ref = attributes.ref().get();
            json.name("ref").beginObject();
            json.name("offset").value(ref.offset());
            json.name("kind").value(ref.kind().word());
            if (ref.remove()) {
                json.name("remove").value(true);
            }
            json.endObject();
        }
        if (!attributes.headers().isEmpty()) {
            json.name("headers").beginObject();
            for (Map.Entry<String, String> header : attributes.headers().entrySet()) {
                json.name(header.getKey()).value(header.getValue());
            }
            json.endObject();
        }
    }

    private static void writeIfAny(JsonWriter json, String name, String value) throws IOException {
        if (!value.isEmpty()) {
            json.name(name).value(value);
        }
    }

    /** Decodes a message of the history. */
    static Message decode(String channel, String text) {
        return live(channel, text) instanceof Live.Published published ? published.message() : byHand(channel, text);
    }

    /** Decodes a pub/sub message. Text of any other form is a message from redis-cli. */
    static Live live(String channel, String text) {
        if (text.startsWith("{\"")) {
            try {
                JsonObject json = json(text);
                if (text.startsWith("{\"epoch\":")) {
                    if (json.has("read")) {
                        return read(json);
                    }
                    if (json.has("info")) {
                        return new Live.Described(info(json));
                    }
                    if (json.has("erased")) {
                        return new Live.Erased();
                    }
                    return json.has("gone")
                            ? new Live.Emptied(position(json, "gone"))
                            : new Live.Published(message(channel, json));
                } else if (text.startsWith("{\"signal\":")) {
                    return new Live.Signalled(new Broker.Signal(
                            json.get("signal").getAsString(), sender(json), content(json.get("data"))));
                } else if (text.startsWith("{\"joined\":")) {
                    return new Live.Joined(json.get("joined").getAsString());
                } else if (text.startsWith("{\"left\":")) {
                    return new Live.Left(json.get("left").getAsString());
                }
            } catch (IOException | RuntimeException e) {
                // A field is missing or of another type, so it is text like any other.
            }
        }
        return new Live.Published(byHand(channel, text));
    }

    /** Parses an object. Data that is not JSON becomes a string, so that the message keeps its position. */
    private static JsonObject json(String text) throws IOException {
        try {
            return StrictJson.parse(text, StrictJson.MAX_NESTING).getAsJsonObject();
        } catch (IOException e) {
            Matcher fields = WITH_OTHER_DATA.matcher(text);
            if (!fields.matches()) {
                throw e;
            }
            JsonObject json = StrictJson.parse(fields.group(1) + "}", 1).getAsJsonObject();
            json.addProperty("data", Content.Text.ofAny(fields.group(2)).asText());
            return json;
        }
    }

    private static Live.Read read(JsonObject json) {
        JsonObject mark = json.getAsJsonObject("read");
        JsonObject session = json.getAsJsonObject("session");
        return new Live.Read(
                json.get("epoch").getAsString(),
                new Broker.Reader(
                        session.get("id").getAsString(),
                        sender(json),
                        session.get("receipts").getAsBoolean()),
                new ReadMark(mark.get("offset").getAsLong(), mark.get("unread").getAsInt(), mark.has("more")));
    }

    private static Message message(String channel, JsonObject json) {
        Sender sender = sender(json);
        Attributes attributes = json.size() == PLAIN ? Attributes.NONE : attributes(json);
        boolean blank = attributes.deleted().isPresent()
                || attributes.ref().isPresent() && attributes.ref().get().kind() == Reference.Kind.DELETE;
        return new Message(
                channel,
                position(json, "offset"),
                sender.name(),
                sender.guest(),
                json.get("time").getAsLong(),
                blank ? Content.NONE : content(json.get("data")),
                attributes);
    }

    private static Position position(JsonObject json, String offset) {
        return new Position(json.get("epoch").getAsString(), json.get(offset).getAsLong());
    }

    private static ChannelInfo info(JsonObject json) {
        JsonElement info = json.get("info");
        return new ChannelInfo(
                info.isJsonNull() ? Optional.empty() : Optional.of(Content.Json.ofValid(info.toString())),
                sender(json),
                json.get("time").getAsLong());
    }

    private static Attributes attributes(JsonObject json) {
        Attributes attributes = new Attributes(
                headers(json.get("headers")),
                Optional.ofNullable(json.get("ref")).map(MessageCodec::reference),
                text(json, "to"),
                text(json, "pair"),
                text(json, "author"),
                Optional.ofNullable(json.get("deleted")).map(MessageCodec::deleted));
        return attributes.equals(Attributes.NONE) ? Attributes.NONE : attributes;
    }

    private static String text(JsonObject json, String name) {
        JsonElement value = json.get(name);
        return value == null ? "" : value.getAsString();
    }

    private static Map<String, String> headers(JsonElement value) {
        Map<String, String> headers = new HashMap<>();
        if (value != null) {
            value.getAsJsonObject().asMap().forEach((name, text) -> headers.put(name, text.getAsString()));
        }
        return headers;
    }

    private static Reference reference(JsonElement value) {
        JsonObject ref = value.getAsJsonObject();
        return new Reference(
                ref.get("offset").getAsLong(),
                Reference.Kind.ofWord(ref.get("kind").getAsString()).orElseThrow(),
                ref.has("remove"));
    }

    private static Attributes.Deleted deleted(JsonElement value) {
        JsonObject deletion = value.getAsJsonObject();
        return new Attributes.Deleted(
                deletion.get("by").getAsString(), deletion.get("time").getAsLong());
    }

    /** Returns the sender. Servers of earlier versions never write that it is a guest. */
    private static Sender sender(JsonObject json) {
        JsonElement guest = json.get("guest");
        return new Sender(json.get("sender").getAsString(), guest != null && guest.getAsBoolean());
    }

    private static Message byHand(String channel, String text) {
        return new Message(channel, Position.NONE, REDIS_CLI, System.currentTimeMillis(), Content.Text.ofAny(text));
    }

    private static Content content(JsonElement data) {
        return data instanceof JsonPrimitive primitive && primitive.isString()
                ? new Content.Text(primitive.getAsString())
                : Content.Json.ofValid(data.toString());
    }
}

package io.seleucia.chat.protocol;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.json.Json;
import java.util.List;
import java.util.Optional;

/**
 * The protocol of the Ctesiphon chat server: {@code {"Kind":K,"Payload":"P"}}, where P is JSON as a string. Replies are texts
 * of kind 100 without a request id, in the order of the requests; messages are bare text. Has no state.
 */
public final class Ctesiphon implements Protocol {
    /** Creates the protocol; one object serves all connections. */
    public Ctesiphon() {}

    @Override
    public String name() {
        return "ctesiphon";
    }

    @Override
    public Request decode(Payload message) {
        try {
            JsonObject frame = object(message.asString(), "the frame");
            Kind kind = kind(frame);
            return kind == Kind.GET_CHANNELS
                    ? new Request("", claim(frame), new Command.ListChannels())
                    : request(kind, payload(frame));
        } catch (Json.MalformedException e) {
            return Request.of(new Command.Malformed(e.getMessage()));
        }
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        return switch (reply) {
            case Event.Subscribed subscribed ->
                result("Subscribed to channel : " + subscribed.channel() + " SUCCESSFULLY !");
            case Event.Unsubscribed unsubscribed ->
                result(unsubscription(!unsubscribed.channels().isEmpty()));
            case Event.Channels channels -> result(list(channels.channels()));
            case Event.Failed failed -> result(failure(request, failed));
            case Event.Published published -> Optional.empty(); // the sender sees the message itself
            case Event.Connected connected -> Optional.empty(); // the others belong to other protocols
            case Event.Refreshed refreshed -> Optional.empty();
            case Event.Signalled signalled -> Optional.empty();
            case Event.Page page -> Optional.empty();
            case Event.FoldedPage page -> Optional.empty();
            case Event.Found found -> Optional.empty();
            case Event.Result result -> Optional.empty();
            case Event.Directory directory -> Optional.empty();
            case Event.Description info -> Optional.empty();
            case Event.Members members -> Optional.empty();
            case Event.Read read -> Optional.empty();
            case Event.Pong pong -> Optional.empty();
        };
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return switch (push) {
            case Event.Received received ->
                PlainText.of(received.message()).map(text -> Payload.of(CtesiphonLine.of(received.message(), text)));
            case Event.Lost lost -> result("Error: messages in channel " + lost.channel() + " were lost");
            case Event.SignalReceived signal -> Optional.empty();
            case Event.Joined joined -> Optional.empty();
            case Event.Left left -> Optional.empty();
            case Event.Read read -> Optional.empty();
            case Event.ReadReceipt receipt -> Optional.empty();
            case Event.Described described -> Optional.empty();
            case Event.Removed removed -> result("Error: " + removed.message());
            case Event.Custom custom -> Optional.empty();
            case Event.Goodbye goodbye -> Optional.empty();
        };
    }

    private static String failure(Request request, Event.Failed failed) {
        return switch (failed.code()) {
            case WRONG_CLIENT -> "Error: ClientId mismatch ! ";
            case ALREADY_SUBSCRIBED -> "Error: ALREADY SUBSCRIBED TO CHANNEL " + channel(request);
            case NOT_SUBSCRIBED ->
                request.command() instanceof Command.Publish publish
                        ? "Can not send message. Client : " + request.client().orElse("")
                                + " does not exist or is not subscribed to channel : " + publish.channel()
                        : unsubscription(false);
            case BAD_REQUEST,
                    UNKNOWN_TYPE,
                    UNAUTHORIZED,
                    FORBIDDEN,
                    NO_SUCH_USER,
                    NAME_TAKEN,
                    TOO_OLD,
                    TOO_MANY_CHANNELS,
                    TOO_LARGE,
                    RATE_LIMITED,
                    UNAVAILABLE,
                    INTERNAL -> "Error: " + failed.message();
        };
    }

    private static String channel(Request request) {
        return request.command() instanceof Command.Subscribe subscribe ? subscribe.channel() : "";
    }

    private static String unsubscription(boolean successful) {
        return successful ? " UNSUBSCRIBE SUCCESSFUL" : " UNSUBSCRIBE UNSUCCESSFUL";
    }

    private static String list(List<String> channels) {
        return Json.write(json -> {
            json.beginArray();
            for (String channel : channels) {
                json.beginObject();
                json.name("Name").value(channel);
                json.name("Value").value("set");
                json.endObject();
            }
            json.endArray();
        });
    }

    private static Optional<Payload> result(String text) {
        return Optional.of(Payload.of(Json.writeObject(json -> {
            json.name("Kind").value(100);
            json.name("Payload").value(text);
        })));
    }

    private static Request request(Kind kind, JsonObject payload) throws Json.MalformedException {
        Command command = switch (kind) {
            case SUBSCRIBE -> new Command.Subscribe(name(payload, "Channel"));
            case UNSUBSCRIBE ->
                Json.field(payload, "Channel") == null
                        ? new Command.UnsubscribeAll()
                        : new Command.Unsubscribe(name(payload, "Channel"));
            case MESSAGE ->
                new Command.Publish(name(payload, "Channel"), new Content.Text(Json.string(payload, "Message")));
            case GET_CHANNELS -> new Command.ListChannels();
        };
        return new Request("", Optional.of(name(payload, "ClientId")), command);
    }

    private static String name(JsonObject payload, String field) throws Json.MalformedException {
        String name = Json.string(payload, field);
        if (CtesiphonLine.isAmbiguous(name)) {
            throw new Json.MalformedException(
                    field + " must not have , Sender : or , Message : in it, nor what looks like them");
        }
        return name;
    }

    /** Returns the client id of a request that needs no payload, if it has one. */
    private static Optional<String> claim(JsonObject frame) {
        try {
            return Json.optionalString(payload(frame), "ClientId");
        } catch (Json.MalformedException e) {
            return Optional.empty();
        }
    }

    private static Kind kind(JsonObject frame) throws Json.MalformedException {
        JsonElement kind = frame.get("Kind");
        if (kind == null) {
            throw new Json.MalformedException("Kind is missing");
        }
        if (kind instanceof JsonPrimitive primitive) {
            for (Kind known : Kind.values()) {
                if (primitive.isNumber() ? known.matches(primitive) : known.wireName.equals(primitive.getAsString())) {
                    return known;
                }
            }
        }
        throw new Json.MalformedException("Kind must be 0, 1, 3 or 4, or its name");
    }

    private static JsonObject payload(JsonObject frame) throws Json.MalformedException {
        return object(Json.string(frame, "Payload"), "Payload");
    }

    private static JsonObject object(String json, String what) throws Json.MalformedException {
        if (Json.parse(json, what) instanceof JsonObject object) {
            return object;
        }
        throw new Json.MalformedException(what + " must be a JSON object");
    }

    private enum Kind {
        SUBSCRIBE(0, "CLIENT__SUBSCRIBE"),
        UNSUBSCRIBE(1, "CLIENT_UNSUBSCRIBE"),
        MESSAGE(3, "CLIENT_MESSAGE"),
        GET_CHANNELS(4, "CLIENT_GET_CHANNELS");

        private final int number;
        private final String wireName;

        Kind(int number, String wireName) {
            this.number = number;
            this.wireName = wireName;
        }

        private boolean matches(JsonPrimitive value) {
            return value.getAsDouble() == number;
        }
    }
}

package io.seleucia.chat.protocol.xsockets;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Peer;
import io.seleucia.chat.protocol.Protocol;
import io.seleucia.chat.protocol.json.Json;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The protocol object of one connection, with its open controllers and its spelling. Its inbound loop decodes and executes
 * requests, one after the other; any thread encodes pushes.
 */
final class ControllerConnection implements Protocol {
    static final String NAME = "XSocketsNET";

    private static final String CHAT = ControllerRegistry.CHAT;
    private static final String UNAUTHORIZED = "0";
    private static final String INIT = "1";
    private static final String OPENED = "2";
    private static final String CLOSE = "3";
    private static final String ERROR = "4";
    private static final String SUBSCRIBE = "5";
    private static final String UNSUBSCRIBE = "6";
    private static final String PING = "7";
    private static final String PONG = "8";
    private static final String NOTHING = "{}";

    /** The target of a request; a part that could not be read is empty. */
    private record Address(String controller, String topic) {}

    private static final String NO_ID = "null"; // sent by the original client before it has an id

    private final ControllerRegistry controllers;
    private final Peer peer;
    private final ControllerMember.Client client;
    private final Map<String, ControllerMember<?>> opened = new ConcurrentHashMap<>(); // by the controller's name
    private volatile ControllerMessage.Spelling spelling = ControllerMessage.Spelling.LOWER;

    ControllerConnection(ControllerRegistry controllers, Peer peer, Map<String, String> parameters) {
        this.controllers = controllers;
        this.peer = peer;
        String persistentId = parameters.entrySet().stream()
                .filter(parameter -> parameter.getKey().equalsIgnoreCase("persistentid"))
                .map(Map.Entry::getValue)
                .filter(value ->
                        !value.equals(NO_ID) && Names.flawOfClient(value).isEmpty())
                .findFirst()
                .orElseGet(() -> UUID.randomUUID().toString());
        this.client = new ControllerMember.Client(peer, UUID.randomUUID().toString(), persistentId);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Object format() {
        return spelling;
    }

    @Override
    public void ended() {
        opened.keySet().forEach(this::release);
    }

    /** Closes a controller, unless another thread has. */
    private void release(String controller) {
        ControllerMember<?> member = opened.remove(controller);
        if (member != null) {
            member.close();
        }
    }

    @Override
    public void rightsChanged() {
        opened.forEach((name, member) -> {
            if (!name.equals(CHAT) && !peer.mayReceive(name)) { // the server ends subscriptions of the chat itself
                if (controllers.relays(name)) {
                    release(name);
                    tellRefused(name);
                } else if (member.unsubscribeAll()) {
                    tellRefused(name);
                }
            }
        });
    }

    private void tellRefused(String controller) {
        peer.send(new ControllerMessage(
                controller,
                ERROR,
                Json.writeObject(json -> json.name("message").value("no longer allowed in " + controller))));
    }

    @Override
    public Request decode(Payload message) {
        Address address = new Address("", "");
        try {
            if (!(Json.parse(message.asString(), "the message") instanceof JsonObject frame)) {
                throw new Json.MalformedException("the message must be a JSON object");
            }
            if (frame.has("C") || frame.has("T") || frame.has("D")) {
                spelling = ControllerMessage.Spelling.UPPER;
            }
            address = new Address(name(frame, "c"), "");
            address = new Address(address.controller, name(frame, "t"));
            return new Request(address, Optional.empty(), command(address, data(frame)));
        } catch (Json.MalformedException e) {
            return new Request(address, Optional.empty(), new Command.Malformed(e.getMessage()));
        }
    }

    private static JsonElement field(JsonObject object, String lowerCase) {
        JsonElement value = object.get(lowerCase);
        return value == null ? object.get(lowerCase.toUpperCase(Locale.ROOT)) : value;
    }

    /** Returns the name of a controller or a topic, in lower case. */
    private static String name(JsonObject object, String field) throws Json.MalformedException {
        if (!(field(object, field) instanceof JsonPrimitive value && value.isString())) {
            throw new Json.MalformedException(field + " must be a string");
        }
        String name = value.getAsString().toLowerCase(Locale.ROOT);
        Optional<String> flaw = Names.flawOfTopic(name);
        if (flaw.isPresent()) {
            throw new Json.MalformedException(flaw.get());
        }
        return name;
    }

    /** Returns the data, which may be JSON, or a string with a JSON text or with another text. */
    private static JsonElement data(JsonObject frame) {
        JsonElement data = field(frame, "d");
        try {
            return data instanceof JsonPrimitive text && text.isString()
                    ? Json.parse(text.getAsString(), "d")
                    : Objects.requireNonNullElse(data, JsonNull.INSTANCE);
        } catch (Json.MalformedException e) {
            return data;
        }
    }

    private Command command(Address to, JsonElement data) throws Json.MalformedException {
        if (to.topic.equals(INIT)) {
            return new Command.Custom(() -> open(to.controller));
        }
        if (to.topic.equals(ERROR) || to.topic.equals(PONG)) {
            return new Command.Ignored(); // an error in reply to an error could go on for ever
        }
        ControllerMember<?> member = opened.get(to.controller);
        if (member == null) {
            throw new Json.MalformedException("controller " + to.controller + " is not open");
        }
        boolean chat = to.controller.equals(CHAT);
        return switch (to.topic) {
            case CLOSE -> chat ? new Command.UnsubscribeAll() : new Command.Custom(() -> close(to.controller));
            case SUBSCRIBE -> {
                Subscription subscription = Subscription.in(data);
                yield new Command.Custom(() -> subscribe(to, member, subscription));
            }
            case UNSUBSCRIBE -> {
                Subscription subscription = Subscription.in(data);
                yield new Command.Custom(() -> unsubscribe(to, member, subscription));
            }
            case PING -> new Command.Custom(() -> answer(to.controller, PONG, Json.text(data)));
            default -> {
                if (ControllerMessage.isReserved(to.topic)) {
                    throw new Json.MalformedException("topic " + to.topic + " is the server's");
                }
                yield chat ? chat(to.topic, data) : new Command.Custom(() -> member.call(to.topic, data));
            }
        };
    }

    private static Command chat(String topic, JsonElement data) throws Json.MalformedException {
        return switch (topic) {
            case "join" -> new Command.Subscribe(Json.string(object(data), "channel"));
            case "leave" -> new Command.Unsubscribe(Json.string(object(data), "channel"));
            case "say" ->
                new Command.Publish(
                        Json.string(object(data), "channel"), new Content.Text(Json.string(object(data), "text")));
            case "reply" -> referring(object(data), Reference.Kind.REPLY);
            case "edit" -> referring(object(data), Reference.Kind.EDIT);
            case "delete" -> referring(object(data), Reference.Kind.DELETE);
            case "react" -> referring(object(data), Reference.Kind.REACTION);
            case "channels" -> new Command.ListChannels();
            // No pub/sub here: the topic message is for messages of channels only.
            default -> new Command.Malformed(ErrorCode.UNKNOWN_TYPE, "chat has no topic " + topic);
        };
    }

    private static Command referring(JsonObject data, Reference.Kind kind) throws Json.MalformedException {
        Content content = kind == Reference.Kind.DELETE ? Content.NONE : new Content.Text(Json.string(data, "text"));
        boolean remove = kind == Reference.Kind.REACTION && Json.flag(data, "remove");
        long offset = Json.optionalNumber(data, "offset", 1)
                .orElseThrow(() -> new Json.MalformedException("offset is missing"));
        return new Command.Publish(
                Json.string(data, "channel"),
                content,
                Attributes.NONE.withRef(new Reference(offset, kind, remove)),
                "");
    }

    private static JsonObject object(JsonElement data) throws Json.MalformedException {
        if (data instanceof JsonObject object) {
            return object;
        }
        throw new Json.MalformedException("d must be a JSON object");
    }

    private Optional<Event.Failed> open(String controller) {
        if (!opened.containsKey(controller)) {
            if (controllers.relays(controller) && !peer.mayReceive(controller)) {
                return failed(ErrorCode.FORBIDDEN, "not allowed in " + controller);
            }
            Optional<ControllerMember<?>> member = controllers.open(controller, client);
            if (member.isEmpty()) {
                return failed(ErrorCode.BAD_REQUEST, "there is no controller " + controller);
            }
            opened.put(controller, member.get());
            if (controllers.relays(controller) && !peer.mayReceive(controller)) { // the rules have changed meanwhile
                release(controller);
                return failed(ErrorCode.FORBIDDEN, "not allowed in " + controller);
            }
        }
        return answer(controller, OPENED, Json.writeObject(json -> {
            json.name("CI").value(client.id());
            json.name("PI").value(client.persistentId());
        }));
    }

    private Optional<Event.Failed> close(String controller) {
        release(controller);
        return answer(controller, CLOSE, NOTHING);
    }

    private Optional<Event.Failed> subscribe(Address to, ControllerMember<?> member, Subscription subscription) {
        int topics =
                opened.values().stream().mapToInt(one -> one.topics().size()).sum();
        if (topics >= controllers.maxTopics() && !member.topics().contains(subscription.topic)) {
            return failed(ErrorCode.TOO_MANY_CHANNELS, "at most " + controllers.maxTopics() + " topics");
        }
        Optional<Event.Failed> refused = member.subscribe(subscription.topic);
        return refused.isPresent() ? refused : acknowledge(to, subscription);
    }

    private Optional<Event.Failed> unsubscribe(Address to, ControllerMember<?> member, Subscription subscription) {
        member.unsubscribe(subscription.topic);
        return acknowledge(to, subscription);
    }

    private Optional<Event.Failed> acknowledge(Address to, Subscription subscription) {
        return subscription.acknowledged ? answer(to.controller, to.topic, subscription.text()) : Optional.empty();
    }

    private Optional<Event.Failed> answer(String controller, String topic, String data) {
        peer.send(new ControllerMessage(controller, topic, data));
        return Optional.empty();
    }

    private static Optional<Event.Failed> failed(ErrorCode code, String why) {
        return Optional.of(new Event.Failed(code, why));
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        Address to = (Address) request.tag();
        return switch (reply) {
            case Event.Failed failed ->
                encoded(
                        to.controller,
                        failed.code() == ErrorCode.UNAUTHORIZED ? UNAUTHORIZED : ERROR,
                        json -> json.name("message").value(failed.message()));
            case Event.Subscribed subscribed ->
                encoded(CHAT, to.topic, json -> json.name("channel").value(subscribed.channel()));
            case Event.Unsubscribed unsubscribed -> unsubscribed(to, unsubscribed.channels());
            case Event.Channels channels -> encoded(CHAT, to.topic, Json.text(channels.channels()));
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

    /** Replies to a request to leave channels. Closing the controller chat leaves all of them. */
    private Optional<Payload> unsubscribed(Address to, List<String> channels) {
        if (to.topic.equals(CLOSE)) {
            release(CHAT);
            return encoded(CHAT, CLOSE, NOTHING);
        }
        return encoded(CHAT, to.topic, json -> json.name("channel").value(channels.getFirst()));
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return switch (push) {
            case Event.Custom custom ->
                custom instanceof ControllerMessage message ? Optional.of(message.in(spelling)) : Optional.empty();
            case Event.Received received -> received(received.message());
            case Event.Lost lost ->
                encoded(CHAT, "lost", json -> {
                    json.name("channel").value(lost.channel());
                    Json.write(json, lost.position());
                });
            case Event.Removed removed ->
                encoded(CHAT, ERROR, json -> {
                    json.name("message").value(removed.message());
                    json.name("channel").value(removed.channel());
                });
            case Event.SignalReceived signal -> Optional.empty();
            case Event.Joined joined -> Optional.empty();
            case Event.Left left -> Optional.empty();
            case Event.Read read -> Optional.empty();
            case Event.ReadReceipt receipt -> Optional.empty();
            case Event.Described described -> Optional.empty();
            case Event.Goodbye goodbye -> Optional.empty();
        };
    }

    private Optional<Payload> received(Message message) {
        Optional<Reference> ref = message.attributes().ref().filter(Reference::isAnnotation);
        return encoded(CHAT, ref.map(ControllerConnection::topic).orElse("message"), json -> {
            json.name("channel").value(message.channel());
            if (ref.isPresent()) {
                write(json, message, ref.get());
            } else {
                Json.write(json, message);
            }
        });
    }

    private static String topic(Reference ref) {
        return switch (ref.kind()) {
            case EDIT -> "edited";
            case DELETE -> "deleted";
            case REACTION -> "reaction";
            case REPLY -> "message";
        };
    }

    /** Writes an annotation, except its channel. */
    private static void write(JsonWriter json, Message message, Reference ref) throws IOException {
        json.name("offset").value(message.position().offset());
        json.name("ref").value(ref.offset());
        if (ref.remove()) {
            json.name("remove").value(true);
        }
        json.name("sender").value(message.sender());
        Json.writeGuest(json, message.guest());
        json.name("time").value(message.time());
        if (!(message.content() instanceof Content.None)) {
            json.name("text").value(message.content().asText());
        }
    }

    private Optional<Payload> encoded(String controller, String topic, Json.Writing fields) {
        return encoded(controller, topic, Json.writeObject(fields));
    }

    private Optional<Payload> encoded(String controller, String topic, String data) {
        return Optional.of(new ControllerMessage(controller, topic, data).in(spelling));
    }

    /** The data of topics 5 and 6: {@code {"T":topic,"A":true}}, where A requests an acknowledgement. */
    private record Subscription(String topic, boolean acknowledged) {
        static Subscription in(JsonElement data) throws Json.MalformedException {
            JsonObject object = object(data);
            return new Subscription(
                    name(object, "t"),
                    field(object, "a") instanceof JsonPrimitive wanted && wanted.isBoolean() && wanted.getAsBoolean());
        }

        String text() {
            return Json.writeObject(json -> {
                json.name("T").value(topic);
                json.name("A").value(acknowledged);
            });
        }
    }
}

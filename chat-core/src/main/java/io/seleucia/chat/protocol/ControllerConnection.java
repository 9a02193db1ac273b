package io.seleucia.chat.protocol;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Speaks to one connection: which controllers it has opened, and how it spells. Requests are decoded and carried out one
 * after the other by its inbound loop; pushes are encoded by any thread.
 */
final class ControllerConnection implements Protocol {
    /** The controller whose topics are the server's own commands. */
    static final String CHAT = "chat";

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

    /** What a request was sent to; both empty where that could not be read. */
    private record Address(String controller, String topic) {}

    private static final String NO_ID = "null"; // what the original client sends until it has been given one

    private final Controllers controllers;
    private final Peer peer;
    private final String id = UUID.randomUUID().toString();
    private final String persistentId;
    private final Map<String, ControllerMember<?>> opened = new HashMap<>(); // by the controller's name
    private volatile ControllerMessage.Spelling spelling = ControllerMessage.Spelling.LOWER;

    ControllerConnection(Controllers controllers, Peer peer, Map<String, String> parameters) {
        this.controllers = controllers;
        this.peer = peer;
        this.persistentId = parameters.entrySet().stream()
                .filter(parameter -> parameter.getKey().equalsIgnoreCase("persistentid"))
                .map(Map.Entry::getValue)
                .filter(value ->
                        !value.equals(NO_ID) && Names.flawOfClient(value).isEmpty())
                .findFirst()
                .orElseGet(() -> UUID.randomUUID().toString());
    }

    /** Whether a topic is the protocol's own. */
    static boolean isReserved(String topic) {
        return topic.length() == 1 && topic.charAt(0) >= '0' && topic.charAt(0) <= '8';
    }

    Peer peer() {
        return peer;
    }

    /** A random name. */
    String id() {
        return id;
    }

    String persistentId() {
        return persistentId;
    }

    @Override
    public String name() {
        return controllers.name();
    }

    @Override
    public Object format() {
        return spelling;
    }

    @Override
    public void ended() {
        opened.values().forEach(ControllerMember::close);
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

    /** The name of a controller or a topic, in lower case. */
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

    /** What was sent, whether as JSON or as a JSON text in a string; a string that is no JSON text is what it is. */
    private static JsonElement data(JsonObject frame) {
        JsonElement data = field(frame, "d");
        if (data == null) {
            return JsonNull.INSTANCE;
        }
        if (data instanceof JsonPrimitive text && text.isString()) {
            try {
                return Json.parse(text.getAsString(), "d");
            } catch (Json.MalformedException e) {
                return data;
            }
        }
        return data;
    }

    private Command command(Address to, JsonElement data) throws Json.MalformedException {
        if (to.topic.equals(INIT)) {
            return new Command.Own(() -> open(to.controller));
        }
        if (to.topic.equals(ERROR) || to.topic.equals(PONG)) {
            return new Command.Skip(); // errors that answer errors would never end
        }
        ControllerMember<?> member = opened.get(to.controller);
        if (member == null) {
            throw new Json.MalformedException("controller " + to.controller + " is not open");
        }
        return switch (to.topic) {
            case CLOSE -> isChat(to) ? new Command.UnsubscribeAll() : new Command.Own(() -> close(to.controller));
            case SUBSCRIBE -> {
                Subscription subscription = Subscription.in(data);
                yield new Command.Own(() -> subscribe(to, member, subscription));
            }
            case UNSUBSCRIBE -> {
                Subscription subscription = Subscription.in(data);
                yield new Command.Own(() -> unsubscribe(to, member, subscription));
            }
            case PING -> new Command.Own(() -> answer(to.controller, PONG, Json.text(data)));
            default -> {
                if (isReserved(to.topic)) {
                    throw new Json.MalformedException("topic " + to.topic + " is the server's");
                }
                yield isChat(to) ? chat(to.topic, data) : new Command.Own(() -> member.call(to.topic, data));
            }
        };
    }

    private static boolean isChat(Address to) {
        return to.controller.equals(CHAT);
    }

    private static Command chat(String topic, JsonElement data) throws Json.MalformedException {
        return switch (topic) {
            case "join" -> new Command.Subscribe(Json.string(object(data), "channel"));
            case "leave" -> new Command.Unsubscribe(Json.string(object(data), "channel"));
            case "say" ->
                new Command.Publish(
                        Json.string(object(data), "channel"), new Content.Text(Json.string(object(data), "text")));
            case "channels" -> new Command.ListChannels();
            // It is not pub/sub: what subscribers see under the topic message was said in a channel.
            default -> new Command.Malformed(ErrorCode.UNKNOWN_TYPE, "chat has no topic " + topic);
        };
    }

    private static JsonObject object(JsonElement data) throws Json.MalformedException {
        if (data instanceof JsonObject object) {
            return object;
        }
        throw new Json.MalformedException("d must be a JSON object");
    }

    private Optional<Event.Failed> open(String controller) {
        if (!opened.containsKey(controller)) {
            Optional<ControllerMember<?>> member = controllers.open(controller, this);
            if (member.isEmpty()) {
                return failed(ErrorCode.BAD_REQUEST, "there is no controller " + controller);
            }
            opened.put(controller, member.get());
        }
        return answer(controller, OPENED, Json.writeObject(json -> {
            json.name("CI").value(id);
            json.name("PI").value(persistentId);
        }));
    }

    private Optional<Event.Failed> close(String controller) {
        opened.remove(controller).close();
        return answer(controller, CLOSE, NOTHING);
    }

    private Optional<Event.Failed> subscribe(Address to, ControllerMember<?> member, Subscription subscription) {
        int topics =
                opened.values().stream().mapToInt(one -> one.topics().size()).sum();
        if (topics >= controllers.maxTopics() && !member.topics().contains(subscription.topic)) {
            return failed(ErrorCode.TOO_MANY_CHANNELS, "at most " + controllers.maxTopics() + " topics");
        }
        member.subscribe(subscription.topic);
        return acknowledge(to, subscription);
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
            case Event.Connected connected -> Optional.empty(); // the others answer what can't be asked here
            case Event.Refreshed refreshed -> Optional.empty();
            case Event.Signalled signalled -> Optional.empty();
            case Event.Page page -> Optional.empty();
            case Event.Members members -> Optional.empty();
            case Event.Pong pong -> Optional.empty();
        };
    }

    /** Closing the chat is leaving all channels: it is closed when that is done. */
    private Optional<Payload> unsubscribed(Address to, List<String> channels) {
        if (to.topic.equals(CLOSE)) {
            opened.remove(CHAT).close();
            return encoded(CHAT, CLOSE, NOTHING);
        }
        return encoded(CHAT, to.topic, json -> json.name("channel").value(channels.getFirst()));
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return switch (push) {
            case Event.Own own ->
                own instanceof ControllerMessage message ? Optional.of(message.in(spelling)) : Optional.empty();
            case Event.Received received -> received(received.message());
            case Event.Lost lost ->
                encoded(CHAT, "lost", json -> {
                    json.name("channel").value(lost.channel());
                    ChatV1.write(json, lost.position());
                });
            case Event.SignalReceived signal -> Optional.empty();
            case Event.Joined joined -> Optional.empty();
            case Event.Left left -> Optional.empty();
            case Event.Goodbye goodbye -> Optional.empty();
        };
    }

    private Optional<Payload> received(Message message) {
        return encoded(CHAT, "message", json -> {
            json.name("channel").value(message.channel());
            ChatV1.write(json, message);
        });
    }

    private Optional<Payload> encoded(String controller, String topic, Json.Writing fields) {
        return encoded(controller, topic, Json.writeObject(fields));
    }

    private Optional<Payload> encoded(String controller, String topic, String data) {
        return Optional.of(new ControllerMessage(controller, topic, data).in(spelling));
    }

    /** What topics 5 and 6 carry: {@code {"T":topic,"A":whether it is to be acknowledged}}. */
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

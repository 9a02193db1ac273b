package io.seleucia.chat.examples;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.Protocol;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A protocol of one's own: {@code {"M":"say","J":"{\"channel\":\"lobby\",\"text\":\"hi\"}"}}, a method and JSON as a
 * text. Its methods are {@code join}, {@code leave} and {@code say}. Served by {@code ChatServer.builder().protocol(new
 * DemoProtocol())}; the chapter "A protocol of your own" goes through it.
 */
public final class DemoProtocol implements Protocol {
    private static final Gson GSON = new Gson();

    private record Frame(String M, String J) {} // as on the wire

    private record Wish(String channel, String text) {
        private Wish {
            channel = Objects.requireNonNullElse(channel, ""); // the server says what is wrong with it
            text = Objects.requireNonNullElse(text, "");
        }
    }

    @Override
    public String name() {
        return "DemoProtocol";
    }

    @Override
    public Request decode(Payload message) {
        try {
            Frame frame = GSON.fromJson(message.asString(), Frame.class);
            Wish wish = frame == null ? null : GSON.fromJson(frame.J, Wish.class);
            return wish == null || frame.M == null
                    ? Request.of(new Command.Malformed("M or J is missing"))
                    : new Request(frame.M, Optional.empty(), command(frame.M, wish));
        } catch (JsonParseException e) {
            return Request.of(new Command.Malformed("it must be like {\"M\":\"join\",\"J\":\"{…}\"}"));
        }
    }

    private static Command command(String method, Wish wish) {
        return switch (method) {
            case "join" -> new Command.Subscribe(wish.channel);
            case "leave" -> new Command.Unsubscribe(wish.channel);
            case "say" -> new Command.Publish(wish.channel, new Content.Text(wish.text));
            default -> new Command.Malformed("there is no method " + method);
        };
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        return switch (reply) {
            case Event.Subscribed subscribed -> frame("joined", Map.of("channel", subscribed.channel()));
            case Event.Unsubscribed left -> frame("left", Map.of("channels", left.channels()));
            case Event.Failed failed -> frame("error", Map.of("to", request.tag(), "message", failed.message()));
            default -> Optional.empty(); // who speaks hears the message itself; all else can't be asked for
        };
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return push instanceof Event.Received received ? said(received.message()) : Optional.empty();
    }

    private static Optional<Payload> said(Message message) {
        String text = message.content().asText();
        return frame("said", Map.of("channel", message.channel(), "sender", message.sender(), "text", text));
    }

    private static Optional<Payload> frame(String method, Map<String, ?> json) {
        return Optional.of(Payload.of(GSON.toJson(new Frame(method, GSON.toJson(json)))));
    }
}

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
 * A custom protocol: {@code {"M":"say","J":"{\"channel\":\"lobby\",\"text\":\"hi\"}"}}, a method and JSON as a text. The
 * methods are {@code join}, {@code leave} and {@code say}. {@code ChatServer.builder().protocol(new DemoProtocol())} serves
 * it; the chapter "A protocol of your own" explains it.
 */
public final class DemoProtocol implements Protocol {
    private static final Gson GSON = new Gson();

    private record Frame(String M, String J) {} // as on the wire

    private record Arguments(String channel, String text) {
        @SuppressWarnings("UnusedMethod") // Gson calls it
        private Arguments {
            channel = Objects.requireNonNullElse(channel, ""); // the server answers with an error
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
            Arguments arguments = frame == null ? null : GSON.fromJson(frame.J, Arguments.class);
            return arguments == null || frame.M == null
                    ? Request.of(new Command.Malformed("M or J is missing"))
                    : new Request(frame.M, Optional.empty(), command(frame.M, arguments));
        } catch (JsonParseException e) {
            return Request.of(new Command.Malformed("it must be like {\"M\":\"join\",\"J\":\"{…}\"}"));
        }
    }

    private static Command command(String method, Arguments arguments) {
        return switch (method) {
            case "join" -> new Command.Subscribe(arguments.channel);
            case "leave" -> new Command.Unsubscribe(arguments.channel);
            case "say" -> new Command.Publish(arguments.channel, new Content.Text(arguments.text));
            default -> new Command.Malformed("there is no method " + method);
        };
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        return switch (reply) {
            case Event.Subscribed subscribed -> frame("joined", Map.of("channel", subscribed.channel()));
            case Event.Unsubscribed left -> frame("left", Map.of("channels", left.channels()));
            case Event.Failed failed -> frame("error", Map.of("to", request.tag(), "message", failed.message()));
            default -> Optional.empty(); // the sender receives the message itself; other replies can't occur
        };
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return push instanceof Event.Received received ? said(received.message()) : Optional.empty();
    }

    private static Optional<Payload> said(Message message) {
        if (message.attributes().isAnnotation() || message.isDeleted()) {
            return Optional.empty(); // this protocol has no word for edits, deletions and reactions
        }
        String text = message.content().asText();
        return frame("said", Map.of("channel", message.channel(), "sender", message.sender(), "text", text));
    }

    private static Optional<Payload> frame(String method, Map<String, ?> json) {
        return Optional.of(Payload.of(GSON.toJson(new Frame(method, GSON.toJson(json)))));
    }
}

package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.protocol.json.Json;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One channel as server-sent events, for readers over HTTP that send nothing. Each message is an event whose id is its position,
 * from which a reader that comes back goes on.
 */
public final class ChannelEvents implements Protocol {
    private static final String FORMAT = "channel events"; // that of all readers
    private static final ChatV1 MESSAGES = new ChatV1();

    private final Command.Subscribe subscribe;

    /**
     * Creates the protocol of one reader.
     *
     * @param channel the channel's name
     * @param since the position of the last message that the reader has; empty to begin with the next message
     */
    public ChannelEvents(String channel, Optional<Position> since) {
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(since, "since");
        this.subscribe = new Command.Subscribe(channel, since, Command.Interest.MESSAGES);
    }

    /**
     * {@return the position that an event's id names; empty if it names none}
     *
     * @param id an epoch, a colon and an offset
     */
    public static Optional<Position> position(String id) {
        Objects.requireNonNull(id, "id");
        int colon = id.lastIndexOf(':');
        String digits = id.substring(colon + 1);
        return colon > 0 && digits.matches("0|[1-9][0-9]{0,15}")
                ? Optional.of(new Position(id.substring(0, colon), Long.parseLong(digits)))
                : Optional.empty();
    }

    @Override
    public String name() {
        return "events";
    }

    @Override
    public Object format() {
        return FORMAT;
    }

    @Override
    public List<Request> initialRequests(String peer) {
        return List.of(Request.of(subscribe));
    }

    @Override
    public boolean acknowledgesRequests() {
        return false;
    }

    @Override
    public boolean countsAsMember() {
        return false;
    }

    @Override
    public Request decode(Payload message) {
        return Request.of(new Command.Ignored()); // none comes
    }

    /** Returns the beginning: the position, which a reader keeps although there is no message yet, or the loss. */
    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        if (!(reply instanceof Event.Subscribed subscribed)) {
            return Optional.empty(); // a failure, which ends the stream
        }
        Event.Recovery recovery = subscribed.recovery();
        if (recovery.recovered().orElse(false)) {
            return Optional.empty();
        }
        return Optional.of(
                subscribe.since().isPresent()
                        ? lost(recovery.position())
                        : Payload.of(idOf(recovery.position()) + "\n"));
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return switch (push) {
            case Event.Received received -> {
                Position position = received.message().position();
                String id = position.equals(Position.NONE) ? "" : idOf(position);
                yield MESSAGES.encode(push).map(json -> Payload.of(id + "data: " + json.asString() + "\n\n"));
            }
            case Event.Lost lost -> Optional.of(lost(lost.position()));
            case Event.SignalReceived signal -> Optional.empty();
            case Event.Joined joined -> Optional.empty();
            case Event.Left left -> Optional.empty();
            case Event.Read read -> Optional.empty();
            case Event.ReadReceipt receipt -> Optional.empty();
            case Event.Described described -> Optional.empty();
            case Event.Removed removed -> Optional.empty();
            case Event.Custom custom -> Optional.empty();
            case Event.Goodbye goodbye -> Optional.empty();
        };
    }

    private static String idOf(Position position) {
        return "id: " + position.epoch() + ":" + position.offset() + "\n";
    }

    private static Payload lost(Position position) {
        String json = Json.writeObject(object -> Json.write(object, position));
        return Payload.of(idOf(position) + "event: lost\ndata: " + json + "\n\n");
    }
}

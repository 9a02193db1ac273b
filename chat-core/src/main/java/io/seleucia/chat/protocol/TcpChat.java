package io.seleucia.chat.protocol;

import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Payload;
import io.seleucia.chat.message.Request;
import io.seleucia.chat.text.Utf8;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * TcpChat v0.5: messages of a type and a payload, with big-endian numbers. A connection is in one channel from its beginning;
 * its name is its address until it requests a nickname, the only request that is answered. Bytes behind the last field of a
 * message are ignored. Has no state.
 *
 * <p>The server's own messages are broadcasts with an empty name, which no client can have.
 */
public final class TcpChat implements Protocol {
    /** The longest text, in bytes of UTF-8. */
    public static final int MAX_TEXT_BYTES = 0xffff;

    private static final int MAX_NAME_BYTES = 0xff;
    private static final int GUID_BYTES = 16;
    private static final String NOBODY = "";

    private static final int CHAT = 0;
    private static final int BROADCAST = 1;
    private static final int SET_NICKNAME = 3;
    private static final int ACK = 4;
    private static final int NAK = 5;

    private final String channel;

    /**
     * Creates the protocol; one object serves all connections, which are all in one channel.
     *
     * @param channel the channel's name
     */
    public TcpChat(String channel) {
        this.channel = channel;
    }

    @Override
    public String name() {
        return "tcpchat";
    }

    @Override
    public boolean accepts(Payload message) {
        return !message.text();
    }

    @Override
    public List<Request> initialRequests(String peer) {
        return List.of(new Request("", Optional.of(peer), new Command.Subscribe(channel)));
    }

    @Override
    public boolean acknowledgesRequests() {
        return false;
    }

    @Override
    public boolean echoes() {
        return false;
    }

    @Override
    public Request decode(Payload message) {
        ByteBuffer in = ByteBuffer.wrap(message.bytes());
        try {
            return switch (in.getInt()) {
                case CHAT -> {
                    Content text = new Content.Text(longString(in));
                    // The key allows the server to publish it again after an uncertain failure.
                    yield Request.of(
                            new Command.Publish(channel, text, UUID.randomUUID().toString()));
                }
                case SET_NICKNAME -> {
                    byte[] id = field(in, GUID_BYTES);
                    yield new Request(id, Optional.empty(), new Command.Nickname(shortString(in)));
                }
                case ACK -> {
                    field(in, GUID_BYTES);
                    yield Request.of(new Command.Ignored());
                }
                case NAK -> {
                    field(in, GUID_BYTES);
                    longString(in);
                    yield Request.of(new Command.Ignored());
                }
                default -> Request.of(new Command.Ignored()); // a keepalive, or a type of another version
            };
        } catch (BufferUnderflowException e) {
            return Request.of(new Command.Malformed("a field overruns its message"));
        } catch (CharacterCodingException e) {
            return Request.of(new Command.Malformed("a string is not UTF-8"));
        }
    }

    @Override
    public Optional<Payload> encode(Request request, Event.Reply reply) {
        if (!(request.command() instanceof Command.Nickname)) {
            return refusal(request, reply);
        }
        byte[] id = (byte[]) request.tag();
        return switch (reply) {
            case Event.Connected connected -> Optional.of(message(ACK, id, new byte[0]));
            case Event.Failed failed -> Optional.of(message(NAK, id, longString(bytes(failed.message()))));
            case Event.Subscribed subscribed -> Optional.empty(); // these belong to other protocols
            case Event.Unsubscribed unsubscribed -> Optional.empty();
            case Event.Published published -> Optional.empty();
            case Event.Refreshed refreshed -> Optional.empty();
            case Event.Signalled signalled -> Optional.empty();
            case Event.Channels channels -> Optional.empty();
            case Event.Directory directory -> Optional.empty();
            case Event.Description info -> Optional.empty();
            case Event.Page page -> Optional.empty();
            case Event.FoldedPage page -> Optional.empty();
            case Event.Found found -> Optional.empty();
            case Event.Result result -> Optional.empty();
            case Event.Members members -> Optional.empty();
            case Event.Read read -> Optional.empty();
            case Event.Pong pong -> Optional.empty();
        };
    }

    /** Tells a client that it may not publish, so that its connection need not be closed. */
    private static Optional<Payload> refusal(Request request, Event.Reply reply) {
        return request.command() instanceof Command.Publish
                        && reply instanceof Event.Failed failed
                        && failed.code() == ErrorCode.FORBIDDEN
                ? Optional.of(broadcast(NOBODY, bytes(failed.message())))
                : Optional.empty();
    }

    @Override
    public Optional<Payload> encode(Event.Push push) {
        return switch (push) {
            case Event.Received received -> broadcast(received.message());
            case Event.Lost lost ->
                Optional.of(broadcast(NOBODY, bytes("messages in channel " + lost.channel() + " were lost")));
            case Event.SignalReceived signal -> Optional.empty();
            case Event.Joined joined -> Optional.empty();
            case Event.Left left -> Optional.empty();
            case Event.Read read -> Optional.empty();
            case Event.ReadReceipt receipt -> Optional.empty();
            case Event.Described described -> Optional.empty();
            case Event.Removed removed -> Optional.of(broadcast(NOBODY, bytes(removed.message())));
            case Event.Custom custom -> Optional.empty();
            case Event.Goodbye goodbye -> Optional.empty();
        };
    }

    /**
     * Returns a message, or a notice if its text is too long, since other protocols allow longer texts; nothing if it has no text
     * to be shown.
     */
    private static Optional<Payload> broadcast(Message message) {
        return PlainText.of(message)
                .map(TcpChat::bytes)
                .map(text -> text.length <= MAX_TEXT_BYTES
                        ? broadcast(message.sender(), text)
                        : broadcast(
                                NOBODY,
                                bytes("a message of " + message.sender() + " has " + text.length
                                        + " bytes, and is too long to be shown here")));
    }

    private static Payload broadcast(String from, byte[] text) {
        byte[] name = bytes(from);
        int length = name.length;
        if (length > MAX_NAME_BYTES) {
            length = MAX_NAME_BYTES;
            while ((name[length] & 0xc0) == 0x80) { // within a character
                length--;
            }
        }
        byte[] shortString = ByteBuffer.allocate(1 + length)
                .put((byte) length)
                .put(name, 0, length)
                .array();
        return message(BROADCAST, shortString, longString(text));
    }

    private static Payload message(int type, byte[] first, byte[] second) {
        return new Payload(
                false,
                ByteBuffer.allocate(Integer.BYTES + first.length + second.length)
                        .putInt(type)
                        .put(first)
                        .put(second)
                        .array());
    }

    private static byte[] longString(byte[] text) {
        return ByteBuffer.allocate(Short.BYTES + text.length)
                .putShort((short) text.length)
                .put(text)
                .array();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String shortString(ByteBuffer in) throws CharacterCodingException {
        return Utf8.decode(field(in, Byte.toUnsignedInt(in.get())));
    }

    private static String longString(ByteBuffer in) throws CharacterCodingException {
        return Utf8.decode(field(in, Short.toUnsignedInt(in.getShort())));
    }

    private static byte[] field(ByteBuffer in, int length) {
        if (length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] field = new byte[length];
        in.get(field);
        return field;
    }
}

package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import io.seleucia.chat.message.Payload;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The receiving side of RFC 6455 §5 and RFC 7692 §6.2, for a server. Runs in the inbound loop. A broken rule is a {@link
 * ConnectionClosedException} with the RFC's close code.
 */
final class FrameReader {
    static final int CONTINUATION = 0x0;
    static final int TEXT = 0x1;
    static final int BINARY = 0x2;
    static final int CLOSE = 0x8;
    static final int PING = 0x9;
    static final int PONG = 0xa;
    static final int RSV1 = 0x40; // RFC 7692 §6: the message is compressed

    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final byte[] EMPTY = {};
    private static final int MAX_CONTROL = 125;
    private static final int MAX_CHUNK = 8 * 1024;
    private static final int MIN_INFLATED = 512;
    private static final int RESERVED = 0x70;

    private final Wire in;
    private final IncomingMemory memory;
    private final int maxMessageBytes;
    private final Optional<MessageInflater> inflating; // present if compression was agreed on
    private final Function<byte[], Frame> pong;

    private int opcode = CONTINUATION; // of the message that is being read, or CONTINUATION
    private byte[] message = EMPTY;
    private int length;
    private boolean compressed;
    private long compressedLength;
    private Utf8 utf8; // of a text
    private volatile long messageSince; // when the first of several frames of a message began, or 0
    private volatile byte[] closeAnswer; // the payload of our Close; null until the peer's has come

    FrameReader(
            Wire in,
            IncomingMemory memory,
            int maxMessageBytes,
            Optional<MessageInflater> inflating,
            Function<byte[], Frame> pong) {
        this.in = in;
        this.memory = memory;
        this.maxMessageBytes = maxMessageBytes;
        this.inflating = inflating;
        this.pong = pong;
    }

    /** Blocks until bytes come. The last message has been handled, and its memory is released. */
    void await() throws IOException {
        if (opcode == CONTINUATION) {
            memory.release();
        }
        in.await();
    }

    /** Reads a frame, and returns the message if the frame completes one. Answers pings. */
    Optional<Payload> read(Consumer<Frame> answers) throws IOException {
        int first = in.read();
        in.begin();
        boolean complete = readFrame(first, answers);
        if (!complete && opcode != CONTINUATION && messageSince == 0) {
            messageSince = in.readingSince();
        }
        in.complete();
        return complete ? Optional.of(take()) : Optional.empty();
    }

    /** Returns whether the frame completed a message. */
    private boolean readFrame(int first, Consumer<Frame> answers) throws IOException {
        boolean fin = (first & 0x80) != 0;
        int frameOpcode = first & 0x0f;
        boolean rsv1 = (first & RSV1) != 0;
        if ((first & RESERVED & ~RSV1) != 0 || rsv1 && inflating.isEmpty()) {
            throw protocolError("reserved bits must be 0 without an extension");
        }
        if (rsv1 && frameOpcode != TEXT && frameOpcode != BINARY) {
            throw protocolError("only the first frame of a message may say that it is compressed");
        }
        int second = in.read();
        if ((second & 0x80) == 0) {
            throw protocolError("frames from a client must be masked");
        }
        long frameLength = length(second & 0x7f);
        switch (frameOpcode) {
            case PING, PONG, CLOSE -> {
                if (!fin) {
                    throw protocolError("control frames must be final");
                }
                if (frameLength > MAX_CONTROL) {
                    throw protocolError("control frames must not exceed 125 bytes");
                }
                control(frameOpcode, (int) frameLength, answers);
                return false;
            }
            case CONTINUATION -> {
                if (opcode == CONTINUATION) {
                    throw protocolError("a continuation must follow a frame that is not final");
                }
            }
            case TEXT, BINARY -> {
                if (opcode != CONTINUATION) {
                    throw protocolError("a new message must not begin within another");
                }
                opcode = frameOpcode;
                utf8 = opcode == TEXT ? new Utf8() : null;
                compressed = rsv1;
            }
            default -> throw protocolError("unknown opcode");
        }
        if (compressed) {
            compressedData(frameLength, fin);
        } else if (frameLength > maxMessageBytes - length) {
            throw tooLarge();
        } else {
            data((int) frameLength, fin);
        }
        if (fin && opcode == TEXT && !utf8.complete()) {
            throw new ConnectionClosedException(CloseCode.INVALID_TEXT, "the text ends within a character");
        }
        return fin;
    }

    /** Reads a length (RFC 6455 §5.2): big-endian, in the shortest form, the most significant of 64 bits being 0. */
    private long length(int seven) throws IOException {
        if (seven < 126) {
            return seven;
        }
        int bytes = seven == 126 ? 2 : 8;
        long length = 0;
        for (int i = 0; i < bytes; i++) {
            length = length << 8 | in.read();
        }
        if (length < 0) {
            throw protocolError("the most significant bit of a length must be 0");
        }
        if (length <= (bytes == 2 ? 125 : 0xffff)) {
            throw protocolError("lengths must take the shortest form");
        }
        return length;
    }

    /** Appends a frame's payload to the message. Memory grows with the bytes received. */
    private void data(int frameLength, boolean fin) throws IOException {
        int mask = mask();
        int end = length + frameLength;
        int shift = 0;
        while (length < end) {
            if (message.length == length) {
                int room = length + growth(end - length, fin);
                memory.grow(room);
                message = Arrays.copyOf(message, room);
            }
            int n = in.read(message, length, Math.min(message.length, end) - length);
            unmask(message, length, n, Integer.rotateRight(mask, 8 * (shift & 3)));
            checkText(n);
            length += n;
            shift += n;
        }
    }

    /** Checks the bytes that were just appended to the message. */
    private void checkText(int n) throws ConnectionClosedException {
        if (opcode == TEXT && !utf8.accept(message, length, n)) {
            throw new ConnectionClosedException(CloseCode.INVALID_TEXT, "the text is not UTF-8");
        }
    }

    /** Appends a frame's payload, inflated as it comes. Memory grows with the inflated bytes, up to the limit. */
    private void compressedData(long frameLength, boolean fin) throws IOException {
        compressedLength += frameLength;
        if (compressedLength < 0 || compressedLength > maxMessageBytes + maxMessageBytes / 8L + Wire.MAX_GROWTH) {
            throw tooLarge(); // no message within the limit is as long as that when compressed
        }
        int mask = mask();
        byte[] chunk = new byte[(int) Math.min(frameLength, MAX_CHUNK)];
        memory.chargeExtra(MessageInflater.INFLATER_BYTES); // until the message ends
        int shift = 0;
        for (long remaining = frameLength; remaining > 0; ) {
            int n = in.read(chunk, 0, (int) Math.min(remaining, chunk.length));
            unmask(chunk, 0, n, Integer.rotateRight(mask, 8 * (shift & 3)));
            inflating.orElseThrow().input(chunk, n);
            inflate();
            remaining -= n;
            shift += n;
        }
        if (fin) {
            inflating.orElseThrow().tail();
            inflate();
            inflating.orElseThrow().finish(message, length);
            memory.chargeExtra(0);
        }
    }

    private void inflate() throws ConnectionClosedException {
        while (true) {
            if (message.length == length) {
                // One byte over the limit shows that it is passed.
                int room = Math.min(maxMessageBytes + 1, Math.max(MIN_INFLATED, 2 * length));
                memory.grow(MAX_CHUNK + room);
                message = Arrays.copyOf(message, room);
            }
            int n = inflating.orElseThrow().output(message, length);
            if (n == 0) {
                return;
            }
            if (length + n > maxMessageBytes) {
                throw tooLarge();
            }
            checkText(n);
            length += n;
        }
    }

    /** Releases what a message that did not end holds. */
    void release() {
        memory.release();
        inflating.ifPresent(MessageInflater::release);
    }

    /** Returns by how much the message's array grows: it doubles, but the last frame gets the room that it needs. */
    private int growth(int needed, boolean fin) {
        int most = fin ? needed : maxMessageBytes - length;
        return Math.min(most, Math.max(Math.min(needed, Wire.MAX_GROWTH), length));
    }

    private void control(int frameOpcode, int frameLength, Consumer<Frame> answers) throws IOException {
        int mask = mask();
        byte[] payload = in.readAll(frameLength, memory);
        unmask(payload, 0, frameLength, mask);
        switch (frameOpcode) {
            case PING -> answers.accept(pong.apply(payload));
            case CLOSE -> throw closed(payload);
            default -> {} // a pong
        }
    }

    /** Handles a Close (RFC 6455 §5.5.1 and §7.4). */
    private ConnectionClosedException closed(byte[] payload) {
        if (payload.length == 0) {
            closeAnswer = EMPTY;
            return new ConnectionClosedException(CloseCode.NORMAL, "closed by the peer");
        }
        if (payload.length == 1) {
            return protocolError("a close code must have two bytes");
        }
        int code = (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        boolean valid = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006
                || code >= 3000 && code <= 4999;
        if (!valid) {
            return protocolError("the close code must not stand in a frame");
        }
        Utf8 reason = new Utf8();
        if (!reason.accept(payload, 2, payload.length - 2) || !reason.complete()) {
            return new ConnectionClosedException(CloseCode.INVALID_TEXT, "the reason of a close is not UTF-8");
        }
        closeAnswer = Arrays.copyOf(payload, 2);
        return new ConnectionClosedException(CloseCode.NORMAL, "closed by the peer with " + code);
    }

    /** Returns the payload that answers the peer's valid Close: its code; null if it sent none. Any thread. */
    byte[] closeAnswer() {
        return closeAnswer;
    }

    /** Reads the four mask bytes, the first into the lowest byte. */
    private int mask() throws IOException {
        return in.read() | in.read() << 8 | in.read() << 16 | in.read() << 24;
    }

    static void unmask(byte[] bytes, int offset, int length, int mask) {
        long wide = mask & 0xffffffffL | (long) mask << 32;
        int end = offset + length;
        int i = offset;
        for (; i + Long.BYTES <= end; i += Long.BYTES) {
            LONGS.set(bytes, i, (long) LONGS.get(bytes, i) ^ wide);
        }
        if (i + Integer.BYTES <= end) {
            INTS.set(bytes, i, (int) INTS.get(bytes, i) ^ mask);
            i += Integer.BYTES;
        }
        for (int rest = mask; i < end; i++, rest >>>= 8) {
            bytes[i] ^= (byte) rest;
        }
    }

    /** Returns when the message began that is coming in several frames, or 0. Any thread. */
    long messageSince() {
        return messageSince;
    }

    private Payload take() {
        Payload payload =
                new Payload(opcode == TEXT, message.length == length ? message : Arrays.copyOf(message, length));
        opcode = CONTINUATION;
        message = EMPTY;
        length = 0;
        if (messageSince != 0) { // a volatile write costs more
            messageSince = 0;
        }
        compressedLength = 0;
        utf8 = null;
        return payload;
    }

    private static ConnectionClosedException tooLarge() {
        return new ConnectionClosedException(CloseCode.TOO_LARGE, "the message passes the size limit");
    }

    private static ConnectionClosedException protocolError(String rule) {
        return new ConnectionClosedException(CloseCode.PROTOCOL_ERROR, rule);
    }
}

package io.seleucia.chat.benchmark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;

/** Frames of RFC 6455, unfragmented and with at most 65,535 bytes, as the load and {@link SelectorServer} exchange them. */
final class Frames {
    static final int TEXT = 0x81; // with FIN, as all frames here
    static final int CLOSE = 0x88;
    static final int PING = 0x89;
    static final int PONG = 0x8a;
    static final int MASK_LENGTH = 4;

    private static final int MASKED = 0x80;

    private Frames() {}

    /** Returns the length of the payload at the buffer's position, or -1 if the frame is incomplete. */
    static int length(ByteBuffer in, boolean masked) throws IOException {
        int at = in.position();
        if (in.remaining() < 2) {
            return -1;
        }
        int length = in.get(at + 1) & 0x7f;
        if (in.get(at + 1) < 0 != masked || length == 127) {
            throw new IOException(
                    "the peer sent a frame " + (masked ? "without" : "with") + " a mask, or longer than 65535 bytes");
        }
        int head = head(in);
        if (length == 126 && in.remaining() >= head) {
            length = (in.get(at + 2) & 0xff) << 8 | in.get(at + 3) & 0xff;
        }
        return in.remaining() < head + length ? -1 : length;
    }

    /** Returns the length of the head, with its mask, of the frame at the buffer's position. */
    static int head(ByteBuffer in) {
        int second = in.get(in.position() + 1);
        return ((second & 0x7f) == 126 ? 4 : 2) + (second < 0 ? MASK_LENGTH : 0);
    }

    /** Returns a frame without a mask. */
    static byte[] of(int first, byte[] payload) {
        int head = payload.length < 126 ? 2 : 4;
        return begin(ByteBuffer.allocate(head + payload.length), first, payload.length, 0)
                .put(payload)
                .array();
    }

    static ByteBuffer masked(int first, byte[] payload) {
        int length = payload.length;
        ByteBuffer frame = begin(ByteBuffer.allocate(4 + MASK_LENGTH + length), first, length, MASKED);
        int mask = ThreadLocalRandom.current().nextInt();
        frame.putInt(mask);
        for (int i = 0; i < length; i++) {
            frame.put((byte) (payload[i] ^ mask >>> 24 - 8 * (i & 3)));
        }
        return frame.flip();
    }

    private static ByteBuffer begin(ByteBuffer frame, int first, int length, int masked) {
        frame.put((byte) first);
        return length < 126
                ? frame.put((byte) (masked | length))
                : frame.put((byte) (masked | 126)).putShort((short) length);
    }
}

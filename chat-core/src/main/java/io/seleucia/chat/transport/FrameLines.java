package io.seleucia.chat.transport;

import java.util.Arrays;

/** The frames of a POST as they come, one a line. Bounds each of them and all together. Used by one thread. */
final class FrameLines {
    private static final int FURTHER_BYTES = 64 * 1024; // of all frames, beyond one of the largest
    private static final int FIRST = 512;

    private final int maxFrame;
    private final int maxBytes;
    private final IncomingMemory memory;
    private byte[] bytes = new byte[FIRST];
    private int length;
    private int frame; // the bytes of the current line
    private boolean oversized;

    FrameLines(int maxFrame, IncomingMemory memory) {
        this.maxFrame = maxFrame;
        this.maxBytes = (int) Math.min(Integer.MAX_VALUE - 64L, maxFrame + (long) FURTHER_BYTES);
        this.memory = memory;
    }

    /** Takes a piece of the body. Returns whether the next one is wanted. */
    boolean take(byte[] piece, int n) throws HandshakeException {
        for (int i = 0; i < n; i++) {
            frame = piece[i] == '\n' ? 0 : frame + 1;
            if (frame > maxFrame) {
                oversized = true;
                return false;
            }
        }
        if (length + (long) n > maxBytes) {
            throw new HandshakeException(413, "a request may have " + maxBytes + " bytes of frames");
        }
        grow(length + n);
        System.arraycopy(piece, 0, bytes, length, n);
        length += n;
        return true;
    }

    private void grow(int needed) throws HandshakeException {
        if (needed > bytes.length) {
            int room = (int) Math.min(maxBytes, Math.max(needed, 2L * bytes.length));
            if (!memory.fits(room)) {
                throw new HandshakeException(503, "there is no memory for so many frames, try again later");
            }
            bytes = Arrays.copyOf(bytes, room);
        }
    }

    /** Returns whether a frame is too long. */
    boolean isOversized() {
        return oversized;
    }

    /** Returns the frames. */
    byte[] bytes() {
        return Arrays.copyOf(bytes, length);
    }
}

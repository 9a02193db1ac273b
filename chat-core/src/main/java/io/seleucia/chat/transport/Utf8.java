package io.seleucia.chat.transport;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Checks UTF-8 (RFC 3629) as its bytes arrive. A sequence is refused at the first byte that no valid text could have there:
 * overlong forms, surrogates and values past U+10FFFF at their second byte.
 */
final class Utf8 {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long NOT_ASCII = 0x8080808080808080L;

    private int missing; // continuation bytes that must still come
    private int low = 0x80; // the bounds of the next one
    private int high = 0xbf;

    /** Returns whether the bytes so far could begin a valid text. */
    boolean accept(byte[] bytes, int offset, int length) {
        int limit = offset + length;
        for (int i = offset; i < limit; i++) {
            if (missing == 0) {
                while (i + Long.BYTES <= limit && ((long) LONGS.get(bytes, i) & NOT_ASCII) == 0) {
                    i += Long.BYTES;
                }
                if (i == limit) {
                    return true;
                }
            }
            if (!accept(bytes[i] & 0xff)) {
                return false;
            }
        }
        return true;
    }

    /** Returns whether the text may end here. */
    boolean complete() {
        return missing == 0;
    }

    private boolean accept(int b) {
        if (missing > 0) {
            boolean inBounds = low <= b && b <= high;
            missing--;
            low = 0x80;
            high = 0xbf;
            return inBounds;
        }
        if (b < 0x80) {
            return true;
        }
        if (b < 0xc2 || b > 0xf4) {
            return false;
        }
        missing = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
        switch (b) {
            case 0xe0 -> low = 0xa0;
            case 0xed -> high = 0x9f;
            case 0xf0 -> low = 0x90;
            case 0xf4 -> high = 0x8f;
            default -> {}
        }
        return true;
    }
}

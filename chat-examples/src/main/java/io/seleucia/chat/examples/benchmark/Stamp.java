package io.seleucia.chat.examples.benchmark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the text of a measured message begins with: its sender (8 characters), its sequence number (8) and its time in
 * nanoseconds (16), each hexadecimal, the lowest digit first, in the letters from a to p. So it stands in JSON as it is,
 * and reading one costs four loads and no object. Buffers must be little-endian.
 */
public final class Stamp {
    /** In characters, which are bytes too. */
    public static final int LENGTH = 32;

    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private static final int DIGITS = 8;

    private Stamp() {}

    /** Writes one. */
    public static void write(byte[] text, int at, int sender, int sequence, long time) {
        write(text, at, sender);
        write(text, at + DIGITS, sequence);
        write(text, at + 2 * DIGITS, (int) time);
        write(text, at + 3 * DIGITS, (int) (time >>> Integer.SIZE));
    }

    /** Who sent it. */
    public static int sender(ByteBuffer text, int at) {
        return number(text.getLong(at));
    }

    /** Its number among that sender's. */
    public static int sequence(ByteBuffer text, int at) {
        return number(text.getLong(at + DIGITS));
    }

    /** Since when it is under way. */
    public static long time(ByteBuffer text, int at) {
        long low = Integer.toUnsignedLong(number(text.getLong(at + 2 * DIGITS)));
        return low | (long) number(text.getLong(at + 3 * DIGITS)) << Integer.SIZE;
    }

    private static void write(byte[] text, int at, int number) {
        for (int i = 0; i < DIGITS; i++) {
            text[at + i] = (byte) ('a' + (number >>> 4 * i & 0xf));
        }
    }

    /** Reads eight digits: pairs become bytes, pairs of these become shorts, and so on. */
    private static int number(long letters) {
        long x = letters - 0x6161616161616161L & 0x0f0f0f0f0f0f0f0fL;
        x = (x | x >>> 4) & 0x00ff00ff00ff00ffL;
        x = (x | x >>> 8) & 0x0000ffff0000ffffL;
        return (int) (x | x >>> 16);
    }
}

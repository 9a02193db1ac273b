package io.seleucia.chat.benchmark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The beginning of a measured message's text: sender (8 characters), sequence number (8) and time in nanoseconds (16), as
 * hexadecimal numbers in the letters from a to p, the lowest digit first. JSON need not escape it, and reading one takes four
 * loads and no object. Buffers must be little-endian.
 */
public final class Stamp {
    /** Length in characters, and in bytes. */
    public static final int LENGTH = 32;

    static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    private static final int DIGITS = 8;

    private Stamp() {}

    /** Writes a stamp. */
    public static void write(byte[] text, int at, int sender, int sequence, long time) {
        write(text, at, sender);
        write(text, at + DIGITS, sequence);
        write(text, at + 2 * DIGITS, (int) time);
        write(text, at + 3 * DIGITS, (int) (time >>> Integer.SIZE));
    }

    /** Returns the sender's number. */
    public static int sender(ByteBuffer text, int at) {
        return number(text.getLong(at));
    }

    /** Returns the message's number among the sender's messages. */
    public static int sequence(ByteBuffer text, int at) {
        return number(text.getLong(at + DIGITS));
    }

    /** Returns the time at which it was sent or due. */
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

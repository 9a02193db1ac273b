package io.seleucia.chat.transport;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.Deflater;

/**
 * Compresses messages as RFC 7692 §7.2.1 has it: blocks of DEFLATE, flushed to a whole byte, without the last four
 * bytes of the flush.
 *
 * <p>The JDK's deflater always refers up to 32 KiB back. For a smaller window it is made to forget everything after
 * every 2^n bytes of input, so that nothing can refer further back than that.
 */
final class Deflating {
    /** Shorter messages gain too little. */
    static final int MIN_BYTES = 256;

    private static final int LARGEST_WINDOW = 15;
    private static final int TAIL = 4; // 00 00 ff ff, which ends every flush
    private static final ArrayBlockingQueue<Deflater> POOL = new ArrayBlockingQueue<>(16);

    private Deflating() {}

    /** A deflater that remembers nothing, to be given back by whoever has borrowed it. */
    static Deflater borrow() {
        Deflater pooled = POOL.poll();
        return pooled == null ? new Deflater(Deflater.BEST_SPEED, true) : pooled;
    }

    static void giveBack(Deflater deflater) {
        deflater.reset();
        if (!POOL.offer(deflater)) {
            deflater.end();
        }
    }

    /**
     * Compresses one message, of {@code length} bytes from {@code offset} on.
     *
     * @param result where the result goes, which must be shorter than this
     * @return the length of the result; or -1 if it would not fit, and then the deflater has to be reset
     */
    static int deflate(Deflater deflater, byte[] message, int offset, int length, int windowBits, byte[] result) {
        int window = windowBits == LARGEST_WINDOW ? Integer.MAX_VALUE : 1 << windowBits;
        int filled = 0;
        for (int from = 0; from < length; ) {
            int n = Math.min(window, length - from);
            deflater.setInput(message, offset + from, n);
            from += n;
            filled += deflater.deflate(result, filled, result.length - filled, Deflater.SYNC_FLUSH);
            if (filled == result.length) {
                return -1; // and the flush may be incomplete
            }
            if (from < length) {
                deflater.reset();
            }
        }
        return filled - TAIL;
    }
}

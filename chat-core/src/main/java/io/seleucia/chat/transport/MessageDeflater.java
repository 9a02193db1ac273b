package io.seleucia.chat.transport;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.Deflater;

/**
 * Compresses messages (RFC 7692 §7.2.1): blocks of DEFLATE, flushed to a whole byte, without the last four bytes of the
 * flush.
 *
 * <p>The JDK's deflater refers up to 32 KiB back. For a smaller window of 2^n bytes it is reset after as many bytes of input.
 * In the smallest one the search for repetitions would find little and each reset costs a Huffman code, so a message that is
 * longer than that window gets one code and no search.
 */
final class MessageDeflater {
    /** Shorter messages gain too little. */
    static final int MIN_BYTES = 256;

    private static final int SMALLEST_WINDOW = 9;
    private static final int LARGEST_WINDOW = 15;
    private static final int TAIL = 4; // 00 00 ff ff, which ends every flush
    private static final ArrayBlockingQueue<Deflater> POOL = new ArrayBlockingQueue<>(16);

    private MessageDeflater() {}

    /** Returns a fresh deflater, which the caller must give back. */
    static Deflater borrow() {
        Deflater pooled = POOL.poll();
        return pooled == null ? new Deflater(Deflater.BEST_SPEED, true) : pooled;
    }

    static void giveBack(Deflater deflater) {
        deflater.reset();
        choose(deflater, Deflater.DEFAULT_STRATEGY);
        if (!POOL.offer(deflater)) {
            deflater.end();
        }
    }

    /**
     * Compresses one message, of {@code length} bytes from {@code offset} on.
     *
     * @param result takes the result, which must be shorter than this
     * @return the length of the result; or -1 if it would not fit: the deflater must be reset then
     */
    static int deflate(Deflater deflater, byte[] message, int offset, int length, int windowBits, byte[] result) {
        boolean search = windowBits > SMALLEST_WINDOW || length <= 1 << windowBits;
        int window = windowBits == LARGEST_WINDOW || !search ? Integer.MAX_VALUE : 1 << windowBits;
        if (!search) {
            choose(deflater, Deflater.HUFFMAN_ONLY);
        }
        int filled = 0;
        for (int from = 0; from < length; ) {
            int n = Math.min(window, length - from);
            deflater.setInput(message, offset + from, n);
            from += n;
            filled += deflater.deflate(result, filled, result.length - filled, Deflater.SYNC_FLUSH);
            if (filled == result.length) {
                return -1; // the flush may be incomplete
            }
            if (from < length) {
                deflater.reset();
            }
        }
        return filled - TAIL;
    }

    /** Chooses the strategy of a deflater that has no input yet. */
    private static void choose(Deflater deflater, int strategy) {
        deflater.setStrategy(strategy);
        deflater.deflate(new byte[1]); // a change takes effect after the next call
    }
}

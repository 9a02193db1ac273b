package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates the messages of one connection (RFC 7692 §7.2.2). Runs in its inbound loop. An inflater is held only while a
 * message is under way; with context takeover, what later messages may refer to is kept in between, and given to the
 * next inflater as its dictionary.
 */
final class Inflating {
    private static final int WINDOW = 32 * 1024;
    private static final int FREE_RESTARTS = 1_000;
    private static final int BYTES_FOR_A_RESTART = 64;
    private static final byte[] NOTHING = {};
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};
    private static final byte[] LAST_BLOCK = {3, 0}; // final, with fixed codes, empty
    private static final ArrayBlockingQueue<Inflater> POOL = new ArrayBlockingQueue<>(16);

    private final boolean takeover;
    private byte[] window = NOTHING; // the end of earlier messages
    private Inflater inflater; // null between messages
    private byte[] input = NOTHING;
    private int inputEnd;
    private int restarts; // within the message

    Inflating(boolean takeover) {
        this.takeover = takeover;
    }

    /** The next compressed bytes; to be followed by {@link #output} until it gives 0. */
    void input(byte[] bytes, int length) {
        if (inflater == null) {
            Inflater pooled = POOL.poll();
            inflater = pooled == null ? new Inflater(true) : pooled;
            inflater.setDictionary(window);
        }
        input = bytes;
        inputEnd = length;
        inflater.setInput(bytes, 0, length);
    }

    /** After the last bytes of a message, the ones that its sender left out; to be followed by {@link #output}. */
    void tail() {
        input(TAIL, TAIL.length);
    }

    /**
     * Inflates behind what the message has so far, where there must be room.
     *
     * @param length the message's length so far
     * @return how many bytes were added, 0 if more input is needed
     */
    int output(byte[] message, int length) throws ConnectionClosedException {
        try {
            while (true) {
                int n = inflater.inflate(message, length, message.length - length);
                if (n > 0) {
                    return n;
                }
                if (!inflater.finished() || inflater.getRemaining() == 0) {
                    return 0;
                }
                restart(message, length);
            }
        } catch (DataFormatException e) {
            throw malformed();
        }
    }

    /** §7.2.3.5: a final block ends a stream, not the message; what follows may refer to what was before it. */
    private void restart(byte[] message, int length) throws ConnectionClosedException {
        if (++restarts > FREE_RESTARTS + length / BYTES_FOR_A_RESTART) {
            throw malformed(); // each costs as much as inflating the whole window
        }
        int from = inputEnd - inflater.getRemaining();
        inflater.reset();
        inflater.setDictionary(end(message, length));
        inflater.setInput(input, from, inputEnd - from);
    }

    /** Ends a message, which must be at the end of a block: then, and only then, a last block can follow. */
    void finish(byte[] message, int length) throws ConnectionClosedException {
        try {
            inflater.setInput(LAST_BLOCK);
            if (inflater.inflate(new byte[1]) != 0 || !inflater.finished()) {
                throw malformed();
            }
        } catch (DataFormatException e) {
            throw malformed();
        }
        if (takeover) {
            window = end(message, length);
        }
        release();
    }

    /** Gives back the inflater. */
    void release() {
        if (inflater != null) {
            inflater.reset();
            if (!POOL.offer(inflater)) {
                inflater.end();
            }
            inflater = null;
            input = NOTHING;
            restarts = 0;
        }
    }

    /** The last bytes of all messages so far, as many as one may refer to. */
    private byte[] end(byte[] message, int length) {
        if (length >= WINDOW) {
            return Arrays.copyOfRange(message, length - WINDOW, length);
        }
        int kept = Math.min(window.length, WINDOW - length);
        byte[] end = Arrays.copyOfRange(window, window.length - kept, window.length + length);
        System.arraycopy(message, 0, end, kept, length);
        return end;
    }

    private static ConnectionClosedException malformed() {
        return new ConnectionClosedException(CloseCode.INVALID_COMPRESSION, "the message can't be inflated");
    }
}

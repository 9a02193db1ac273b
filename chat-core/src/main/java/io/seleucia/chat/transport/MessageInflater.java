package io.seleucia.chat.transport;

import io.seleucia.chat.message.CloseCode;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates the messages of one connection (RFC 7692 §7.2.2). Runs in its inbound loop. It holds an inflater only during a
 * message. With context takeover, it keeps the end of the earlier messages, as the dictionary of the next inflater.
 */
final class MessageInflater {
    /** The memory of an inflater outside of the heap: its window and its state. */
    static final int INFLATER_BYTES = 40 * 1024;

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

    MessageInflater(boolean takeover) {
        this.takeover = takeover;
    }

    /** Takes the next compressed bytes. Calls of {@link #output} must follow, until it returns 0. */
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

    /** Takes the bytes at the end of a message that its sender left out. Calls of {@link #output} must follow. */
    void tail() {
        input(TAIL, TAIL.length);
    }

    /**
     * Appends inflated bytes to a message, whose array must have room.
     *
     * @param length the message's length so far
     * @return the number of appended bytes, 0 if more input is needed
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

    /** Starts the stream that follows a final block. Its data may refer to all before it (§7.2.3.5). */
    private void restart(byte[] message, int length) throws ConnectionClosedException {
        if (++restarts > FREE_RESTARTS + length / BYTES_FOR_A_RESTART) {
            throw malformed(); // each restart costs as much as inflating the whole window
        }
        int from = inputEnd - inflater.getRemaining();
        inflater.reset();
        inflater.setDictionary(end(message, length));
        inflater.setInput(input, from, inputEnd - from);
    }

    /** Ends a message. It must be at the end of a block, where alone a last block can follow. */
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

    /** Returns the end of all messages so far, which later ones may refer to. */
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

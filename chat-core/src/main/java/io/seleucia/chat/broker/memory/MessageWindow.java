package io.seleucia.chat.broker.memory;

import io.seleucia.chat.message.Message;
import java.util.function.Predicate;

/**
 * The messages of a channel that are in memory, oldest first: a ring that is searched by offset. There may be gaps between
 * offsets, where messages were deleted. Used with the channel's lock.
 */
final class MessageWindow {
    private static final int INITIAL_ROOM = 16;
    private static final Message[] NO_ROOM = {};

    private Message[] ring = NO_ROOM;
    private int head; // the place of the oldest
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Returns a message by its number, from 0. */
    Message get(int number) {
        return ring[place(number)];
    }

    Message first() {
        return get(0);
    }

    void set(int number, Message message) {
        ring[place(number)] = message;
    }

    private int place(int number) {
        int place = head + number;
        return place < ring.length ? place : place - ring.length;
    }

    /** Makes room for one message, so that {@link #add} can't fail. Has no effect if memory has run out. */
    void grow() {
        if (size == ring.length) {
            Message[] larger = new Message[Math.max(INITIAL_ROOM, size + size / 2)];
            for (int i = 0; i < size; i++) {
                larger[i] = get(i);
            }
            ring = larger;
            head = 0;
        }
    }

    /** Adds the newest message, for which there is room. */
    void add(Message message) {
        ring[place(size)] = message;
        size++;
    }

    Message removeFirst() {
        Message first = first();
        ring[head] = null;
        head = place(1);
        size--;
        return first;
    }

    /** Removes the messages to which something applies. */
    void removeIf(Predicate<Message> what) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            Message message = get(i);
            if (!what.test(message)) {
                set(kept, message);
                kept++;
            }
        }
        for (int i = kept; i < size; i++) {
            set(i, null);
        }
        size = kept;
    }

    /** Returns the number of the first message whose offset is at least this one; {@link #size} if there is none. */
    int find(long offset) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (get(middle).position().offset() < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Returns the number of the message with an offset; -1 if it is not there. */
    int numberOf(long offset) {
        int number = find(offset);
        return number < size && get(number).position().offset() == offset ? number : -1;
    }
}

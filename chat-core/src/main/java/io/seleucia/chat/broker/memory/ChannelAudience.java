package io.seleucia.chat.broker.memory;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget.Part;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Sender;
import java.lang.System.Logger;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The listeners of a channel, and the clients in it. A listener that throws affects neither the publisher nor other listeners.
 * Used with the channel's lock, which is held while listeners are called.
 */
final class ChannelAudience {
    private static final Logger LOG = System.getLogger(ChannelAudience.class.getName());
    private static final int MEMBER_BYTES = 48; // a client in it, whose name its session has as well

    private final ChannelMemory memory;
    private final List<Broker.Listener> listeners = new ArrayList<>(1);
    private final TreeMap<String, Integer> members = new TreeMap<>(); // the sessions of each client

    ChannelAudience(ChannelMemory memory) {
        this.memory = memory;
    }

    List<Broker.Listener> listeners() {
        return listeners;
    }

    /** Returns the number of sessions of each client, by its {@link Sender#key}. */
    NavigableMap<String, Integer> members() {
        return members;
    }

    boolean isEmpty() {
        return listeners.isEmpty() && members.isEmpty();
    }

    /** Gives all listeners a message, without the memory that a {@link Consumer} needs. */
    void give(Message message) {
        for (int i = 0; i < listeners.size(); i++) {
            try {
                listeners.get(i).message(message);
            } catch (Throwable e) {
                Loop.report(LOG, "a channel's listener", e);
            }
        }
    }

    void tell(Consumer<Broker.Listener> what) {
        for (int i = 0; i < listeners.size(); i++) {
            try {
                what.accept(listeners.get(i));
            } catch (Throwable e) {
                Loop.report(LOG, "a channel's listener", e);
            }
        }
    }

    /** Adds a session of a client, by its {@link Sender#key}. If it is the first, tells listeners and returns true. */
    boolean join(String client) {
        boolean first = members.merge(client, 1, Integer::sum) == 1;
        if (first) {
            memory.charge(Part.CHANNELS, MEMBER_BYTES);
            tell(listener -> listener.joined(Sender.ofKey(client)));
        }
        return first;
    }

    /** Removes a session of a client, if it has one. If it was the last, tells listeners and returns true. */
    boolean leave(String client) {
        boolean last = members.containsKey(client)
                && members.computeIfPresent(client, (name, sessions) -> sessions == 1 ? null : sessions - 1) == null;
        if (last) {
            memory.charge(Part.CHANNELS, -MEMBER_BYTES);
            tell(listener -> listener.left(Sender.ofKey(client)));
        }
        return last;
    }

    /** Removes all listeners and clients, and releases their memory. */
    void clear() {
        memory.charge(Part.CHANNELS, -(long) MEMBER_BYTES * members.size());
        listeners.clear();
        members.clear();
    }
}

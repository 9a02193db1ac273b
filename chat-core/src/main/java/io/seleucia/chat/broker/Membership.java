package io.seleucia.chat.broker;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Counts the sessions of clients in channels, in this process. For any thread. */
final class Membership {
    private final ConcurrentHashMap<String, TreeMap<String, Integer>> channels = new ConcurrentHashMap<>();

    /** Adds to a client's sessions in a channel, and gives how many there are then. */
    int change(String channel, String client, int by) {
        int[] after = new int[1];
        channels.compute(channel, (name, present) -> {
            TreeMap<String, Integer> clients = present == null ? new TreeMap<>() : present;
            after[0] = clients.merge(client, by, Integer::sum);
            if (after[0] == 0) {
                clients.remove(client);
            }
            return clients.isEmpty() ? null : clients;
        });
        return after[0];
    }

    /** The clients in a channel, sorted. */
    Map<String, Integer> of(String channel) {
        Map<String, Integer> clients = new TreeMap<>();
        channels.computeIfPresent(channel, (name, present) -> {
            clients.putAll(present);
            return present;
        });
        return clients;
    }
}

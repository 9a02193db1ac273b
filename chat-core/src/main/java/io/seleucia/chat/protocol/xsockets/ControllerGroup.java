package io.seleucia.chat.protocol.xsockets;

import io.seleucia.chat.protocol.Peer;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The connections that have opened a controller on this server, and the subscriptions to its topics. Members come and go in
 * their inbound loops. Any thread may send, which only offers to queues and never blocks. The lock is held meanwhile, so that
 * all members receive messages in one order, and none after it has left.
 */
final class ControllerGroup<M extends ControllerGroup.Recipient> {
    /** A member, as the group sees it. */
    interface Recipient {
        Peer peer();

        /** Returns the topics of its subscriptions. */
        Set<String> topics();
    }

    private final ReentrantLock lock = new ReentrantLock(); // guards the two below
    private final Set<M> members = new LinkedHashSet<>();
    private final Map<String, Set<M>> subscribers = new HashMap<>(); // no set is empty

    private void locked(Runnable action) {
        lock.lock();
        try {
            action.run();
        } finally {
            lock.unlock();
        }
    }

    void join(M member) {
        locked(() -> members.add(member));
    }

    /** Removes a member and its subscriptions. */
    void leave(M member) {
        locked(() -> {
            members.remove(member);
            member.topics().forEach(topic -> unsubscribe(member, topic));
        });
    }

    void subscribe(M member, String topic) {
        locked(() ->
                subscribers.computeIfAbsent(topic, key -> new LinkedHashSet<>()).add(member));
    }

    void unsubscribe(M member, String topic) {
        locked(() -> subscribers.computeIfPresent(topic, (key, present) -> {
            present.remove(member);
            return present.isEmpty() ? null : present;
        }));
    }

    /** Returns the present members, in the order in which they joined. */
    List<M> members() {
        lock.lock();
        try {
            return List.copyOf(members);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends to the chosen that are still members.
     *
     * @param by any connection of this server
     */
    void send(Peer by, ControllerMessage message, Collection<M> chosen) {
        locked(() -> by.send(
                message,
                chosen.stream().filter(members::contains).map(Recipient::peer).toList()));
    }

    /** Sends to the subscribers of the message's topic. */
    void publish(Peer by, ControllerMessage message) {
        locked(() -> send(by, message, subscribers.getOrDefault(message.topic(), Set.of())));
    }
}

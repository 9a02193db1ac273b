package io.seleucia.chat.protocol;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who has opened a controller on this server, and who is subscribed to which of its topics. Members come and go in their
 * inbound loops; any thread may send, which only offers to queues and so blocks nowhere. The lock is held meanwhile:
 * all members get messages in one order, and none after it has gone.
 */
final class ControllerGroup<C> {
    private final ReentrantLock lock = new ReentrantLock(); // guards the two below
    private final Set<ControllerMember<C>> members = new LinkedHashSet<>();
    private final Map<String, Set<ControllerMember<C>>> subscribers = new HashMap<>(); // no set is empty

    void join(ControllerMember<C> member) {
        lock.lock();
        try {
            members.add(member);
        } finally {
            lock.unlock();
        }
    }

    /** Takes a member out, with what it is subscribed to. */
    void leave(ControllerMember<C> member) {
        lock.lock();
        try {
            members.remove(member);
            member.topics().forEach(topic -> removeSubscriber(member, topic));
        } finally {
            lock.unlock();
        }
    }

    void subscribe(ControllerMember<C> member, String topic) {
        lock.lock();
        try {
            subscribers.computeIfAbsent(topic, key -> new LinkedHashSet<>()).add(member);
        } finally {
            lock.unlock();
        }
    }

    void unsubscribe(ControllerMember<C> member, String topic) {
        lock.lock();
        try {
            removeSubscriber(member, topic);
        } finally {
            lock.unlock();
        }
    }

    private void removeSubscriber(ControllerMember<C> member, String topic) {
        subscribers.computeIfPresent(topic, (key, present) -> {
            present.remove(member);
            return present.isEmpty() ? null : present;
        });
    }

    /** The members at this moment, in the order in which they came. */
    List<ControllerMember<C>> members() {
        lock.lock();
        try {
            return List.copyOf(members);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends to those of the chosen who are still members.
     *
     * @param by any connection of this server
     */
    void send(Peer by, ControllerMessage message, Collection<ControllerMember<C>> chosen) {
        lock.lock();
        try {
            by.send(
                    message,
                    chosen.stream()
                            .filter(members::contains)
                            .map(ControllerMember::peer)
                            .toList());
        } finally {
            lock.unlock();
        }
    }

    /** Sends to those who are subscribed to the message's topic. */
    void publish(Peer by, ControllerMessage message) {
        lock.lock();
        try {
            send(by, message, subscribers.getOrDefault(message.topic(), Set.of()));
        } finally {
            lock.unlock();
        }
    }
}

package io.seleucia.chat.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.Eventually;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishers and listeners at several brokers, who use the same channels while something happens to Redis; and what may
 * be said of it afterwards. A publisher repeats a message under the same key until it is acknowledged, as clients do.
 */
public final class BrokerLoad implements AutoCloseable {
    private static final long PAUSE_NANOS = 5_000_000;

    private final List<? extends Broker> brokers;
    private final List<Listening> listeners = new ArrayList<>();
    private final List<Thread> publishers = new ArrayList<>();
    private final Map<String, Acknowledged> acknowledged = new ConcurrentHashMap<>(); // by text
    private final AtomicInteger unsure = new AtomicInteger();
    private volatile boolean stopped;

    private record Acknowledged(String channel, Position position) {}

    /** What a broker told of a channel: messages, and positions up to which messages are lost. */
    private record Listening(String channel, List<Object> told) implements Broker.Listener {
        @Override
        public void message(Message message) {
            told.add(message);
        }

        @Override
        public void lost(Position position) {
            told.add(position);
        }

        @Override
        public void signal(Broker.Signal signal) {}

        @Override
        public void joined(Sender client) {}

        @Override
        public void left(Sender client) {}
    }

    /**
     * What is to be said.
     *
     * @param flaws what must never be
     * @param losses how often a listener was told that messages are lost
     * @param unsure how often a publish had to be repeated
     */
    public record Verdict(List<String> flaws, int acknowledged, int losses, int unsure) {}

    /** Subscribes every channel at every broker, and begins to publish there. */
    public BrokerLoad(List<? extends Broker> brokers, List<String> channels) throws Exception {
        this.brokers = brokers;
        for (int b = 0; b < brokers.size(); b++) {
            Broker broker = brokers.get(b);
            for (String channel : channels) {
                Listening listening = new Listening(channel, new CopyOnWriteArrayList<>());
                broker.subscribe(channel, listening);
                listeners.add(listening);
                String name = channel + " by " + b + " no. ";
                publishers.add(Thread.ofVirtual().unstarted(() -> publish(broker, channel, name)));
            }
        }
        publishers.forEach(Thread::start);
    }

    private void publish(Broker broker, String channel, String name) {
        for (int i = 0; !stopped; i++) {
            publishUntilAcknowledged(broker, channel, name + i);
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private void publishUntilAcknowledged(Broker broker, String channel, String text) {
        while (true) {
            try {
                Position position = broker.publish(channel, "ada", new Content.Text(text), text)
                        .position();
                acknowledged.put(text, new Acknowledged(channel, position));
                return;
            } catch (UnavailableException e) {
                unsure.incrementAndGet();
            }
        }
    }

    /** Waits until so many more messages have been acknowledged in a channel. */
    public void awaitProgress(String channel, int messages) {
        long before = count(channel);
        Eventually.eventually(() -> assertThat(count(channel)).isGreaterThanOrEqualTo(before + messages));
    }

    private long count(String channel) {
        return acknowledged.values().stream()
                .filter(one -> one.channel.equals(channel))
                .count();
    }

    /** Ends publishing, waits until all listeners have heard of the last message, and judges. */
    public Verdict stop() throws Exception {
        stopped = true;
        for (Thread publisher : publishers) {
            publisher.join();
        }
        for (Listening listening : listeners) {
            String last = "last in " + listening.channel;
            publishUntilAcknowledged(brokers.getFirst(), listening.channel, last);
            Eventually.eventually(() -> assertThat(listening.told)
                    .as("what was told of %s, ends with %s", listening.channel, end(listening.told))
                    .anyMatch(told ->
                            told instanceof Message message && text(message).equals(last)));
        }
        List<String> flaws = new ArrayList<>();
        Map<String, String> given = new HashMap<>(); // texts, by channel and position
        acknowledged.forEach((text, one) -> give(given, one.channel, one.position, text, flaws));
        int losses = 0;
        for (Listening listening : listeners) {
            losses += judge(listening, given, flaws);
        }
        return new Verdict(flaws, acknowledged.size(), losses, unsure.get());
    }

    private static List<Object> end(List<Object> told) {
        List<Object> now = List.copyOf(told);
        return now.subList(Math.max(0, now.size() - 3), now.size());
    }

    private static void give(
            Map<String, String> given, String channel, Position position, String text, List<String> flaws) {
        String before = given.putIfAbsent(channel + " " + position, text);
        if (before != null && !before.equals(text)) {
            flaws.add(channel + " " + position + " was given to " + before + " and to " + text);
        }
    }

    /** How often it was told that messages are lost. */
    private int judge(Listening listening, Map<String, String> given, List<String> flaws) {
        Set<String> shown = new HashSet<>();
        Set<String> shownInEpoch = new HashSet<>();
        Position last = Position.NONE;
        int losses = 0;
        for (Object told : listening.told) {
            if (told instanceof Position position) {
                losses++;
                if (!position.sameEpoch(last)) {
                    shownInEpoch.clear();
                }
                last = position;
            } else if (told instanceof Message message) {
                if (!last.equals(Position.NONE) && !message.position().equals(last.next())) {
                    flaws.add(listening.channel + " goes on with " + message.position() + " after " + last);
                }
                last = message.position();
                shown.add(text(message));
                if (!shownInEpoch.add(text(message))) {
                    flaws.add(text(message) + " was shown twice");
                }
                give(given, listening.channel, message.position(), text(message), flaws);
            }
        }
        if (losses == 0) {
            acknowledged.forEach((text, one) -> {
                if (one.channel.equals(listening.channel) && !shown.contains(text)) {
                    flaws.add(text + " was acknowledged with " + one.position + " and not shown");
                }
            });
        }
        return losses;
    }

    private static String text(Message message) {
        return message.content().asText();
    }

    @Override
    public void close() {
        stopped = true;
    }
}

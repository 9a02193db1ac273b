package io.seleucia.chat.channel;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** A broker with one listener, which tells it what the test says. */
public final class ScriptedBroker implements Broker {
    /** The history after an offset. */
    public interface Pages {
        Page after(long offset) throws UnavailableException;
    }

    public Position start; // of the subscription
    public Pages pages; // the history
    public Listener listener;

    public static Position at(String epoch, long offset) {
        return new Position(epoch, offset);
    }

    public static Message message(Position position) {
        return new Message("lobby", position, "", 0, new Content.Text("hi"));
    }

    public static List<Message> messages(String epoch, long first, long last) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(offset -> message(at(epoch, offset)))
                .toList();
    }

    public static Page page(Position position, List<Message> messages) {
        return new Page(position, messages);
    }

    /** Delivers the messages of an epoch from one offset to another. */
    public void deliver(String epoch, long first, long last) {
        messages(epoch, first, last).forEach(listener::message);
    }

    @Override
    public Subscription subscribe(String channel, Listener to) {
        listener = to;
        return new Subscription() {
            @Override
            public Position start() {
                return start;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public Page historyAfter(String channel, long offset, int limit) throws UnavailableException {
        return pages.after(offset);
    }

    @Override
    public void join(String channel, Sender client) {}

    @Override
    public void leave(String channel, Sender client) {}

    @Override
    public Health health() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Receipt publish(String channel, Sender sender, Content content, String key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void signal(String channel, Signal signal) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Page historyBefore(String channel, long offset, int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void revoke(String user, long time) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Long> revocations() {
        return Map.of();
    }

    @Override
    public void ban(Ban ban) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void unban(Ban.Kind kind, String subject) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Ban> bans() {
        return List.of();
    }

    @Override
    public void delete(String channel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void deleteFrom(String sender) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Hold hold(String name, String owner, Duration lifetime) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void release(String name, String owner) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Members members(String channel, String after, int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}

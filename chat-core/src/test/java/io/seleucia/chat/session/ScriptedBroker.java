package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** A broker with one listener, which tells it what the test says. */
final class ScriptedBroker implements Broker {
    interface Pages {
        Page after(long offset) throws UnavailableException;
    }

    Position start; // of the subscription
    Pages pages; // the history
    Listener listener;

    static Position at(String epoch, long offset) {
        return new Position(epoch, offset);
    }

    static Message message(Position position) {
        return new Message("lobby", position, "", 0, new Content.Text("hi"));
    }

    static List<Message> messages(String epoch, long first, long last) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(offset -> message(at(epoch, offset)))
                .toList();
    }

    static Page page(Position position, List<Message> messages) {
        return new Page(position, messages);
    }

    /** Delivers the messages of an epoch from one offset to another. */
    void deliver(String epoch, long first, long last) {
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
    public void join(String channel, String client) {}

    @Override
    public void leave(String channel, String client) {}

    @Override
    public Health health() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Receipt publish(String channel, String sender, Content content, String key) {
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
    public void delete(String channel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void deleteFrom(String sender) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Map<String, Integer> members(String channel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}

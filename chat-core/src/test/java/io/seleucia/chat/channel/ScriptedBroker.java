package io.seleucia.chat.channel;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.Draft;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Attributes;
import io.seleucia.chat.message.Ban;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Message;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.ReadMark;
import io.seleucia.chat.message.Reference;
import io.seleucia.chat.message.Sender;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.LongStream;

/** A broker with one listener, which tells it what the test says. */
public final class ScriptedBroker implements Broker {
    /** The history after an offset. */
    public interface Pages {
        Page after(long offset) throws UnavailableException;
    }

    /** How far a client has read, and what is unread up to an offset. */
    public interface Marks {
        ReadMark upTo(long offset);
    }

    public Position start; // of the subscription
    public Pages pages; // the history
    public Listener listener;
    public Marks marks; // how far any client has read

    public static Position at(String epoch, long offset) {
        return new Position(epoch, offset);
    }

    public static Message message(Position position) {
        return new Message("lobby", position, "", 0, new Content.Text("hi"));
    }

    /** A message that is the deletion of another. */
    public static Message deletion(Position position, long of) {
        Attributes attributes = Attributes.NONE.withRef(new Reference(of, Reference.Kind.DELETE));
        return new Message("lobby", position, "", false, 0, Content.NONE, attributes);
    }

    /** A message that is a reaction to another. */
    public static Message reaction(Position position, long to) {
        Attributes attributes = Attributes.NONE.withRef(new Reference(to, Reference.Kind.REACTION));
        return new Message("lobby", position, "", false, 0, new Content.Text("+"), attributes);
    }

    /** A message that has been deleted. */
    public static Message deleted(Position position) {
        return message(position).deleted(new Attributes.Deleted("", 0));
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
    public Receipt publish(String channel, Sender sender, Draft draft) {
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
    public ReadMark markRead(String channel, Reader reader, long offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ReadMark readMark(String channel, Sender client, long end) {
        return marks.upTo(end);
    }

    @Override
    public FoldedPage folded(String channel, boolean forward, long offset, int limit) {
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
    public Optional<ChannelInfo> info(String channel) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ChannelInfo describe(String channel, Sender by, Optional<Content.Json> json) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Listing list(String prefix, String after, int limit, Predicate<String> wanted) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}

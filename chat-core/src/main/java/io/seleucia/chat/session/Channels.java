package io.seleucia.chat.session;

import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The channels that have members on this server, each with one subscription at the broker. Called by inbound loops;
 * blocks only where the broker does.
 */
public final class Channels {
    private final Broker broker;
    private final ConcurrentHashMap<String, Channel> channels = new ConcurrentHashMap<>();

    /** Channels carried by a broker, which stays its owner's to close. */
    public Channels(Broker broker) {
        this.broker = broker;
    }

    /**
     * Makes a session a member of a channel.
     *
     * @param before see {@link Channel#join}
     */
    Channel.Member join(Session session, String name, Consumer<Position> before) throws UnavailableException {
        Channel channel = channels.compute(name, (key, present) -> {
            Channel used = present == null ? new Channel(name) : present;
            used.users++;
            return used;
        });
        try {
            channel.open(broker);
        } catch (UnavailableException | RuntimeException e) {
            release(channel);
            throw e;
        }
        broker.join(name, session.client());
        try {
            return channel.join(session, before);
        } catch (RuntimeException e) {
            broker.leave(name, session.client());
            release(channel);
            throw e;
        }
    }

    void leave(Session session, Channel.Member member) {
        Channel channel = member.channel();
        channel.leave(member);
        release(channel);
        broker.leave(channel.name(), session.client());
    }

    Broker.Receipt publish(String name, String sender, Content content) throws UnavailableException {
        return broker.publish(name, sender, content, "");
    }

    /** Whoever gives up the last use closes the subscription; a session that comes meanwhile finds a new channel. */
    private void release(Channel channel) {
        boolean[] last = new boolean[1];
        channels.computeIfPresent(channel.name(), (key, present) -> {
            if (present != channel) {
                return present; // it had failed, and another user has removed it
            }
            last[0] = --channel.users == 0;
            return last[0] || channel.failed() ? null : channel;
        });
        if (last[0]) {
            channel.close();
        }
    }
}

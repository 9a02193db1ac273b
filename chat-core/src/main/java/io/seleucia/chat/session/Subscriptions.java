package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Broadcast;
import io.seleucia.chat.channel.Channel;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Position;
import io.seleucia.chat.message.Sender;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * The channels that one session is subscribed to. The inbound loop subscribes and unsubscribes. Any thread may {@link
 * #review} the rights, and end subscriptions at once, even while the inbound loop is blocked: the thread that takes a
 * subscription from the list ends it.
 */
final class Subscriptions {
    private final LocalSession session;
    private final Permissions permissions;
    private final Channels channels;
    private final AtomicReference<List<Channel.Membership>> members =
            new AtomicReference<>(List.of()); // copied on write: few, and much smaller than a map
    private final AtomicInteger reviews = new AtomicInteger(); // begun so far

    Subscriptions(LocalSession session, Permissions permissions, Channels channels) {
        this.session = session;
        this.permissions = permissions;
        this.channels = channels;
    }

    /** Returns how many reviews have begun; to be asked before the rules are, and given to {@link #add}. Any thread. */
    int reviews() {
        return reviews.get();
    }

    /**
     * Subscribes to a channel that the session is not subscribed to. It {@linkplain Allowance#takeSubscription counts} for the
     * client's source already; if it fails, it is given back. Called by the inbound loop; blocks as {@link Channels#join} does.
     *
     * @param reviewed the value of {@link #reviews} when the rules were asked: a review since then has not seen this one
     * @return the channel's newest position
     */
    Position add(
            String channel, Optional<Position> since, Command.Interest interest, int reviewed, Channels.Beginning begin)
            throws UnavailableException {
        AtomicInteger asked = new AtomicInteger(reviewed);
        Channel.Membership member;
        try {
            member = channels.join(session, channel, since, interest, begin, () -> mayRead(channel, asked));
        } catch (Throwable e) {
            session.allowance().giveSubscriptionBack();
            throw e;
        }
        try {
            members.updateAndGet(present ->
                    Stream.concat(present.stream(), Stream.of(member)).toList());
        } catch (Throwable e) {
            channels.leave(session, member); // for lack of memory; it would never be found again
            throw e;
        }
        if (reviews.get() != reviewed) {
            review(member);
        }
        return member.channel().newest();
    }

    /** Unsubscribes from a channel; returns false if the session was not subscribed to it. */
    boolean remove(String channel) {
        Optional<Channel.Membership> member = find(channel).filter(this::take);
        member.ifPresent(ended -> channels.leave(session, ended));
        return member.isPresent();
    }

    /** Unsubscribes from all channels, and returns them, sorted. */
    List<String> removeAll() {
        List<Channel.Membership> former = members.getAndSet(List.of());
        former.forEach(member -> channels.leave(session, member));
        return names(former);
    }

    /** Has the broker count the subscriptions for the new name of the client. */
    void rename(Sender client) {
        for (Channel.Membership member : members.get()) {
            if (channels.uncount(member)) {
                channels.broker().join(member.channel().name(), client);
                member.countAs(client);
                if (!members.get().contains(member)) {
                    channels.uncount(member); // it was ended meanwhile, and was not counted then
                }
            }
        }
    }

    int size() {
        return members.get().size();
    }

    /** Returns the channels, sorted. Any thread. */
    List<String> names() {
        return names(members.get());
    }

    private static List<String> names(List<Channel.Membership> members) {
        return members.stream().map(member -> member.channel().name()).sorted().toList();
    }

    /** Returns whether the session is subscribed to a channel. Any thread. */
    boolean contains(String channel) {
        return find(channel).isPresent();
    }

    /** Returns the session's place in a channel, if it is subscribed to it. Any thread. */
    Optional<Channel.Membership> find(String channel) {
        for (Channel.Membership member : members.get()) {
            if (member.channel().name().equals(channel)) {
                return Optional.of(member);
            }
        }
        return Optional.empty();
    }

    /** Takes a member from the list; returns false if another thread has. */
    private boolean take(Channel.Membership member) {
        List<Channel.Membership> present = members.get();
        while (present.contains(member)) {
            List<Channel.Membership> rest =
                    present.stream().filter(one -> one != member).toList();
            if (members.compareAndSet(present, rest)) {
                return true;
            }
            present = members.get();
        }
        return false;
    }

    /** Ends the subscriptions that the rules no longer allow. Any thread; blocks as the authorizer does. */
    void review() {
        reviews.incrementAndGet(); // before the list is read, so that a later subscription sees it
        members.get().forEach(this::review);
    }

    private void review(Channel.Membership member) {
        String channel = member.channel().name();
        Optional<String> lacking;
        try {
            lacking = lacking(member);
        } catch (Throwable e) {
            permissions.reviewFailed(e);
            return;
        }
        if (lacking.isPresent() && take(member)) {
            channels.leave(session, member);
            tell(new Event.Removed(channel, ErrorCode.FORBIDDEN, lacking.get()));
        }
    }

    /** Tells the client of a subscription that the server has ended. A client that can't be told is disconnected. */
    private void tell(Event.Removed removed) {
        session.send(new Broadcast(removed));
        if (!session.replies().areExpected()) {
            session.served().end(removed.code().closeCode(), false, removed.message());
        }
    }

    /** Returns a sentence for the client about the right that it no longer has, if there is one. */
    private Optional<String> lacking(Channel.Membership member) {
        String channel = member.channel().name();
        if (!permissions.allows(Authorizer.Action.SUBSCRIBE, channel)) {
            return Optional.of("no longer allowed in " + channel);
        }
        return member.interest().presence() && !permissions.allows(Authorizer.Action.PRESENCE, channel)
                ? Optional.of("no longer allowed to see who is in " + channel + ": subscribe without presence")
                : Optional.empty();
    }

    /** Returns whether a history that is being sent may still be read. Asks the rules again after each review. */
    private boolean mayRead(String channel, AtomicInteger asked) {
        int now = reviews.get();
        boolean may = now == asked.get()
                || permissions.allows(Authorizer.Action.SUBSCRIBE, channel)
                        && permissions.allows(Authorizer.Action.HISTORY, channel);
        if (may) {
            asked.set(now);
        }
        return may;
    }
}

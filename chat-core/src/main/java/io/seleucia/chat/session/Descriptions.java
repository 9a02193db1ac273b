package io.seleucia.chat.session;

import io.seleucia.chat.auth.Authorizer;
import io.seleucia.chat.broker.Broker;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.channel.PageMemory;
import io.seleucia.chat.message.ChannelEntry;
import io.seleucia.chat.message.ChannelInfo;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Request;
import java.util.List;
import java.util.Optional;

/**
 * The descriptions of channels that one session reads and changes, and its lists of channels. Runs in the inbound loop, and
 * blocks as the broker and the rules do.
 */
final class Descriptions {
    private static final int ENTRY_CHARS = 64; // besides the name and the description

    private final Replies replies;
    private final Allowance allowance;
    private final ClientIdentity identity;
    private final Permissions permissions;
    private final Subscriptions subscriptions;
    private final SessionContext context;
    private final Channels channels;
    private final NewChannels newChannels;
    private final ListCursors cursors = new ListCursors();

    Descriptions(
            LocalSession session,
            ClientIdentity identity,
            Permissions permissions,
            Subscriptions subscriptions,
            SessionContext context,
            NewChannels newChannels) {
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.identity = identity;
        this.permissions = permissions;
        this.subscriptions = subscriptions;
        this.context = context;
        this.channels = context.channels();
        this.newChannels = newChannels;
    }

    /** Sends a page of the channels that the client may list and subscribe to. */
    void list(Request request, Command.Directory asked) throws UnavailableException {
        if (!permissions.mayDo(request, Authorizer.Action.LIST, asked.prefix() + "*", Optional.empty())) {
            return;
        }
        Optional<String> after =
                asked.next().isEmpty() ? Optional.of(asked.after()) : cursors.name(asked.prefix(), asked.next());
        if (after.isEmpty()) {
            replies.fail(
                    request,
                    ErrorCode.BAD_REQUEST,
                    "next is not known any more: list again with the last channel as after");
            return;
        }
        allowance.whileReading(() -> {
            if (!context.memory().hasRoom()) {
                throw new UnavailableException("memory is short", null);
            }
            Broker.Listing listing = channels.broker().list(asked.prefix(), after.get(), asked.limit(), this::mayList);
            send(request, asked.prefix(), listing);
        });
    }

    private boolean mayList(String channel) {
        return permissions.allows(Authorizer.Action.LIST, channel)
                && permissions.allows(Authorizer.Action.SUBSCRIBE, channel);
    }

    private void send(Request request, String prefix, Broker.Listing listing) {
        int fitting = PageMemory.fitting(listing.page(), entry -> ENTRY_CHARS + entry.length());
        List<ChannelEntry> page =
                listing.page().subList(0, fitting).stream().map(this::shown).toList();
        boolean cut = fitting < listing.page().size();
        boolean more = listing.more() || cut;
        Optional<String> next = cut
                ? Optional.empty() // the last channel says where to go on, as below
                : listing.next()
                        .filter(name ->
                                page.isEmpty() || !page.getLast().channel().equals(name))
                        .map(name -> cursors.of(prefix, name));
        PageMemory held = PageMemory.ofEntries(context.memory(), page);
        try {
            allowance.inTurn(held.characters(), () -> {
                replies.reply(request, new Event.Directory(page, more, next));
                return page;
            });
        } finally {
            held.close();
        }
    }

    /** Returns an entry without the number of clients if the channel's options hide it from this client. */
    private ChannelEntry shown(ChannelEntry entry) {
        return permissions.isLeft(Authorizer.Action.PRESENCE, entry.channel())
                ? entry
                : new ChannelEntry(entry.channel(), 0, entry.time(), entry.info());
    }

    /** Sends a channel's description. */
    void send(Request request, String channel) throws UnavailableException {
        if (mayKnow(request, channel)) {
            allowance.whileReading(() -> replies.reply(
                    request, new Event.Description(channel, channels.broker().info(channel))));
        }
    }

    /** Returns whether the client may know a channel, because it is or may become a member; if not, the request fails. */
    private boolean mayKnow(Request request, String channel) {
        return subscriptions.contains(channel)
                || permissions.mayDo(request, Authorizer.Action.SUBSCRIBE, channel, Optional.empty());
    }

    /**
     * Changes a channel's description. It takes from the quotas of messages, because members are sent it like one, and more from
     * that of a day, because it stays longer.
     */
    void change(Request request, Command.Describe describe) throws UnavailableException {
        String channel = describe.channel();
        if (!mayKnow(request, channel)
                || !permissions.mayDo(
                        request,
                        Authorizer.Action.DESCRIBE,
                        channel,
                        describe.json().map(Content.class::cast))) {
            return;
        }
        if (describe.json().filter(ChannelInfo::isTooLarge).isPresent()) {
            replies.fail(
                    request,
                    ErrorCode.TOO_LARGE,
                    "the description of a channel must have at most " + ChannelInfo.MAX_BYTES + " bytes");
            return;
        }
        if (!context.memory().hasRoomForMessage()) {
            throw new UnavailableException("memory is short", null);
        }
        boolean begins = !channels.has(channel);
        if (begins && !newChannels.mayBegin(request, channel)) {
            return;
        }
        boolean isNew = begins && !newChannels.hasMessages(channel);
        Source source = allowance.source();
        long bytes = describe.json().map(MessageSizes::bytes).orElse(0L);
        long size = MessageSizes.sentBytes(channel, identity.client(), bytes);
        if (!allowance.take(request, now -> source.describe(channel, size, now))) {
            return;
        }
        try {
            ChannelInfo info = channels.broker().describe(channel, identity.sender(), describe.json());
            if (isNew) {
                source.take(Quota.NEW_CHANNELS, System.nanoTime());
            }
            replies.reply(request, new Event.Description(channel, Optional.of(info)));
        } catch (UnavailableException e) {
            source.undescribe(channel, size);
            throw e;
        }
    }
}

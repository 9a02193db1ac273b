package io.seleucia.chat.session;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.channel.Channels;
import io.seleucia.chat.message.Request;

/** The limits of channels that begin, for one session. Runs in the inbound loop, and blocks as the broker does. */
final class NewChannels {
    private final Channels channels;
    private final Allowance allowance;

    NewChannels(Channels channels, Allowance allowance) {
        this.channels = channels;
        this.allowance = allowance;
    }

    /** Returns whether a channel without sessions here may be used; if not, the request is answered. */
    boolean mayBegin(Request request, String channel) throws UnavailableException {
        boolean full = channels.areFull();
        if (!full && allowance.source().has(Quota.NEW_CHANNELS, System.nanoTime()) || hasMessages(channel)) {
            return true;
        }
        allowance.refuse(request, full ? Quota.ALL_CHANNELS : Quota.NEW_CHANNELS);
        return false;
    }

    /** Returns whether anything was ever published in a channel, as far as the broker knows. */
    boolean hasMessages(String channel) throws UnavailableException {
        return channels.broker()
                        .historyBefore(channel, Long.MAX_VALUE, 0)
                        .position()
                        .offset()
                > 0;
    }
}

package io.seleucia.chat;

import java.util.function.Consumer;

/**
 * The limits of one client across all its connections to a server. A client is an account or, for guests, an IPv4 address or
 * an IPv6 network of 64 bits. Guests behind one address therefore share its quotas, and more connections do not give more.
 * Quotas apply to all protocols, and each server counts by itself; see {@link Limits} for the limits of one connection. 0 is
 * no limit.
 *
 * <p>Each client of this process ({@link ChatServer#connect()}) has quotas of its own. Messages that the program itself
 * publishes do not count.
 *
 * @param rateMessages requests a second, on average, and twice as many at once; more are refused
 * @param rateBytes bytes a second that are published, or sent as signals, on average, each message as it is sent on in
 *     JSON; half of {@link Limits#outboundQueueBytes} at once. Below what the slowest member reads, or one client ends the
 *     sessions of others
 * @param dailyBytes bytes a day that are published, into histories; what was not used adds up for a day
 * @param maxChannels subscriptions at a time; more are refused
 * @param newChannels channels a minute that it may begin, on average, and 20 times as many at once
 * @param channelMessages messages a minute to one channel, on average, and half as many at once; to an inbox a fifth of
 *     both. So one client cannot push the messages of others out of a history within seconds
 * @param unknownNames direct messages a minute to names that no client has had, on average, and half as many at once;
 *     then messages to names without a session on this server are refused without asking the broker
 * @param queuedBytes bytes that may wait to be written on all connections; beyond it, the one for which most waits is closed
 *     with 4000. Looked at once a second
 */
public record Quotas(
        int rateMessages,
        int rateBytes,
        int dailyBytes,
        int maxChannels,
        int newChannels,
        int channelMessages,
        int unknownNames,
        int queuedBytes) {
    /** The defaults of docs/settings.md. */
    public static final Quotas DEFAULT =
            new Quotas(1_000, 256 * 1024, 256 * 1024 * 1024, 10_000, 30, 600, 60, 16 * 1024 * 1024);

    /** No limits but those of each connection: for trusted clients, benchmarks and tests. */
    public static final Quotas NONE = new Quotas(0, 0, 0, 0, 0, 0, 0, 0);

    /** Refuses negative numbers. */
    public Quotas {
        notNegative("rateMessages", rateMessages);
        notNegative("rateBytes", rateBytes);
        notNegative("dailyBytes", dailyBytes);
        notNegative("maxChannels", maxChannels);
        notNegative("newChannels", newChannels);
        notNegative("channelMessages", channelMessages);
        notNegative("unknownNames", unknownNames);
        notNegative("queuedBytes", queuedBytes);
    }

    private static void notNegative(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " must not be negative");
        }
    }

    /**
     * {@return the same with another {@code rateMessages}}
     *
     * @param rateMessages the new value; 0 for no limit
     */
    public Quotas withRateMessages(int rateMessages) {
        return copy(to -> to.rateMessages = rateMessages);
    }

    /**
     * {@return the same with another {@code rateBytes}}
     *
     * @param rateBytes the new value; 0 for no limit
     */
    public Quotas withRateBytes(int rateBytes) {
        return copy(to -> to.rateBytes = rateBytes);
    }

    /**
     * {@return the same with another {@code dailyBytes}}
     *
     * @param dailyBytes the new value; 0 for no limit
     */
    public Quotas withDailyBytes(int dailyBytes) {
        return copy(to -> to.dailyBytes = dailyBytes);
    }

    /**
     * {@return the same with another {@code maxChannels}}
     *
     * @param maxChannels the new value; 0 for no limit
     */
    public Quotas withMaxChannels(int maxChannels) {
        return copy(to -> to.maxChannels = maxChannels);
    }

    /**
     * {@return the same with another {@code newChannels}}
     *
     * @param newChannels the new value; 0 for no limit
     */
    public Quotas withNewChannels(int newChannels) {
        return copy(to -> to.newChannels = newChannels);
    }

    /**
     * {@return the same with another {@code channelMessages}}
     *
     * @param channelMessages the new value; 0 for no limit
     */
    public Quotas withChannelMessages(int channelMessages) {
        return copy(to -> to.channelMessages = channelMessages);
    }

    /**
     * {@return the same with another {@code unknownNames}}
     *
     * @param unknownNames the new value; 0 for no limit
     */
    public Quotas withUnknownNames(int unknownNames) {
        return copy(to -> to.unknownNames = unknownNames);
    }

    /**
     * {@return the same with another {@code queuedBytes}}
     *
     * @param queuedBytes the new value; 0 for no limit
     */
    public Quotas withQueuedBytes(int queuedBytes) {
        return copy(to -> to.queuedBytes = queuedBytes);
    }

    private Quotas copy(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.quotas();
    }

    /** The components while one of them is changed. */
    private static final class Copy {
        private int rateMessages;
        private int rateBytes;
        private int dailyBytes;
        private int maxChannels;
        private int newChannels;
        private int channelMessages;
        private int unknownNames;
        private int queuedBytes;

        Copy(Quotas from) {
            rateMessages = from.rateMessages;
            rateBytes = from.rateBytes;
            dailyBytes = from.dailyBytes;
            maxChannels = from.maxChannels;
            newChannels = from.newChannels;
            channelMessages = from.channelMessages;
            unknownNames = from.unknownNames;
            queuedBytes = from.queuedBytes;
        }

        Quotas quotas() {
            return new Quotas(
                    rateMessages,
                    rateBytes,
                    dailyBytes,
                    maxChannels,
                    newChannels,
                    channelMessages,
                    unknownNames,
                    queuedBytes);
        }
    }
}

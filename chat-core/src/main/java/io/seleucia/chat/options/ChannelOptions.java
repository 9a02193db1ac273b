package io.seleucia.chat.options;

import io.seleucia.chat.auth.Authorizer.Action;
import io.seleucia.chat.broker.Retention;
import io.seleucia.chat.message.Reference;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The options of a channel. They only narrow what the server's limits, its rules and its authorizer allow clients; the program,
 * operators and backends are not bound by them. Only the size and the age of the history may exceed those of the broker.
 *
 * @param historySize the maximum number of messages in the history; 0: the channel keeps none; {@link #UNSET}: as many as the
 *     broker's {@link Retention} says
 * @param historyAge the age at which a message leaves the history; zero: as the broker's {@link Retention} says
 * @param cache how many of the newest messages a client is sent that subscribes without a position
 * @param joins whether members that ask for it are told of clients that join and leave
 * @param rate the maximum rate of messages from each sender, on this server
 * @param maxMessageBytes the maximum size of a message, if that is less than the server's limit
 * @param references the kinds of references that messages may have
 * @param audiences the clients that may perform an action; everybody, where an action is left out
 */
public record ChannelOptions(
        int historySize,
        Duration historyAge,
        int cache,
        boolean joins,
        Rate rate,
        int maxMessageBytes,
        Set<Reference.Kind> references,
        Map<Action, Audience> audiences) {
    /** For {@link #historySize}: as the broker's retention says. */
    public static final int UNSET = -1;

    /** The maximum of {@link #cache}. */
    public static final int MAX_CACHE = 100;

    private static final Duration LONGEST = Duration.ofDays(36_500); // as in Retention

    /** The clients that may perform an action, provided that the rules allow it. */
    public enum Audience {
        /** All clients. */
        EVERYBODY,
        /** Clients that are logged in. */
        USERS,
        /** Clients whose rules allow {@link Action#MODERATE} in the channel. Without rules, no client is one. */
        MODERATORS,
        /** No client. */
        NOBODY
    }

    /**
     * A rate of messages. Each sender's budget is full at first, and refills steadily.
     *
     * @param messages the number of messages in that time, on average; 0: no limit
     * @param per the time, of {@link #MAX_PER} at most
     * @param burst the number of messages that may come at once, {@link #MAX_BURST} at most
     */
    public record Rate(int messages, Duration per, int burst) {
        /** The maximum of {@link #burst}. */
        public static final int MAX_BURST = 10_000;

        /** The maximum of {@link #per}. */
        public static final Duration MAX_PER = Duration.ofDays(1);

        /** No limit. */
        public static final Rate NONE = new Rate(0, Duration.ofSeconds(1), 1);

        /** Refuses numbers and times out of range. */
        public Rate {
            Objects.requireNonNull(per, "per");
            require(messages >= 0, "messages must be 0 or more");
            require(per.isPositive() && per.compareTo(MAX_PER) <= 0, "per must be positive, and a day at most");
            require(burst >= 1 && burst <= MAX_BURST, "burst must be from 1 to " + MAX_BURST);
        }

        /** {@return whether there is a limit} */
        public boolean isLimited() {
            return messages > 0;
        }

        /** Here and not in the class around: that has a rate among its constants, and could not be initialised first. */
        private static void require(boolean condition, String message) {
            if (!condition) {
                throw new IllegalArgumentException(message);
            }
        }
    }

    /** Changes nothing: the broker's retention, no cache, and everything that the rules allow. */
    public static final ChannelOptions DEFAULT = new ChannelOptions(
            UNSET, Duration.ZERO, 0, true, Rate.NONE, Integer.MAX_VALUE, EnumSet.allOf(Reference.Kind.class), Map.of());

    /** Refuses numbers and times out of range, and a cache without a history. Keeps its own copies. */
    public ChannelOptions {
        Objects.requireNonNull(historyAge, "historyAge");
        Objects.requireNonNull(rate, "rate");
        Objects.requireNonNull(references, "references");
        Objects.requireNonNull(audiences, "audiences");
        require(historySize >= UNSET, "historySize must be 0 or more, or UNSET");
        require(
                !historyAge.isNegative() && historyAge.compareTo(LONGEST) <= 0,
                "historyAge must be from zero to " + LONGEST.toDays() + " days");
        require(cache >= 0 && cache <= MAX_CACHE, "cache must be from 0 to " + MAX_CACHE);
        require(cache == 0 || historySize != 0, "a cache needs a history, of at least one message");
        require(maxMessageBytes > 0, "maxMessageBytes must be positive");
        references = Set.copyOf(references);
        audiences = Map.copyOf(audiences);
    }

    private static void require(boolean condition, String message) {
        Rate.require(condition, message);
    }

    /**
     * {@return a copy with another size of the history}
     *
     * @param historySize see {@link #historySize}
     */
    public ChannelOptions withHistorySize(int historySize) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy with another age of messages}
     *
     * @param historyAge see {@link #historyAge}
     */
    public ChannelOptions withHistoryAge(Duration historyAge) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy with another number of messages for new subscribers}
     *
     * @param cache see {@link #cache}
     */
    public ChannelOptions withCache(int cache) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy in which members are told, or not told, of clients that join and leave}
     *
     * @param joins see {@link #joins}
     */
    public ChannelOptions withJoins(boolean joins) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy with another rate of each sender}
     *
     * @param rate see {@link #rate}
     */
    public ChannelOptions withRate(Rate rate) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy with another size of messages}
     *
     * @param maxMessageBytes see {@link #maxMessageBytes}
     */
    public ChannelOptions withMaxMessageBytes(int maxMessageBytes) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy with other kinds of references}
     *
     * @param references see {@link #references}
     */
    public ChannelOptions withReferences(Set<Reference.Kind> references) {
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, audiences);
    }

    /**
     * {@return a copy with another audience of an action}
     *
     * @param action the action
     * @param audience the clients that may perform it
     */
    public ChannelOptions withAudience(Action action, Audience audience) {
        Objects.requireNonNull(action, "action");
        Objects.requireNonNull(audience, "audience");
        Map<Action, Audience> others = new EnumMap<>(Action.class);
        others.putAll(audiences);
        others.put(action, audience);
        return new ChannelOptions(historySize, historyAge, cache, joins, rate, maxMessageBytes, references, others);
    }

    /**
     * {@return the clients that may perform an action, provided that the rules allow it}
     *
     * @param action the action
     */
    public Audience audience(Action action) {
        Objects.requireNonNull(action, "action");
        return audiences.getOrDefault(action, Audience.EVERYBODY);
    }

    /**
     * {@return a retention with this size and age of the history, where they are set}
     *
     * @param retention the retention of the broker
     */
    public Retention retention(Retention retention) {
        Objects.requireNonNull(retention, "retention");
        Retention own = historySize == UNSET ? retention : retention.withMessages(historySize);
        return historyAge.isZero() ? own : own.withAge(historyAge);
    }
}

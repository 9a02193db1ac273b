package io.seleucia.chat.broker.redis;

import io.seleucia.chat.message.Names;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The names of keys and pub/sub channels in Redis. A channel's name is in braces, as a hash tag, so that all its keys
 * have the same slot of a cluster. Braces within the name are escaped, so that no name collides with the keys of
 * another.
 */
record RedisKeys(String prefix) {
    private static final Pattern ESCAPED = Pattern.compile("%(7B|7D|25)");
    private static final String LOG = "}:log";

    /** Stream: the history. */
    String log(String channel) {
        return of(channel) + ":log";
    }

    /** Pattern: the histories of all channels. Other keys that match are no streams. */
    String allLogs() {
        return prefix.replaceAll("[\\\\*?\\[\\]]", "\\\\$0") + "{*}:log";
    }

    /** Returns the channel whose history a key is; empty if it is none. */
    Optional<String> channelOfLog(String key) {
        if (!key.startsWith(prefix + '{') || !key.endsWith(LOG)) {
            return Optional.empty();
        }
        String name = key.substring(prefix.length() + 1, key.length() - LOG.length());
        return Optional.of(unescape(name)).filter(channel -> log(channel).equals(key));
    }

    /** Sorted set: what messages have become by others that refer to them, by offset. */
    String folds(String channel) {
        return of(channel) + ":fold";
    }

    /** Sorted set: tombstones of deleted messages, by offset. */
    String gone(String channel) {
        return of(channel) + ":gone";
    }

    /** Hash: epoch and offset. */
    String meta(String channel) {
        return of(channel) + ":meta";
    }

    /** Pub/sub channel: messages as they are published. */
    String live(String channel) {
        return of(channel) + ":live";
    }

    /** Hash: the clients in the channel. */
    String presence(String channel) {
        return of(channel) + ":presence";
    }

    /** Hash: how far clients have read. */
    String read(String channel) {
        return of(channel) + ":read";
    }

    /** String: the position that an idempotency key got. */
    String key(String channel, String sender, String key) {
        return of(channel) + ":keys:" + escape(sender).replace(":", "%3A") + ":" + key;
    }

    /** Hash: the channel's description. */
    String info(String channel) {
        return of(channel) + ":info";
    }

    /** Sorted set: the names of channels, all with the same score. */
    String directory() {
        return prefix + "directory";
    }

    /** Hash: the channels of a client. */
    String client(String client) {
        return prefix + "client:" + client;
    }

    /** String: the owner for whom a guest's name is held, in the slot of its inbox. */
    String hold(String name) {
        return of(Names.inboxOf(name)) + ":hold";
    }

    /** Hash: the revoked users, and when each was revoked; in the slot of the control channel. */
    String revocations() {
        return of(Names.CONTROL_CHANNEL) + ":revoked";
    }

    /** Hash: the bans, by their keys; in the slot of the control channel. */
    String bans() {
        return of(Names.CONTROL_CHANNEL) + ":bans";
    }

    /** Hash: the servers that share Redis, and the last heartbeat of each. */
    String nodes() {
        return prefix + "nodes";
    }

    /** Pub/sub channel: a server's probes, by which it proves that messages reach it. */
    String probe(String serverId) {
        return prefix + "probe:" + serverId;
    }

    /** Pub/sub channel: a server's probes on a cluster, in the slot of a tag. */
    String probe(String serverId, int tag) {
        return probe(serverId) + ":{" + tag + "}";
    }

    private String of(String channel) {
        return prefix + "{" + escape(channel) + "}";
    }

    private static String escape(String name) {
        boolean plain = name.indexOf('{') < 0 && name.indexOf('}') < 0 && name.indexOf('%') < 0;
        return plain
                ? name
                : name.replaceAll("%(?=7B|7D|25|3A)", "%25").replace("{", "%7B").replace("}", "%7D");
    }

    private static String unescape(String name) {
        return ESCAPED.matcher(name).replaceAll(RedisKeys::unescaped);
    }

    private static String unescaped(MatchResult code) {
        return switch (code.group(1)) {
            case "7B" -> "{";
            case "7D" -> "}";
            default -> "%";
        };
    }
}

package io.seleucia.chat.broker;

import io.seleucia.chat.message.Names;

/**
 * The names of keys and pub/sub channels in Redis. A channel's name stands in braces, a hash tag, so that all its keys
 * live on one node of a cluster; braces within the name are escaped, so that no name reaches into another's keys.
 */
record RedisKeys(String prefix) {
    /** Stream: the history. */
    String log(String channel) {
        return of(channel) + ":log";
    }

    /** A pattern for the histories of all channels; what else fits it is no stream. */
    String allLogs() {
        return prefix.replaceAll("[\\\\*?\\[\\]]", "\\\\$0") + "{*}:log";
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

    /** String: the position that an idempotency key got. */
    String key(String channel, String sender, String key) {
        return of(channel) + ":keys:" + escape(sender).replace(":", "%3A") + ":" + key;
    }

    /** Hash: the channels of a client. */
    String client(String client) {
        return prefix + "client:" + client;
    }

    /** Hash: the revoked users, and when each was. On a cluster it is where the orders of the servers are. */
    String revocations() {
        return of(Names.CONTROL_CHANNEL) + ":revoked";
    }

    /** Hash: the servers that share Redis, and when each gave its last sign of life. */
    String nodes() {
        return prefix + "nodes";
    }

    /** Pub/sub channel: one server's own, by which it proves that messages reach it. */
    String probe(String node) {
        return prefix + "probe:" + node;
    }

    /** The same on a cluster, where the tag says in which slot it is. */
    String probe(String node, int tag) {
        return probe(node) + ":{" + tag + "}";
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
}

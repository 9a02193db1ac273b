package io.seleucia.chat.broker;

import io.seleucia.chat.message.Names;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What is noted in Redis about servers and members, each note a single step there. All methods block, for less than two
 * seconds.
 */
final class RedisNotes {
    private static final RedisScript BEAT = RedisScript.of("beat.lua");
    private static final RedisScript JOIN = RedisScript.of("join.lua");
    private static final RedisScript MEMBERS = RedisScript.of("members.lua");
    private static final RedisScript SWEEP = RedisScript.of("sweep.lua");
    private static final RedisScript ADD_CHANNEL = RedisScript.of("channel.lua");

    private final RedisCalls calls;
    private final RedisKeys keys;
    private final String publishing;

    RedisNotes(RedisCalls calls, RedisKeys keys) {
        this.calls = calls;
        this.keys = keys;
        this.publishing = calls.nodes().publishing().name();
    }

    /** Whether the Redis server that has a channel's notes can be reached. */
    boolean isUp(String channel) {
        return calls.nodes().isUp(calls.nodes().slot(keys.presence(channel)));
    }

    /**
     * A node's sign of life.
     *
     * @param listed how long a node is listed after its last one
     * @return how long ago each node gave its last one, before this; the node itself is not there if it is not listed
     */
    Map<String, Duration> beat(String node, Duration listed) throws UnavailableException {
        List<?> answer =
                (List<?>) calls.run(BEAT, false, List.of(keys.nodes()), List.of(node, text(listed.toMillis())));
        Map<String, Duration> ages = new HashMap<>();
        for (int i = 0; i < answer.size(); i += 2) {
            ages.put((String) answer.get(i), Duration.ofMillis((Long) answer.get(i + 1)));
        }
        return ages;
    }

    /** Takes a node from those that give signs of life. */
    void end(String node) throws UnavailableException {
        calls.ask(keys.nodes(), pipeline -> pipeline.hdel(keys.nodes(), node));
    }

    /**
     * Notes how many sessions of a client a node has in a channel, and, unless that is an inbox, the channel among the
     * client's.
     *
     * @param living the nodes that live; empty where that is not known, and so all count
     */
    void note(String channel, String node, String client, int sessions, Duration lifetime, String living)
            throws UnavailableException {
        boolean listed = !Names.isInbox(channel); // that a client is there at all is no channel of its own
        boolean inOneStep = listed && !calls.nodes().isCluster();
        long others = (Long) calls.run(
                JOIN,
                false,
                inOneStep ? List.of(keys.presence(channel), keys.client(client)) : List.of(keys.presence(channel)),
                List.of(
                        node,
                        client,
                        text(sessions),
                        text(lifetime.toMillis()),
                        keys.live(channel),
                        publishing,
                        living,
                        channel));
        if (listed && !inOneStep) {
            if (sessions > 0) {
                addChannel(client, channel, lifetime);
            } else if (others == 0) {
                removeChannel(client, channel, lifetime);
            }
        }
    }

    /** Takes away what nodes noted in a channel that do not live. */
    void sweep(String channel, Duration lifetime, String living) throws UnavailableException {
        List<?> gone = (List<?>) calls.run(
                SWEEP, false, List.of(keys.presence(channel)), List.of(living, keys.live(channel), publishing));
        if (!Names.isInbox(channel)) {
            for (Object client : gone) {
                removeChannel((String) client, channel, lifetime);
            }
        }
    }

    /** What is noted of members in channels: each node with its sessions; nothing of those that are not known. */
    <M> Map<M, String> noted(Collection<M> members, Function<M, String> channel, Function<M, String> client) {
        return calls.askEach(
                members,
                member -> keys.presence(channel.apply(member)),
                (pipeline, presence, member) -> pipeline.hget(presence, "c:" + client.apply(member)));
    }

    /** Those members whose channel is among their client's. */
    <M> Set<M> listed(Collection<M> members, Function<M, String> channel, Function<M, String> client) {
        Map<M, String> listed = calls.askEach(
                members,
                member -> keys.client(client.apply(member)),
                (pipeline, channels, member) -> pipeline.hget(channels, channel.apply(member)));
        return listed.keySet();
    }

    /** Has notes of members live on; gives the channels of which Redis has none, or can't say. */
    Set<String> renewMembers(Collection<String> channels, Duration lifetime) {
        return renew(channels, keys::presence, lifetime);
    }

    /** Has notes of clients' channels live on; gives the clients of whom Redis has none, or can't say. */
    Set<String> renewClients(Collection<String> clients, Duration lifetime) {
        return renew(clients, keys::client, lifetime);
    }

    private Set<String> renew(Collection<String> names, UnaryOperator<String> key, Duration lifetime) {
        long millis = lifetime.toMillis();
        Set<String> unknown = new HashSet<>(names);
        calls.askEach(names, key, (pipeline, renewed, name) -> pipeline.pexpire(renewed, millis))
                .forEach((name, known) -> {
                    if (known == 1) {
                        unknown.remove(name);
                    }
                });
        return unknown;
    }

    /** The clients in a channel, each with its sessions on nodes that live. */
    Map<String, Integer> members(String channel, String living) throws UnavailableException {
        List<?> answer = (List<?>) calls.run(MEMBERS, false, List.of(keys.presence(channel)), List.of(living));
        Map<String, Integer> members = new TreeMap<>();
        for (int i = 0; i < answer.size(); i += 2) {
            members.put((String) answer.get(i), Integer.valueOf((String) answer.get(i + 1)));
        }
        return members;
    }

    /** The channels that are noted of a client. */
    Set<String> channels(String client) throws UnavailableException {
        String key = keys.client(client);
        return calls.ask(key, pipeline -> pipeline.hgetAll(key)).keySet();
    }

    /** Whether a client has sessions in a channel on nodes that live. */
    boolean lives(String channel, String client, String living) throws UnavailableException {
        String noted = noted(channel, client);
        return noted != null
                && Stream.of(noted.split(" ")).anyMatch(sessions -> living.contains(sessions.replaceFirst("=.*", "")));
    }

    /** A client's sessions on each node, or null if it is not in the channel. */
    private String noted(String channel, String client) throws UnavailableException {
        String presence = keys.presence(channel);
        return calls.ask(presence, pipeline -> pipeline.hget(presence, "c:" + client));
    }

    /**
     * Takes a channel from a client's, unless it has come back there meanwhile: the two notes may stand on two servers,
     * and are not written in one step.
     */
    void removeChannel(String client, String channel, Duration lifetime) throws UnavailableException {
        String key = keys.client(client);
        calls.ask(key, pipeline -> pipeline.hdel(key, channel));
        if (noted(channel, client) != null) {
            addChannel(client, channel, lifetime);
        }
    }

    private void addChannel(String client, String channel, Duration lifetime) throws UnavailableException {
        String key = keys.client(client);
        calls.run(ADD_CHANNEL, false, List.of(key), List.of(channel, text(lifetime.toMillis())));
    }

    private static String text(long number) {
        return Long.toString(number);
    }
}

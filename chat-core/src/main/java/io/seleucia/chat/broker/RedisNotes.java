package io.seleucia.chat.broker;

import io.seleucia.chat.message.Names;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is noted in Redis about servers and members, each note a single step there. All methods block, for less than two
 * seconds.
 */
final class RedisNotes {
    private static final RedisScript BEAT = RedisScript.of("beat.lua");
    private static final RedisScript JOIN = RedisScript.of("dead.lua", "join.lua");
    private static final RedisScript MEMBERS = RedisScript.of("dead.lua", "members.lua");
    private static final RedisScript SWEEP = RedisScript.of("dead.lua", "sweep.lua");
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
     * Heartbeats, as texts that mean milliseconds of Redis' clock.
     *
     * @param own the one that was just given
     * @param given the last of each listed node before that
     */
    record Heartbeats(String own, Map<String, String> given) {
        /** Returns how old a heartbeat is by Redis' clock, which may have been set since; 0 for one that is no number. */
        long ageMillis(String heartbeat) {
            return heartbeat.matches("[0-9]{1,18}") ? Long.parseLong(own) - Long.parseLong(heartbeat) : 0;
        }
    }

    /**
     * Gives a heartbeat of a node.
     *
     * @param listed how long the list of nodes lives without any heartbeat
     * @param outlived nodes to take off the list, each followed by its last heartbeat; those that have given another stay
     */
    Heartbeats beat(String node, Duration listed, List<String> outlived) throws UnavailableException {
        List<String> arguments = new ArrayList<>(List.of(node, text(listed.toMillis())));
        arguments.addAll(outlived);
        List<?> answer = (List<?>) calls.run(BEAT, false, List.of(keys.nodes()), arguments);
        List<?> pairs = (List<?>) answer.get(1);
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < pairs.size(); i += 2) {
            given.put((String) pairs.get(i), (String) pairs.get(i + 1));
        }
        return new Heartbeats((String) answer.get(0), given);
    }

    /** Takes a node off the list. */
    void end(String node) throws UnavailableException {
        calls.ask(keys.nodes(), pipeline -> pipeline.hdel(keys.nodes(), node));
    }

    /**
     * Notes how many sessions of a client a node has in a channel, and, unless that is an inbox, the channel among the
     * client's.
     *
     * @param dead the nodes that are dead, whose sessions do not count
     */
    void note(String channel, String node, String client, int sessions, Duration lifetime, String dead)
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
                        dead,
                        channel));
        if (listed && !inOneStep) {
            if (sessions > 0) {
                addChannel(client, channel, lifetime);
            } else if (others == 0) {
                removeChannel(client, channel, lifetime);
            }
        }
    }

    /**
     * The notes that are left in a channel.
     *
     * @param nodes those that have sessions there
     * @param own the clients that are noted of the node that asked, if they are more or fewer than it has
     */
    record Swept(Set<String> nodes, Set<String> own) {}

    /**
     * Takes away what dead nodes noted in a channel.
     *
     * @param node the node that asks
     * @param clients how many clients it has there
     */
    Swept sweep(String channel, Duration lifetime, String dead, String node, int clients) throws UnavailableException {
        List<?> answer = (List<?>) calls.run(
                SWEEP,
                false,
                List.of(keys.presence(channel)),
                List.of(dead, keys.live(channel), publishing, node, text(clients)));
        if (!Names.isInbox(channel)) {
            for (String client : names(answer.get(0))) {
                removeChannel(client, channel, lifetime);
            }
        }
        return new Swept(names(answer.get(1)), names(answer.get(2)));
    }

    private static Set<String> names(Object answer) {
        return ((List<?>) answer).stream().map(String.class::cast).collect(Collectors.toSet());
    }

    /**
     * Has notes of members live on.
     *
     * @param wanted clients by channel
     * @return for each channel what is noted of each of its clients, in their order, each node with its sessions, or null;
     *     nothing of a channel about which Redis does not answer
     */
    Map<String, List<String>> renewMembers(Map<String, List<String>> wanted, Duration lifetime) {
        return renew(wanted, keys::presence, client -> "c:" + client, lifetime);
    }

    /** Has notes of clients' channels live on; otherwise like {@link #renewMembers}, by client. */
    Map<String, List<String>> renewClients(Map<String, List<String>> wanted, Duration lifetime) {
        return renew(wanted, keys::client, channel -> channel, lifetime);
    }

    private Map<String, List<String>> renew(
            Map<String, List<String>> wanted,
            UnaryOperator<String> key,
            UnaryOperator<String> field,
            Duration lifetime) {
        long millis = lifetime.toMillis();
        return calls.askEach(wanted.keySet(), key, (pipeline, renewed, name) -> {
            pipeline.pexpire(renewed, millis);
            return pipeline.hmget(renewed, wanted.get(name).stream().map(field).toArray(String[]::new));
        });
    }

    /** The clients in a channel, each with its sessions on nodes that are not dead. */
    Map<String, Integer> members(String channel, String dead) throws UnavailableException {
        List<?> answer = (List<?>) calls.run(MEMBERS, false, List.of(keys.presence(channel)), List.of(dead));
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

    /** Whether a client has sessions in a channel on nodes that are not dead. */
    boolean lives(String channel, String client, String dead) throws UnavailableException {
        Set<String> gone = Set.of(dead.split(" "));
        String noted = noted(channel, client);
        return noted != null
                && Stream.of(noted.split(" ")).anyMatch(sessions -> !gone.contains(sessions.replaceFirst("=.*", "")));
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

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Names;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The heartbeats of servers and the presence entries of members in Redis. Each change is one atomic step there. All
 * methods block, for less than two seconds.
 */
final class PresenceStore {
    private static final LuaScript BEAT = LuaScript.of("beat.lua");
    private static final LuaScript JOIN = LuaScript.of("dead.lua", "join.lua");
    private static final LuaScript MEMBERS = LuaScript.of("dead.lua", "members.lua");
    private static final LuaScript SWEEP = LuaScript.of("dead.lua", "sweep.lua");
    private static final LuaScript ADD_CHANNEL = LuaScript.of("channel.lua");

    private final Commands commands;
    private final RedisKeys keys;
    private final String publishing;

    PresenceStore(Commands commands, RedisKeys keys) {
        this.commands = commands;
        this.keys = keys;
        this.publishing = commands.topology().publishing().name();
    }

    /** Returns whether the Redis node that has a channel's entries can be reached. */
    boolean isUp(String channel) {
        return commands.topology().isUp(keys.presence(channel));
    }

    /** A new heartbeat, and the last one of each listed server before it: milliseconds of Redis' clock in decimal. */
    record Beats(String own, Map<String, String> last) {
        /** Returns the age of a heartbeat by Redis' clock, which may have been set since; 0 if it is no number. */
        long ageMillis(String heartbeat) {
            return heartbeat.matches("[0-9]{1,18}") ? Long.parseLong(own) - Long.parseLong(heartbeat) : 0;
        }
    }

    /**
     * Gives a heartbeat of a server, and takes others off the list.
     *
     * @param listed the lifetime of the list after its last heartbeat
     * @param delisted names, each followed by its last heartbeat; a server with a newer one stays listed
     */
    Beats beat(String serverId, Duration listed, List<String> delisted) throws UnavailableException {
        List<Object> arguments = new ArrayList<>(List.of(serverId, listed.toMillis()));
        arguments.addAll(delisted);
        List<?> reply = (List<?>) commands.run(BEAT, List.of(keys.nodes()), arguments.toArray());
        List<?> pairs = (List<?>) reply.get(1);
        Map<String, String> last = new HashMap<>();
        for (int i = 0; i < pairs.size(); i += 2) {
            last.put((String) pairs.get(i), (String) pairs.get(i + 1));
        }
        return new Beats((String) reply.get(0), last);
    }

    /** Takes a server off the list. */
    void end(String serverId) throws UnavailableException {
        commands.run(keys.nodes(), pipeline -> pipeline.hdel(keys.nodes(), serverId));
    }

    /**
     * Writes how many sessions of a client a server has in a channel and, unless that is an inbox, adds the channel to
     * the client's hash. Sessions on dead servers do not count.
     */
    void write(String channel, String serverId, String client, int sessions, Duration lifetime, String dead)
            throws UnavailableException {
        boolean listed = !Names.isInbox(channel); // an inbox only shows that the client is online
        boolean inOneStep = listed && !commands.topology().isCluster();
        long others = (Long) commands.run(
                JOIN,
                inOneStep ? List.of(keys.presence(channel), keys.client(client)) : List.of(keys.presence(channel)),
                serverId,
                client,
                sessions,
                lifetime.toMillis(),
                keys.live(channel),
                publishing,
                dead,
                channel);
        if (listed && !inOneStep) {
            if (sessions > 0) {
                addChannel(client, channel, lifetime);
            } else if (others == 0) {
                removeChannel(client, channel, lifetime);
            }
        }
    }

    /** The servers with entries in a channel, and the clients of the one that sweeps, if Redis has another number. */
    record Swept(Set<String> servers, Set<String> own) {}

    /** Removes the entries of dead servers from a channel, in which the server that sweeps has so many clients. */
    Swept sweep(String channel, Duration lifetime, String dead, String serverId, int clients)
            throws UnavailableException {
        List<?> reply = (List<?>) commands.run(
                SWEEP, List.of(keys.presence(channel)), dead, keys.live(channel), publishing, serverId, clients);
        if (!Names.isInbox(channel)) {
            for (String client : names(reply.get(0))) {
                removeChannel(client, channel, lifetime);
            }
        }
        return new Swept(names(reply.get(1)), names(reply.get(2)));
    }

    private static Set<String> names(Object reply) {
        return ((List<?>) reply).stream().map(String.class::cast).collect(Collectors.toSet());
    }

    /**
     * Renews the entries of channels, given the clients of each. Returns the entries of the clients by channel, each
     * the sessions by server, or null. Leaves out channels for which Redis gives no answer.
     */
    Map<String, List<String>> renewMembers(Map<String, List<String>> clients, Duration lifetime) {
        return renew(clients, keys::presence, client -> "c:" + client, lifetime);
    }

    /** Renews the hashes of clients, given the channels of each, as {@link #renewMembers} does. */
    Map<String, List<String>> renewClients(Map<String, List<String>> channels, Duration lifetime) {
        return renew(channels, keys::client, channel -> channel, lifetime);
    }

    private Map<String, List<String>> renew(
            Map<String, List<String>> names,
            UnaryOperator<String> key,
            UnaryOperator<String> field,
            Duration lifetime) {
        long millis = lifetime.toMillis();
        return commands.runEach(names.keySet(), key, (pipeline, renewed, name) -> {
            pipeline.pexpire(renewed, millis);
            return pipeline.hmget(renewed, names.get(name).stream().map(field).toArray(String[]::new));
        });
    }

    /** Returns the clients in a channel, each with its number of sessions on servers that are not dead. */
    NavigableMap<String, Integer> members(String channel, String dead) throws UnavailableException {
        List<?> reply = (List<?>) commands.run(MEMBERS, List.of(keys.presence(channel)), dead);
        NavigableMap<String, Integer> members = new TreeMap<>();
        for (int i = 0; i < reply.size(); i += 2) {
            members.put((String) reply.get(i), Integer.valueOf((String) reply.get(i + 1)));
        }
        return members;
    }

    /** Returns the channels in a client's hash. */
    Set<String> channels(String client) throws UnavailableException {
        String key = keys.client(client);
        return commands.run(key, pipeline -> pipeline.hgetAll(key)).keySet();
    }

    /** Returns whether a client has sessions in a channel on servers that are not dead. */
    boolean isPresent(String channel, String client, String dead) throws UnavailableException {
        Set<String> gone = Set.of(dead.split(" "));
        String entry = entry(channel, client);
        return entry != null
                && Stream.of(entry.split(" ")).anyMatch(sessions -> !gone.contains(sessions.replaceFirst("=.*", "")));
    }

    /** Returns a client's sessions by server, or null if it is not in the channel. */
    private String entry(String channel, String client) throws UnavailableException {
        String presence = keys.presence(channel);
        return commands.run(presence, pipeline -> pipeline.hget(presence, "c:" + client));
    }

    /** Removes a channel from a client's hash, unless the client is back: the two entries may be on two nodes. */
    void removeChannel(String client, String channel, Duration lifetime) throws UnavailableException {
        String key = keys.client(client);
        commands.run(key, pipeline -> pipeline.hdel(key, channel));
        if (entry(channel, client) != null) {
            addChannel(client, channel, lifetime);
        }
    }

    private void addChannel(String client, String channel, Duration lifetime) throws UnavailableException {
        commands.run(ADD_CHANNEL, List.of(keys.client(client)), channel, lifetime.toMillis());
    }
}

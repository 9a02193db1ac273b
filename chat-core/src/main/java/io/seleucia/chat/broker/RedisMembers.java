package io.seleucia.chat.broker;

import io.seleucia.chat.message.Names;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which clients are in which channels on this server, and the copy of it in Redis. What is counted here is what ought to
 * stand there: a note that could not be written is written as it is then, once Redis is back. All methods but {@link
 * #join} and {@link #leave} are called by the broker's keeper.
 */
final class RedisMembers {
    /** How long a server's notes stand without a sign of life from it. */
    static final Duration LIFETIME = Duration.ofSeconds(45);

    private record Member(String channel, String client) {}

    private final String node;
    private final RedisCommands commands;
    private final ConcurrentHashMap<Member, Integer> sessions = new ConcurrentHashMap<>();
    private final Set<Member> unwritten = ConcurrentHashMap.newKeySet();

    RedisMembers(String node, RedisCommands commands) {
        this.node = node;
        this.commands = commands;
    }

    void join(String channel, String client) {
        Member member = new Member(channel, client);
        sessions.merge(member, 1, Integer::sum);
        write(member);
    }

    void leave(String channel, String client) {
        Member member = new Member(channel, client);
        sessions.computeIfPresent(member, (key, n) -> n == 1 ? null : n - 1);
        write(member);
    }

    /** Writes what stands here, again if it has changed meanwhile, so that the last writer writes the last state. */
    private void write(Member member) {
        unwritten.add(member);
        if (!commands.isUp(member.channel)) {
            return;
        }
        try {
            int written;
            do {
                written = count(member);
                long others = commands.join(member.channel, node, member.client, written, LIFETIME);
                if (Names.isInbox(member.channel)) {
                    continue; // that a client is there at all is no channel of its own
                }
                if (written > 0) {
                    commands.addChannel(member.client, member.channel, LIFETIME);
                } else if (others == 0) {
                    commands.removeChannel(member.client, member.channel);
                }
            } while (written != count(member));
            unwritten.remove(member);
        } catch (UnavailableException e) {
            // It stays among the unwritten. The commands' health has told the log.
        }
    }

    private int count(Member member) {
        return sessions.getOrDefault(member, 0);
    }

    /** Writes what could not be written. */
    void catchUp() {
        unwritten.forEach(this::write);
    }

    /** Redis may have forgotten everything. */
    void rewriteAll() {
        unwritten.addAll(sessions.keySet());
    }

    /** Gives a sign of life for every channel and client; what Redis has forgotten is written again. */
    void refresh() {
        Map<String, Boolean> known = new HashMap<>();
        for (Member member : sessions.keySet()) {
            if (!known.computeIfAbsent(member.channel, this::refresh)) {
                unwritten.add(member);
            } else if (!Names.isInbox(member.channel)) {
                try {
                    commands.addChannel(member.client, member.channel, LIFETIME);
                } catch (UnavailableException e) {
                    unwritten.add(member);
                }
            }
        }
    }

    /** Whether Redis still knows what was noted; what is out of reach counts as forgotten. */
    private boolean refresh(String channel) {
        try {
            return commands.isUp(channel) && commands.refresh(channel, node, LIFETIME);
        } catch (UnavailableException e) {
            return false;
        }
    }

    /** Takes back all notes. */
    void close() {
        unwritten.addAll(sessions.keySet());
        sessions.clear();
        catchUp();
    }
}

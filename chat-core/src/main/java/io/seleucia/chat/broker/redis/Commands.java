package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Bulkhead;
import io.seleucia.chat.memory.Sizes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * Runs commands at the node that owns the key. Follows redirections, and retries transient errors at the owner as it is
 * known by then. All methods block, for less than two seconds.
 */
final class Commands {
    /** The longest that a caller waits for its turn, before the time for its command begins. */
    static final Duration LONGEST_TURN = Duration.ofSeconds(8);

    private static final Logger LOG = System.getLogger(Commands.class.getName());
    private static final Duration TIMEOUT = Duration.ofMillis(1_900);
    private static final long FIRST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 100;
    private static final String SLOT_MOVES = "TRYAGAIN";
    private static final List<String> TRANSIENT =
            List.of(SLOT_MOVES, "CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS");
    private static final String FULL = "OOM command not allowed";
    private static final int COMMAND_BYTES = 256; // estimated, besides its arguments

    private final RedisTopology topology;

    Commands(RedisTopology topology) {
        this.topology = topology;
    }

    /** Returns a bound on the number of callers that use Redis at the same time. */
    static Bulkhead<UnavailableException> bulkhead(int places) {
        return new Bulkhead<>(places, LONGEST_TURN, "ask Redis", UnavailableException::new);
    }

    RedisTopology topology() {
        return topology;
    }

    /** Runs a script at the owner of its keys. */
    Object run(LuaScript script, List<String> keys, Object... arguments) throws UnavailableException {
        return run(script, false, keys, texts(arguments));
    }

    /** Returns arguments as Redis takes them. */
    static List<String> texts(Object... arguments) {
        return Stream.of(arguments).map(String::valueOf).toList();
    }

    /** Runs a script at the owner of its keys. One that appends to a history has to be confirmed by replicas. */
    Object run(LuaScript script, boolean append, List<String> keys, List<String> arguments)
            throws UnavailableException {
        return run(
                topology.slot(keys.getFirst()),
                new RedisPipeline.Request<>(
                        bytes(keys, arguments),
                        append,
                        pipeline -> pipeline.evalsha(script.sha1(), keys, arguments),
                        Optional.of(pipeline -> pipeline.eval(script.text(), keys, arguments))));
    }

    private static int bytes(List<String> keys, List<String> arguments) {
        return COMMAND_BYTES
                + (int) Stream.concat(keys.stream(), arguments.stream())
                        .mapToLong(Sizes::ofText)
                        .sum();
    }

    /** The reply of a script, and that of a read behind it. */
    record Replies<T>(Object script, Optional<T> read) {
        private static <T> Supplier<Replies<T>> of(Response<Object> script, Response<T> read) {
            return () -> new Replies<>(script.get(), reply(read));
        }

        private static <T> Optional<T> reply(Response<T> read) {
            try {
                return Optional.ofNullable(read.get());
            } catch (JedisDataException e) {
                LOG.log(Level.TRACE, e.getMessage());
                return Optional.empty();
            }
        }
    }

    /** Runs a script at the owner of its keys, and reads something behind it, in one round trip. The read may fail alone. */
    <T> Replies<T> run(
            LuaScript script, List<String> keys, List<String> arguments, Function<Pipeline, Response<T>> read)
            throws UnavailableException {
        return run(
                topology.slot(keys.getFirst()),
                new RedisPipeline.Request<>(
                        bytes(keys, arguments),
                        false,
                        pipeline -> Replies.of(pipeline.evalsha(script.sha1(), keys, arguments), read.apply(pipeline)),
                        Optional.of(pipeline ->
                                Replies.of(pipeline.eval(script.text(), keys, arguments), read.apply(pipeline)))));
    }

    /** Runs a command at the owner of a key or pub/sub channel. */
    <T> T run(String key, Function<Pipeline, Supplier<T>> command) throws UnavailableException {
        return run(key, 0, command);
    }

    /** Runs a command whose arguments take so much memory. */
    <T> T run(String key, int bytes, Function<Pipeline, Supplier<T>> command) throws UnavailableException {
        return run(topology.slot(key), new RedisPipeline.Request<>(COMMAND_BYTES + bytes, command));
    }

    private <T> T run(int slot, RedisPipeline.Request<T> request) throws UnavailableException {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        RedisPipeline.Request<T> next = request;
        Optional<RedisNode> redirected = Optional.empty();
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            JedisException why;
            RedisNode node = redirected.or(() -> topology.owner(slot)).orElse(null);
            if (node == null) {
                why = new JedisException("no Redis is known to have the channel");
            } else {
                try {
                    T reply = node.pipeline().run(next, deadline);
                    if (next.append()) {
                        node.health().stored();
                    }
                    return reply;
                } catch (JedisMovedDataException e) {
                    topology.moved(e, node.address());
                    why = e;
                } catch (JedisAskDataException e) {
                    redirected = Optional.of(topology.importing(RedisTopology.target(e, node.address()), slot));
                    next = afterAsking(request);
                    continue;
                } catch (JedisDataException e) {
                    if (!isTransient(e)) {
                        throw refused(node, e);
                    }
                    why = e;
                } catch (RedisPipeline.NotSentException e) {
                    why = e;
                }
            }
            if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause) - deadline > 0
                    || topology.isFixed()
                            && why instanceof RedisPipeline.NotSentException unsent
                            && !unsent.isConnected()
                    || topology.isClosed()) {
                if (why instanceof JedisDataException refused) {
                    node.health().refused(refused);
                }
                throw unavailable(why);
            }
            topology.refresh();
            sleep(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
            redirected = Optional.empty();
            next = request;
        }
    }

    private static UnavailableException unavailable(JedisException why) {
        return new UnavailableException("Redis: " + why.getMessage(), why);
    }

    private static void sleep(long millis) throws UnavailableException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while waiting for Redis", e);
        }
    }

    /** Returns the request for a node that imports the slot. */
    private static <T> RedisPipeline.Request<T> afterAsking(RedisPipeline.Request<T> request) {
        return new RedisPipeline.Request<>(
                request.bytes(),
                request.append(),
                afterAsking(request.command()),
                request.withScript().map(Commands::afterAsking));
    }

    private static <T> Function<Pipeline, Supplier<T>> afterAsking(Function<Pipeline, Supplier<T>> command) {
        return pipeline -> {
            pipeline.sendCommand(Protocol.Command.ASKING, new String[0]);
            return command.apply(pipeline);
        };
    }

    /** Returns whether an error may soon be over, at this node or at another. */
    static boolean isTransient(JedisDataException why) {
        return TRANSIENT.stream()
                .anyMatch(word -> String.valueOf(why.getMessage()).contains(word));
    }

    /** Returns whether a command failed because its node, as a whole, does not accept such commands now. */
    static boolean isNodeNotReady(Response<?> reply) {
        try {
            reply.get();
            return false;
        } catch (JedisDataException e) {
            return isTransient(e) && !String.valueOf(e.getMessage()).contains(SLOT_MOVES);
        }
    }

    /** Records an error such as being out of memory, a key of another type, or a missing permission. */
    private static UnavailableException refused(RedisNode node, JedisDataException why) {
        node.health().refused(why);
        if (String.valueOf(why.getMessage()).contains(FULL)) {
            node.health().full();
        }
        return new UnavailableException("Redis refused: " + why.getMessage(), why);
    }

    /** Runs a command at one node, regardless of keys. */
    static <T> T sendTo(RedisNode node, Function<Pipeline, Supplier<T>> command) throws UnavailableException {
        try {
            return sendOnce(node, COMMAND_BYTES, command);
        } catch (JedisDataException e) {
            throw refused(node, e);
        } catch (JedisException e) {
            throw unavailable(e);
        }
    }

    private static <T> T sendOnce(RedisNode node, int bytes, Function<Pipeline, Supplier<T>> command)
            throws UnavailableException {
        return node.pipeline().run(new RedisPipeline.Request<>(bytes, command), System.nanoTime() + TIMEOUT.toNanos());
    }

    /** A command about one of many things, and its key in Redis. */
    interface KeyCommand<K, T> {
        Response<T> send(Pipeline pipeline, String key, K one);
    }

    /** Runs a command for each of many things, in one round trip for each node. Leaves out those that fail. */
    <K, T> Map<K, T> runEach(Collection<K> all, Function<K, String> key, KeyCommand<K, T> command) {
        Map<RedisNode, List<K>> byNode = new HashMap<>();
        for (K one : all) {
            topology.owner(key.apply(one))
                    .ifPresent(node -> byNode.computeIfAbsent(node, it -> new ArrayList<>())
                            .add(one));
        }
        Map<K, T> replies = new HashMap<>();
        byNode.forEach((node, some) -> {
            try {
                replies.putAll(sendOnce(
                        node, COMMAND_BYTES * some.size(), pipeline -> sendEach(pipeline, some, key, command)));
            } catch (UnavailableException | JedisException e) {
                LOG.log(Level.DEBUG, () -> "no reply about " + some.size() + " keys: " + e.getMessage());
            }
        });
        return replies;
    }

    private static <K, T> Supplier<Map<K, T>> sendEach(
            Pipeline pipeline, List<K> all, Function<K, String> key, KeyCommand<K, T> command) {
        List<Response<T>> responses = all.stream()
                .map(one -> command.send(pipeline, key.apply(one), one))
                .toList();
        return () -> {
            Map<K, T> replies = new HashMap<>();
            for (int i = 0; i < all.size(); i++) {
                try {
                    T reply = responses.get(i).get();
                    if (reply != null) {
                        replies.put(all.get(i), reply);
                    }
                } catch (JedisDataException e) {
                    LOG.log(Level.TRACE, e.getMessage());
                }
            }
            return replies;
        };
    }
}

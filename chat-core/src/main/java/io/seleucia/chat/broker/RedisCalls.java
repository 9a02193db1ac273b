package io.seleucia.chat.broker;

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
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisMovedDataException;

/**
 * How Redis is asked. A question goes to the server that has the key; one that passes it on, or can't answer for the
 * moment, is asked again, or who has the key by then. All methods block, for less than two seconds.
 */
final class RedisCalls {
    private static final Logger LOG = System.getLogger(RedisCalls.class.getName());
    private static final Duration LONGEST = Duration.ofMillis(1_900);
    private static final long FIRST_PAUSE_MILLIS = 10;
    private static final long LONGEST_PAUSE_MILLIS = 100;
    private static final String ONE_SLOT = "TRYAGAIN"; // is on its way, and nothing else is wrong
    private static final List<String> PASSING =
            List.of(ONE_SLOT, "CLUSTERDOWN", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS");
    private static final int CALL_BYTES = 256; // what a command takes, about, aside from its arguments

    private final RedisNodes nodes;

    RedisCalls(RedisNodes nodes) {
        this.nodes = nodes;
    }

    /** Who has which keys. */
    RedisNodes nodes() {
        return nodes;
    }

    /**
     * Runs a script, where its keys are.
     *
     * @param lasting whether it appends to a history, for ever
     */
    Object run(RedisScript script, boolean lasting, List<String> keys, List<String> arguments)
            throws UnavailableException {
        int slot = nodes.slot(keys.getFirst());
        int bytes = CALL_BYTES + 2 * arguments.stream().mapToInt(String::length).sum();
        long deadline = System.nanoTime() + LONGEST.toNanos();
        return ask(
                slot,
                new RedisPipeline.Question<>(
                        bytes,
                        lasting,
                        pipeline -> pipeline.evalsha(script.sha1(), keys, arguments),
                        Optional.of(pipeline -> pipeline.eval(script.text(), keys, arguments))),
                deadline);
    }

    /** Asks for something about a key, or about a pub/sub channel. */
    <T> T ask(String key, Function<Pipeline, Supplier<T>> command) throws UnavailableException {
        return ask(key, 0, command);
    }

    /**
     * Asks for something.
     *
     * @param chars the length of what is sent
     */
    <T> T ask(String key, int chars, Function<Pipeline, Supplier<T>> command) throws UnavailableException {
        return ask(
                nodes.slot(key),
                new RedisPipeline.Question<>(CALL_BYTES + 2 * chars, false, command),
                System.nanoTime() + LONGEST.toNanos());
    }

    /** Asks who has the slot, until the deadline if it is in doubt who that is. */
    private <T> T ask(int slot, RedisPipeline.Question<T> question, long deadline) throws UnavailableException {
        RedisPipeline.Question<T> next = question;
        Optional<RedisNode> sent = Optional.empty(); // where another has sent us
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            JedisException why;
            RedisNode node = sent.or(() -> nodes.of(slot)).orElse(null);
            if (node == null) {
                why = new JedisException("no Redis is known to have the channel");
            } else {
                try {
                    return node.pipeline().ask(next, deadline);
                } catch (JedisMovedDataException e) {
                    nodes.moved(e, node.address());
                    why = e;
                } catch (JedisAskDataException e) {
                    sent = Optional.of(nodes.at(RedisNodes.target(e, node.address()), slot));
                    next = afterAsking(question);
                    continue;
                } catch (JedisDataException e) {
                    if (!isPassing(e)) {
                        throw refused(node, e);
                    }
                    why = e;
                } catch (RedisPipeline.NotSentException | RedisPipeline.NotSettledException e) {
                    why = e;
                }
            }
            if (System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause) - deadline > 0
                    || nodes.isFixed() && why instanceof RedisPipeline.NotSentException
                    || nodes.isClosed()) {
                throw unavailable(node, why);
            }
            nodes.look();
            sleep(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
            sent = Optional.empty();
            next = question;
        }
    }

    private static UnavailableException unavailable(RedisNode node, JedisException why) {
        if (why instanceof JedisDataException refused) {
            node.health().refused(refused);
        }
        return new UnavailableException("Redis: " + why.getMessage(), why);
    }

    private static void sleep(long millis) throws UnavailableException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while Redis is asked", e);
        }
    }

    /** The question for a server to which the slot is on its way. */
    private static <T> RedisPipeline.Question<T> afterAsking(RedisPipeline.Question<T> question) {
        return new RedisPipeline.Question<>(
                question.bytes(),
                question.lasting(),
                afterAsking(question.command()),
                question.loading().map(RedisCalls::afterAsking));
    }

    private static <T> Function<Pipeline, Supplier<T>> afterAsking(Function<Pipeline, Supplier<T>> command) {
        return pipeline -> {
            pipeline.sendCommand(Protocol.Command.ASKING, new String[0]);
            return command.apply(pipeline);
        };
    }

    /** Whether Redis can't do it for the moment, here at least. */
    static boolean isPassing(JedisDataException why) {
        return PASSING.stream()
                .anyMatch(word -> String.valueOf(why.getMessage()).contains(word));
    }

    /** Whether a command was refused because its server, as a whole, does not take such commands for the moment. */
    static boolean isNotYetTaken(Response<?> answer) {
        try {
            answer.get();
            return false;
        } catch (JedisDataException e) {
            return isPassing(e) && !String.valueOf(e.getMessage()).contains(ONE_SLOT);
        }
    }

    /** Redis lives and refuses: out of memory, a key of another type, no permission. */
    private static UnavailableException refused(RedisNode node, JedisDataException why) {
        node.health().refused(why);
        return new UnavailableException("Redis refused: " + why.getMessage(), why);
    }

    /** Asks one server, whatever it has. */
    static <T> T askAt(RedisNode node, Function<Pipeline, Supplier<T>> command) throws UnavailableException {
        try {
            return node.pipeline()
                    .ask(
                            new RedisPipeline.Question<>(CALL_BYTES, false, command),
                            System.nanoTime() + LONGEST.toNanos());
        } catch (JedisDataException e) {
            throw refused(node, e);
        } catch (JedisException e) {
            throw new UnavailableException("Redis: " + e.getMessage(), e);
        }
    }

    /** What is asked about one of many things, by the key that it has in Redis. */
    interface Asking<K, T> {
        Response<T> ask(Pipeline pipeline, String key, K one);
    }

    /**
     * Asks the same about many things, which costs little more than to ask about one: a server is asked for all that it
     * has in one go. An error is no answer, nor is nothing; whoever needs more asks for that one alone.
     */
    <K, T> Map<K, T> askEach(Collection<K> all, Function<K, String> key, Asking<K, T> asking) {
        Map<RedisNode, List<K>> byNode = new HashMap<>();
        for (K one : all) {
            nodes.of(nodes.slot(key.apply(one)))
                    .ifPresent(node -> byNode.computeIfAbsent(node, it -> new ArrayList<>())
                            .add(one));
        }
        Map<K, T> answers = new HashMap<>();
        byNode.forEach((node, theirs) -> {
            try {
                RedisPipeline.Question<Map<K, T>> question = new RedisPipeline.Question<>(
                        CALL_BYTES * theirs.size(), false, pipeline -> each(pipeline, theirs, key, asking));
                answers.putAll(node.pipeline().ask(question, System.nanoTime() + LONGEST.toNanos()));
            } catch (UnavailableException | JedisException e) {
                LOG.log(Level.DEBUG, () -> "no answer about " + theirs.size() + " keys: " + e.getMessage());
            }
        });
        return answers;
    }

    private static <K, T> Supplier<Map<K, T>> each(
            Pipeline pipeline, List<K> all, Function<K, String> key, Asking<K, T> asking) {
        List<Response<T>> responses = new ArrayList<>(all.size());
        all.forEach(one -> responses.add(asking.ask(pipeline, key.apply(one), one)));
        return () -> {
            Map<K, T> answers = new HashMap<>();
            for (int i = 0; i < all.size(); i++) {
                try {
                    T answer = responses.get(i).get();
                    if (answer != null) {
                        answers.put(all.get(i), answer);
                    }
                } catch (JedisDataException e) {
                    LOG.log(Level.TRACE, e.getMessage());
                }
            }
            return answers;
        };
    }
}

package io.seleucia.chat.broker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Sends commands to Redis over a few connections, each with a virtual thread of its own that takes all commands that
 * wait, sends them at once, and reads the answers: the more are asked for, the more go in one round trip. A connection
 * that breaks fails what was on its way and is made anew for what comes next.
 */
final class RedisPipeline implements AutoCloseable {
    static final Duration CONNECT = Duration.ofMillis(500);
    static final Duration ANSWER = Duration.ofMillis(1_000);
    private static final Duration LONGEST = Duration.ofMillis(1_900);
    private static final int LANES = 2;
    private static final int BATCH = 256;
    private static final long MAX_WAITING_BYTES = 64 * 1024 * 1024;

    private final HostAndPort address;
    private final JedisClientConfig config;
    private final RedisHealth health;
    private final LinkedBlockingQueue<Call<?>> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicInteger generation = new AtomicInteger(); // older connections are not used any more
    private final List<Thread> lanes = new ArrayList<>();
    private volatile boolean closed;

    RedisPipeline(HostAndPort address, JedisClientConfig config, RedisHealth health) {
        this.address = address;
        this.config = config;
        this.health = health;
        for (int i = 1; i <= LANES; i++) {
            lanes.add(Thread.ofVirtual().name("redis-pipeline-" + i).start(() -> new Lane().run()));
        }
    }

    /**
     * Asks Redis. Blocks until the answer is there, for less than two seconds.
     *
     * @param bytes about how much memory the command takes
     * @throws JedisDataException if Redis refuses the command
     * @throws UnavailableException if there is no answer in time
     */
    <T> T ask(int bytes, Function<Pipeline, Response<T>> command) throws UnavailableException {
        Call<T> call = new Call<>(bytes, command);
        if (waitingBytes.addAndGet(bytes) > MAX_WAITING_BYTES || closed) {
            waitingBytes.addAndGet(-bytes);
            throw new UnavailableException(closed ? "closed" : "too much waits for Redis already", null);
        }
        waiting.add(call);
        try {
            return call.answer.get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof JedisDataException refused) {
                throw refused;
            }
            throw new UnavailableException("Redis: " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            call.answer.cancel(false); // if it still waits, it is not sent
            throw new UnavailableException("Redis does not answer in time", e);
        } catch (InterruptedException e) {
            call.answer.cancel(false);
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while Redis is asked", e);
        }
    }

    /** Makes all connections anew, because Redis has closed them, so that no command has to find that out. */
    void reconnect() {
        generation.incrementAndGet();
    }

    /** Fails what waits. */
    @Override
    public void close() {
        closed = true;
        lanes.forEach(Thread::interrupt); // which also closes the socket that it reads from
        waiting.forEach(call -> call.fail(new JedisException("closed")));
    }

    /** A command, and its answer once it is there. */
    private static final class Call<T> {
        private final int bytes;
        private final Function<Pipeline, Response<T>> command;
        private final CompletableFuture<T> answer = new CompletableFuture<>();
        private Response<T> response;

        private Call(int bytes, Function<Pipeline, Response<T>> command) {
            this.bytes = bytes;
            this.command = command;
        }

        private void send(Pipeline to) {
            response = command.apply(to);
        }

        private void complete() {
            try {
                answer.complete(response.get());
            } catch (JedisException e) {
                answer.completeExceptionally(e);
            }
        }

        private void fail(JedisException why) {
            answer.completeExceptionally(why);
        }
    }

    /** One connection. Runs in its own thread. */
    private final class Lane {
        private Connection connection; // null while there is none
        private Pipeline pipeline;
        private int connectedIn; // which generation

        private void run() {
            List<Call<?>> batch = new ArrayList<>(BATCH);
            try {
                while (!closed) {
                    batch.add(waiting.take());
                    waiting.drainTo(batch, BATCH - 1);
                    batch.forEach(call -> waitingBytes.addAndGet(-call.bytes));
                    batch.removeIf(call -> call.answer.isDone());
                    carryOut(batch);
                    batch.clear();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // it is closed
            } finally {
                disconnect();
            }
        }

        private void carryOut(List<Call<?>> batch) {
            try {
                connect();
                batch.forEach(call -> call.send(pipeline));
                pipeline.sync();
                batch.forEach(Call::complete);
                health.answered();
            } catch (JedisException e) {
                disconnect();
                if (e instanceof JedisConnectionException) {
                    health.lost(e);
                }
                batch.forEach(call -> call.fail(e));
            } catch (RuntimeException e) {
                disconnect();
                batch.forEach(call -> call.fail(new JedisException(e)));
            }
        }

        private void connect() {
            int now = generation.get();
            if (connection != null && connectedIn != now) {
                disconnect();
            }
            if (connection == null) {
                connection = new Connection(address, config);
                pipeline = new Pipeline(connection, false);
                connectedIn = now;
            }
        }

        private void disconnect() {
            if (connection != null) {
                try {
                    connection.close();
                } catch (JedisException e) {
                    health.lost(e); // it was broken, and so it is closed
                }
                connection = null;
            }
        }
    }
}

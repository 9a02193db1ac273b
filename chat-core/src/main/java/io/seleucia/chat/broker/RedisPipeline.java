package io.seleucia.chat.broker;

import io.seleucia.chat.concurrent.Loop;
import java.lang.System.Logger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * Sends commands to one Redis server over a few connections, each with a virtual thread of its own that takes all
 * commands that wait, sends them at once, and reads the answers: the more are asked for, the more go in one round trip.
 * A connection that breaks fails what was on its way and is made anew for what comes next.
 *
 * <p>A Redis that has just started, or taken over from another, may know less than what was shown to anyone. Nothing
 * lasting is sent there before all servers have had the time to tell it: one that has just started is known by knowing no
 * script of ours, and the script that appends is loaded only over a connection that has known that for a while.
 */
final class RedisPipeline implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisPipeline.class.getName());
    private static final Duration REPLICAS = Duration.ofMillis(800); // which an answer's deadline must outlast
    private static final Duration STUCK = Duration.ofSeconds(3); // longer than any answer is waited for
    private static final Duration SETTLING = Duration.ofMillis(1_200); // well below what a publish may take
    private static final int LANES = 2;
    private static final int BATCH = 256;
    private static final long MAX_WAITING_BYTES = 64 * 1024 * 1024;

    /** There is no connection, and so the command was not sent. */
    static final class NotSentException extends JedisException {
        private static final long serialVersionUID = 1;

        private NotSentException(JedisException why) {
            super(why);
        }
    }

    /** Redis is not to be sent anything lasting yet, and so the command was not sent. */
    static final class NotSettledException extends JedisException {
        private static final long serialVersionUID = 1;

        private NotSettledException(String why) {
            super(why);
        }
    }

    private final HostAndPort address;
    private final RedisAccess access;
    private final int replicas;
    private final RedisHealth health;
    private final Runnable connected;
    private final long settledAt;
    private final LinkedBlockingQueue<Call<?>> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final List<Lane> lanes = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile long renewedAt = System.nanoTime(); // connections made before that are not used any more
    private volatile boolean closed;

    /**
     * @param replicas how many must have what a lasting command wrote
     * @param successor whether other servers had its channels before, so that all who use them have to find it
     * @param connected called whenever a connection was made, perhaps to a Redis that knows less; must not block
     */
    RedisPipeline(
            HostAndPort address,
            RedisAccess access,
            int replicas,
            RedisHealth health,
            boolean successor,
            Runnable connected) {
        this.address = address;
        this.access = access;
        this.replicas = replicas;
        this.health = health;
        this.connected = connected;
        this.settledAt = System.nanoTime() + (successor ? SETTLING.toNanos() : 0);
        for (int i = 1; i <= LANES; i++) {
            Lane lane = new Lane();
            lanes.add(lane);
            threads.add(Thread.ofVirtual()
                    .name("redis-pipeline-" + address.getPort() + "-" + i)
                    .start(lane::run));
        }
    }

    /**
     * A question to Redis.
     *
     * @param bytes about how much memory it takes
     * @param lasting whether what it writes must be confirmed by as many replicas as there ought to be
     * @param command what is sent, in one or more commands, and how the answer is had when all of theirs are there
     * @param loading what is sent instead if Redis does not know the script, with the script
     */
    record Question<T>(
            int bytes,
            boolean lasting,
            Function<Pipeline, Supplier<T>> command,
            Optional<Function<Pipeline, Supplier<T>>> loading) {
        Question(int bytes, boolean lasting, Function<Pipeline, Supplier<T>> command) {
            this(bytes, lasting, command, Optional.empty());
        }
    }

    /**
     * Asks Redis. Blocks until the answer is there.
     *
     * @param deadline until when, as {@link System#nanoTime}
     * @throws JedisDataException if Redis refuses the command
     * @throws NotSentException if Redis can't be reached
     * @throws NotSettledException if nothing lasting is to be sent there yet
     * @throws UnavailableException if there is no answer in time
     */
    <T> T ask(Question<T> question, long deadline) throws UnavailableException {
        Call<T> call = new Call<>(question);
        if (waitingBytes.addAndGet(question.bytes) > MAX_WAITING_BYTES || closed) {
            waitingBytes.addAndGet(-question.bytes);
            if (closed) {
                throw new NotSentException(new JedisException("closed"));
            }
            throw new UnavailableException("too much waits for Redis already", null);
        }
        waiting.add(call);
        try {
            return call.answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof JedisDataException refused) {
                throw refused;
            }
            if (e.getCause() instanceof NotSentException unsent) {
                throw unsent;
            }
            if (e.getCause() instanceof NotSettledException early) {
                throw early;
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

    /** Whether nothing lasting is sent yet to the successor of another server. */
    boolean isTakingOver() {
        return System.nanoTime() - settledAt < 0;
    }

    /**
     * Makes connections anew, because Redis has closed them, so that no command has to find that out.
     *
     * @param since when it did, as {@link System#nanoTime}; connections made after that stay
     */
    void reconnect(long since) {
        renewedAt = since;
    }

    /**
     * Cuts connections for whose answers nobody waits any more. A write has no deadline of its own: where nothing is read
     * at the other end, it would take until the network gives up, which may be a quarter of an hour.
     */
    void cutStuck() {
        lanes.forEach(Lane::cutIfStuck);
    }

    /** Fails what waits. */
    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt); // which also closes the socket that it reads from
        waiting.forEach(call -> call.fail(new NotSentException(new JedisException("closed"))));
    }

    /** A command, and its answer once it is there. */
    private static final class Call<T> {
        private final Question<T> question;
        private final CompletableFuture<T> answer = new CompletableFuture<>();
        private Supplier<T> response;

        private Call(Question<T> question) {
            this.question = question;
        }

        private void send(Pipeline to) {
            response = question.command.apply(to);
        }

        private void sendScript(Pipeline to) {
            response = question.loading.orElseThrow().apply(to);
        }

        /** Takes the answer; false if the script has to be sent first. */
        private boolean complete(boolean lasts, boolean scriptSent) {
            try {
                T result = response.get();
                if (question.lasting && !lasts) {
                    fail(new JedisException("too few replicas have confirmed it in time"));
                } else {
                    answer.complete(result);
                }
            } catch (JedisNoScriptException e) {
                if (question.loading.isPresent() && !scriptSent) {
                    return false;
                }
                fail(e);
            } catch (JedisException e) {
                fail(e);
            } catch (Throwable e) { // the answers to the others are good
                fail(new JedisException(e));
                Loop.report(LOG, "reading an answer of Redis", e);
            }
            return true;
        }

        /** Whether this is a script that Redis has run, or would have if it knew it: not so while it loads its data. */
        private boolean isServed() {
            if (question.loading.isEmpty()) {
                return false;
            }
            try {
                response.get();
                return true;
            } catch (JedisNoScriptException e) {
                return true;
            } catch (JedisException e) {
                return false;
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
        private long connectedAt;
        private long servedSince; // when Redis first answered a script here, if only that it does not know it, or 0
        private volatile RedisAccess.Line line; // of the connection, null before the first; cut by another thread
        private volatile long busySince; // or 0

        private void cutIfStuck() {
            long since = busySince;
            RedisAccess.Line stuck = line;
            if (stuck != null && since != 0 && System.nanoTime() - since > STUCK.toNanos()) {
                stuck.cut();
            }
        }

        private void run() {
            List<Call<?>> batch = new ArrayList<>(BATCH);
            Loop.run(LOG, "asking Redis at " + address, () -> !closed, () -> {
                batch.add(waiting.take());
                try {
                    waiting.drainTo(batch, BATCH - 1);
                    batch.forEach(call -> waitingBytes.addAndGet(-call.question.bytes));
                    batch.removeIf(call -> call.answer.isDone());
                    busySince = System.nanoTime() | 1;
                    carryOut(batch);
                } finally {
                    busySince = 0;
                    batch.clear();
                }
            });
            disconnect();
        }

        /** Answers or fails every call. */
        private void carryOut(List<Call<?>> batch) {
            try {
                connect();
                if (isTakingOver()) {
                    batch.removeIf(call -> refuse(call, " has only just taken the channel over"));
                }
                batch.forEach(call -> call.send(pipeline));
                boolean lasts = sync(batch);
                if (servedSince == 0 && batch.stream().anyMatch(Call::isServed)) {
                    servedSince = System.nanoTime() | 1;
                }
                batch.removeIf(call -> call.complete(lasts, false));
                if (!batch.isEmpty()) {
                    load(batch);
                }
                health.answered();
            } catch (JedisException e) {
                boolean unsent = connection == null && !(e instanceof JedisDataException); // a wrong password is final
                disconnect();
                if (e instanceof JedisConnectionException) {
                    health.lost(e);
                }
                batch.forEach(call -> call.fail(unsent ? new NotSentException(e) : e));
            } catch (Throwable e) {
                disconnect();
                JedisException why = new JedisException(e);
                batch.forEach(call -> call.fail(why));
                throw e;
            }
        }

        /**
         * Sends scripts that Redis does not know, perhaps because it has just started: then nothing lasting until it has
         * settled. A connection leads to one life of Redis, which is at least as old as the first answer.
         */
        private void load(List<Call<?>> batch) {
            boolean early = System.nanoTime() - servedSince < SETTLING.toNanos();
            batch.removeIf(call -> early && refuse(call, " has only just started"));
            batch.forEach(call -> call.sendScript(pipeline));
            boolean lasts = sync(batch);
            batch.forEach(call -> call.complete(lasts, true));
        }

        /** Fails a call if it is lasting, for which it is too early. */
        private boolean refuse(Call<?> call, String why) {
            if (call.question.lasting) {
                call.fail(new NotSettledException("Redis at " + address + why));
            }
            return call.question.lasting;
        }

        /** Reads all answers; whether what must last has been confirmed, for all of the batch at once. */
        private boolean sync(List<Call<?>> batch) {
            if (replicas == 0 || batch.stream().noneMatch(call -> call.question.lasting)) {
                pipeline.sync();
                return true;
            }
            Response<Long> confirmed = pipeline.waitReplicas(replicas, REPLICAS.toMillis());
            pipeline.sync();
            return confirmed.get() >= replicas;
        }

        private void connect() {
            if (connection != null && connectedAt - renewedAt < 0) {
                disconnect();
            }
            if (connection == null) {
                line = access.line(address);
                connection = access.toRedis(line);
                pipeline = new Pipeline(connection, false);
                connectedAt = System.nanoTime();
                servedSince = 0;
                connected.run();
            }
        }

        private void disconnect() {
            Connection last = connection;
            connection = null;
            if (last != null) {
                try {
                    last.close();
                } catch (JedisException e) {
                    health.lost(e); // it was broken, and so it is closed
                }
            }
        }
    }
}

package io.seleucia.chat.broker.redis;

import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.memory.MemoryBudget;
import io.seleucia.chat.memory.MemoryBudget.Part;
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
 * Sends commands to one Redis node over two connections. A virtual thread for each takes all waiting requests, sends
 * them at once, and reads the replies. Requests in flight fail with their connection; the next ones get a new one.
 *
 * <p>Requests are charged to the memory budget until they are answered or have failed with their connection. At most a
 * twentieth of the budget waits for one node; a larger request is accepted if nothing else waits.
 *
 * <p>A node that has just started, which shows as a missing script, or taken over from another may have lost messages.
 * Nothing is appended there until all servers have had time to announce the positions that they have shown.
 */
final class RedisPipeline implements AutoCloseable {
    private static final Logger LOG = System.getLogger(RedisPipeline.class.getName());
    private static final Duration REPLICATION = Duration.ofMillis(800); // below a reply's timeout
    private static final Duration STUCK = Duration.ofSeconds(3); // above every request's deadline
    private static final Duration SETTLING = Duration.ofMillis(1_200); // well below the deadline of a publish
    private static final int CONNECTIONS = 2;
    private static final int BATCH = 256;
    private static final int SHARE = 20;

    /** A request was not sent, because there is no connection, or because it appends and the node has yet to settle. */
    static final class NotSentException extends JedisException {
        private static final long serialVersionUID = 1;
        private final boolean connected;

        private NotSentException(String why, Throwable cause, boolean connected) {
            super(why, cause);
            this.connected = connected;
        }

        boolean isConnected() {
            return connected;
        }
    }

    private final HostAndPort address;
    private final RedisConnectionFactory connections;
    private final int replicas;
    private final RedisHealth health;
    private final Runnable connected;
    private final long settledAt;
    private final LinkedBlockingQueue<Pending<?>> waiting = new LinkedBlockingQueue<>();
    private final MemoryBudget memory;
    private final AtomicLong charged = new AtomicLong(); // to the budget, for requests that wait or are in flight
    private final List<Worker> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile long renewedAt = System.nanoTime(); // connections made before that are no longer used
    private volatile boolean closed;

    /**
     * @param replicas how many replicas must confirm an append
     * @param successor whether another node had its channels before, so that all chat servers first have to find it
     * @param connected called whenever a connection was made; must not block
     */
    RedisPipeline(
            HostAndPort address,
            RedisConnectionFactory connections,
            int replicas,
            RedisHealth health,
            boolean successor,
            Runnable connected,
            MemoryBudget memory) {
        this.address = address;
        this.connections = connections;
        this.replicas = replicas;
        this.health = health;
        this.connected = connected;
        this.memory = memory;
        this.settledAt = System.nanoTime() + (successor ? SETTLING.toNanos() : 0);
        for (int i = 1; i <= CONNECTIONS; i++) {
            Worker worker = new Worker();
            workers.add(worker);
            threads.add(Thread.ofVirtual()
                    .name("redis-pipeline-" + address.getPort() + "-" + i)
                    .start(worker::run));
        }
    }

    /**
     * One or more commands that share a reply.
     *
     * @param bytes the memory that it takes while it waits
     * @param append whether it appends to a history, and so has to be confirmed by replicas
     * @param command sends the commands, and returns what reads the reply once it has arrived
     * @param withScript sends the script's text, if Redis has not cached the script
     */
    record Request<T>(
            int bytes,
            boolean append,
            Function<Pipeline, Supplier<T>> command,
            Optional<Function<Pipeline, Supplier<T>>> withScript) {
        Request(int bytes, Function<Pipeline, Supplier<T>> command) {
            this(bytes, false, command, Optional.empty());
        }
    }

    /**
     * Runs a request. Blocks until the reply is there.
     *
     * @param deadline as {@link System#nanoTime}
     * @throws JedisDataException if Redis replies with an error
     * @throws NotSentException if Redis can't be reached, or accepts no appends yet
     * @throws UnavailableException if there is no reply in time, or too many requests wait already
     */
    <T> T run(Request<T> request, long deadline) throws UnavailableException {
        Pending<T> pending = new Pending<>(request);
        charge(request.bytes);
        waiting.add(pending);
        if (closed && waiting.remove(pending)) { // else a thread that ends has taken it, and fails it
            release(request.bytes);
            throw closedException();
        }
        try {
            return pending.reply.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case JedisDataException refused -> throw refused;
                case NotSentException unsent -> throw unsent;
                case Throwable why -> throw new UnavailableException("Redis: " + why.getMessage(), why);
            }
        } catch (TimeoutException e) {
            throw new UnavailableException("Redis does not answer in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while waiting for Redis", e);
        } finally {
            pending.reply.cancel(false); // if it still waits, it is not sent
        }
    }

    private static NotSentException closedException() {
        return new NotSentException("the connection to Redis is closed", null, false);
    }

    private void charge(int bytes) throws UnavailableException {
        long now = charged.addAndGet(bytes);
        if (now > memory.limit() / SHARE && now > bytes) {
            charged.addAndGet(-bytes);
            throw new UnavailableException("too much waits for Redis already", null);
        }
        memory.charge(Part.WAITING, bytes);
    }

    private void release(long bytes) {
        charged.addAndGet(-bytes);
        memory.charge(Part.WAITING, -bytes);
    }

    /** Returns whether the node has taken over from another, and accepts no appends yet. */
    boolean isTakingOver() {
        return System.nanoTime() - settledAt < 0;
    }

    /** Renews connections made before a time, as {@link System#nanoTime}, because Redis has closed them. */
    void reconnect(long since) {
        renewedAt = since;
    }

    /** Cuts connections whose requests have timed out, and whose write blocks because the peer reads nothing. */
    void cutStuck() {
        workers.forEach(Worker::cutIfStuck);
    }

    /** Ends the connections. Requests that wait fail. */
    @Override
    public void close() {
        closed = true;
        threads.forEach(Thread::interrupt); // which also closes the socket that it reads from
        for (Pending<?> pending = waiting.poll(); pending != null; pending = waiting.poll()) {
            pending.fail(closedException());
            release(pending.request.bytes);
        }
    }

    /** A request and its future reply. */
    private static final class Pending<T> {
        private final Request<T> request;
        private final CompletableFuture<T> reply = new CompletableFuture<>();
        private Supplier<T> response;
        private T result;
        private JedisException failure; // null if there is a result

        private Pending(Request<T> request) {
            this.request = request;
        }

        private void send(Pipeline to) {
            response = request.command.apply(to);
        }

        private void sendScript(Pipeline to) {
            response = request.withScript.orElseThrow().apply(to);
        }

        private void read() {
            try {
                result = response.get();
                failure = null;
            } catch (JedisException e) {
                failure = e;
            } catch (Throwable e) { // the other replies can still be read
                failure = new JedisException(e);
                Loop.report(LOG, "reading a reply of Redis", e);
            }
        }

        private boolean needsScript() {
            return request.withScript.isPresent() && failure instanceof JedisNoScriptException;
        }

        /** Returns whether Redis has run this script or reported that it lacks it, and so has loaded its data. */
        private boolean showsThatDataIsLoaded() {
            return request.withScript.isPresent() && failure == null || needsScript();
        }

        /** Completes the reply. Returns false if the script has to be sent first. */
        private boolean complete(boolean replicated, boolean scriptSent) {
            if (!scriptSent && needsScript()) {
                return false;
            }
            if (failure != null) {
                fail(failure);
            } else if (request.append && !replicated) {
                fail(new JedisException("too few replicas have confirmed it in time"));
            } else {
                reply.complete(result);
            }
            return true;
        }

        private void fail(JedisException why) {
            reply.completeExceptionally(why);
        }
    }

    /** One connection and its thread. */
    private final class Worker {
        private Connection connection; // null while there is none
        private Pipeline pipeline;
        private long connectedAt;
        private long loadedSince; // the first sign on this connection that Redis has loaded its data; 0 before it
        private volatile RedisConnectionFactory.SocketFactory socket; // of the connection; null before the first
        private volatile long busySince; // 0 while idle

        /** Called by another thread. */
        private void cutIfStuck() {
            long since = busySince;
            RedisConnectionFactory.SocketFactory stuck = socket;
            if (stuck != null && since != 0 && System.nanoTime() - since > STUCK.toNanos()) {
                stuck.cut();
            }
        }

        private void run() {
            List<Pending<?>> batch = new ArrayList<>(BATCH);
            Loop.run(LOG, "sending commands to Redis at " + address, () -> !closed, () -> {
                batch.add(waiting.take());
                long bytes = batch.getFirst().request.bytes;
                try {
                    waiting.drainTo(batch, BATCH - 1);
                    bytes = batch.stream().mapToLong(one -> one.request.bytes).sum();
                    batch.removeIf(one -> one.reply.isDone());
                    busySince = System.nanoTime() | 1;
                    serve(batch);
                } finally {
                    busySince = 0;
                    batch.clear();
                    release(bytes);
                }
            });
            disconnect();
        }

        /** Completes or fails each request. */
        private void serve(List<Pending<?>> batch) {
            try {
                connect();
                if (isTakingOver()) {
                    failAppends(batch, " has only just taken the channel over");
                }
                batch.forEach(one -> one.send(pipeline));
                boolean replicated = sync(batch);
                if (loadedSince == 0 && batch.stream().anyMatch(Pending::showsThatDataIsLoaded)) {
                    loadedSince = System.nanoTime() | 1;
                }
                batch.removeIf(one -> one.complete(replicated, false));
                if (!batch.isEmpty()) {
                    loadScripts(batch);
                }
                health.answered();
            } catch (JedisException e) {
                boolean unsent = connection == null && !(e instanceof JedisDataException); // a wrong password is final
                disconnect();
                if (e instanceof JedisConnectionException) {
                    health.lost(e);
                }
                JedisException why = unsent ? new NotSentException(e.getMessage(), e, false) : e;
                batch.forEach(one -> one.fail(why));
            } catch (Throwable e) {
                disconnect();
                batch.forEach(one -> one.fail(new JedisException(e)));
                throw e;
            }
        }

        /** Sends scripts that Redis lacks; no appends if it may have started less than the settling time ago. */
        private void loadScripts(List<Pending<?>> batch) {
            if (System.nanoTime() - loadedSince < SETTLING.toNanos()) {
                failAppends(batch, " has only just started");
            }
            batch.forEach(one -> one.sendScript(pipeline));
            boolean replicated = sync(batch);
            batch.forEach(one -> one.complete(replicated, true));
        }

        private void failAppends(List<Pending<?>> batch, String why) {
            batch.removeIf(one -> {
                if (one.request.append) {
                    one.fail(new NotSentException("Redis at " + address + why, null, true));
                }
                return one.request.append;
            });
        }

        /** Reads all replies. Returns whether enough replicas have confirmed the appends of the batch. */
        private boolean sync(List<Pending<?>> batch) {
            boolean confirm = replicas > 0 && batch.stream().anyMatch(one -> one.request.append);
            Response<Long> confirmed = confirm ? pipeline.waitReplicas(replicas, REPLICATION.toMillis()) : null;
            pipeline.sync();
            batch.forEach(Pending::read);
            return !confirm || confirmed.get() >= replicas;
        }

        private void connect() {
            if (connection != null && connectedAt - renewedAt < 0) {
                disconnect();
            }
            if (connection == null) {
                socket = connections.socketFactory(address);
                connection = socket.connect();
                pipeline = new Pipeline(connection, false);
                connectedAt = System.nanoTime();
                loadedSince = 0;
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
                    health.lost(e); // it was broken already
                }
            }
        }
    }
}

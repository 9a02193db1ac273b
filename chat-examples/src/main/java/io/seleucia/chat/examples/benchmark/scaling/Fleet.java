package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.ServerProcess;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** A Redis, servers over it, and the processes of a load. All of them end with it. All methods block. */
final class Fleet implements AutoCloseable {
    private static final long POLL_MILLIS = 100;
    private static final long STALL_NANOS = 60_000_000_000L;

    private final Redis redis;
    private final int others; // in pub/sub mode, before
    private final List<ServerProcess> servers = new ArrayList<>();
    private final List<LoadProcess> loads = new ArrayList<>();
    private final Narrator narrator;
    private Duration cpuOfKilled = Duration.ZERO;

    /** Starts the servers, over this Redis or one of its own. */
    Fleet(Optional<URI> url, int size, Narrator narrator) throws IOException {
        this.narrator = narrator;
        redis = url.isPresent() ? Redis.running(url.get()) : Redis.start();
        try {
            others = redis.subscribers();
            narrator.phase("starting");
            for (int i = 0; i < size; i++) {
                servers.add(ServerProcess.over(redis.url()));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    List<Integer> ports() {
        return servers.stream().map(ServerProcess::port).toList();
    }

    Redis redis() {
        return redis;
    }

    /** Starts the processes of a load, of so many equal parts. */
    void load(Plan plan, int parts) throws IOException {
        for (int part = 0; part < parts; part++) {
            loads.add(new LoadProcess(plan.part(part, parts)));
        }
    }

    /** Tells all parts of the load something; what has come of it up to now. */
    Status tell(String command) throws IOException {
        for (LoadProcess load : loads) {
            load.tell(command);
        }
        Optional<Status> all = Optional.empty();
        for (LoadProcess load : loads) {
            Status one = load.answer();
            all = Optional.of(all.map(sum -> sum.plus(one)).orElse(one));
        }
        return all.orElseThrow();
    }

    /**
     * Waits until it is so.
     *
     * @throws IOException if nothing happens for a minute
     */
    Status until(String phase, Predicate<Status> done) throws IOException {
        narrator.phase(phase);
        long progress = -1;
        long since = System.nanoTime();
        while (true) {
            Status status = tell("status");
            narrator.step(status);
            if (done.test(status)) {
                return status;
            }
            if (status.progress() != progress) {
                progress = status.progress();
                since = System.nanoTime();
            } else if (System.nanoTime() - since > STALL_NANOS) {
                throw new IOException("nothing has come for a minute while " + phase + ": " + status.ready() + " of "
                        + status.clients() + " clients are ready, " + status.delivered() + " of " + status.expected()
                        + " deliveries have come, " + status.faults() + ", " + status.errors());
            }
            pause(POLL_MILLIS);
        }
    }

    /** Lets so much time pass. */
    Status during(String phase, double seconds) throws IOException {
        narrator.phase(phase);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() - end < 0) {
            narrator.step(tell("status"));
            pause(Math.clamp((end - System.nanoTime()) / 1_000_000, 1, 1_000));
        }
        return tell("status");
    }

    /** Kills a server as {@code kill -9} does. */
    void kill(int server) throws IOException {
        cpuOfKilled = cpuOfKilled.plus(servers.get(server).cpu().orElse(Duration.ZERO));
        servers.get(server).kill();
    }

    /** What has been used up to now. */
    Usage usage() throws IOException {
        long servers = this.servers.stream()
                .map(server -> server.cpu().orElse(Duration.ZERO))
                .reduce(cpuOfKilled, Duration::plus)
                .toNanos();
        return new Usage(redis.read(), servers, tell("status").cpuNanos(), Machine.busyNanos());
    }

    /** Bytes of their memory that are resident, of all together. */
    OptionalLong resident() {
        return sum(server -> server.residentBytes().orElse(-1));
    }

    /** Bytes of the objects that live in their heaps, of all together. */
    OptionalLong heap() {
        return sum(server -> server.liveHeapBytes().orElse(-1));
    }

    private OptionalLong sum(ToLongFunction<ServerProcess> of) {
        long[] all = servers.stream().mapToLong(of).toArray();
        long sum = 0;
        for (long one : all) {
            if (one < 0) {
                return OptionalLong.empty();
            }
            sum += one;
        }
        return OptionalLong.of(sum);
    }

    /**
     * Counts connections in pub/sub mode.
     *
     * @throws IOException if it is not one for each server
     */
    int requireOneSubscriberEach() throws IOException {
        int subscribers = redis.subscribers() - others;
        if (subscribers != servers.size()) {
            throw new IOException(servers.size() + " servers have " + subscribers + " pub/sub connections");
        }
        return subscribers;
    }

    static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() throws IOException {
        loads.forEach(LoadProcess::close);
        servers.forEach(ServerProcess::close);
        redis.close();
    }
}

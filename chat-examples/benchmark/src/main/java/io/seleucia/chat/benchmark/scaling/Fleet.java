package io.seleucia.chat.benchmark.scaling;

import com.google.gson.Gson;
import com.google.gson.JsonSyntaxException;
import io.seleucia.chat.benchmark.ChildProcess;
import io.seleucia.chat.benchmark.ServerProcess;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Redis, the servers over it, and the load, in several processes because one has too few file descriptors. Closing ends them.
 * All methods block.
 */
final class Fleet implements AutoCloseable {
    private static final Gson GSON = new Gson();
    private static final int ANSWER_SECONDS = 60;
    private static final long POLL_MILLIS = 100;
    private static final long STALL_NANOS = 60_000_000_000L;

    private final Redis redis;
    private final int others; // pub/sub connections of other servers
    private final List<ServerProcess> servers = new ArrayList<>();
    private final List<ChildProcess> loads = new ArrayList<>();
    private final Narrator narrator;
    private Duration cpuOfKilled = Duration.ZERO;

    /** Starts the servers, over a running Redis or a new one. */
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

    /** Starts a load, in equal parts. */
    void load(Plan plan, int parts) throws IOException {
        for (int part = 0; part < parts; part++) {
            List<String> arguments = List.of(GSON.toJson(plan.part(part, parts)));
            loads.add(new ChildProcess("a load process", ChildProcess.java(LoadProgram.class, arguments)));
        }
    }

    /** Sends a command to all parts of the load. Returns their status. */
    Status tell(String command) throws IOException {
        for (ChildProcess load : loads) {
            load.tell(command);
        }
        Status all = answer(loads.getFirst());
        for (ChildProcess load : loads.subList(1, loads.size())) {
            all = all.plus(answer(load));
        }
        return all;
    }

    private static Status answer(ChildProcess load) throws IOException {
        try {
            return GSON.fromJson(load.answer(ANSWER_SECONDS), Status.class);
        } catch (JsonSyntaxException e) {
            throw new IOException("malformed reply of a load process: " + e.getMessage(), e);
        }
    }

    /**
     * Waits for a condition.
     *
     * @throws IOException if there is no progress for a minute
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
                throw new IOException("no progress for a minute while " + phase + ": " + status);
            }
            pause(POLL_MILLIS);
        }
    }

    Status during(String phase, double seconds) throws IOException {
        narrator.phase(phase);
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (System.nanoTime() - end < 0) {
            narrator.step(tell("status"));
            pause(Math.clamp((end - System.nanoTime()) / 1_000_000, 1, 1_000));
        }
        return tell("status");
    }

    void kill(int server) throws IOException {
        cpuOfKilled = cpuOfKilled.plus(servers.get(server).cpu().orElse(Duration.ZERO));
        servers.get(server).kill();
    }

    Usage usage() throws IOException {
        long servers = this.servers.stream()
                .map(server -> server.cpu().orElse(Duration.ZERO))
                .reduce(cpuOfKilled, Duration::plus)
                .toNanos();
        return new Usage(redis.read(), servers, tell("status").count(Status.Counter.CPU_NANOS), Machine.busyNanos());
    }

    OptionalLong resident() {
        return sum(server -> server.residentBytes().orElse(-1));
    }

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
     * Returns the number of pub/sub connections.
     *
     * @throws IOException if a server has none or several
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
        loads.forEach(ChildProcess::close);
        servers.forEach(ServerProcess::close);
        redis.close();
    }
}

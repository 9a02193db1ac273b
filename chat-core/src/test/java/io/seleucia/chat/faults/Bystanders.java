package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventuallyGet;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Clients that are only there, and that no fault of a connection hits: their notes are written when they come, and a note
 * that is wrongly taken away stays away. One thread at a time has them come and go over.
 */
final class Bystanders implements AutoCloseable {
    private static final List<List<String>> CHANNELS =
            List.of(List.of("hall", "aisle"), List.of("porch", "aisle"), List.of("hall", "stairs"));
    private static final int COUNT = 18;
    private static final int MORTALS = 4;

    private final List<Bystander> staying = new ArrayList<>();
    private final List<Bystander> mortals = new ArrayList<>();

    /** Has them come, in equal numbers at all servers that are there. */
    void begin(List<Integer> ports) throws Exception {
        for (int i = 0; i < COUNT; i++) {
            Bystander next = new Bystander("bystander-" + i, CHANNELS.get(i % CHANNELS.size()), ports, true);
            staying.add(next);
            int port = ports.get(i % ports.size());
            eventuallyGet(() -> next.goOver(port));
        }
    }

    /** Those that come back whatever happens. */
    List<Bystander> staying() {
        return staying;
    }

    /**
     * Has half of them go over to a server, all at once.
     *
     * @param within how long the last of them is at two servers
     */
    void goOver(int port, Duration within, Random random) throws Exception {
        List<Callable<Void>> moves = new ArrayList<>();
        for (int i = 0; i < staying.size(); i++) {
            Bystander one = staying.get(i);
            long overlap = random.nextLong(within.toNanos());
            if (random.nextBoolean()) {
                moves.add(() -> {
                    Runnable leave = eventuallyGet(() -> one.goOver(port));
                    TimeUnit.NANOSECONDS.sleep(overlap);
                    leave.run();
                    return null;
                });
            }
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> move : threads.invokeAll(moves)) {
                move.get();
            }
        }
    }

    /** Has some come to a server and die with it. */
    List<Bystander> mortals(int port) throws Exception {
        List<Bystander> added = new ArrayList<>();
        for (int i = 0; i < MORTALS; i++) {
            Bystander next =
                    new Bystander("mortal-" + mortals.size(), CHANNELS.get(i % CHANNELS.size()), List.of(), false);
            mortals.add(next);
            added.add(next);
            eventuallyGet(() -> next.goOver(port));
        }
        return added;
    }

    @Override
    public void close() {
        staying.forEach(Bystander::close);
        mortals.forEach(Bystander::close);
    }
}

package io.seleucia.chat.faults;

import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Content;
import io.seleucia.chat.message.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads of an embedding program that publish, and are interrupted at random, as by {@code Future.cancel(true)}. Half of
 * them use {@code server.publish}, once for each message; the others {@code broker.publish} with a key, until that is
 * acknowledged. One more thread deletes a channel that is empty, again and again: a journal begins its next file with each
 * deletion, also soon after an interrupt.
 */
final class InterruptedPublishers {
    private static final String EMPTY = "empty";
    private static final int LANES = 4;
    private static final int LONGEST_FILE_MILLIS = 400;
    private static final int LONGEST_PAUSE_MILLIS = 60;
    private static final int LONGEST_PATIENCE_NANOS = 400_000;

    private final ChatServer server;
    private final String life;
    private final EmbeddedMain.Notes notes;
    private final List<Thread> lanes = new ArrayList<>();
    private final CountDownLatch closing = new CountDownLatch(1);

    InterruptedPublishers(ChatServer server, String life, EmbeddedMain.Notes notes) {
        this.server = server;
        this.life = life;
        this.notes = notes;
    }

    void start() {
        for (int i = 0; i < LANES; i++) {
            int lane = i;
            lanes.add(Thread.ofPlatform().daemon().name("lane-" + i).start(() -> live(lane)));
        }
        lanes.add(Thread.ofPlatform().daemon().name("deletions").start(this::delete));
    }

    private void live(int lane) {
        Random random = new Random();
        try (ExecutorService pool =
                lane < 2 ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newCachedThreadPool()) {
            for (int i = 0; !closing.await(random.nextInt(LONGEST_PAUSE_MILLIS), TimeUnit.MILLISECONDS); i++) {
                String channel = EmbeddedMain.CHANNELS.get(random.nextInt(EmbeddedMain.CHANNELS.size()));
                publish(pool, channel, "publisher" + life + lane + "-" + i, lane % 2 == 0, random);
            }
        } catch (InterruptedException e) {
            throw new AssertionError("a lane is not interrupted, only its publishers are", e);
        }
    }

    private void delete() {
        Random random = new Random();
        try {
            while (!closing.await(random.nextInt(LONGEST_FILE_MILLIS), TimeUnit.MILLISECONDS)) {
                try {
                    server.broker().delete(EMPTY);
                } catch (UnavailableException | IllegalStateException e) { // or the program ends, and has closed it
                    notes.say("failed", e.getClass().getName());
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError("this thread is not interrupted, only publishers are", e);
        }
    }

    private void publish(ExecutorService pool, String channel, String id, boolean keyed, Random random)
            throws InterruptedException {
        Optional<Position> position = Optional.empty();
        do {
            position = attempt(pool, channel, id, keyed, random);
        } while (position.isEmpty() && keyed && !closing.await(LONGEST_PAUSE_MILLIS, TimeUnit.MILLISECONDS));
    }

    /** One try, cancelled soon in one of three cases; what the publishing thread itself was told counts. */
    private Optional<Position> attempt(ExecutorService pool, String channel, String id, boolean keyed, Random random)
            throws InterruptedException {
        Outcome outcome = new Outcome();
        Future<?> future = pool.submit(() -> outcome.of(() -> publish(channel, id, keyed)));
        if (random.nextInt(3) == 0) {
            LockSupport.parkNanos(random.nextInt(LONGEST_PATIENCE_NANOS));
            if (future.cancel(true) && !outcome.begun.await(LONGEST_PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                return Optional.empty(); // it was cancelled before it ran
            }
        }
        outcome.ended.await();
        return outcome.position;
    }

    private Position publish(String channel, String id, boolean keyed) throws Exception {
        String content = new Publication(channel, id, 20).content();
        String sender = id.substring(0, id.indexOf('-'));
        Position position = keyed
                ? server.broker()
                        .publish(channel, sender, new Content.Text(content), id)
                        .position()
                : server.publish(channel, sender, content);
        notes.say("acknowledged", channel, position, id);
        return position;
    }

    private interface Attempt {
        Position run() throws Exception;
    }

    /** What became of one try. */
    private final class Outcome {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch ended = new CountDownLatch(1);
        private volatile Optional<Position> position = Optional.empty();

        private void of(Attempt attempt) {
            begun.countDown();
            try {
                position = Optional.of(attempt.run());
            } catch (Exception e) { // unavailable, or whatever an interrupt makes of it
                notes.say("failed", e.getClass().getName());
            } finally {
                ended.countDown();
            }
        }
    }

    /** Lets what is on its way end, and begins nothing more. */
    void close() throws InterruptedException {
        closing.countDown();
        for (Thread lane : lanes) {
            lane.join();
        }
    }
}

package io.seleucia.chat.faults;

import io.seleucia.chat.broker.redis.RedisBrokers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How fast servers over Redis find out which others are dead, where a run is about that: three times faster than they
 * ought to, or {@code -Dfaults.faster} times.
 */
final class Pace {
    static final int TIMES_FASTER = Integer.getInteger(ServerMain.TIMES_FASTER, 3);

    /** How often a server looks at others. */
    static final Duration BEAT = RedisBrokers.beat(TIMES_FASTER);

    /** After how much silence another server is dead. */
    static final Duration SILENCE = RedisBrokers.silence(TIMES_FASTER);

    /** In how much time the members of a dead server are gone, on a slow machine. */
    static final Duration FORGOTTEN = Duration.ofSeconds(60 / TIMES_FASTER + 30);

    /** How long a server must have been there before it takes any for dead that it has seen alive. */
    private static final Duration SURE =
            RedisBrokers.certainty(TIMES_FASTER).plus(BEAT.multipliedBy(3).dividedBy(2));

    private Pace() {}

    /** Waits until a server takes others for dead. */
    static void awaitSure(ServerProcess server) throws InterruptedException {
        await(server.startedAt(), SURE);
    }

    /** Waits until so much time has passed since a moment of {@link System#nanoTime}. */
    static void await(long since, Duration time) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(since + time.toNanos() - System.nanoTime());
    }
}

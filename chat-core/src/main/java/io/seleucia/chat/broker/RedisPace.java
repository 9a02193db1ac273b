package io.seleucia.chat.broker;

import java.time.Duration;

/**
 * The intervals in which servers over Redis show that they live, and the times for which their notes count.
 *
 * @param beat from one heartbeat of a server to the next
 * @param interruption a pause between two heartbeats of one's own after which what was not heard of others says nothing
 * @param certainty how long another server's heartbeat must have been the same under one's own eyes, at least, before
 *     that server is dead
 * @param silence how old the last heartbeat of a server is when the server is dead; also how long a server that is not
 *     listed is taken for alive
 * @param listed how long a dead server is remembered, in which all channels are swept at least once
 * @param lifetime of notes; longer than {@code silence}
 * @param renewal of channels, and then of clients
 * @param sweeping through all channels after a death, since all servers do it
 */
record RedisPace(
        Duration beat,
        Duration interruption,
        Duration certainty,
        Duration silence,
        Duration listed,
        Duration lifetime,
        Duration renewal,
        Duration sweeping) {
    /** With which members of a killed server are gone within a minute. */
    static final RedisPace DEFAULT = new RedisPace(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(15),
            Duration.ofSeconds(35),
            Duration.ofMinutes(15),
            Duration.ofSeconds(55),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10));

    /** Returns the same relations in shorter times. */
    RedisPace faster(int times) {
        return new RedisPace(
                beat.dividedBy(times),
                interruption.dividedBy(times),
                certainty.dividedBy(times),
                silence.dividedBy(times),
                listed.dividedBy(times),
                lifetime.dividedBy(times),
                renewal.dividedBy(times),
                sweeping.dividedBy(times));
    }

    /** Returns the same with another time between heartbeats. */
    RedisPace withBeat(Duration beat) {
        return new RedisPace(beat, interruption, certainty, silence, listed, lifetime, renewal, sweeping);
    }

    /** Returns the same without the time over which work is spread. */
    RedisPace withoutPauses() {
        return new RedisPace(beat, interruption, certainty, silence, listed, lifetime, Duration.ZERO, Duration.ZERO);
    }
}

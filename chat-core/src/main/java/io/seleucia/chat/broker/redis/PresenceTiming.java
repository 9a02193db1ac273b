package io.seleucia.chat.broker.redis;

import java.time.Duration;

/**
 * The intervals of heartbeats and of presence entries in Redis.
 *
 * @param beat from one heartbeat of a server to the next
 * @param interruption the pause between two heartbeats of this server after which the silence of others proves nothing
 * @param certainty how long, at least, this server must have seen the same heartbeat of another before that is dead
 * @param silence the age of the last heartbeat at which a server is dead; also how long one that is not listed is alive
 * @param listed how long a dead server is remembered, in which all channels are swept at least once
 * @param lifetime of presence entries; longer than {@code silence}
 * @param renewal the time in which all channels are renewed, and then all clients
 * @param sweeping the time in which all channels are swept after a death, as all servers do it
 */
record PresenceTiming(
        Duration beat,
        Duration interruption,
        Duration certainty,
        Duration silence,
        Duration listed,
        Duration lifetime,
        Duration renewal,
        Duration sweeping) {
    /** Members of a killed server are gone within a minute. */
    static final PresenceTiming DEFAULT = new PresenceTiming(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(15),
            Duration.ofSeconds(35),
            Duration.ofMinutes(15),
            Duration.ofSeconds(55),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10));
}

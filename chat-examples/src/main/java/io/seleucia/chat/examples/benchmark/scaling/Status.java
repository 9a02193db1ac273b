package io.seleucia.chat.examples.benchmark.scaling;

import io.seleucia.chat.examples.benchmark.Faults;
import io.seleucia.chat.examples.benchmark.Latencies;
import java.util.Map;
import java.util.TreeMap;

/**
 * What has come of a load up to now. Times are nanoseconds from the last command that is measured from.
 *
 * @param clients how many there are
 * @param attempts connections that were begun
 * @param connected how often one has connected, with its name
 * @param ready how many have all their channels now
 * @param subscribed how often one has subscribed to a channel
 * @param connectedNanos when the last one connected, as the next two are of subscriptions and messages
 * @param sent messages that were sent, however often
 * @param published messages that were acknowledged
 * @param delivered messages that have reached a member, each member's counted once
 * @param expected how many that must become
 * @param waiting how many publishers have something to send, or no answer yet
 * @param recovered how many channels were gone on with where they were left
 * @param unrecovered how many were not
 * @param errors what servers refused and connections ended by, with how often
 * @param misplaced messages that did not have the offset after the one before
 * @param deliveries latencies of deliveries since they were last asked to be measured, encoded; as the next are those of
 *     answers to publishes, and of coming back
 * @param pauseNanos the longest time in which a process of the load has not looked what has come, since then too
 * @param cpuNanos that the load has used
 */
record Status(
        int clients,
        long attempts,
        int connected,
        int ready,
        long subscribed,
        long connectedNanos,
        long subscribedNanos,
        long deliveredNanos,
        long sent,
        long published,
        long delivered,
        long expected,
        long waiting,
        long recovered,
        long unrecovered,
        Map<String, Long> errors,
        Faults faults,
        long misplaced,
        String deliveries,
        String acknowledgements,
        String recoveries,
        long pauseNanos,
        long cpuNanos) {
    /** Those of two parts. */
    Status plus(Status other) {
        Map<String, Long> both = new TreeMap<>(errors);
        other.errors.forEach((what, count) -> both.merge(what, count, Long::sum));
        return new Status(
                clients + other.clients,
                attempts + other.attempts,
                connected + other.connected,
                ready + other.ready,
                subscribed + other.subscribed,
                Math.max(connectedNanos, other.connectedNanos),
                Math.max(subscribedNanos, other.subscribedNanos),
                Math.max(deliveredNanos, other.deliveredNanos),
                sent + other.sent,
                published + other.published,
                delivered + other.delivered,
                expected + other.expected,
                waiting + other.waiting,
                recovered + other.recovered,
                unrecovered + other.unrecovered,
                both,
                faults.plus(other.faults),
                misplaced + other.misplaced,
                both(deliveries, other.deliveries),
                both(acknowledgements, other.acknowledgements),
                both(recoveries, other.recoveries),
                Math.max(pauseNanos, other.pauseNanos),
                cpuNanos + other.cpuNanos);
    }

    private static String both(String one, String other) {
        Latencies all = Latencies.decoded(one);
        all.add(Latencies.decoded(other));
        return all.encoded();
    }

    /** Whether all have connected, as many as there are. */
    boolean isConnected() {
        return connected >= clients;
    }

    boolean isReady() {
        return ready == clients;
    }

    /** Whether everything that was sent is acknowledged and has come. */
    boolean isDrained() {
        return waiting == 0 && delivered >= expected;
    }

    /** Something that grows as long as anything happens. */
    long progress() {
        return connected + subscribed + published + delivered;
    }
}

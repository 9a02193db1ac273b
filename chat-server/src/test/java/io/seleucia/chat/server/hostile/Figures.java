package io.seleucia.chat.server.hostile;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What an honest user has seen during an attack.
 *
 * @param nanos from when each message was to be sent until its sender was shown it, ascending
 * @param unanswered requests that were never answered
 * @param refusals the codes of errors
 * @param lost messages that were acknowledged and never shown
 * @param ordered whether each message was shown once, in each channel in the order of publishing
 * @param end why the connection ended, or {@code ""}
 */
record Figures(long[] nanos, int unanswered, List<String> refusals, List<Integer> lost, boolean ordered, String end) {
    /** Returns the time within which so much of the messages came back, such as 0.99. */
    Duration within(double share) {
        return nanos.length == 0
                ? Duration.ofDays(1)
                : Duration.ofNanos(nanos[Math.min(nanos.length - 1, (int) (share * nanos.length))]);
    }

    @Override
    public String toString() {
        return "%4d messages back, p50 %5d ms, p99 %5d ms, max %5d ms, unanswered %d, refused %d%s, lost %d%s%s"
                .formatted(
                        nanos.length,
                        within(0.5).toMillis(),
                        within(0.99).toMillis(),
                        within(1).toMillis(),
                        unanswered,
                        refusals.size(),
                        refusals.isEmpty() ? "" : " " + Set.copyOf(refusals),
                        lost.size(),
                        ordered ? "" : ", OUT OF ORDER",
                        end.isEmpty() ? "" : ", ENDED " + end);
    }
}

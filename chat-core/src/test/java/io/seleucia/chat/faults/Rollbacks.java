package io.seleucia.chat.faults;

import io.seleucia.chat.broker.RedisProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts a Redis back to what it was: to a snapshot of a moment ago, to the same once more, to an older one as a replica
 * that lags behind would have it, or to nothing. One thread at a time.
 */
final class Rollbacks {
    private final RedisProcess redis;
    private final List<Path> snapshots = new ArrayList<>(); // oldest first
    private Optional<Path> last = Optional.empty(); // put back

    Rollbacks(RedisProcess redis) {
        this.redis = redis;
    }

    /** Takes a snapshot, while people talk. */
    void take() throws IOException {
        snapshots.add(redis.snapshot());
    }

    /** Puts the newest snapshot back. */
    void putBack() throws Exception {
        putBack(Optional.of(snapshots.getLast()));
    }

    /** Puts the same snapshot back as the last time. */
    void putBackAgain() throws Exception {
        putBack(last);
    }

    /** Puts any former snapshot back, chosen by a number. */
    void putBackFormer(int which) throws Exception {
        putBack(snapshots.isEmpty() ? last : Optional.of(snapshots.get(which % snapshots.size())));
    }

    /** Starts with nothing. */
    void empty() throws Exception {
        redis.kill();
        redis.restore(Optional.empty());
        redis.start();
    }

    private void putBack(Optional<Path> snapshot) throws Exception {
        if (snapshot.isPresent()) {
            redis.kill();
            redis.restore(snapshot);
            redis.start();
            last = snapshot;
        }
    }
}

package io.seleucia.chat.faults;

import static io.seleucia.chat.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.seleucia.chat.broker.redis.RedisProcess;
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
    private static final int MESSAGES_BETWEEN = 3;

    private final RedisProcess redis;
    private final List<Path> snapshots = new ArrayList<>(); // oldest first

    Rollbacks(RedisProcess redis) {
        this.redis = redis;
    }

    /** Takes a snapshot, while people talk. */
    void take() throws IOException {
        snapshots.add(redis.snapshot());
    }

    /** Puts the newest snapshot back. */
    void putBack() throws Exception {
        putBack(snapshots.getLast());
    }

    /** Puts the newest snapshot back, and then the same once more, after other messages have taken the places. */
    void putBackTwice() throws Exception {
        putBack();
        long before = offset();
        eventually(() -> assertThat(offset()).isGreaterThan(before + MESSAGES_BETWEEN));
        putBack();
    }

    /** Where the channel is in which most is said. */
    private long offset() {
        Object offset = redis.ask("HGET", "chat:{lobby}:meta", "offset");
        return offset == null ? 0 : Long.parseLong(offset.toString());
    }

    /** Puts any former snapshot back, chosen by a number. */
    void putBackFormer(int which) throws Exception {
        if (snapshots.isEmpty()) {
            take();
        }
        putBack(snapshots.get(which % snapshots.size()));
    }

    /** Starts with nothing. */
    void empty() throws Exception {
        redis.kill();
        redis.restore(Optional.empty());
        redis.start();
    }

    private void putBack(Path snapshot) throws Exception {
        redis.kill();
        redis.restore(Optional.of(snapshot));
        redis.start();
    }
}

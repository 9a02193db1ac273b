package io.seleucia.chat.faults;

import java.util.List;
import java.util.Optional;
import java.util.Random;

/** What a member does next, at random. Not thread-safe. */
final class Talk {
    private static final int LONG_ONE_IN = 20;
    private static final int DIRECT_ONE_IN = 6;
    private static final int REFERENCE_ONE_IN = 3;
    private static final int BURST_ONE_IN = 60;
    private static final int BURST = 20;
    private static final int LEAVES_ONE_IN = 100;
    private static final int READS_ONE_IN = 10;

    private final String name;
    private final List<String> channels;
    private final Member.Scene scene;
    private final Random random;
    private final Targets targets;
    private int said;

    Talk(String name, List<String> channels, Member.Scene scene, Random random) {
        this.name = name;
        this.channels = channels;
        this.scene = scene;
        this.random = random;
        this.targets = new Targets(name, random);
    }

    /** To what it may refer. */
    Targets targets() {
        return targets;
    }

    /** How many messages at once. */
    int messages() {
        return random.nextInt(BURST_ONE_IN) == 0 ? BURST : 1;
    }

    /** One that was never said before. */
    Publication next() {
        String key = name + "-" + said++;
        boolean direct = random.nextInt(DIRECT_ONE_IN) == 0;
        String channel = direct ? "@" + oneOf(scene.names()) : channel();
        Optional<Publication> reference = random.nextInt(REFERENCE_ONE_IN) == 0
                ? targets.refer(direct ? "@" + name : channel, key)
                : Optional.empty();
        int padding = random.nextInt(LONG_ONE_IN) == 0 ? 4_000 : 20;
        return reference.orElseGet(() -> new Publication(channel, key, padding));
    }

    /** Whether to leave a channel, and come back. */
    boolean leaves() {
        return random.nextInt(LEAVES_ONE_IN) == 0;
    }

    /** Whether to say how far it has read a channel. */
    boolean reads() {
        return random.nextInt(READS_ONE_IN) == 0;
    }

    /** Returns an offset up to which it says it has read, of those that it was shown: sometimes an earlier one. */
    long readTo(long newest) {
        return random.nextInt(4) == 0 ? random.nextLong(newest + 1) : newest;
    }

    String channel() {
        return oneOf(channels);
    }

    private String oneOf(List<String> all) {
        return all.get(random.nextInt(all.size()));
    }
}

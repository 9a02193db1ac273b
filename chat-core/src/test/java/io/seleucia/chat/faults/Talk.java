package io.seleucia.chat.faults;

import java.util.List;
import java.util.Random;

/** What a member does next, at random. Not thread-safe. */
final class Talk {
    private static final int LONG_ONE_IN = 20;
    private static final int DIRECT_ONE_IN = 6;
    private static final int BURST_ONE_IN = 60;
    private static final int BURST = 20;
    private static final int LEAVES_ONE_IN = 100;

    private final String name;
    private final List<String> channels;
    private final Member.Scene scene;
    private final Random random;
    private int said;

    Talk(String name, List<String> channels, Member.Scene scene, Random random) {
        this.name = name;
        this.channels = channels;
        this.scene = scene;
        this.random = random;
    }

    /** How many messages at once. */
    int messages() {
        return random.nextInt(BURST_ONE_IN) == 0 ? BURST : 1;
    }

    /** One that was never said before. */
    Publication next() {
        String channel = random.nextInt(DIRECT_ONE_IN) == 0 ? "@" + oneOf(scene.names()) : channel();
        int padding = random.nextInt(LONG_ONE_IN) == 0 ? 4_000 : 20;
        return new Publication(channel, name + "-" + said++, padding);
    }

    /** Whether to leave a channel, and come back. */
    boolean leaves() {
        return random.nextInt(LEAVES_ONE_IN) == 0;
    }

    String channel() {
        return oneOf(channels);
    }

    private String oneOf(List<String> all) {
        return all.get(random.nextInt(all.size()));
    }
}

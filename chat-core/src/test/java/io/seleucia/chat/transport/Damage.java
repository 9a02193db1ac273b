package io.seleucia.chat.transport;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Does to valid bytes what networks, faulty clients and attackers do to them, and knows how many it left as they were. */
final class Damage {
    private static final long[] EXTREME_LENGTHS = {
        0, 125, 0xffff, 0x10000, 1 << 20, Integer.MAX_VALUE, Integer.MAX_VALUE + 1L, 1L << 32, Long.MAX_VALUE, -1
    };

    private final Random random;
    private byte[] bytes;
    private int intact;

    private Damage(byte[] bytes, Random random) {
        this.bytes = bytes;
        this.intact = bytes.length;
        this.random = random;
    }

    /** Nothing is done. */
    static Damage none(byte[] bytes) {
        return new Damage(bytes, new Random(0));
    }

    /** Nothing valid at all. */
    static Damage noise(Random random) {
        byte[] bytes = new byte[random.nextInt(400)];
        random.nextBytes(bytes);
        Damage damage = new Damage(bytes, random);
        damage.intact = 0;
        return damage;
    }

    /**
     * One to four kinds of damage, one after the other.
     *
     * @param frames where frames begin, for damage to their lengths
     */
    static Damage random(byte[] bytes, List<Integer> frames, Random random) {
        Damage damage = new Damage(bytes, random);
        for (int n = random.nextInt(4); n >= 0; n--) {
            damage.any(frames);
        }
        return damage;
    }

    byte[] bytes() {
        return bytes;
    }

    /** How many bytes at the beginning are as they were. */
    int intact() {
        return intact;
    }

    private void any(List<Integer> frames) {
        int from = random.nextInt(bytes.length + 1);
        int to = Math.min(bytes.length, from + random.nextInt(20));
        switch (random.nextInt(8)) {
            case 0 -> replace(from, to, flipped(from, to));
            case 1 -> replace(from, to, noise(random.nextInt(20)));
            case 2 -> replace(from, from, noise(1 + random.nextInt(20)));
            case 3 -> replace(from, to, new byte[0]);
            case 4 -> replace(to, to, Arrays.copyOfRange(bytes, from, to));
            case 5 -> replace(from, bytes.length, new byte[0]);
            case 6 -> reorder();
            default -> stretch(frames);
        }
    }

    private byte[] noise(int length) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }

    private byte[] flipped(int from, int to) {
        byte[] part = Arrays.copyOfRange(bytes, from, to);
        if (part.length > 0) {
            part[random.nextInt(part.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return part;
    }

    private void reorder() {
        int[] cuts = random.ints(3, 0, bytes.length + 1).sorted().toArray();
        byte[] swapped = ByteBuffer.allocate(cuts[2] - cuts[0])
                .put(bytes, cuts[1], cuts[2] - cuts[1])
                .put(bytes, cuts[0], cuts[1] - cuts[0])
                .array();
        replace(cuts[0], cuts[2], swapped);
    }

    /** A frame that claims another length, in whatever form. */
    private void stretch(List<Integer> frames) {
        int at = frames.isEmpty() ? 0 : frames.get(random.nextInt(frames.size())) + 1;
        if (at >= bytes.length) {
            return; // cut off by earlier damage
        }
        long length = EXTREME_LENGTHS[random.nextInt(EXTREME_LENGTHS.length)];
        byte[] stretched = switch (random.nextInt(3)) {
            case 0 -> new byte[] {(byte) (0x80 | length)};
            case 1 ->
                ByteBuffer.allocate(3)
                        .put((byte) (0x80 | 126))
                        .putShort((short) length)
                        .array();
            default ->
                ByteBuffer.allocate(9).put((byte) (0x80 | 127)).putLong(length).array();
        };
        replace(at, at + 1, stretched);
    }

    private void replace(int from, int to, byte[] by) {
        intact = Math.min(intact, from);
        bytes = ByteBuffer.allocate(from + by.length + bytes.length - to)
                .put(bytes, 0, from)
                .put(by)
                .put(bytes, to, bytes.length - to)
                .array();
    }
}
